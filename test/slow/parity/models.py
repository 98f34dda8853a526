"""Random reward models as transformers saves them, with tokenizers of real size, and transformers' rewards for texts.

    models.py make VOCABULARIES DIR FAMILY... < texts.json
        one random model a family in DIR/FAMILY; prints {family: [token ids of each text]}
    models.py rewards DIR < sequences.json
        reads {family: [ids, ...]}; prints {family: [a row of rewards, one a label, at every token, ...]}
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import gguf
import torch
import transformers
from sentencepiece import SentencePieceProcessor, sentencepiece_model_pb2
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification, PreTrainedTokenizerFast

SHAPE = {
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 512,
    "initializer_range": 0.12,
}

OPT_SHAPE = {
    "hidden_size": 64,
    "word_embed_proj_dim": 64,
    "ffn_dim": 256,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
}

# Family: config class, its own settings, tokenizer.
FAMILIES: dict[str, tuple[str, dict[str, Any], str]] = {
    "llama": ("LlamaConfig", SHAPE, "bpe"),
    "mistral": ("MistralConfig", {**SHAPE, "sliding_window": None}, "spm"),
    "qwen2": ("Qwen2Config", SHAPE, "qwen2"),
    "qwen3": ("Qwen3Config", {**SHAPE, "head_dim": 16}, "qwen2"),
    # A window shorter than the texts, so that it matters.
    "gemma2": (
        "Gemma2Config",
        {**SHAPE, "head_dim": 16, "query_pre_attn_scalar": 16, "sliding_window": 64, "bos_token_id": 1, "eos_token_id": 2},
        "gemma",
    ),
    "phi3": ("Phi3Config", {**SHAPE, "num_key_value_heads": 4, "sliding_window": None}, "phi3"),
    "trl": ("LlamaConfig", SHAPE, "bpe"),
    "labels": ("LlamaConfig", {**SHAPE, "id2label": {0: "helpful", 1: "safe", 2: "terse"}}, "bpe"),
    "opt": ("OPTConfig", {**OPT_SHAPE, "init_std": 0.12}, "opt"),
    # What goes into the activation is small here, and large there.
    "opt-narrow": ("OPTConfig", {**OPT_SHAPE, "init_std": 0.02}, "opt"),
    "opt-wide": ("OPTConfig", {**OPT_SHAPE, "init_std": 0.5}, "opt"),
}


def make(vocabularies: Path, root: Path, families: list[str], texts: list[str]) -> dict[str, list[list[int]]]:
    ids = {}
    for family in families:
        config_class, settings, kind = FAMILIES[family]
        torch.manual_seed(len(family))
        directory = root / family
        directory.mkdir(parents=True)
        encode, vocabulary = TOKENIZERS[kind](vocabularies, directory)
        specials = {"pad_token_id": 1, "bos_token_id": 2, "eos_token_id": 2} if kind == "opt" else {"pad_token_id": 0}
        labels = {} if "id2label" in settings else {"num_labels": 1}
        config = getattr(transformers, config_class)(vocab_size=vocabulary, **labels, **specials, **settings)
        save(config, directory, value_head=family == "trl")
        ids[family] = [encode(text) for text in texts]
    return ids


def save(config: Any, directory: Path, value_head: bool) -> None:
    """Save a model whose biases and gains are random as well, in several shards."""
    kind = AutoModelForCausalLM if value_head else AutoModelForSequenceClassification
    model = kind.from_config(config, dtype=torch.float32)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.add_(torch.randn_like(parameter) * 0.1)
            if name.startswith("score."):
                parameter.normal_(0, 0.3)
    state = model.state_dict()
    if value_head:
        # As TRL's AutoModelForCausalLMWithValueHead.save_pretrained() has it.
        state["v_head.summary.weight"] = torch.randn(1, config.hidden_size) * 0.3
        state["v_head.summary.bias"] = torch.randn(1)
    model.save_pretrained(directory, state_dict=state, max_shard_size="4MB")


def rewards(root: Path, sequences: dict[str, list[list[int]]]) -> dict[str, list[list[list[float]]]]:
    with torch.inference_mode():
        return {family: family_rewards(root / family, lists) for family, lists in sequences.items()}


def family_rewards(directory: Path, sequences: list[list[int]]) -> list[list[list[float]]]:
    if directory.name == "trl":
        model = AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()
        head = value_head(directory, model.config.hidden_size)
    else:
        model = AutoModelForSequenceClassification.from_pretrained(directory, dtype=torch.float32).eval()
        head = model.score
    results = []
    for ids in sequences:
        tokens = torch.tensor([ids])
        values = head(model.base_model(tokens).last_hidden_state)[0]
        if directory.name != "trl":
            # The classifier's own reading, at the end.
            own = model(tokens, attention_mask=torch.ones_like(tokens)).logits[0]
            assert (own - values[-1]).abs().max() < 1e-4 or ids[-1] == model.config.pad_token_id, (own, values[-1])
        results.append(values.tolist())
    return results


def value_head(directory: Path, size: int) -> torch.nn.Linear:
    from safetensors import safe_open

    head = torch.nn.Linear(size, 1)
    for path in directory.glob("*.safetensors"):
        with safe_open(path, "pt") as file:
            for name in file.keys():
                if name.startswith("v_head."):
                    getattr(head, name.rsplit(".")[-1]).data = file.get_tensor(name)
    return head


def bpe_tables(vocabularies: Path, name: str) -> tuple[list[str], list[tuple[str, str]]]:
    fields = gguf.GGUFReader(vocabularies / f"ggml-vocab-{name}.gguf").fields
    merges = [tuple(merge.split(" ", 1)) for merge in fields["tokenizer.ggml.merges"].contents()]
    return fields["tokenizer.ggml.tokens"].contents(), merges


def bpe(vocabularies: Path, directory: Path) -> tuple[Any, int]:
    tokens, merges = bpe_tables(vocabularies, "gpt-2")
    return saved(byte_level(tokens, merges), directory), len(tokens)


# https://huggingface.co/Qwen/Qwen2-7B/blob/main/tokenizer.json
QWEN2_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def qwen2(vocabularies: Path, directory: Path) -> tuple[Any, int]:
    tokens, merges = bpe_tables(vocabularies, "qwen2")
    tokenizer = byte_level(tokens, merges)
    tokenizer.normalizer = normalizers.NFC()
    words = pre_tokenizers.Split(Regex(QWEN2_WORDS), behavior="isolated")
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([words, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.add_special_tokens(["<|endoftext|>"])
    return saved(tokenizer, directory), len(tokens)


def saved(tokenizer: Tokenizer, directory: Path) -> Any:
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="<|endoftext|>", eos_token="<|endoftext|>").save_pretrained(directory)
    return lambda text: tokenizer.encode(text, add_special_tokens=False).ids


def opt(vocabularies: Path, directory: Path) -> tuple[Any, int]:
    """OPT's order: its own specials first, and embeddings for more ids than there are tokens."""
    tokens, merges = bpe_tables(vocabularies, "gpt-2")
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *tokens[:-1]]
    tokenizer = byte_level(tokens, merges)
    tokenizer.add_special_tokens(["<pad>", "</s>"])
    tokenizer.post_processor = processors.TemplateProcessing(single="</s> $A", special_tokens=[("</s>", 2)])
    fast = PreTrainedTokenizerFast(tokenizer_object=tokenizer, bos_token="</s>", eos_token="</s>", unk_token="</s>", pad_token="<pad>")
    fast.save_pretrained(directory)
    return lambda text: tokenizer.encode(text).ids, len(tokens) + 3


