"""Low-rank adaptation (Hu et al., LoRA, ICLR 2022): a trunk learns a product of two thin matrices beside each projection."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

#: The product counts this often: ``alpha / rank``.
SCALE = 2.0


class LoRALinear(nn.Module):
    """``linear`` as it is, plus ``SCALE * B A x``, of which only A and B are trained. B starts at 0."""

    def __init__(self, linear: nn.Linear, rank: int) -> None:
        super().__init__()
        self.linear = linear.requires_grad_(False)
        self.a = nn.Parameter(linear.weight.new_empty(rank, linear.in_features))
        self.b = nn.Parameter(linear.weight.new_zeros(linear.out_features, rank))
        nn.init.kaiming_uniform_(self.a, a=math.sqrt(5))

    def forward(self, values: Tensor) -> Tensor:
        return self.linear(values) + SCALE * nn.functional.linear(nn.functional.linear(values, self.a), self.b)

    @torch.no_grad()
    def merged(self) -> nn.Linear:
        """The linear layer that computes the same."""
        self.linear.weight += SCALE * self.b @ self.a
        return self.linear.requires_grad_(True)


def add_lora(trunk: nn.Module, rank: int) -> None:
    """Freezes ``trunk`` and puts a ``LoRALinear`` of ``rank`` in the place of each linear layer: attention and MLP."""
    trunk.requires_grad_(False)
    _replace(trunk, nn.Linear, lambda linear: LoRALinear(linear, rank))


def merge_lora(trunk: nn.Module) -> None:
    """Plain linear layers again, with what was learned in them."""
    _replace(trunk, LoRALinear, LoRALinear.merged)
    trunk.requires_grad_(True)


def _replace(module: nn.Module, kind: type[nn.Module], make: Callable[..., nn.Module]) -> None:
    for name, child in module.named_children():
        if isinstance(child, kind):
            setattr(module, name, make(child))
        else:
            _replace(child, kind, make)
