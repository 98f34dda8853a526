"""Supervised fine-tuning of any Hugging Face causal language model on dialogues."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

import torch
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from batching import adamw, length_batches, pad_right, warmup_cosine
from data import Dialogue, encode_prompt, encode_response

#: Label of a position that has no target.
IGNORE = -100


@dataclass(frozen=True)
class SftConfig:
    """``steps`` bounds the run and shapes the schedule; data beyond it is not read."""

    steps: int
    batch_size: int = 64
    learning_rate: float = 2e-3
    weight_decay: float = 0.1
    warmup: int = 50
    max_length: int = 512
    seed: int = 0


def fine_tune(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    dialogues: Iterable[Dialogue],
    config: SftConfig,
    log: Callable[[str], None] = print,
) -> float:
    """Train ``model`` in place to give the responses; returns the mean loss (nats a token) of the last tenth.

    Only response tokens count. Prompts lose their beginning where ``max_length`` tokens take it; dialogues with a
    response that is longer by itself are left out.
    """
    device = model.device
    examples = (example for dialogue in dialogues
                if len((example := _encode(dialogue, tokenizer, config.max_length))[0]) <= config.max_length)
    batches = length_batches(examples, config.batch_size, lambda example: len(example[0]), Random(config.seed))
    optimizer = adamw(model, config.learning_rate, config.weight_decay)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: warmup_cosine(step, config.steps, config.warmup))
    model.train()
    losses: list[float] = []
    started = time.monotonic()
    for step, batch in zip(range(config.steps), batches):
        ids = pad_right([ids for ids, _ in batch], tokenizer.pad_token_id).to(device)
        labels = pad_right([[IGNORE] * start + ids[start:] for ids, start in batch], IGNORE).to(device)
        hidden = model.base_model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
        targets = labels[:, 1:]
        answered = targets != IGNORE
        # The vocabulary projection runs on the positions that count, not on prompts and padding.
        logits = model.get_output_embeddings()(hidden[answered])
        loss = cross_entropy(logits.float(), targets[answered])
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        if (step + 1) % max(1, config.steps // 20) == 0:
            recent = losses[-max(1, config.steps // 20):]
            log(f"  sft {step + 1}/{config.steps}  loss {sum(recent) / len(recent):.3f}"
                f"  {time.monotonic() - started:.0f} s")
    model.eval()
    tail = losses[-max(1, len(losses) // 10):]
    return sum(tail) / len(tail)


def _encode(dialogue: Dialogue, tokenizer: PreTrainedTokenizerBase, max_length: int) -> tuple[list[int], int]:
    """Token ids of prompt and response, and where the response starts."""
    response = encode_response(dialogue.response, dialogue.style, tokenizer)
    prompt = encode_prompt(dialogue.prompt, dialogue.style, tokenizer, max(1, max_length - len(response)))
    return prompt + response, len(prompt)
