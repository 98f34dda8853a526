"""What both trainings share: padding, batches of similar length, and the loop with optimiser and schedule."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from random import Random
from typing import TypeVar

import torch

Item = TypeVar("Item")


@dataclass(frozen=True)
class TrainingConfig:
    """``steps`` bounds the run and shapes the schedule; data beyond it is not read. ``max_length``: tokens."""

    steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.1
    warmup: int = 50
    max_length: int = 512
    seed: int = 0

#: Batches whose examples are sorted by length together; sorting more saves padding, fewer mixes better.
WINDOW = 32


def length_batches(
    items: Iterable[Item], size: int, length: Callable[[Item], int], rng: Random
) -> Iterator[list[Item]]:
    """Batches of ``size`` items of similar length, in random order within windows of ``WINDOW`` batches.

    Reads ``items`` once and holds one window, so a stream larger than memory works.
    """
    window: list[Item] = []
    for item in items:
        window.append(item)
        if len(window) == size * WINDOW:
            yield from _sorted_batches(window, size, length, rng)
            window = []
    yield from _sorted_batches(window, size, length, rng)


def optimise(
    model: torch.nn.Module,
    batches: Iterable[list[Item]],
    config: TrainingConfig,
    losses_of: Callable[[list[Item]], tuple[torch.Tensor, torch.Tensor]],
    log: Callable[[str], None],
) -> float:
    """Train ``model`` in place. ``losses_of`` a batch: what is minimised, and the part of it that is reported.

    Returns the mean reported loss of the last tenth.
    """
    optimizer = _adamw(model, config.learning_rate, config.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_cosine(step, config.steps, config.warmup))
    model.train()
    losses: list[float] = []
    started = time.monotonic()
    every = max(1, config.steps // 20)
    for step, batch in zip(range(config.steps), batches):
        minimised, reported = losses_of(batch)
        minimised.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(reported.item())
        if (step + 1) % every == 0:
            log(f"  {step + 1}/{config.steps}  loss {_mean(losses[-every:]):.3f}  {time.monotonic() - started:.0f} s")
    model.eval()
    return _mean(losses[-max(1, len(losses) // 10):])


def pad_right(rows: list[list[int]], value: int) -> torch.Tensor:
    """int64 [rows, longest]. Right padding needs no attention mask: a causal model never looks at it."""
    width = max(map(len, rows))
    return torch.tensor([row + [value] * (width - len(row)) for row in rows])


def warmup_cosine(step: int, steps: int, warmup: int) -> float:
    """Factor in (0, 1]: linear for ``warmup`` steps, then a cosine down to 0.02."""
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, steps - warmup)
    return 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))


def _adamw(model: torch.nn.Module, learning_rate: float, weight_decay: float) -> torch.optim.AdamW:
    """AdamW that decays matrices only; gains and biases are left alone."""
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    groups = [
        {"params": [p for p in parameters if p.ndim >= 2], "weight_decay": weight_decay},
        {"params": [p for p in parameters if p.ndim < 2], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(groups, lr=learning_rate, betas=(0.9, 0.95))


def _sorted_batches(window: list[Item], size: int, length: Callable[[Item], int], rng: Random) -> Iterator[list[Item]]:
    window.sort(key=length)
    batches = [window[at: at + size] for at in range(0, len(window), size)]
    rng.shuffle(batches)
    yield from batches


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
