"""Another prompt's answer as a rejected answer: what a reward model must know before it may be followed.

Pairs of answers to one prompt teach what distinguishes them, which may be the same whatever was asked: a polite refusal
is preferred to a rude one everywhere, and guidance that maximises it refuses everywhere. Here both sides are preferred
responses, so that manner and length cannot tell them apart, and only one of them answers this prompt.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from random import Random

from data import Preference
from derive import derive

KIND = "another prompt's answer"


def contrasts(pairs: Sequence[Preference], share: float, seed: int) -> list[Preference]:
    """Preferred responses against those to other prompts, of kind ``KIND``: ``share`` (0 to below 1) of them and ``pairs``."""
    rng = Random(f"contrast {seed}")

    def every_pair() -> list[Preference]:
        """Everyone once, in another order, before anyone comes again."""
        strangers = zip(rng.sample(pairs, len(pairs)), rng.sample(pairs, len(pairs)))
        return [replace(pair, rejected=other.chosen, kind=KIND, rejected_ends=True)
                for pair, other in strangers if other.prompt != pair.prompt and other.chosen != pair.chosen]

    return derive(pairs, share, every_pair)
