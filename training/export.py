"""Writes Llama-architecture models as GGUF files that llama.cpp (and so argsearch) loads.

A reward model is an ordinary trunk whose head lives in the metadata (``argsearch.reward.*``), since llama.cpp refuses
files with tensors it does not know. Models of other architectures get their trunk from llama.cpp's own
``convert_hf_to_gguf.py``; ``reward_metadata`` is then all that has to be added.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from transformers import LlamaConfig, LlamaForCausalLM, LlamaModel, PreTrainedTokenizerBase


@dataclass(frozen=True)
class Description:
    """What ``general.*`` says about a file."""

    name: str
    description: str
    license: str = "mit"


@dataclass(frozen=True)
class RewardHead:
    """A linear head, ``weight`` float32 [n_embd], and where it comes from."""

    weight: np.ndarray
    bias: float
    source: str
    dataset: str
    accuracy: float


def reward_metadata(head: RewardHead) -> dict[str, Any]:
    """The ``argsearch.reward.*`` keys. ``accuracy``, 0..1: held-out pairs told apart at their ends."""
    return {
        "argsearch.reward.head.weight": [float(value) for value in head.weight.astype(np.float32)],
        "argsearch.reward.head.bias": head.bias,
        "argsearch.reward.source": head.source,
        "argsearch.reward.dataset": head.dataset,
        "argsearch.reward.accuracy": head.accuracy,
    }


# Of the ten that F16 stores. The pair decodes as well with five (models/README.md), and npm's gzip packs the zeros after them.
STORED_BITS = 5


def _packable(matrix: np.ndarray) -> np.ndarray:
    """As F16, rounded (half to even) to ``STORED_BITS`` bits after the leading one."""
    dropped = 10 - STORED_BITS
    bits = matrix.astype(np.float16).view(np.uint16).astype(np.uint32)
    rounded = bits + (1 << (dropped - 1)) - 1 + ((bits >> dropped) & 1)
    return (rounded >> dropped << dropped).astype(np.uint16).view(np.float16)


def write_gguf(
    path: Path,
    model: LlamaForCausalLM | LlamaModel,
    tokenizer: PreTrainedTokenizerBase,
    description: Description,
    reward_head: RewardHead | None = None,
) -> None:
    """Write ``model``: matrices as F16 of few bits, gains as F32. The file appears under its name only when it is complete."""
    config = model.config
    trunk = model.model if isinstance(model, LlamaForCausalLM) else model
    partial = path.with_suffix(".partial")
    writer = gguf.GGUFWriter(partial, gguf.MODEL_ARCH_NAMES[gguf.MODEL_ARCH.LLAMA])
    _add_general(writer, config, description)
    _add_tokenizer(writer, tokenizer)
    for key, value in (reward_metadata(reward_head) if reward_head else {}).items():
        add = {str: writer.add_string, float: writer.add_float32, list: writer.add_array}[type(value)]
        add(key, value)
    for name, tensor in _tensors(trunk):
        writer.add_tensor(name, _packable(tensor) if tensor.ndim == 2 else tensor.astype(np.float32))
    # With tied weights llama.cpp projects with token_embd; a trunk without a projection loads the same way.
    if isinstance(model, LlamaForCausalLM) and not config.tie_word_embeddings:
        writer.add_tensor("output.weight", _packable(_numpy(model.lm_head.weight)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    os.replace(partial, path)


def _add_general(writer: gguf.GGUFWriter, config: LlamaConfig, description: Description) -> None:
    head_dim = config.hidden_size // config.num_attention_heads
    writer.add_type(gguf.GGUFType.MODEL)
    writer.add_name(description.name)
    writer.add_description(description.description)
    writer.add_license(description.license)
    writer.add_languages(["en"])
    writer.add_file_type(gguf.LlamaFileType.MOSTLY_F16)
    writer.add_quantization_version(gguf.GGML_QUANT_VERSION)
    writer.add_vocab_size(config.vocab_size)
    writer.add_context_length(config.max_position_embeddings)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.num_attention_heads)
    writer.add_head_count_kv(config.num_key_value_heads)
    writer.add_layer_norm_rms_eps(config.rms_norm_eps)
    writer.add_rope_dimension_count(head_dim)
    writer.add_rope_freq_base(config.rope_parameters["rope_theta"])


def _add_tokenizer(writer: gguf.GGUFWriter, tokenizer: PreTrainedTokenizerBase) -> None:
    """A byte-level BPE with GPT-2's pre-tokenizer; special tokens become CONTROL tokens."""
    state = json.loads(tokenizer.backend_tokenizer.to_str())
    if state["pre_tokenizer"]["type"] != "ByteLevel" or not state["pre_tokenizer"]["use_regex"]:
        raise ValueError("only GPT-2's byte-level pre-tokenizer is known here (tokenizer.ggml.pre = gpt-2)")
    special = set(tokenizer.all_special_ids)
    ids = range(len(tokenizer))
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokenizer.convert_ids_to_tokens(list(ids)))
    writer.add_token_types([gguf.TokenType.CONTROL if at in special else gguf.TokenType.NORMAL for at in ids])
    writer.add_token_merges([" ".join(merge) for merge in state["model"]["merges"]])
    writer.add_bos_token_id(tokenizer.bos_token_id)
    writer.add_eos_token_id(tokenizer.eos_token_id)
    writer.add_eot_token_id(tokenizer.eos_token_id)
    writer.add_pad_token_id(tokenizer.pad_token_id)
    writer.add_add_bos_token(False)
    writer.add_add_eos_token(False)
    writer.add_add_space_prefix(False)
    writer.add_chat_template(tokenizer.chat_template)


def _tensors(trunk: LlamaModel) -> Iterator[tuple[str, np.ndarray]]:
    """Names and values as llama.cpp's llama architecture wants them."""
    config = trunk.config
    yield "token_embd.weight", _numpy(trunk.embed_tokens.weight)
    for index, layer in enumerate(trunk.layers):
        block = f"blk.{index}"
        attention, mlp = layer.self_attn, layer.mlp
        yield f"{block}.attn_norm.weight", _numpy(layer.input_layernorm.weight)
        yield f"{block}.attn_q.weight", _permute(_numpy(attention.q_proj.weight), config.num_attention_heads)
        yield f"{block}.attn_k.weight", _permute(_numpy(attention.k_proj.weight), config.num_key_value_heads)
        yield f"{block}.attn_v.weight", _numpy(attention.v_proj.weight)
        yield f"{block}.attn_output.weight", _numpy(attention.o_proj.weight)
        yield f"{block}.ffn_norm.weight", _numpy(layer.post_attention_layernorm.weight)
        yield f"{block}.ffn_gate.weight", _numpy(mlp.gate_proj.weight)
        yield f"{block}.ffn_up.weight", _numpy(mlp.up_proj.weight)
        yield f"{block}.ffn_down.weight", _numpy(mlp.down_proj.weight)
    yield "output_norm.weight", _numpy(trunk.norm.weight)


def _permute(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key matrix [heads * head_dim, n_embd] in llama.cpp's order.

    Transformers rotates dimension i together with i + head_dim / 2, llama.cpp 2i with 2i + 1.
    """
    halves = weight.reshape(heads, 2, weight.shape[0] // heads // 2, *weight.shape[1:])
    return halves.swapaxes(1, 2).reshape(weight.shape)


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().to("cpu", torch.float32).numpy()
