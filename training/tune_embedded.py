"""Tunes the embedded policy on what is preferred: minutes on one thread, seeded.

    python training/tune_embedded.py

What it writes, ``models/policy-plans.gguf``, and the policy that it starts from make a contrast: a reward of two models, ln P of the
tuned one less ln P of the other.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from pathlib import Path

import torch

from batching import TrainingConfig
from corpus import Corpus
from data import Dialogue
from export import Description, write_gguf
from from_gguf import check_tokenizer, load_gguf
from sft import fine_tune
from tokenizer import SPECIAL_TOKENS
from train_embedded import ENDLESS, MODELS, log, unreserved

TUNING = TrainingConfig(steps=300, batch_size=16, learning_rate=1e-3, warmup=20)
#: Streams of the corpus that ``train_embedded.py`` reads: ``seed`` to ``seed + 5``.
STREAM = 6


def main() -> None:
    """Tune, export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--policy", type=Path, default=MODELS / "policy.gguf", help="to start from")
    parser.add_argument("--out", type=Path, default=MODELS / "policy-plans.gguf")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    # One thread: sums then always come in the same order.
    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    started = time.monotonic()
    policy, tokenizer = load_gguf(options.policy)
    check_tokenizer(tokenizer, options.policy)
    # transformers does not take roles out of a GGUF file for special tokens, and they would be written as ordinary ones.
    tokenizer.add_special_tokens({"additional_special_tokens": SPECIAL_TOKENS[2:]})
    fine_tune(policy, tokenizer, preferred(options.seed + STREAM), TUNING, log("plans"))
    write_gguf(options.out, policy, tokenizer, Description(
        name="argsearch embedded policy, tuned on plans",
        description="The embedded policy after fine-tuning on the preferred responses of its corpus. With the embedded policy as its base "
                    "it is a contrast: a reward for plans."))
    print(f"done in {time.monotonic() - started:.0f} s")


def preferred(seed: int) -> Iterator[Dialogue]:
    """The preferred responses of the corpus's pairs."""
    for pair in unreserved(Corpus(seed).preferences(ENDLESS)):
        yield Dialogue(pair.prompt, pair.chosen, pair.style)


if __name__ == "__main__":
    main()
