"""The reader of preference data against the pairs that argsearch itself makes of the same lines.

    python training/check_formats.py [test/data/pair-formats.jsonl]

Takes nothing but Python. Each line of the file holds a line of data and the pair it is, or why it is none.
"""

from __future__ import annotations

import gzip
import json
import sys
import tempfile
from pathlib import Path

from data import Message, Preference
from formats import numbered_preferences

EXAMPLES = Path(__file__).resolve().parent.parent / "test" / "data" / "pair-formats.jsonl"


def main(path: Path) -> int:
    """Say what was read otherwise than it should be; the exit code."""
    examples = [json.loads(line) for line in path.read_bytes().decode().split("\n") if line]
    content = "\n".join(example["line"] for example in examples).encode()
    faults = 0
    for packed in (content, gzip.compress(content)):
        found = _read(packed)
        for number, example in enumerate(examples, 1):
            wanted = _wanted(example)
            if found.get(number) != wanted:
                faults += 1
                print(f"line {number}, {example['what']}: {found.get(number)} instead of {wanted}", file=sys.stderr)
    faults += _check_other_bytes()
    print(f"{len(examples)} lines are read as they should be" if faults == 0 else f"{faults} faults")
    return 1 if faults else 0


def _read(content: bytes) -> dict[int, Preference | None]:
    """What each line is; None for one that was refused."""
    found: dict[int, Preference | None] = {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "pairs.jsonl"
        path.write_bytes(content)
        pairs = numbered_preferences(path, on_bad=lambda number, _reason: found.update({number: None}))
        found.update(pairs)
    return found


def _wanted(example: dict) -> Preference | None:
    """Training has no prompts of plain text: each is a message of the user."""
    if "pair" not in example:
        return None
    pair = example["pair"]
    prompt = pair["prompt"]
    if isinstance(prompt, str):
        prompt = [Message(role="user", content=prompt)]
    return Preference(prompt, pair["chosen"], pair["rejected"])


def _check_other_bytes() -> int:
    """A line of another encoding costs itself, an array is read as its records; the number of faults."""
    line = '{"prompt": "ä", "chosen": "b", "rejected": "c"}'
    pair = Preference([Message(role="user", content="ä")], "b", "c")
    cases = [
        (line.encode("latin-1") + b"\n" + line.encode() + b"\n", {1: None, 2: pair}),
        (f"[{line},\n {{}}]".encode(), {1: pair, 2: None}),
        (b"\xef\xbb\xbf" + line.encode() + b"\r\n\n", {1: pair}),
        (b"", {}),
    ]
    faults = 0
    for content, wanted in cases:
        found = _read(content)
        if found != wanted:
            faults += 1
            print(f"{content!r}: {found} instead of {wanted}", file=sys.stderr)
    return faults


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else EXAMPLES))
