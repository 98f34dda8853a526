"""Conversations and preferences: the types, the readers and the way they become token ids.

Everything that trains (``sft.py``, ``reward_model.py``) takes an iterable of the two types below and a Hugging Face
tokenizer, so the embedded corpus (``corpus.py``) and a file of your own go the same way.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
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


#: What to do with a line that holds no pair: its number, from 1, and the reason.
OnBad = Callable[[int, str], None]


def raise_bad(number: int, reason: str) -> None:
    """The strict ``OnBad``."""
    raise ValueError(f"line {number}: {reason}")


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


def read_preferences(path: Path, style: Style = "chat", on_bad: OnBad = raise_bad) -> Iterator[Preference]:
    """Preference pairs of JSON lines, each in any of the forms such data comes in.

    1. SHP: ``history``, ``human_ref_A``, ``human_ref_B`` and ``labels`` (1: A is preferred);
    2. ``prompt`` (a text, an HH-RLHF transcript or messages) with ``chosen`` and ``rejected`` as texts or messages;
    3. no ``prompt``, both sides lists of messages that share all but the last;
    4. no ``prompt``, both sides HH-RLHF transcripts (``\\n\\nHuman: ...\\n\\nAssistant: ...``).

    A line that holds no pair, or one whose two responses are equal, goes to ``on_bad`` with its number and the reason.
    """
    with path.open(encoding="utf-8-sig") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                prompt, chosen, rejected = _pair(json.loads(line))
            except (ValueError, KeyError, TypeError, IndexError) as error:
                on_bad(number, f"{type(error).__name__}: {error}")
                continue
            yield Preference(prompt, chosen, rejected, style)


def write_jsonl(path: Path, records: Iterable[dict]) -> None:
    """Write one JSON object a line."""
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8")


def _pair(record: dict) -> tuple[list[Message], str, str]:
    """Prompt, chosen and rejected response."""
    if "human_ref_A" in record:
        first, second = record["human_ref_A"], record["human_ref_B"]
        sides = {1: (first, second), 0: (second, first)}[record["labels"]]
        return _checked(_turns(record["history"]), *sides)
    chosen, rejected = record["chosen"], record["rejected"]
    if "prompt" in record:
        return _checked(_turns(record["prompt"]), _last_text(chosen), _last_text(rejected))
    if isinstance(chosen, str):
        chosen, rejected = _parse_transcript(chosen), _parse_transcript(rejected)
    if chosen[:-1] != rejected[:-1]:
        raise ValueError("chosen and rejected answer different prompts")
    return _checked(chosen[:-1], _last_text(chosen), _last_text(rejected))


def _checked(prompt: list[Message], chosen: str, rejected: str) -> tuple[list[Message], str, str]:
    if not prompt or not chosen or not rejected:
        raise ValueError("the prompt or a response is empty")
    if chosen == rejected:
        raise ValueError("chosen and rejected are identical")
    return prompt, chosen, rejected


def _turns(prompt: str | list[Message]) -> list[Message]:
    """Messages; a transcript's without the empty turn that asks for the answer."""
    if not isinstance(prompt, str):
        return prompt
    if not re.match(r"\s*(Human|Assistant):", prompt):
        return [Message(role="user", content=prompt)] if prompt else []
    turns = _parse_transcript(prompt)
    return turns[:-1] if turns[-1] == Message(role="assistant", content="") else turns


def _last_text(side: str | list[Message]) -> str:
    if isinstance(side, str):
        return side
    if side[-1]["role"] != "assistant":
        raise ValueError("a side must end with the assistant's answer")
    return side[-1]["content"]


def _parse_transcript(text: str) -> list[Message]:
    """Split an HH-RLHF transcript into messages."""
    parts = re.split(r"(?:^|\n\n)(Human|Assistant):", text.lstrip())[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    return [Message(role=roles[name], content=body.strip()) for name, body in zip(parts[::2], parts[1::2])]
