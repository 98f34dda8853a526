"""What a reward model is trained to minimise, of the rewards of both sides of each pair at every position."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

from data import EncodedPair


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


def consistency(chosen: Tensor, batch: list[EncodedPair]) -> Tensor:
    """How far the rewards along the preferred responses are from what follows them; a mean over the pairs.

    The squared difference of successive rewards, a mean over the response, plus that of its last step alone, from the
    last content token to the end-of-turn token. Where a response goes on well, its value at a prefix is its value one
    token later: the undiscounted Bellman equation without a reward on the way, whose squared residual FaRMA (Rashid et
    al., "Towards Cost-Effective Reward Guided Text Generation", ICML 2025, arXiv 2502.04517) takes between a response's
    prefixes. The last step counts by itself too: it is one of a hundred, and decides whether a response ends.
    """
    width = chosen.shape[1]
    position = torch.arange(width - 1, device=chosen.device)
    first = torch.tensor([pair.start for pair in batch], device=chosen.device)[:, None]
    last = torch.tensor([len(pair.chosen) - 2 for pair in batch], device=chosen.device)[:, None]
    squares = (chosen[:, 1:] - chosen[:, :-1]).square()
    inside = (position >= first) & (position <= last)
    mean = (squares * inside).sum(1) / inside.sum(1).clamp_min(1)
    ending = (squares * (inside & (position == last))).sum(1)
    return (mean + ending).mean()
