"""How many pairs are made of others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from data import Preference


def derive(pairs: Sequence[Preference], share: float, make: Callable[[], list[Preference]]) -> list[Preference]:
    """So many of what ``make`` gives, call after call, that they are ``share`` (0 to below 1) of them and ``pairs``.

    Fewer where a call gives none.
    """
    wanted = round(share / (1 - share) * len(pairs))
    made: list[Preference] = []
    while len(made) < wanted and (found := make()):
        made += found[: wanted - len(made)]
    return made
