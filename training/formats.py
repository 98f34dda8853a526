"""The reader of preference data: JSON lines in the forms that people have, read as ``argsearch reward fit`` reads them.

``check_formats.py`` holds both readers to one file of examples.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from data import Message, Preference, Style

#: What to do with a line that holds no pair: its number, from 1, and the reason.
OnBad = Callable[[int, str], None]


def raise_bad(number: int, reason: str) -> None:
    """The strict ``OnBad``."""
    raise ValueError(f"line {number}: {reason}")


def read_preferences(path: Path, style: Style = "chat", on_bad: OnBad = raise_bad) -> Iterator[Preference]:
    """The pairs of ``numbered_preferences``."""
    return (pair for _, pair in numbered_preferences(path, style, on_bad))


def numbered_preferences(
    path: Path, style: Style = "chat", on_bad: OnBad = raise_bad
) -> Iterator[tuple[int, Preference]]:
    """Preference pairs of JSON lines with their lines' numbers, from 1; gzip and one JSON array are read, too.

    1. SHP: ``history``, ``human_ref_A``, ``human_ref_B`` and ``labels`` (1: A is preferred);
    2. ``chosen`` and ``rejected`` as messages, whole or the answer alone after ``prompt`` (a text or messages);
    3. no ``prompt``, both sides HH-RLHF transcripts (``\\n\\nHuman: ...\\n\\nAssistant: ...``);
    4. ``prompt`` (a text, a transcript or messages), both sides texts: answers, or transcripts that repeat the prompt.

    A field of null is as none. A line that holds no pair, or one whose two responses are equal, goes to ``on_bad``
    with its number and the reason.
    """
    for number, record in _records(path):
        try:
            prompt, chosen, rejected = _pair(_parsed(record) if isinstance(record, bytes) else record)
        except ValueError as error:
            on_bad(number, str(error))
            continue
        turns = [Message(role="user", content=prompt)] if isinstance(prompt, str) else prompt
        yield number, Preference(turns, chosen, rejected, style)


def _records(path: Path) -> Iterator[tuple[int, object]]:
    """Lines that are not blank, as bytes, or the elements of the array that the file is. Only LF ends a line."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    with gzip.open(path) if packed else path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if number == 1 and re.match(rb"(\xef\xbb\xbf)?\s*\[\s*({|$)", line):
                yield from enumerate(_parsed(line + file.read()), 1)
                return
            if line.strip():
                yield number, line


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8-sig"), parse_constant=_no_constant)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8: {error}") from error
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no JSON")


Turns = list[Message]
Prompt = str | Turns


def _pair(record: object) -> tuple[Prompt, str, str]:
    """Prompt, chosen and rejected response."""
    if not isinstance(record, dict):
        raise ValueError("not a JSON object")
    fields = {name: value for name, value in record.items() if value is not None}
    chosen = fields.get("chosen")
    if "human_ref_A" in fields:
        return _checked(_shp(fields))
    if isinstance(chosen, list):
        return _checked(_conversations(fields))
    if isinstance(chosen, str) and "prompt" not in fields:
        return _checked(_transcripts(fields))
    if chosen is not None:
        return _checked(_answers(fields))
    raise ValueError(f"no known format has the fields {', '.join(fields) or 'of an empty object'}")


def _checked(pair: tuple[Prompt, str, str]) -> tuple[Prompt, str, str]:
    prompt, chosen, rejected = pair
    if not prompt or not chosen or not rejected:
        raise ValueError("the prompt or a response is empty")
    if chosen == rejected:
        raise ValueError("chosen and rejected are identical")
    return pair


def _shp(fields: dict) -> tuple[Prompt, str, str]:
    labels = fields.get("labels")
    if isinstance(labels, bool) or labels not in (0, 1):
        raise ValueError('the field "labels" must be 1 (A is preferred) or 0 (B is)')
    first, second = _text(fields, "human_ref_A"), _text(fields, "human_ref_B")
    return (_text(fields, "history"), *((first, second) if labels == 1 else (second, first)))


def _conversations(fields: dict) -> tuple[Prompt, str, str]:
    def whole(side: str) -> Turns:
        turns = _messages(fields, side)
        if "prompt" not in fields:
            return turns
        prompt = _prompt(fields)
        if isinstance(prompt, str):
            if _has_question(turns):
                return turns
            prompt = [Message(role="user", content=prompt)]
        return _behind_prompt(prompt, turns)

    return _one_prompt(whole("chosen"), whole("rejected"))


def _behind_prompt(prompt: Turns, messages: Turns) -> Turns:
    """One side's messages, which begin with the prompt's turns or go on behind them. The system message may stand with either."""
    (own_system, asked), (system, turns) = _system_apart(prompt), _system_apart(messages)
    if own_system and system and own_system != system:
        raise ValueError("a side and the prompt begin with two different system messages")
    system = system or own_system
    if turns[:len(asked)] == asked:
        return system + turns
    if not _has_question(turns):
        return system + asked + turns
    raise ValueError("a side has messages of the user, and does not begin with the prompt's")


def _has_question(turns: Turns) -> bool:
    return any(turn["role"] == "user" for turn in turns)


def _system_apart(turns: Turns) -> tuple[Turns, Turns]:
    count = 1 if turns and turns[0]["role"] == "system" else 0
    return turns[:count], turns[count:]


def _transcripts(fields: dict) -> tuple[Prompt, str, str]:
    sides = [_text(fields, side) for side in ("chosen", "rejected")]
    if not all(map(_is_transcript, sides)):
        raise ValueError("a side is no transcript, and no prompt stands beside it")
    return _one_prompt(*map(_parse_transcript, sides))


def _answers(fields: dict) -> tuple[Prompt, str, str]:
    written = _prompt(fields)
    prompt = _turns_of(written) if isinstance(written, str) else written
    sides = [_text(fields, side) for side in ("chosen", "rejected")]
    as_turns = prompt if isinstance(prompt, list) else [Message(role="user", content=_with_line_feeds(prompt.strip(BLANKS)))]
    system, turns = _system_apart(as_turns)
    if all(_repeats(side, turns) for side in sides):
        asked, *answers = _transcripts(fields)
        return (system + asked, *answers)
    if isinstance(written, str) and _is_transcript(written):
        sides = [_with_line_feeds(side) for side in sides]
    return (prompt, *sides)


def _one_prompt(chosen: Turns, rejected: Turns) -> tuple[Prompt, str, str]:
    for side in (chosen, rejected):
        if not side or side[-1]["role"] != "assistant" or not side[-1]["content"] or len(side) == 1:
            raise ValueError("a side must be a prompt and the assistant's answer")
    if chosen[:-1] != rejected[:-1]:
        raise ValueError("chosen and rejected answer different prompts")
    return chosen[:-1], chosen[-1]["content"], rejected[-1]["content"]


def _text(fields: dict, name: str) -> str:
    if isinstance(fields.get(name), str):
        return fields[name]
    raise ValueError(f'the field "{name}" is missing or no text')


def _messages(fields: dict, name: str) -> Turns:
    value = fields.get(name)
    if isinstance(value, list) and value and all(_is_message(each) for each in value):
        return [Message(role=each["role"], content=each["content"]) for each in value]
    raise ValueError(f'the field "{name}" must be an array of messages {{"role", "content"}}, both texts')


def _is_message(value: object) -> bool:
    return isinstance(value, dict) and all(isinstance(value.get(name), str) for name in ("role", "content"))


def _prompt(fields: dict) -> Prompt:
    return _messages(fields, "prompt") if isinstance(fields["prompt"], list) else _text(fields, "prompt")


def _repeats(text: str, prompt: Turns) -> bool:
    """Whether a text is a transcript that begins with the prompt's turns."""
    return _is_transcript(text) and _parse_transcript(text)[:len(prompt)] == prompt


#: What JavaScript's ``trim`` takes for blanks, which is not quite what Python's ``strip`` does.
BLANKS = "\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\ufeff"

_LINE_END = "(?:\r\n|[\n\v\f\r\u0085\u2028\u2029])"
_TURN = re.compile(f"(?:^|{_LINE_END}[ \t]*{_LINE_END})(Human|Assistant):")


def _is_transcript(text: str) -> bool:
    return re.match("(Human|Assistant):", text.lstrip(BLANKS + "\u0085")) is not None


def _turns_of(prompt: str) -> Prompt:
    """A transcript's messages, without the empty turn that asks for the answer; another text as it is."""
    if not _is_transcript(prompt):
        return prompt
    turns = _parse_transcript(prompt)
    return turns[:-1] if turns[-1] == Message(role="assistant", content="") else turns


def _parse_transcript(text: str) -> Turns:
    parts = _TURN.split(_with_line_feeds(text.lstrip(BLANKS + "\u0085")))[1:]
    roles = {"Human": "user", "Assistant": "assistant"}
    return [Message(role=roles[name], content=body.strip(BLANKS)) for name, body in zip(parts[::2], parts[1::2])]


def _with_line_feeds(text: str) -> str:
    return re.sub("\r\n?", "\n", text)
