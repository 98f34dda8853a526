"""Conversations and preferences: the types, the readers and the way they become token ids.

Everything that trains (``sft.py``, ``reward_model.py``) takes an iterable of the two types below and a Hugging Face
tokenizer, so the embedded corpus (``corpus.py``) and a file of your own go the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypedDict

from transformers import PreTrainedTokenizerBase


class Message(TypedDict):
    """One turn. ``role`` is ``system``, ``user`` or ``assistant``."""

    role: str
    content: str


#: How a conversation becomes text. ``chat``: the tokenizer's chat template. ``human``: the transcript form of HH-RLHF
#: (``\n\nHuman: ...\n\nAssistant: ...``). ``bare``: the turns one below the other, for prompts given as plain text.
Style = Literal["chat", "human", "bare"]


@dataclass(frozen=True)
class Dialogue:
    """A prompt (one message or more) and the assistant's response to learn."""

    prompt: Sequence[Message]
    response: str
    style: Style = "chat"


@dataclass(frozen=True)
class Preference:
    """Two responses to one prompt, the first preferred to the second. ``kind`` only groups pairs in reports."""

    prompt: Sequence[Message]
    chosen: str
    rejected: str
    style: Style = "chat"
    kind: str = ""


def render_prompt(prompt: Sequence[Message], style: Style, tokenizer: PreTrainedTokenizerBase) -> str:
    """The text up to the place where the response starts."""
    if style == "chat":
        return tokenizer.apply_chat_template(list(prompt), tokenize=False, add_generation_prompt=True)
    if style == "human":
        names = {"user": "\n\nHuman: ", "assistant": "\n\nAssistant: ", "system": "\n\nSystem: "}
        return "".join(names[turn["role"]] + turn["content"] for turn in prompt) + "\n\nAssistant:"
    return "\n".join(turn["content"] for turn in prompt)


def render_response(response: str, style: Style) -> str:
    """The response as it continues ``render_prompt``'s text, without the end-of-turn token."""
    return {"chat": "", "human": " ", "bare": "\n"}[style] + response


def encode_prompt(prompt: Sequence[Message], style: Style, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Token ids of the prompt. Chat templates write their own first token; plain text gets the tokenizer's."""
    text = render_prompt(prompt, style, tokenizer)
    return tokenizer(text, add_special_tokens=style != "chat")["input_ids"]


def encode_response(response: str, style: Style, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Token ids of the response, closed by the end-of-turn token."""
    ids = tokenizer(render_response(response, style), add_special_tokens=False)["input_ids"]
    return ids + [tokenizer.eos_token_id]


def read_dialogues(path: Path) -> Iterator[Dialogue]:
    """JSON lines with ``{"messages": [{"role", "content"}, ...]}``, the last message being the assistant's."""
    for record in _read_jsonl(path):
        *prompt, last = record["messages"]
        yield Dialogue(prompt, last["content"])


def read_preferences(path: Path) -> Iterator[Preference]:
    """JSON lines with ``chosen`` and ``rejected``, in any of the three forms such data comes in.

    1. ``prompt`` a string, ``chosen`` and ``rejected`` strings: the responses alone;
    2. ``prompt`` absent, both sides lists of messages that share all but the last;
    3. ``prompt`` absent, both sides HH-RLHF transcripts (``\\n\\nHuman: ...\\n\\nAssistant: ...``).
    """
    for record in _read_jsonl(path):
        chosen, rejected = record["chosen"], record["rejected"]
        if "prompt" in record:
            prompt = record["prompt"]
            turns = [Message(role="user", content=prompt)] if isinstance(prompt, str) else prompt
            yield Preference(turns, _last_text(chosen), _last_text(rejected))
            continue
        if isinstance(chosen, str):
            chosen, rejected = _parse_transcript(chosen), _parse_transcript(rejected)
        if chosen[:-1] == rejected[:-1]:
            yield Preference(chosen[:-1], chosen[-1]["content"], rejected[-1]["content"])


def write_jsonl(path: Path, records: Iterable[dict]) -> None:
    """Write one JSON object a line."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


def _read_jsonl(path: Path) -> Iterator[dict]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)


def _last_text(side: str | Sequence[Message]) -> str:
    return side if isinstance(side, str) else side[-1]["content"]


def _parse_transcript(text: str) -> list[Message]:
    """Split an HH-RLHF transcript into messages."""
    parts = re.split(r"\n\n(Human|Assistant):", text)[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    return [Message(role=roles[name], content=body.strip()) for name, body in zip(parts[::2], parts[1::2])]
