"""A reward model on any Hugging Face trunk, and its Bradley-Terry training on every prefix of the responses.

ARGS (Khanov et al., ICLR 2024) reads the reward model in the middle of a response, at every step. A model fitted on
finished responses alone (the usual recipe) ranks prefixes hardly better than chance, so here a pair (chosen w,
rejected l) costs

    -log sigmoid(r_w[t] - r_l[t])    averaged over the positions t where both responses have a token and their
                                     prefixes up to and with t differ, and over their two ends.

While the prefixes are equal the rewards are equal too: those positions carry no gradient and are left out. Every pair
weighs the same, however long it is. ``losses.py`` has this and the two terms beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor, nn
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from batching import TrainingConfig, length_batches, optimise, pad_right, precision
from checkpoint import Checkpoint
from data import EncodedPair, Preference, encode_pair
from losses import consistency, prefix_loss
from packing import can_pack, pack


def zero_head(head: nn.Linear) -> nn.Linear:
    """``head``, set so that all prefixes start out with the same reward."""
    for parameter in head.parameters():
        nn.init.zeros_(parameter)
    return head


class RewardModel(nn.Module):
    """``reward[t] = weight . hidden[t] + bias`` on the trunk's final-norm hidden states."""

    def __init__(self, trunk: PreTrainedModel, head: nn.Linear | None = None) -> None:
        """``trunk`` is a base model, without a language-model head (``model.base_model``); ``head``: one to go on with."""
        super().__init__()
        self.trunk = trunk
        self.head = head or zero_head(nn.Linear(trunk.config.hidden_size, 1))

    def forward(self, ids: Tensor, positions: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
        """Rewards, float32 [batch, length], of the right-padded ``ids``, int64 [batch, length].

        ``positions`` and ``mask`` are those of a packed batch (``packing.py``).
        """
        packed = {} if mask is None else {"position_ids": positions, "attention_mask": mask}
        hidden = self.trunk(input_ids=ids, use_cache=False, **packed).last_hidden_state
        with precision(ids.device, bfloat16=False):
            return self.head(hidden.float()).squeeze(-1)


@dataclass(frozen=True)
class RewardConfig(TrainingConfig):
    """``magnitude`` is the factor of mean(r^2): it keeps rewards around 0 and the margins between them moderate,
    so that ARGS weighs them against log-probabilities and not over them. ``consistency`` is the factor of that term."""

    magnitude: float = 0.01
    consistency: float = 0.0


def train_reward_model(
    model: RewardModel,
    tokenizer: PreTrainedTokenizerBase,
    preferences: Iterable[Preference],
    config: RewardConfig,
    log: Callable[[str], None] = print,
    checkpoint: Checkpoint | None = None,
) -> float:
    """Train ``model`` in place; returns the mean Bradley-Terry loss (nats a pair) of the last tenth.

    Prompts lose their beginning where ``max_length`` tokens take it; pairs of equal responses, and pairs with a
    response that is longer by itself, are left out.
    """
    pairs = (pair for preference in preferences
             if (pair := encode_pair(preference, tokenizer, config.max_length)).length <= config.max_length
             and pair.chosen != pair.rejected)
    batches = length_batches(pairs, config.batch_size, lambda pair: pair.length, Random(config.seed))

    def losses_of(batch: list[EncodedPair]) -> tuple[Tensor, Tensor]:
        with precision(model.head.weight.device, config.bfloat16):
            chosen, rejected = pair_rewards(model, tokenizer, batch)
        loss, size = prefix_loss(chosen, rejected, batch)
        return loss + config.magnitude * size + config.consistency * consistency(chosen, batch), loss

    return optimise(model, batches, config, losses_of, log, checkpoint)


def pair_rewards(
    model: RewardModel, tokenizer: PreTrainedTokenizerBase, batch: list[EncodedPair]
) -> tuple[Tensor, Tensor]:
    """Rewards of both sides at every position, each [pairs, longest]; what lies behind a side's end is meaningless."""
    device = model.head.weight.device
    if can_pack(model.trunk):
        packed = pack(batch, tokenizer.pad_token_id)
        rewards = model(packed.ids.to(device), packed.positions.to(device), packed.mask.to(device))
        return rewards.gather(1, packed.chosen.to(device)), rewards.gather(1, packed.rejected.to(device))
    ids = pad_right([pair.chosen for pair in batch] + [pair.rejected for pair in batch], tokenizer.pad_token_id)
    chosen, rejected = model(ids.to(device)).chunk(2)
    return chosen, rejected


@torch.no_grad()
def pair_accuracy(
    model: RewardModel,
    tokenizer: PreTrainedTokenizerBase,
    preferences: list[Preference],
    lengths: tuple[int, ...] = (1, 2, 4, 8, 16, 32, 64),
    batch_size: int = 64,
    max_length: int | None = None,
) -> dict[str, tuple[float, int]]:
    """Share of pairs whose chosen side has the higher reward, and the number of pairs, per place where it is read.

    ``"8"``: after eight tokens from where the responses part (pairs with both sides that long); ``"end"``: at the two
    ends; ``"end: kind"``: the same for each kind of pair.
    """
    hits: dict[str, list[float]] = {}
    for at in range(0, len(preferences), batch_size):
        group = preferences[at: at + batch_size]
        batch = [encode_pair(preference, tokenizer, max_length) for preference in group]
        chosen, rejected = pair_rewards(model, tokenizer, batch)
        for row, (preference, pair) in enumerate(zip(group, batch)):
            for length in lengths:
                read = pair.parts + length - 1
                if read < min(len(pair.chosen), len(pair.rejected)):
                    hits.setdefault(str(length), []).append(float(chosen[row, read] > rejected[row, read]))
            won = float(chosen[row, len(pair.chosen) - 1] > rejected[row, len(pair.rejected) - 1])
            hits.setdefault("end", []).append(won)
            hits.setdefault(f"end: {preference.kind}", []).append(won)
    return {name: (sum(values) / len(values), len(values)) for name, values in hits.items()}
