"""What both trainings share: padding, batches of similar length, and the loop with optimiser and schedule."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from random import Random
from typing import TypeVar

import torch

from checkpoint import Checkpoint

Item = TypeVar("Item")


@dataclass(frozen=True)
class TrainingConfig:
    """``steps`` bounds the run and shapes the schedule; data beyond it is not read. ``max_length``: tokens.

    ``at_once``: examples of a batch computed together, none for all; their gradients add up to the batch's. Few take
    less memory and padding; one alone has all weights cast and all gradients added for it, which costs a CPU as much
    again. ``bfloat16``: matrix products in bfloat16, weights and sums in float32. ``head_learning_rate``: for parameters
    of ``head``, if they get one of their own.
    """

    steps: int
    batch_size: int
    learning_rate: float
    weight_decay: float = 0.1
    warmup: int = 50
    max_length: int = 512
    seed: int = 0
    at_once: int | None = None
    bfloat16: bool = False
    head_learning_rate: float | None = None


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
    checkpoint: Checkpoint | None = None,
) -> float:
    """Train ``model`` in place. ``losses_of`` examples: what is minimised, and the part of it that is reported, both means.

    Returns the mean reported loss of the last tenth. What a ``checkpoint`` has done of the same run is not done again.
    """
    optimizer = _adamw(model, config)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_cosine(step, config.steps, config.warmup))
    losses = checkpoint.load(model, optimizer, schedule) if checkpoint else []
    if losses:
        log(f"  goes on after step {len(losses)} of {config.steps}")
    model.train()
    started = time.monotonic()
    every = max(1, config.steps // 20)
    for batch in islice(batches, len(losses), config.steps):
        losses.append(_accumulate(batch, config, losses_of))
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        if checkpoint:
            checkpoint.save(model, optimizer, schedule, losses)
        if len(losses) % every == 0:
            log(f"  {len(losses)}/{config.steps}  loss {_mean(losses[-every:]):.3f}  {time.monotonic() - started:.0f} s")
    model.eval()
    return _mean(losses[-max(1, len(losses) // 10):])


def _accumulate(
    batch: list[Item], config: TrainingConfig, losses_of: Callable[[list[Item]], tuple[torch.Tensor, torch.Tensor]]
) -> float:
    """The batch's gradients, left in the parameters; returns the reported loss."""
    size = config.at_once or len(batch)
    total = 0.0
    for at in range(0, len(batch), size):
        part = batch[at: at + size]
        share = len(part) / len(batch)
        minimised, reported = losses_of(part)
        (minimised * share).backward()
        total += reported.item() * share
    return total


def precision(device: torch.device, bfloat16: bool) -> torch.autocast:
    """The context to compute in: matrix products in bfloat16, or everything in float32."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=bfloat16)


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


def _adamw(model: torch.nn.Module, config: TrainingConfig) -> torch.optim.AdamW:
    """AdamW that decays matrices only; gains and biases are left alone."""
    head_rate = config.head_learning_rate or config.learning_rate
    groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        if parameter.requires_grad:
            rate = head_rate if name.startswith("head.") else config.learning_rate
            decay = config.weight_decay if parameter.ndim >= 2 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()], betas=(0.9, 0.95))


def _sorted_batches(window: list[Item], size: int, length: Callable[[Item], int], rng: Random) -> Iterator[list[Item]]:
    window.sort(key=length)
    batches = [window[at: at + size] for at in range(0, len(window), size)]
    rng.shuffle(batches)
    yield from batches


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
