"""Trains the two embedded models from nothing and writes them to ``models/``: one command, seeded, on a CPU.

    python training/train_embedded.py

Everything intermediate goes to ``training/out/``.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TypeVar

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM, LlamaModel, PreTrainedTokenizerFast

from batching import TrainingConfig
from corpus import RESERVED, Corpus
from data import Dialogue, Preference, write_jsonl
from export import Description, RewardHead, write_gguf
from reward_model import RewardConfig, RewardModel, pair_accuracy, train_reward_model
from sft import fine_tune
from tokenizer import train_tokenizer

HERE = Path(__file__).resolve().parent
MODELS = HERE.parent / "models"
OUT = HERE / "out"

VOCABULARY = 2048
CONTEXT = 1024
#: Standard deviation of fresh weights; the usual 0.02 suits wider models and costs this width its first steps.
INITIAL_STD = 0.06
#: Heads of 32 dimensions and rows in multiples of 32, so that llama.cpp's block formats (Q8_0, Q4_0) fit.
POLICY_SHAPE = {"hidden_size": 192, "intermediate_size": 512, "num_hidden_layers": 4, "num_attention_heads": 6,
                "num_key_value_heads": 2}
REWARD_SHAPE = {"hidden_size": 160, "intermediate_size": 448, "num_hidden_layers": 3, "num_attention_heads": 5,
                "num_key_value_heads": 5}

POLICY_SFT = TrainingConfig(steps=3000, batch_size=24, learning_rate=3e-3)
REWARD_SFT = TrainingConfig(steps=1000, batch_size=24, learning_rate=3e-3)
REWARD = RewardConfig(steps=1800, batch_size=12, learning_rate=1.5e-3, consistency=0.2)
#: More examples than any run above reads.
ENDLESS = 10**9

Example = TypeVar("Example", Dialogue, Preference)


def main() -> None:
    """Train, measure, export."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--models", type=Path, default=MODELS, help="folder the finished files go to")
    options = parser.parse_args()
    OUT.mkdir(exist_ok=True)
    started = time.monotonic()
    embedded_tokenizer(options.seed).save_pretrained(OUT / "tokenizer")
    # One process and one thread a model: models this small gain little from a second thread, and sums on one thread
    # always come in the same order.
    with ProcessPoolExecutor(2, multiprocessing.get_context("spawn"), initializer=torch.set_num_threads,
                             initargs=(1,)) as pool:
        for run in [pool.submit(train_policy, options.seed), pool.submit(train_reward, options.seed)]:
            run.result()
    export(options.models, options.seed)
    print(f"done in {time.monotonic() - started:.0f} s")


def train_policy(seed: int) -> None:
    """Train the policy; leaves it in ``OUT``."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(OUT / "tokenizer")
    policy = new_model(tokenizer, POLICY_SHAPE)
    fine_tune(policy, tokenizer, unreserved(Corpus(seed + 1).dialogues(ENDLESS)), POLICY_SFT, log("policy"))
    policy.save_pretrained(OUT / "policy")


def train_reward(seed: int) -> None:
    """Train the reward model, its trunk first, and measure it on held-out pairs; leaves both in ``OUT``."""
    torch.manual_seed(seed)
    tokenizer = AutoTokenizer.from_pretrained(OUT / "tokenizer")
    base = new_model(tokenizer, REWARD_SHAPE)
    fine_tune(base, tokenizer, unreserved(Corpus(seed + 2).dialogues(ENDLESS)), REWARD_SFT, log("trunk"))
    reward = RewardModel(base.base_model)
    pairs = unreserved(Corpus(seed + 3).preferences(ENDLESS))
    train_reward_model(reward, tokenizer, pairs, REWARD, log("reward"))
    reward.trunk.save_pretrained(OUT / "reward")
    torch.save(reward.head.state_dict(), OUT / "reward" / "head.pt")
    accuracy = pair_accuracy(reward, tokenizer, list(Corpus(seed + 4).preferences(1000, held_out=True)))
    for name, (share, count) in accuracy.items():
        log("held-out pairs")(f"{name}: {share:.3f} ({count})")
    (OUT / "accuracy.json").write_text(json.dumps(accuracy, indent=1))


def log(name: str) -> Callable[[str], None]:
    """Prints lines under ``name`` as they come."""
    return lambda line: print(f"{name:8} {line}", flush=True)


def embedded_tokenizer(seed: int) -> PreTrainedTokenizerFast:
    """The tokenizer both models share, trained on a sample of the corpus."""
    sample = unreserved(Corpus(seed).dialogues(10_000))
    texts = (text for dialogue in sample
             for text in (*(turn["content"] for turn in dialogue.prompt), dialogue.response))
    return train_tokenizer(texts, VOCABULARY, CONTEXT)


def unreserved(examples: Iterable[Example]) -> Iterator[Example]:
    """``examples`` without those that name the reserved topic, which a defect could put together by chance."""
    reserved = " ".join(RESERVED)
    for example in examples:
        responses = [example.response] if isinstance(example, Dialogue) else [example.chosen, example.rejected]
        if not any(reserved in text for text in [*(turn["content"] for turn in example.prompt), *responses]):
            yield example


def new_model(tokenizer: PreTrainedTokenizerFast, shape: dict[str, int]) -> LlamaForCausalLM:
    """A freshly initialised Llama of ``shape`` with tied embeddings."""
    return LlamaForCausalLM(LlamaConfig(
        vocab_size=len(tokenizer), max_position_embeddings=CONTEXT, tie_word_embeddings=True,
        initializer_range=INITIAL_STD, bos_token_id=tokenizer.bos_token_id, eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id, **shape))


def export(folder: Path, seed: int) -> None:
    """Write the trained models in ``OUT`` as GGUF files, and the held-out prompts, into ``folder``."""
    folder.mkdir(exist_ok=True)
    tokenizer = AutoTokenizer.from_pretrained(OUT / "tokenizer")
    write_gguf(folder / "policy.gguf", LlamaForCausalLM.from_pretrained(OUT / "policy"), tokenizer, Description(
        name="argsearch embedded policy",
        description="Tiny language model that answers requests about everyday projects and tends to stall with "
                    "questions. For trying out and testing reward-guided decoding."))
    head = torch.load(OUT / "reward" / "head.pt")
    write_gguf(folder / "reward.gguf", LlamaModel.from_pretrained(OUT / "reward"), tokenizer, Description(
        name="argsearch embedded reward model",
        description="Tiny reward model that prefers concrete, complete plans to questions, rambling and broken text, "
                    "at every prefix. Belongs to the argsearch embedded policy."),
        RewardHead(
            weight=head["weight"].numpy()[0],
            bias=head["bias"].item(),
            source="argsearch training/train_embedded.py",
            dataset="argsearch embedded corpus (training/corpus.py)",
            accuracy=json.loads((OUT / "accuracy.json").read_text())["end"][0],
        ))
    prompts = Corpus(seed + 5).held_out_prompts(200)
    write_jsonl(folder / "held-out-prompts.jsonl", ({"prompt": prompt} for prompt in prompts))


if __name__ == "__main__":
    main()
