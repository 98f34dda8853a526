"""The published algorithm with both KV caches, in transformers and torch, bf16: the policy decodes one token, the reward model the k
candidates over k copies of its prefix, of which the winner's is copied to all. Commands as in bench/native/raw_bench.cc.

Weights are random: their values cost no time. The tokens that are committed are given, and every step's arithmetic is done all the same.

  transformers_args.py LAYERS WIDTH HEADS KV_HEADS FEED_FORWARD VOCABULARY POSITIONS K THREADS DEVICE
"""

import json
import sys
import time
import warnings

import torch
from transformers import LlamaConfig, LlamaForCausalLM, LlamaModel
from transformers.cache_utils import DynamicCache

warnings.simplefilter("ignore", FutureWarning)  # names of arguments that change from release to release
layers, width, heads, kv_heads, feed_forward, vocabulary, positions, k, threads = map(int, sys.argv[1:10])
device = sys.argv[10]
torch.set_num_threads(threads)
torch.manual_seed(0)
torch.set_default_dtype(torch.bfloat16)
torch.set_default_device(device)
config = LlamaConfig(
    vocab_size=vocabulary,
    hidden_size=width,
    num_hidden_layers=layers,
    num_attention_heads=heads,
    num_key_value_heads=kv_heads,
    intermediate_size=feed_forward,
    max_position_embeddings=positions,
    tie_word_embeddings=True,
)
policy = LlamaForCausalLM(config).eval()
trunk = LlamaModel(config).eval()
head = torch.randn(width)


def now():
    """Seconds, when all that was asked of a GPU is done."""
    if device == "cuda":
        torch.cuda.synchronize()
    return time.perf_counter()


class Loop:
    """Both caches, from a prompt on."""

    @torch.inference_mode()
    def fill(self, prompt):
        self.prompt = prompt
        self.policy_cache, self.reward_cache = DynamicCache(), DynamicCache()
        ids = torch.tensor([prompt])
        if len(prompt) > 1:
            policy(input_ids=ids[:, :-1], past_key_values=self.policy_cache, use_cache=True, logits_to_keep=1)
        trunk(input_ids=ids, past_key_values=self.reward_cache, use_cache=True)
        self.reward_cache.batch_repeat_interleave(k)

    @torch.inference_mode()
    def run(self, committed):
        pending, policy_s, start = self.prompt[-1], 0.0, now()
        for token in committed:
            began = now()
            ids = torch.tensor([[pending]])
            logits = policy(input_ids=ids, past_key_values=self.policy_cache, use_cache=True).logits[0, -1].float()
            policy_s += now() - began
            values, candidates = torch.log_softmax(logits, -1).topk(k)
            candidates[0] = token
            hidden = trunk(input_ids=candidates[:, None], past_key_values=self.reward_cache, use_cache=True).last_hidden_state[:, -1]
            scores = 0.4 * values + 0.6 * (hidden @ head).float()
            int(scores.argmax())  # what would be taken; the given token is, so that all decode the same
            self.reward_cache.reorder_cache(torch.zeros(k, dtype=torch.long))
            pending = token
        total_s = now() - start
        for cache in (self.policy_cache, self.reward_cache):
            cache.crop(-len(committed))
        return {"ms": 1e3 * total_s / len(committed), "policy": 1e3 * policy_s / len(committed)}


loop, prompt = Loop(), []
for line in sys.stdin:
    command, *words = line.split()
    reply = {}
    if command == "prompt":
        prompt = [int(word) for word in words]
    elif command == "fill":
        loop.fill(prompt)
    elif command == "run":
        reply = loop.run([int(word) for word in words[1:]])
    print(json.dumps(reply), flush=True)