def byte_level(tokens: list[str], merges: list[tuple[str, str]]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE({token: at for at, token in enumerate(tokens)}, merges))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def spm(vocabularies: Path, directory: Path, prefix: bool = True) -> tuple[Any, int]:
    fields = gguf.GGUFReader(vocabularies / "ggml-vocab-llama-spm.gguf").fields
    columns = [fields[f"tokenizer.ggml.{name}"].contents() for name in ("tokens", "scores", "token_type")]
    model = sentencepiece_model_pb2.ModelProto()
    model.trainer_spec.model_type = model.trainer_spec.BPE
    model.trainer_spec.byte_fallback = True
    model.trainer_spec.vocab_size = len(columns[0])
    model.normalizer_spec.name = "identity"
    model.normalizer_spec.add_dummy_prefix = prefix
    model.normalizer_spec.remove_extra_whitespaces = False
    model.normalizer_spec.escape_whitespaces = True
    for piece, score, kind in zip(*columns):
        model.pieces.add(piece=piece, score=score, type=kind)
    path = directory / "tokenizer.model"
    path.write_bytes(model.SerializeToString())
    (directory / "tokenizer_config.json").write_text(json.dumps({"tokenizer_class": "LlamaTokenizer", "add_bos_token": True}))
    processor = SentencePieceProcessor(model_file=str(path))
    return lambda text: [1, *processor.encode(text)], len(columns[0])


def gemma(vocabularies: Path, directory: Path) -> tuple[Any, int]:
    """Gemma puts no space before a text."""
    return spm(vocabularies, directory, prefix=False)


def phi3(vocabularies: Path, directory: Path) -> tuple[Any, int]:
    """Llama's pieces, and chat tokens behind them."""
    encode, pieces = spm(vocabularies, directory)
    path = directory / "tokenizer_config.json"
    added = {"content": "<|endoftext|>", "special": True}
    path.write_text(json.dumps({**json.loads(path.read_text()), "added_tokens_decoder": {pieces: added}}))
    return encode, pieces + 64


TOKENIZERS = {"bpe": bpe, "qwen2": qwen2, "spm": spm, "gemma": gemma, "phi3": phi3, "opt": opt}


if __name__ == "__main__":
    torch.set_num_threads(1)  # small matrices: threads would wait for each other
    command, *paths = sys.argv[1:]
    given = json.load(sys.stdin)
    result = make(Path(paths[0]), Path(paths[1]), paths[2:], given) if command == "make" else rewards(Path(paths[0]), given)
    json.dump(result, sys.stdout)
