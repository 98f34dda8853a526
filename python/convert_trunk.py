"""Runs llama.cpp's convert_hf_to_gguf.py on a reward model's trunk.

    convert_trunk.py CONVERTER_DIR MODEL_DIR OUT --outtype TYPE --architecture NAME [--drop TENSOR]... [--prefix P]

The converter knows causal language models and refuses tensors and architectures that it does not know. So it is shown
the model under the name of the causal language model with the same trunk, without the tensors of the head. Nothing is
copied and the model's directory is not touched. check.py tells beforehand what it would miss. Whatever ends it early, OUT is removed.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from ending import no_half_file


def main() -> None:
    args = parse_args()
    with no_half_file(args.out):
        convert(args)


def convert(args: argparse.Namespace) -> None:
    sys.path.insert(0, str(args.converter))
    import convert_hf_to_gguf

    show_trunk_only(convert_hf_to_gguf.ModelBase, args)
    sys.argv = ["convert_hf_to_gguf.py", str(args.model), "--outfile", str(untemplated(args.out)), "--outtype", args.outtype]
    convert_hf_to_gguf.main()


def untemplated(path: Path) -> Path:
    """The converter fills in what stands in braces in a file's name."""
    return path.with_name(path.name.replace("{", "{{").replace("}", "}}"))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("converter", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--outtype", required=True)
    parser.add_argument("--architecture", required=True, help="the causal language model that the trunk belongs to")
    parser.add_argument("--drop", action="append", default=[], help="a tensor to hide")
    parser.add_argument("--prefix", default="", help="what a wrapper put before the tensors' names")
    parser.add_argument("--tied", action="store_true", help="there is no vocabulary projection")
    return parser.parse_args()


def show_trunk_only(model_base: Any, args: argparse.Namespace) -> None:
    """Make the converter's base class read a model's tensors and parameters as those of its trunk."""
    index_tensors, load_hparams = model_base.index_tensors, model_base.load_hparams
    hidden = set(args.drop)

    def trunk_tensors(self: Any, *positional: Any, **named: Any) -> dict[str, Any]:
        tensors = index_tensors(self, *positional, **named)
        return {name.removeprefix(args.prefix): data for name, data in tensors.items() if name not in hidden}

    def trunk_hparams(*positional: Any, **named: Any) -> dict[str, Any]:
        hparams = load_hparams(*positional, **named)
        hparams["architectures"] = [args.architecture]
        if args.tied:
            hparams["tie_word_embeddings"] = True
        return hparams

    model_base.index_tensors = trunk_tensors
    model_base.load_hparams = staticmethod(trunk_hparams)


if __name__ == "__main__":
    main()
