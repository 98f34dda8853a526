"""What a reward model knows of pairs it has not seen: at prefixes, at ends, of loops; and what an ending is worth to it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import fmean

import torch
from transformers import PreTrainedTokenizerBase

from contrast import KIND as CONTRAST
from data import EncodedPair, Preference, encode_pair
from repetition import KIND as REPETITION
from reward_model import RewardModel, pair_rewards

#: Response tokens after which both sides are read, as ``argsearch reward fit`` reads them.
PLACES = (4, 8, 16, 32, 64, 128)
#: Pairs computed together.
AT_ONCE = 8


@dataclass(frozen=True)
class Rewards:
    """A pair's rewards at its response tokens, the end-of-turn token among them, float32 each."""

    pair: EncodedPair
    kind: str
    chosen: torch.Tensor
    rejected: torch.Tensor
    rejected_ends: bool

    @property
    def content(self) -> tuple[int, int]:
        """Tokens of both responses without the end-of-turn token."""
        return len(self.chosen) - 1, len(self.rejected) - (1 if self.rejected_ends else 0)


@dataclass
class Tally:
    """Hits by place where pairs are read."""

    hits: dict[str, list[bool]] = field(default_factory=dict)

    def add(self, rewards: Rewards) -> None:
        chosen, rejected = rewards.content
        shared = rewards.pair.parts - rewards.pair.start
        for place in PLACES:
            # A prefix that reaches both ends is the end.
            if shared < place <= min(chosen, rejected) and place < max(chosen, rejected):
                self._hit(str(place), rewards.chosen[place - 1] > rewards.rejected[place - 1])
        self._hit("last", rewards.chosen[chosen - 1] > rewards.rejected[rejected - 1])
        self._hit("end", rewards.chosen[-1] > rewards.rejected[-1])

    def _hit(self, place: str, won: torch.Tensor) -> None:
        self.hits.setdefault(place, []).append(bool(won))

    def shares(self) -> dict[str, tuple[float, int]]:
        """By place: the share of pairs whose chosen side has the higher reward, and the number of pairs."""
        order = [*map(str, PLACES), "last", "end"]
        return {place: (fmean(self.hits[place]), len(self.hits[place])) for place in order if place in self.hits}


def measure(
    model: RewardModel, tokenizer: PreTrainedTokenizerBase, preferences: Sequence[Preference], max_length: int
) -> dict[str, object]:
    """Accuracy by place, as in ``Tally.shares``: of all pairs but those made of others, and under ``kinds`` of each kind alone.

    ``last`` is the last token before the end-of-turn token, ``end`` that one. ``ending``: see ``ending``.
    """
    seen = list(read_rewards(model, tokenizer, preferences, max_length))
    real = [rewards for rewards in seen if rewards.kind not in (REPETITION, CONTRAST)]
    kinds = {kind: _shares([rewards for rewards in seen if rewards.kind == kind]) for kind in sorted({r.kind for r in seen})}
    return {**_shares(real), "kinds": kinds, "ending": ending(real)}


def ending(pairs: Sequence[Rewards]) -> dict[str, float]:
    """What the end-of-turn token is worth more than the last token before it, in deviations of the rewards.

    ``difference`` and ``absolute``: the mean, and of its size, over the preferred responses; ``rejected``: the mean over
    the others; ``deviation``: of the rewards at all tokens of all responses.
    """
    deviation = _deviation(pairs)
    chosen = [float(pair.chosen[-1] - pair.chosen[-2]) / deviation for pair in pairs if len(pair.chosen) > 1]
    rejected = [float(pair.rejected[-1] - pair.rejected[-2]) / deviation for pair in pairs if len(pair.rejected) > 1]
    return {"difference": fmean(chosen), "absolute": fmean(map(abs, chosen)), "rejected": fmean(rejected),
            "deviation": deviation, "responses": len(chosen)}


def deviation(
    model: RewardModel, tokenizer: PreTrainedTokenizerBase, preferences: Sequence[Preference], max_length: int
) -> float:
    """Standard deviation of the rewards at both responses' tokens; 1 without any."""
    seen = list(read_rewards(model, tokenizer, preferences, max_length))
    return _deviation(seen) if seen else 1.0


def _deviation(pairs: Sequence[Rewards]) -> float:
    """Of a model that says the same of everything, next to nothing."""
    return float(torch.cat([side for pair in pairs for side in (pair.chosen, pair.rejected)]).std().clamp_min(1e-6))


@torch.no_grad()
def read_rewards(
    model: RewardModel, tokenizer: PreTrainedTokenizerBase, preferences: Sequence[Preference], max_length: int
) -> Iterator[Rewards]:
    """The rewards of each pair whose responses ``max_length`` has room for."""
    encoded = [(preference, encode_pair(preference, tokenizer, max_length)) for preference in preferences]
    fitting = [(preference, pair) for preference, pair in encoded if pair.length <= max_length]
    for at in range(0, len(fitting), AT_ONCE):
        group = fitting[at: at + AT_ONCE]
        both = pair_rewards(model, tokenizer, [pair for _, pair in group])
        for (preference, pair), chosen, rejected in zip(group, *(side.cpu() for side in both)):
            yield Rewards(pair, preference.kind, chosen[pair.start: len(pair.chosen)],
                          rejected[pair.start: len(pair.rejected)], preference.rejected_ends)


def _shares(pairs: Sequence[Rewards]) -> dict[str, tuple[float, int]]:
    tally = Tally()
    for rewards in pairs:
        tally.add(rewards)
    return tally.shares()
