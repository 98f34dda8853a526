"""The embedded pair's recipe for any Hugging Face model and preference data: SFT, then a reward model, then GGUF.

    python training/train.py --model DIR --data pairs.jsonl --out OUT

1. ``OUT/policy``: the causal language model in DIR, fine-tuned on the preferred responses (not with ``--sft-epochs 0``).
2. ``OUT/reward``: a sequence classification model that starts from that policy's trunk, all of its weights trained with
   the Bradley-Terry loss on every prefix, or low-rank products beside them (``--lora``). Along preferred responses each
   reward is tied to the next, the end-of-turn token's to the last token's, and loops made of preferred responses, and
   such responses to other prompts, are among the rejected ones. Its rewards have deviation 1 on the training pairs.
3. ``OUT/accuracy.json``: held-out pairs told apart, by response tokens read and at their ends.
4. ``OUT/policy.gguf`` and ``OUT/reward.gguf``, by ``argsearch convert`` and ``argsearch reward import``.

A GGUF file in the place of DIR is read into ``OUT/base`` first. What is already in OUT is not made again, and the
reward model's training writes checkpoints: an interrupted run goes on to the weights of an unbroken one. Another run
takes another OUT.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedTokenizerBase,
)

from batching import TrainingConfig
from checkpoint import Checkpoint
from contrast import contrasts
from data import Dialogue, Preference
from formats import read_preferences
from from_gguf import check_tokenizer, load_gguf
from lora import add_lora, merge_lora
from measure import deviation, measure
from repetition import add_repetitions
from reward_model import RewardConfig, RewardModel, train_reward_model, zero_head
from settings import keep_settings, parse_options, write_whole
from sft import fine_tune

ROOT = Path(__file__).resolve().parent.parent


def main() -> None:
    """Train, measure, export."""
    options = parse_options(__doc__)
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    keep_settings(options)
    try:
        base, tokenizer = base_of(options)
    except ValueError as error:
        sys.exit(str(error))
    # Right padding is never looked at, so any token will do.
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    training, held_out = read_all(options, tokenizer)
    print(f"{len(training)} pairs to train on, {len(held_out)} held out", flush=True)
    if not training or not held_out:
        sys.exit(f"{len(training) + len(held_out)} pairs are too few to train on and to check with")

    policy, reward = options.out / "policy", options.out / "reward"
    if options.sft_epochs > 0 and not policy.exists():
        train_policy(options, base, tokenizer, training, policy)
    if not reward.exists():
        train_reward(options, tokenizer, training, policy if policy.exists() else base, reward)
    accuracy_file = options.out / "accuracy.json"
    if not accuracy_file.exists():
        write_whole(accuracy_file, json.dumps(check(options, tokenizer, held_out, reward), indent=1) + "\n")
    accuracy = json.loads(accuracy_file.read_text(encoding="utf-8"))
    report(accuracy)
    export(options, policy if policy.exists() else None, reward, accuracy)


def base_of(options: argparse.Namespace) -> tuple[Path, PreTrainedTokenizerBase]:
    """The directory of the model to start from, and its tokenizer. Raises ValueError for a GGUF file that cannot be it."""
    if options.model.is_dir():
        return options.model, AutoTokenizer.from_pretrained(options.model)
    base = options.out / "base"
    if not base.exists():
        save(*load_gguf(options.model), base)
    tokenizer = AutoTokenizer.from_pretrained(base)
    check_tokenizer(tokenizer, options.model)
    return base, tokenizer


def read_all(options: argparse.Namespace, tokenizer: PreTrainedTokenizerBase) -> tuple[list[Preference], list[Preference]]:
    """Training and held-out pairs; the kind of each is the file that it is from."""
    training = [pair for path in options.data for pair in read_pairs(path, tokenizer)]
    if isinstance(options.held_out, list):
        return training, [pair for path in options.held_out for pair in read_pairs(path, tokenizer)]
    return split(training, options.held_out, options.seed)


def read_pairs(path: Path, tokenizer: PreTrainedTokenizerBase) -> list[Preference]:
    """All pairs, in the model's chat template, or as transcripts where it has none."""
    style = "chat" if tokenizer.chat_template else "human"

    def say(number: int, reason: str) -> None:
        print(f"{path} line {number} is left out: {reason}", file=sys.stderr, flush=True)

    return [replace(pair, kind=path.name) for pair in read_preferences(path, style, say)]


def split(pairs: Sequence[Preference], share: float, seed: int) -> tuple[list[Preference], list[Preference]]:
    """Training and held-out pairs; pairs of one prompt stay together."""
    def draw(pair: Preference) -> float:
        key = json.dumps([seed, list(pair.prompt)]).encode()
        return int.from_bytes(hashlib.sha256(key).digest()[:8], "big") / 2**64

    held_out = [pair for pair in pairs if draw(pair) < share]
    return [pair for pair in pairs if draw(pair) >= share], held_out


def shuffled(pairs: Sequence[Preference], seed: int) -> Iterator[Preference]:
    """One pass after another, each in another order."""
    rng = random.Random(seed)
    while True:
        yield from rng.sample(pairs, len(pairs))


def steps_of(epochs: float, pairs: int, batch_size: int) -> int:
    return math.ceil(epochs * pairs / batch_size)


