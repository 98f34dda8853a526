"""A causal language model and its tokenizer out of a GGUF file, its weights in float32, as transformers saves them."""

from __future__ import annotations

from pathlib import Path

import gguf
import torch
import transformers
from tokenizers.pre_tokenizers import ByteLevel, Digits, Sequence
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel, PreTrainedTokenizerBase


def load_gguf(file: Path) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """Raises ValueError for a tokenizer whose cuts transformers does not make as llama.cpp does."""
    place = {"pretrained_model_name_or_path": str(file.parent), "gguf_file": file.name}
    tokenizer = AutoTokenizer.from_pretrained(**place)
    _cut_as_llama_cpp(tokenizer, file)
    read = AutoModelForCausalLM.from_pretrained(**place, dtype=torch.float32)
    # A model that was read from a GGUF file counts as quantised and cannot be saved; one with its weights can.
    model = AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(**place), dtype=torch.float32)
    model.load_state_dict(read.state_dict())
    return model, tokenizer


#: Blanks, line ends, digits and characters of several bytes: what pre-tokenizers differ about.
SAMPLE = "Hello  there,\n\n\tit's 1984 — naïve?"


def check_tokenizer(tokenizer: PreTrainedTokenizerBase, file: Path) -> None:
    """Raises ValueError for a tokenizer, saved and read again, that is not the file's: releases of transformers differ there."""
    reader = gguf.GGUFReader(file)
    tokens, end = (reader.get_field(f"tokenizer.ggml.{key}").contents() for key in ("tokens", "eos_token_id"))
    same = tokenizer.convert_ids_to_tokens(list(range(len(tokens)))) == tokens and tokenizer.eos_token_id == end
    if not same or tokenizer.decode(tokenizer(SAMPLE, add_special_tokens=False)["input_ids"]) != SAMPLE:
        raise ValueError(f"{file}: transformers {transformers.__version__} reads another tokenizer out of it than llama.cpp; "
                         "take a release that requirements.txt names, or the original model's directory")


def _cut_as_llama_cpp(tokenizer: PreTrainedTokenizerBase, file: Path) -> None:
    """transformers gives every byte-level BPE out of a GGUF file GPT-2's pre-tokenizer, whatever the file names."""
    reader = gguf.GGUFReader(file)
    kinds = [field.contents() if (field := reader.get_field(f"tokenizer.ggml.{key}")) else None for key in ("model", "pre")]
    if kinds == ["gpt2", "smollm"]:
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
            [Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)])
    elif kinds[0] == "gpt2" and kinds[1] not in ("gpt-2", "default"):
        raise ValueError(f"{file}: its pre-tokenizer, {kinds[1]}, is none of those known here; take the original model's directory")
