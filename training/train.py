"""The embedded pair's recipe for any Hugging Face model and preference data: SFT, then a reward model, then GGUF.

    python training/train.py --model DIR --data pairs.jsonl --out OUT

1. ``OUT/policy``: the causal language model in DIR, fine-tuned on the preferred responses.
2. ``OUT/reward``: a sequence classification model that starts from that policy's trunk, all of its weights trained with
   the Bradley-Terry loss on every prefix. Its rewards have deviation 1 on the training pairs.
3. ``OUT/accuracy.json``: held-out pairs told apart, by tokens read since the two responses parted, and at their ends.
4. ``OUT/policy.gguf`` and ``OUT/reward.gguf``, by ``argsearch convert`` and ``argsearch reward import``.

What is already in OUT is not made again, so an interrupted run goes on with the stage that it was in; another run takes
another OUT.
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
from pathlib import Path

import torch
from transformers import (
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    PreTrainedTokenizerBase,
)

from batching import TrainingConfig
from data import Dialogue, Preference
from formats import read_preferences
from reward_model import (
    RewardConfig,
    RewardModel,
    encode_pair,
    pair_accuracy,
    pair_rewards,
    train_reward_model,
    zero_head,
)
from sft import fine_tune

ROOT = Path(__file__).resolve().parent.parent
PLACES = (4, 8, 16, 32, 64, 128)


def main() -> None:
    """Train, measure, export."""
    options = parse_options()
    torch.manual_seed(options.seed)
    options.out.mkdir(parents=True, exist_ok=True)
    keep_settings(options)
    tokenizer = AutoTokenizer.from_pretrained(options.model)
    # Right padding is never looked at, so any token will do.
    tokenizer.pad_token = tokenizer.pad_token or tokenizer.eos_token
    training, held_out = split(read_pairs(options.data, tokenizer), options.held_out, options.seed)
    print(f"{len(training)} pairs to train on, {len(held_out)} held out", flush=True)
    if not training or not held_out:
        sys.exit(f"{options.data}: {len(training) + len(held_out)} pairs are too few to train on and to check with")

    policy, reward = options.out / "policy", options.out / "reward"
    if not policy.exists():
        train_policy(options, tokenizer, training, policy)
    if not reward.exists():
        train_reward(options, tokenizer, training, policy, reward)
    accuracy_file = options.out / "accuracy.json"
    if not accuracy_file.exists():
        write_whole(accuracy_file, json.dumps(measure(options, tokenizer, held_out, reward), indent=1) + "\n")
    accuracy = json.loads(accuracy_file.read_text(encoding="utf-8"))
    for place, (share, count) in accuracy.items():
        print(f"held-out pairs, {place:>6} tokens: {share:.3f} of {count}")
    export(options, policy, reward, accuracy)


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, help="directory of a causal language model and its tokenizer")
    parser.add_argument("--data", type=Path, required=True,
                        help="JSON lines: HH-RLHF, prompt/chosen/rejected, chat messages or SHP")
    parser.add_argument("--out", type=Path, required=True, help="directory for everything that is made")
    parser.add_argument("--held-out", type=float, default=0.1, help="share of the prompts that only check (0.1)")
    parser.add_argument("--sft-epochs", type=float, default=1, help="passes over the preferred responses; 0: none (1)")
    parser.add_argument("--sft-learning-rate", type=float, default=2e-5, help="(2e-5)")
    parser.add_argument("--epochs", type=float, default=1, help="passes over the pairs (1)")
    parser.add_argument("--learning-rate", type=float, default=1e-5, help="of the reward model (1e-5)")
    parser.add_argument("--batch-size", type=int, default=16, help="dialogues, or pairs, a step (16)")
    parser.add_argument("--max-length", type=int, default=512,
                        help="tokens; a longer prompt loses its beginning, a longer response is left out (512)")
    parser.add_argument("--seed", type=int, default=0, help="(0)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="(cuda if there is one)")
    parser.add_argument("--type", default="f16", help="format of the GGUF files, as in argsearch reward import (f16)")
    return parser.parse_args()


def keep_settings(options: argparse.Namespace) -> None:
    """Writes down what OUT is made of, and refuses to go on in one that is made of something else."""
    file = options.out / "settings.json"
    named = {name: str(value) for name, value in vars(options).items() if name not in ("out", "device", "type")}
    settings = {**named, "data_sha256": hashlib.sha256(options.data.read_bytes()).hexdigest()}
    if file.exists():
        before = json.loads(file.read_text(encoding="utf-8"))
        changed = [name for name, value in settings.items() if before.get(name) != value]
        if changed:
            sys.exit(f"{options.out} was begun with other settings ({', '.join(changed)}): give another --out")
        return
    write_whole(file, json.dumps(settings, indent=1) + "\n")


def read_pairs(path: Path, tokenizer: PreTrainedTokenizerBase) -> list[Preference]:
    """All pairs, in the model's chat template, or as transcripts where it has none."""
    style = "chat" if tokenizer.chat_template else "human"

    def say(number: int, reason: str) -> None:
        print(f"{path} line {number} is left out: {reason}", file=sys.stderr, flush=True)

    return list(read_preferences(path, style, say))


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
    options: argparse.Namespace, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[Preference], out: Path
) -> None:
    """Supervised fine-tuning on the preferred responses."""
    model = AutoModelForCausalLM.from_pretrained(options.model, dtype=torch.float32).to(options.device)
    steps = steps_of(options.sft_epochs, len(pairs), options.batch_size)
    if steps > 0:
        dialogues = (Dialogue(pair.prompt, pair.chosen, pair.style) for pair in shuffled(pairs, options.seed))
        fine_tune(model, tokenizer, dialogues, TrainingConfig(
            steps=steps, batch_size=options.batch_size, learning_rate=options.sft_learning_rate, weight_decay=0.0,
            warmup=max(1, steps // 10), max_length=options.max_length, seed=options.seed))
    save(model, tokenizer, out)


def train_reward(
    options: argparse.Namespace, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[Preference], policy: Path, out: Path
) -> None:
    """Full fine-tuning of the policy's trunk with a new head."""
    model = AutoModelForSequenceClassification.from_pretrained(policy, num_labels=1, dtype=torch.float32)
    model = model.to(options.device)
    model.config.pad_token_id = tokenizer.pad_token_id
    reward = RewardModel(model.base_model, zero_head(model.score))
    steps = steps_of(options.epochs, len(pairs), options.batch_size)
    train_reward_model(reward, tokenizer, shuffled(pairs, options.seed + 1), RewardConfig(
        steps=steps, batch_size=options.batch_size, learning_rate=options.learning_rate, weight_decay=0.0,
        warmup=max(1, steps // 10), max_length=options.max_length, seed=options.seed))
    model.score.weight.data /= deviation(reward, tokenizer, pairs[:512], options.max_length)
    save(model, tokenizer, out)


@torch.no_grad()
def deviation(
    model: RewardModel, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[Preference], max_length: int
) -> float:
    """Standard deviation of the rewards at both responses' tokens."""
    values: list[torch.Tensor] = []
    for pair in pairs:
        encoded = encode_pair(pair, tokenizer, max_length)
        if encoded.length > max_length:
            continue
        chosen, rejected = pair_rewards(model, tokenizer, [encoded])
        values.append(chosen[0, encoded.start: len(encoded.chosen)])
        values.append(rejected[0, encoded.start: len(encoded.rejected)])
    return float(torch.cat(values).std().clamp_min(1e-6)) if values else 1.0


def measure(
    options: argparse.Namespace, tokenizer: PreTrainedTokenizerBase, held_out: Sequence[Preference], reward: Path
) -> dict[str, tuple[float, int]]:
    """Held-out accuracy by place."""
    model = AutoModelForSequenceClassification.from_pretrained(reward, dtype=torch.float32).to(options.device).eval()
    fitting = [pair for pair in held_out if encode_pair(pair, tokenizer, options.max_length).length <= options.max_length]
    wrapped = RewardModel(model.base_model, model.score)
    accuracy = pair_accuracy(wrapped, tokenizer, fitting, PLACES, 8, options.max_length)
    return {place: value for place, value in accuracy.items() if not place.startswith("end:")}


def export(options: argparse.Namespace, policy: Path, reward: Path, accuracy: dict[str, tuple[float, int]]) -> None:
    """Both models as GGUF."""
    opt = json.loads((policy / "config.json").read_text(encoding="utf-8"))["model_type"] == "opt"
    python = [] if opt else ["--python", sys.executable]
    common = ["--type", options.type, *python]
    about = ["--source", str(options.model), "--dataset", options.data.name, "--accuracy", f"{accuracy['end'][0]:.4f}"]
    files = {name: options.out / f"{name}.gguf" for name in ("policy", "reward")}
    if not files["policy"].exists():
        argsearch("convert", "opt" if opt else "hf", str(policy), "--out", str(files["policy"]), *common)
    if not files["reward"].exists():
        command = ["convert", "opt"] if opt else ["reward", "import"]
        argsearch(*command, str(reward), "--out", str(files["reward"]), *common, *about)
    print(f"made {files['policy']} and {files['reward']}")


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


def write_whole(path: Path, text: str) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)


if __name__ == "__main__":
    main()