def train_policy(
    options: argparse.Namespace, base: Path, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[Preference], out: Path
) -> None:
    """Supervised fine-tuning on the preferred responses."""
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).to(options.device)
    steps = steps_of(options.sft_epochs, len(pairs), options.batch_size)
    dialogues = (Dialogue(pair.prompt, pair.chosen, pair.style) for pair in shuffled(pairs, options.seed))
    fine_tune(model, tokenizer, dialogues, TrainingConfig(
        steps=steps, batch_size=options.batch_size, learning_rate=options.sft_learning_rate, weight_decay=0.0,
        warmup=max(1, steps // 10), max_length=options.max_length, seed=options.seed))
    save(model, tokenizer, out)


def train_reward(
    options: argparse.Namespace, tokenizer: PreTrainedTokenizerBase, training: Sequence[Preference], base: Path, out: Path
) -> None:
    """Fine-tuning of the base model's trunk with a new head."""
    model = AutoModelForSequenceClassification.from_pretrained(base, num_labels=1, dtype=torch.float32)
    model.config.pad_token_id = tokenizer.pad_token_id
    if options.lora:
        add_lora(model.base_model, options.lora)
    model = model.to(options.device)
    reward = RewardModel(model.base_model, zero_head(model.score))
    pairs = with_added(training, options, options.seed)
    print(f"{len(pairs) - len(training)} loops and other prompts' answers beside them", flush=True)
    steps = steps_of(options.epochs, len(pairs), options.batch_size)
    checkpoint = Checkpoint(options.out / "reward.checkpoint", options.save_every)
    train_reward_model(reward, tokenizer, shuffled(pairs, options.seed + 1), RewardConfig(
        steps=steps, batch_size=options.batch_size, learning_rate=options.learning_rate, weight_decay=0.0,
        head_learning_rate=options.head_learning_rate, warmup=max(1, steps // 10), max_length=options.max_length,
        at_once=options.at_once, bfloat16=options.bfloat16, consistency=options.consistency, seed=options.seed,
    ), checkpoint=checkpoint)
    merge_lora(model.base_model)
    some = random.Random(options.seed).sample(training, min(len(training), 256))
    model.score.weight.data /= deviation(reward, tokenizer, some, options.max_length)
    save(model, tokenizer, out)
    checkpoint.remove()


def with_added(pairs: Sequence[Preference], options: argparse.Namespace, seed: int) -> list[Preference]:
    """``pairs``, and those that are made of them."""
    return add_repetitions(pairs, options.repetition, seed) + contrasts(pairs, options.contrast, seed)


def check(
    options: argparse.Namespace, tokenizer: PreTrainedTokenizerBase, held_out: Sequence[Preference], reward: Path
) -> dict[str, object]:
    """What the finished model makes of held-out pairs, and of loops and other prompts' answers made of them."""
    model = AutoModelForSequenceClassification.from_pretrained(reward, dtype=torch.float32).to(options.device).eval()
    pairs = with_added(held_out, options, options.seed + 2)
    return measure(RewardModel(model.base_model, model.score), tokenizer, pairs, options.max_length)


def report(accuracy: dict) -> None:
    """Prints what ``check`` found."""
    overall = {place: value for place, value in accuracy.items() if place not in ("kinds", "ending")}
    for kind, places in {"held-out pairs": overall, **accuracy["kinds"]}.items():
        for place, (share, count) in places.items():
            print(f"{kind}, {place:>6}: {share:.3f} of {count}")
    ending = accuracy["ending"]
    print(f"the end-of-turn token against the last before it: {ending['difference']:+.3f} deviations, "
          f"{ending['absolute']:.3f} in size")


def export(options: argparse.Namespace, policy: Path | None, reward: Path, accuracy: dict) -> None:
    """The models as GGUF."""
    opt = json.loads((reward / "config.json").read_text(encoding="utf-8"))["model_type"] == "opt"
    python = [] if opt else ["--python", sys.executable]
    converter = [] if opt or options.converter is None else ["--converter", str(options.converter)]
    common = ["--type", options.type, *python, *converter]
    files = {name: options.out / f"{name}.gguf" for name in ("policy", "reward")}
    if policy and not files["policy"].exists():
        argsearch("convert", "opt" if opt else "hf", str(policy), "--out", str(files["policy"]), *common)
    if not files["reward"].exists():
        places = {place: round(value[0], 4) for place, value in accuracy.items() if place not in ("kinds", "ending")}
        about = ["--source", options.model.name, "--dataset", " + ".join(path.name for path in options.data),
                 "--accuracy", f"{accuracy['end'][0]:.4f}", "--prefix-accuracy", json.dumps(places)]
        command = ["convert", "opt"] if opt else ["reward", "import"]
        argsearch(*command, str(reward), "--out", str(files["reward"]), *common, *about)
    print("made", *(str(file) for file in files.values() if file.exists()))


def argsearch(*args: str) -> None:
    """Runs the command line of this checkout, or the installed one."""
    built = ROOT / "dist" / "cli.js"
    command = ["node", str(built)] if built.exists() else ["argsearch"]
    print(" ".join(["argsearch", *args]), flush=True)
    subprocess.run([*command, *args], check=True)


def save(model: torch.nn.Module, tokenizer: PreTrainedTokenizerBase, out: Path) -> None:
    """A directory that is there only when it is whole."""
    partial = out.with_name(out.name + ".partial")
    model.save_pretrained(partial)
    tokenizer.save_pretrained(partial)
    os.replace(partial, out)


if __name__ == "__main__":
    main()
