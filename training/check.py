"""An independent ARGS in transformers, and the figures of ``models/README.md``.

    python training/check.py                          # light show, and greedy against ARGS on the held-out prompts
    python training/check.py --prompts 20 --recompute # the same without any cache: plain brute force

Each held-out prompt is answered by itself, and after one and after two others with their ARGS answers in the same conversation.

Reads the GGUF files themselves, so it checks the export too. Beside reward and diversity it counts the plans that name the
equipment of their own topic (``topics.json``).
"""

from __future__ import annotations

import argparse
import json
import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from gguf import GGUFReader
from torch import Tensor
from transformers import AutoModelForCausalLM, AutoTokenizer, DynamicCache, PreTrainedModel, PreTrainedTokenizerBase

from data import Message, encode_prompt

MODELS = Path(__file__).resolve().parent.parent / "models"
PAPER_PROMPT = "Can you help me set up a light show?"
TOPICS = Path(__file__).with_name("topics.json")


@dataclass(frozen=True)
class Pair:
    """A policy and a reward model of one vocabulary. ``weight`` is float32 [n_embd]."""

    tokenizer: PreTrainedTokenizerBase
    policy: PreTrainedModel
    trunk: PreTrainedModel
    weight: Tensor
    bias: float

    def rewards(self, hidden: Tensor) -> Tensor:
        """Rewards [...] of hidden states [..., n_embd]."""
        return hidden @ self.weight + self.bias


@dataclass(frozen=True)
class Response:
    """Generated token ids (the end token included when it came), their text and the reward at the last one."""

    ids: list[int]
    text: str
    reward: float
    ended: bool


def load(folder: Path) -> Pair:
    """The pair in ``folder``, in float32."""
    policy = AutoModelForCausalLM.from_pretrained(folder, gguf_file="policy.gguf", dtype=torch.float32).eval()
    reward = AutoModelForCausalLM.from_pretrained(folder, gguf_file="reward.gguf", dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file="policy.gguf")
    fields = GGUFReader(folder / "reward.gguf").fields
    weight = torch.tensor(fields["argsearch.reward.head.weight"].contents(), dtype=torch.float32)
    return Pair(tokenizer, policy, reward.base_model, weight, fields["argsearch.reward.head.bias"].contents())


@torch.no_grad()
def decode(
    pair: Pair, prompt: list[int], weight: float, top_k: int = 10, max_tokens: int = 128, recompute: bool = False
) -> Response:
    """ARGS-greedy: ``(1 - weight) log P + weight reward`` over the policy's ``top_k`` tokens, at every step.

    ``recompute`` runs both models on whole sequences every time. Otherwise they keep caches; the reward model's has
    one row a candidate, all rows holding the prefix.
    """
    ids = list(prompt)
    policy_cache, trunk_cache = DynamicCache(), DynamicCache()
    pending = torch.tensor([ids])
    if not recompute:
        pair.trunk(input_ids=pending.expand(top_k, -1), past_key_values=trunk_cache)
    while len(ids) - len(prompt) < max_tokens and (len(ids) == len(prompt) or ids[-1] != pair.tokenizer.eos_token_id):
        if recompute:
            logits = pair.policy(input_ids=torch.tensor([ids])).logits[0, -1]
        else:
            logits = pair.policy(input_ids=pending, past_key_values=policy_cache).logits[0, -1]
        top = torch.log_softmax(logits, dim=-1).topk(top_k)
        if recompute:
            branches = torch.tensor([[*ids, token] for token in top.indices.tolist()])
            hidden = pair.trunk(input_ids=branches, use_cache=False).last_hidden_state[:, -1]
        else:
            hidden = pair.trunk(input_ids=top.indices[:, None], past_key_values=trunk_cache).last_hidden_state[:, -1]
        rewards = pair.rewards(hidden)
        # The first maximum is the likelier candidate: ties go to it.
        winner = int(((1 - weight) * top.values + weight * rewards).argmax())
        ids.append(int(top.indices[winner]))
        pending = torch.tensor([ids[-1:]])
        if not recompute:
            trunk_cache.reorder_cache(torch.full((top_k,), winner))
    answer = ids[len(prompt):]
    ended = answer[-1] == pair.tokenizer.eos_token_id
    return Response(answer, pair.tokenizer.decode(answer, skip_special_tokens=True), float(rewards[winner]), ended)


