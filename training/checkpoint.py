"""The state of a training run on disk: killed at any moment, it goes on to the weights of an unbroken one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler


class Checkpoint:
    """Trained weights, optimiser, schedule, the generators' states and the losses so far, in one file.

    Data need no state: batches come in an order that the seed decides, and those already taken are passed over.
    """

    def __init__(self, path: Path, every: int) -> None:
        """``every``: steps between two writes."""
        self.path = path
        self.every = every

    def load(self, model: torch.nn.Module, optimizer: Optimizer, schedule: LRScheduler) -> list[float]:
        """Puts everything back where it was; the losses of the steps done, none if there is no file."""
        if not self.path.exists():
            return []
        state = torch.load(self.path, map_location="cpu")
        with torch.no_grad():
            for name, parameter in _trained(model):
                parameter.copy_(state["weights"][name])
        optimizer.load_state_dict(state["optimizer"])
        schedule.load_state_dict(state["schedule"])
        torch.set_rng_state(state["cpu"])
        if torch.cuda.is_available():
            torch.cuda.set_rng_state_all(state["cuda"])
        return state["losses"]

    def save(self, model: torch.nn.Module, optimizer: Optimizer, schedule: LRScheduler, losses: list[float]) -> None:
        """Writes the file, if it is time; it has its name only when it is whole and on disk."""
        if len(losses) % self.every != 0:
            return
        partial = self.path.with_name(self.path.name + ".partial")
        with partial.open("wb") as file:
            torch.save({
                "weights": {name: parameter.detach() for name, parameter in _trained(model)},
                "optimizer": optimizer.state_dict(),
                "schedule": schedule.state_dict(),
                "cpu": torch.get_rng_state(),
                "cuda": torch.cuda.get_rng_state_all() if torch.cuda.is_available() else [],
                "losses": losses,
            }, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(partial, self.path)

    def remove(self) -> None:
        self.path.unlink(missing_ok=True)


def _trained(model: torch.nn.Module) -> Iterator[tuple[str, torch.nn.Parameter]]:
    return ((name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad)
