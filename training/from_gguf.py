"""A causal language model and its tokenizer out of a GGUF file, its weights in float32, as transformers saves them."""

from __future__ import annotations

from pathlib import Path

import gguf
import torch
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


def _cut_as_llama_cpp(tokenizer: PreTrainedTokenizerBase, file: Path) -> None:
    """transformers gives every byte-level BPE out of a GGUF file GPT-2's pre-tokenizer, whatever the file names."""
    reader = gguf.GGUFReader(file)
    kinds = [field.contents() if (field := reader.get_field(f"tokenizer.ggml.{key}")) else None for key in ("model", "pre")]
    if kinds == ["gpt2", "smollm"]:
        tokenizer.backend_tokenizer.pre_tokenizer = Sequence(
            [Digits(individual_digits=True), ByteLevel(add_prefix_space=False, use_regex=True)])
    elif kinds[0] == "gpt2" and kinds[1] not in ("gpt-2", "default"):
        raise ValueError(f"{file}: its pre-tokenizer, {kinds[1]}, is none of those known here; take the original model's directory")
