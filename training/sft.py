"""Supervised fine-tuning of any Hugging Face causal language model on dialogues."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from random import Random

from torch import Tensor
from torch.nn.functional import cross_entropy
from transformers import PreTrainedModel, PreTrainedTokenizerBase

from batching import TrainingConfig, length_batches, optimise, pad_right
from data import Dialogue, encode_prompt, encode_response

#: Label of a position that has no target.
IGNORE = -100


def fine_tune(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    dialogues: Iterable[Dialogue],
    config: TrainingConfig,
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

    def losses_of(batch: list[tuple[list[int], int]]) -> tuple[Tensor, Tensor]:
        ids = pad_right([ids for ids, _ in batch], tokenizer.pad_token_id).to(device)
        labels = pad_right([[IGNORE] * start + ids[start:] for ids, start in batch], IGNORE).to(device)
        hidden = model.base_model(input_ids=ids[:, :-1], use_cache=False).last_hidden_state
        targets = labels[:, 1:]
        answered = targets != IGNORE
        # The vocabulary projection runs on the positions that count, not on prompts and padding.
        logits = model.get_output_embeddings()(hidden[answered])
        loss = cross_entropy(logits.float(), targets[answered])
        return loss, loss

    return optimise(model, batches, config, losses_of, log)


def _encode(dialogue: Dialogue, tokenizer: PreTrainedTokenizerBase, max_length: int) -> tuple[list[int], int]:
    """Token ids of prompt and response, and where the response starts."""
    response = encode_response(dialogue.response, dialogue.style, tokenizer)
    prompt = encode_prompt(dialogue.prompt, dialogue.style, tokenizer, max(1, max_length - len(response)))
    return prompt + response, len(prompt)
