"""A reward model on any Hugging Face trunk, and its Bradley-Terry training on every prefix of the responses.

ARGS (Khanov et al., ICLR 2024) reads the reward model in the middle of a response, at every step. A model fitted on
finished responses alone (the usual recipe) ranks prefixes hardly better than chance, so here a pair (chosen w,
rejected l) costs

    -log sigmoid(r_w[t] - r_l[t])    averaged over the positions t where both responses have a token and their
                                     prefixes up to and with t differ, and over their two ends.

While the prefixes are equal the rewards are equal too: those positions carry no gradient and are left out. Every pair
weighs the same, however long it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

import torch
from torch import Tensor, nn
from torch.nn.functional import logsigmoid
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from batching import TrainingConfig, length_batches, optimise, pad_right
from data import Preference, encode_prompt, encode_response


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

    def forward(self, ids: Tensor) -> Tensor:
        """Rewards, float32 [batch, length], of the right-padded ``ids``, int64 [batch, length]."""
        hidden = self.trunk(input_ids=ids, use_cache=False).last_hidden_state
        return self.head(hidden.float()).squeeze(-1)


@dataclass(frozen=True)
class RewardConfig(TrainingConfig):
    """``magnitude`` is the factor of mean(r^2): it keeps rewards around 0 and the margins between them moderate,
    so that ARGS weighs them against log-probabilities and not over them."""

    magnitude: float = 0.01


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


def encode_pair(pair: Preference, tokenizer: PreTrainedTokenizerBase, max_length: int | None = None) -> EncodedPair:
    """``pair`` as token ids; a prompt too long for ``max_length`` tokens in all loses its beginning."""
    chosen = encode_response(pair.chosen, pair.style, tokenizer)
    rejected = encode_response(pair.rejected, pair.style, tokenizer)
    room = None if max_length is None else max(1, max_length - max(len(chosen), len(rejected)))
    prompt = encode_prompt(pair.prompt, pair.style, tokenizer, room)
    chosen, rejected = prompt + chosen, prompt + rejected
    shared = (at for at, (left, right) in enumerate(zip(chosen, rejected)) if left != right)
    return EncodedPair(chosen, rejected, len(prompt), next(shared, min(len(chosen), len(rejected))))


def train_reward_model(
    model: RewardModel,
    tokenizer: PreTrainedTokenizerBase,
    preferences: Iterable[Preference],
    config: RewardConfig,
    log: Callable[[str], None] = print,
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
        loss, size = prefix_loss(*pair_rewards(model, tokenizer, batch), batch)
        return loss + config.magnitude * size, loss

    return optimise(model, batches, config, losses_of, log)


def pair_rewards(
    model: RewardModel, tokenizer: PreTrainedTokenizerBase, batch: list[EncodedPair]
) -> tuple[Tensor, Tensor]:
    """Rewards of both sides at every position, each [pairs, longest]; what lies behind a side's end is meaningless."""
    device = model.head.weight.device
    ids = pad_right([pair.chosen for pair in batch] + [pair.rejected for pair in batch], tokenizer.pad_token_id)
    chosen, rejected = model(ids.to(device)).chunk(2)
    return chosen, rejected


def prefix_loss(chosen: Tensor, rejected: Tensor, batch: list[EncodedPair]) -> tuple[Tensor, Tensor]:
    """The Bradley-Terry loss on every prefix, and mean(r^2) over the same positions; both a mean over the pairs."""
    pairs, width = chosen.shape
    device = chosen.device
    position = torch.arange(width, device=device)
    first = torch.tensor([pair.parts for pair in batch], device=device)
    ends = torch.tensor([[len(pair.chosen) - 1, len(pair.rejected) - 1] for pair in batch], device=device)
    row = torch.arange(pairs, device=device)
    final_chosen, final_rejected = chosen[row, ends[:, 0]], rejected[row, ends[:, 1]]
    both = (position >= first[:, None]) & (position <= ends.amin(1)[:, None])
    count = both.sum(1) + 1
    losses = -logsigmoid(chosen - rejected) * both
    loss = (losses.sum(1) - logsigmoid(final_chosen - final_rejected)) / count
    squares = (chosen.square() + rejected.square()) * both / 2
    size = (squares.sum(1) + (final_chosen.square() + final_rejected.square()) / 2) / count
    return loss.mean(), size.mean()


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
