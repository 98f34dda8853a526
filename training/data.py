"""Conversations and preferences: the types, and the way they become token ids.

Everything that trains (``sft.py``, ``reward_model.py``) takes an iterable of the two types below and a Hugging Face
tokenizer, so the embedded corpus (``corpus.py``) and a file of your own go the same way.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypedDict

if TYPE_CHECKING:
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
    """Two responses to one prompt, the first preferred to the second. ``kind`` only groups pairs in reports.

    ``rejected_ends``: whether the end-of-turn token stands behind the rejected response, as behind the chosen one.
    """

    prompt: Sequence[Message]
    chosen: str
    rejected: str
    style: Style = "chat"
    kind: str = ""
    rejected_ends: bool = True


@dataclass(frozen=True)
class EncodedPair:
    """Token ids of both sides (prompt and response), where the responses start and where they part."""

    chosen: list[int]
    rejected: list[int]
    start: int
    parts: int

    @property
    def length(self) -> int:
        return max(len(self.chosen), len(self.rejected))


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


def encode_prompt(
    prompt: Sequence[Message], style: Style, tokenizer: PreTrainedTokenizerBase, room: int | None = None
) -> list[int]:
    """Token ids of the prompt. Chat templates write their own first token; plain text gets the tokenizer's.

    Of a prompt longer than ``room`` tokens the end is kept, behind the token that begins every text if it has that.
    """
    text = render_prompt(prompt, style, tokenizer)
    ids = tokenizer(text, add_special_tokens=style != "chat")["input_ids"]
    if room is None or len(ids) <= room:
        return ids
    begin = ids[:1] if ids[0] == tokenizer.bos_token_id else []
    return begin + ids[len(ids) - max(0, room - len(begin)):]


def encode_response(response: str, style: Style, tokenizer: PreTrainedTokenizerBase) -> list[int]:
    """Token ids of the response, closed by the end-of-turn token."""
    ids = tokenizer(render_response(response, style), add_special_tokens=False)["input_ids"]
    return ids + [tokenizer.eos_token_id]


def encode_pair(pair: Preference, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None) -> EncodedPair:
    """``pair`` as token ids; a prompt too long for ``max_length`` tokens in all loses its beginning."""
    chosen = encode_response(pair.chosen, pair.style, tokenizer)
    rejected = encode_response(pair.rejected, pair.style, tokenizer)
    if not pair.rejected_ends:
        rejected.pop()
    room = None if max_length is None else max(1, max_length - max(len(chosen), len(rejected)))
    prompt = encode_prompt(pair.prompt, pair.style, tokenizer, room)
    chosen, rejected = prompt + chosen, prompt + rejected
    shared = (at for at, (left, right) in enumerate(zip(chosen, rejected)) if left != right)
    return EncodedPair(chosen, rejected, len(prompt), next(shared, min(len(chosen), len(rejected))))


def write_jsonl(path: Path, records: Iterable[dict]) -> None:
    """Write one JSON object a line."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")
