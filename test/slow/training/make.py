"""A random causal language model as transformers saves it, and preference pairs of the embedded corpus for it.

    make.py VOCABULARIES DIR PAIRS
        DIR/model, and DIR/pairs.jsonl: PAIRS lines in all four formats, and a line that holds no pair
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaConfig, LlamaForCausalLM

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "parity"), str(HERE.parents[2] / "training")]

from corpus import Corpus  # noqa: E402
from models import SHAPE, bpe  # noqa: E402

TEMPLATE = (
    "{% for message in messages %}{{ message['role'] + ': ' + message['content'] + '\\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)


def main(vocabularies: Path, root: Path, count: int) -> None:
    torch.manual_seed(1)
    model = root / "model"
    model.mkdir()
    _, vocabulary = bpe(vocabularies, model)
    tokenizer = AutoTokenizer.from_pretrained(model)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(model)
    LlamaForCausalLM(LlamaConfig(vocab_size=vocabulary, bos_token_id=tokenizer.bos_token_id,
                                 eos_token_id=tokenizer.eos_token_id, **SHAPE)).save_pretrained(model)
    pairs = enumerate(Corpus(1).preferences(count))
    lines = [json.dumps(record(at, pair.prompt, pair.chosen, pair.rejected)) for at, pair in pairs]
    (root / "pairs.jsonl").write_text("\n".join([*lines, "{}"]) + "\n", encoding="utf-8")


def record(at: int, prompt: list[dict], chosen: str, rejected: str) -> dict:
    """The pair in the format whose turn it is."""
    if at % 4 == 0 and len(prompt) == 1:
        return {"history": prompt[0]["content"], "human_ref_A": chosen, "human_ref_B": rejected, "labels": 1}
    if at % 4 == 1 and all(turn["role"] != "system" for turn in prompt):
        names = {"user": "Human", "assistant": "Assistant"}
        start = "".join(f"\n\n{names[turn['role']]}: {turn['content']}" for turn in prompt)
        return {side: f"{start}\n\nAssistant: {text}" for side, text in (("chosen", chosen), ("rejected", rejected))}
    if at % 4 == 2:
        sides = (("chosen", chosen), ("rejected", rejected))
        return {side: [*prompt, {"role": "assistant", "content": text}] for side, text in sides}
    return {"prompt": prompt, "chosen": chosen, "rejected": rejected}


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))
