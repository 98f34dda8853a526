"""What ``train.py`` is asked for, and what a directory of results was begun with."""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from pathlib import Path

import torch

#: They change where and how fast, not what is made.
FREE = {"out", "device", "type", "save_every", "converter"}


def parse_options(description: str | None) -> argparse.Namespace:
    """The command line; ``held_out`` is a share, or paths."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", required=True, type=Path,
                        help="directory of a causal language model and its tokenizer, or a GGUF file")
    parser.add_argument("--data", type=Path, required=True, nargs="+",
                        help="JSON lines: HH-RLHF, prompt/chosen/rejected, chat messages or SHP")
    parser.add_argument("--out", type=Path, required=True, help="directory for everything that is made")
    parser.add_argument("--held-out", nargs="+", default=["0.1"], metavar="SHARE|FILE",
                        help="share of the prompts that only check, or files of such pairs (0.1)")
    parser.add_argument("--sft-epochs", type=float, default=1,
                        help="passes over the preferred responses; 0: no policy is made (1)")
    parser.add_argument("--sft-learning-rate", type=float, default=2e-5, help="(2e-5)")
    parser.add_argument("--epochs", type=float, default=1, help="passes over the pairs (1)")
    parser.add_argument("--learning-rate", type=float, default=1e-5, help="of the reward model's trunk (1e-5)")
    parser.add_argument("--head-learning-rate", type=float, help="of its head, which is new (ten times the trunk's)")
    parser.add_argument("--consistency", type=float, default=0.5,
                        help="weight of the squared difference of successive rewards of a preferred response (0.5)")
    parser.add_argument("--repetition", type=float, default=0.15,
                        help="share of the pairs whose rejected side is the preferred one stuck in a loop (0.15)")
    parser.add_argument("--contrast", type=float, default=0.25,
                        help="share of the pairs whose rejected side is the preferred answer to another prompt (0.25)")
    parser.add_argument("--lora", type=int, default=0, metavar="RANK",
                        help="train a low-rank product beside each projection, not the projections; 0: all weights (0)")
    parser.add_argument("--batch-size", type=int, default=16, help="dialogues, or pairs, a step (16)")
    parser.add_argument("--at-once", type=int, help="pairs of a batch computed together (4 on a CPU, else all)")
    parser.add_argument("--bfloat16", action="store_true",
                        help="matrix products in bfloat16, weights and sums in float32: faster where the processor has it")
    parser.add_argument("--max-length", type=int, default=512,
                        help="tokens; a longer prompt loses its beginning, a longer response is left out (512)")
    parser.add_argument("--save-every", type=int, default=20, help="steps of the reward model between two checkpoints (20)")
    parser.add_argument("--seed", type=int, default=0, help="(0)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu", help="(cuda if there is one)")
    parser.add_argument("--type", default="f16", help="format of the GGUF files, as in argsearch reward import (f16)")
    parser.add_argument("--converter", type=Path, metavar="DIR",
                        help="llama.cpp's source with convert_hf_to_gguf.py (fetched once)")
    options = parser.parse_args()
    options.held_out = _held_out(options.held_out)
    options.at_once = options.at_once or (min(4, options.batch_size) if options.device == "cpu" else options.batch_size)
    options.head_learning_rate = options.head_learning_rate or 10 * options.learning_rate
    for name in ("repetition", "contrast"):
        if not 0 <= (share := getattr(options, name)) < 1:
            parser.error(f"--{name} is a share from 0 to below 1, not {share}")
    return options


def _held_out(values: list[str]) -> float | list[Path]:
    if len(values) == 1:
        try:
            return float(values[0])
        except ValueError:
            pass
    return [Path(value) for value in values]


def keep_settings(options: argparse.Namespace) -> None:
    """Writes down what OUT is made of, and refuses to go on in one that is made of something else."""
    file = options.out / "settings.json"
    named = {name: str(value) for name, value in vars(options).items() if name not in FREE}
    files = [*options.data, *(options.held_out if isinstance(options.held_out, list) else [])]
    settings = {**named, "data_sha256": [hashlib.sha256(path.read_bytes()).hexdigest() for path in files]}
    if file.exists():
        before = json.loads(file.read_text(encoding="utf-8"))
        changed = [name for name, value in settings.items() if before.get(name) != value]
        if changed:
            sys.exit(f"{options.out} was begun with other settings ({', '.join(changed)}): give another --out")
        return
    write_whole(file, json.dumps(settings, indent=1) + "\n")


def write_whole(path: Path, text: str) -> None:
    """The file has its name only when it is complete."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    os.replace(partial, path)