def diversity(text: str) -> float:
    """Product over n = 2..4 of the share of n-grams that are not repeated (1: none is), as in the ARGS paper."""
    words = re.findall(r"\w+|[^\w\s]", text)
    product = 1.0
    for size in (2, 3, 4):
        grams = [tuple(words[at: at + size]) for at in range(len(words) - size + 1)]
        product *= len(set(grams)) / (len(grams) + 1)
    return product


def own_equipment() -> dict[str, list[str]]:
    """The two things that a topic needs and others of its category do not, by the topic's name (``"light show"``)."""
    categories = json.loads(TOPICS.read_text(encoding="utf-8"))["categories"].values()
    return {f"{modifier} {head.rstrip('*')}": kit
            for category in categories for modifier, kit in category["modifiers"].items() for head in category["heads"]}


def names_own_equipment(prompt: str, text: str, equipment: dict[str, list[str]]) -> bool:
    """Whether ``text`` names both things of the topic in ``prompt``, before its first step."""
    topic = max((name for name in equipment if name in prompt), key=len)
    needs = re.split(r"^(?:1\.|Step 1:)", text, maxsplit=1, flags=re.MULTILINE)[0]
    return all(thing in needs for thing in equipment[topic])


def main() -> None:
    """Print samples and the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", type=Path, default=MODELS)
    parser.add_argument("--prompts", type=int, default=200, help="held-out prompts to run")
    parser.add_argument("--weight", type=float, default=0.6)
    parser.add_argument("--top-k", type=int, default=10)
    parser.add_argument("--samples", type=int, default=3, help="held-out prompts whose texts are shown")
    parser.add_argument("--recompute", action="store_true", help="no caches: brute force")
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    pair = load(options.models)
    lines = (options.models / "held-out-prompts.jsonl").read_text(encoding="utf-8").rstrip("\n").split("\n")[: options.prompts]
    prompts = [PAPER_PROMPT, *(json.loads(line)["prompt"] for line in lines)]
    results: dict[str, list[Response]] = {"greedy": [], "args": [], "args, 2nd": [], "args, 3rd": []}
    turns: list[Message] = []
    started = time.monotonic()
    for at, prompt in enumerate(prompts):
        for name, weight, earlier in (("greedy", 0.0, 0), ("args, 3rd", options.weight, 2), ("args, 2nd", options.weight, 1),
                                      ("args", options.weight, 0)):
            conversation = [*turns[len(turns) - 2 * earlier:], Message(role="user", content=prompt)]
            ids = encode_prompt(conversation, "chat", pair.tokenizer)
            response = decode(pair, ids, weight, options.top_k, recompute=options.recompute)
            results[name].append(response)
            if at <= options.samples:
                print(f"--- {name}: {prompt}\n{response.text}\n[{len(response.ids)} tokens, "
                      f"{'ended' if response.ended else 'cut'}, reward {response.reward:.2f}]\n")
        turns = [*turns[-2:], Message(role="user", content=prompt), Message(role="assistant", content=results["args"][-1].text)]
    print(f"{len(prompts) - 1} held-out prompts, {time.monotonic() - started:.0f} s")
    equipment = own_equipment()
    for name, responses in results.items():
        held_out = responses[1:]
        count = len(held_out)
        own = sum(names_own_equipment(prompt, r.text, equipment) for prompt, r in zip(prompts[1:], held_out))
        print(f"{name:9} reward {sum(r.reward for r in held_out) / count:7.3f}"
              f"  diversity {sum(diversity(r.text) for r in held_out) / count:.3f}"
              f"  tokens {sum(len(r.ids) for r in held_out) / count:.1f}"
              f"  ended {sum(r.ended for r in held_out)}/{count}  own equipment {own}/{count}")
    wins = sum(a.reward > g.reward for a, g in zip(results["args"][1:], results["greedy"][1:]))
    print(f"ARGS has the higher reward on {wins} of {len(prompts) - 1}")


if __name__ == "__main__":
    main()
