"""Both sides of a pair in one sequence, so that the tokens they begin with are computed once.

A packed row is the chosen side, then what the rejected side has from where the two part. An attention mask hides the one
continuation from the other, and positions count each side from its own beginning: every reward is the one that its side
would get alone. A third of the tokens of HH-RLHF's harmless pairs is saved so.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from transformers import PreTrainedModel

from batching import pad_right
from data import EncodedPair

#: Architectures whose layers see nothing but positions and the mask they are given.
PACKABLE = {"llama", "qwen2", "qwen3"}


@dataclass(frozen=True)
class Packed:
    """``ids`` and ``positions``, int64 [pairs, width]; ``mask``, bool [pairs, 1, width, width], true where a row sees a column;
    ``chosen`` and ``rejected``, int64 [pairs, longest]: where the tokens of each side lie."""

    ids: Tensor
    positions: Tensor
    mask: Tensor
    chosen: Tensor
    rejected: Tensor


def can_pack(trunk: PreTrainedModel) -> bool:
    """Whether ``trunk`` computes a packed row as it would each side: plain full attention in all layers."""
    config = trunk.config
    kinds = getattr(config, "layer_types", None) or ["full_attention"]
    return (config.model_type in PACKABLE and set(kinds) == {"full_attention"}
            and config._attn_implementation == "sdpa")


def pack(batch: list[EncodedPair], padding: int) -> Packed:
    """``batch`` as packed rows, right-padded with ``padding``."""
    longest = max(pair.length for pair in batch)
    ids = pad_right([pair.chosen + pair.rejected[pair.parts:] for pair in batch], padding)
    positions = pad_right([[*range(len(pair.chosen)), *range(pair.parts, len(pair.rejected))] for pair in batch], 0)
    width = ids.shape[1]
    row, column = torch.arange(width)[:, None], torch.arange(width)
    apart = torch.stack([
        (row >= len(pair.chosen)) & (column >= pair.parts) & (column < len(pair.chosen)) for pair in batch])
    mask = (column <= row) & ~apart
    place = torch.arange(longest)
    chosen = place.expand(len(batch), longest)
    rejected = torch.stack([
        torch.where(place < pair.parts, place, place + len(pair.chosen) - pair.parts) for pair in batch])
    # What lies behind a side's end is meaningless, and only has to lie inside the row.
    return Packed(ids, positions, mask[:, None], chosen.clamp_max(width - 1), rejected.clamp_max(width - 1))
