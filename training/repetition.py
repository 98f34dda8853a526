"""Repetition as a rejected answer: a preferred response that gets stuck in one of its sentences or clauses.

A reward model fitted on what people and models answered has hardly seen a loop, and guidance that maximises it finds
them. A copy says the same as the response up to some sentence or clause, then says that again and again, until it is as
long as a real answer: with an end-of-turn token behind it, or broken off as a limit on tokens breaks off.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from data import Preference
from derive import derive

KIND = "repetition"
#: A loop says its unit this often at least, the first time included.
FEWEST = 3

_SENTENCE = re.compile(r"\S[^\n]*?(?:[.!?][\"'”’)*]*(?=\s|$)|(?=\n|$))")
_CLAUSE = re.compile(r"\S[^\n]*?(?:[.!?:,;][\"'”’)*]*(?=\s|$)|(?=\n|$))")


def add_repetitions(pairs: Sequence[Preference], share: float, seed: int) -> list[Preference]:
    """``pairs`` and, of kind ``KIND``, preferred responses against loops made of them: ``share`` (0 to below 1) of all."""
    rng = Random(f"repetition {seed}")
    lengths = [len(pair.chosen) for pair in pairs]

    def every_pair() -> list[Preference]:
        """Everyone once, in another order, before anyone comes again."""
        drawn = (repetition(rng, pair, rng.choice(lengths)) for pair in rng.sample(pairs, len(pairs)))
        return [loop for loop in drawn if loop is not None]

    return [*pairs, *derive(pairs, share, every_pair)]


def repetition(rng: Random, pair: Preference, length: int) -> Preference | None:
    """``pair``'s preferred response against a loop of ``length`` characters or the response's own if that is longer.

    None where no part of the response is two words long.
    """
    units = [unit for unit in rng.choice([_SENTENCE, _CLAUSE]).finditer(pair.chosen) if " " in unit.group()]
    if not units:
        return None
    unit = rng.choice(units)
    glue = "\n" if pair.chosen[unit.end():unit.end() + 1] == "\n" else " "
    again = glue + unit.group()
    text = pair.chosen[: unit.end()] + again * (FEWEST - 1)
    while len(text) < max(length, len(pair.chosen)):
        text += again
    ends = rng.random() < 0.5
    if not ends:
        words = again.rstrip().split(" ")
        text += " ".join(words[: rng.randrange(1, len(words) + 1)]).rstrip()
    return replace(pair, rejected=text, kind=KIND, rejected_ends=ends)
