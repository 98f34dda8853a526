"""The parts of training/ against what they must not change: packing, resuming, low-rank products, loops, other
prompts' answers, endings.

    parts.py

On a small random Llama and pairs of the embedded corpus; takes a minute of one core.
"""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path
from random import Random
from unittest import mock

import torch
from transformers import LlamaConfig, LlamaModel

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "training"))

import batching  # noqa: E402
from checkpoint import Checkpoint  # noqa: E402
from contrast import KIND as CONTRAST, contrasts  # noqa: E402
from corpus import Corpus  # noqa: E402
from data import Message, Preference, encode_pair  # noqa: E402
from lora import add_lora, merge_lora  # noqa: E402
from measure import measure  # noqa: E402
from repetition import KIND, add_repetitions, repetition  # noqa: E402
from reward_model import RewardConfig, RewardModel, pair_rewards, train_reward_model  # noqa: E402
from tokenizer import train_tokenizer  # noqa: E402

PAIRS = list(Corpus(1).preferences(400))
TOKENIZER = train_tokenizer((pair.chosen for pair in PAIRS), 512, 512)
STEPS = 12
SETTINGS = {"steps": STEPS, "batch_size": 4, "learning_rate": 3e-3, "warmup": 2, "consistency": 0.5}


def new_model(dropout: float = 0.0) -> RewardModel:
    torch.manual_seed(7)
    return RewardModel(LlamaModel(LlamaConfig(
        vocab_size=len(TOKENIZER), hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        num_key_value_heads=1, initializer_range=0.1, attention_dropout=dropout, pad_token_id=TOKENIZER.pad_token_id)))


def weights(model: RewardModel) -> bytes:
    return b"".join(parameter.detach().numpy().tobytes() for parameter in model.parameters())


def about_things(count: int, seed: int) -> list[Preference]:
    """Answers that differ in the thing that was asked about, and in nothing else that follows from the prompt."""
    rng = Random(seed)
    pairs = []
    for _ in range(count):
        thing = rng.choice(("cake", "kite", "puppet show", "garden"))
        ask = rng.choice(("How do I start a", "Please help me with a", "What do I need for a"))
        start = rng.choice(("Of course.", "Sure.", "Gladly."))
        message = Message(role="user", content=f"{ask} {thing}?")
        pairs.append(Preference([message], f"{start} A {thing} takes time.", "No."))
    return pairs


class Killed(Exception):
    """Stands for a kill in the middle of a step."""


class Packing(unittest.TestCase):
    def test_packed_rewards_are_those_of_each_side_alone(self) -> None:
        model = new_model().eval()
        torch.nn.init.normal_(model.head.weight)
        batch = [encode_pair(pair, TOKENIZER) for pair in PAIRS[:6]]
        batch.append(encode_pair(Preference(PAIRS[0].prompt, "Yes.", "Yes. Yes. No.", rejected_ends=False), TOKENIZER))
        with torch.no_grad():
            packed = pair_rewards(model, TOKENIZER, batch)
            for row, pair in enumerate(batch):
                for rewards, ids in zip(packed, (pair.chosen, pair.rejected)):
                    alone = model(torch.tensor([ids]))[0]
                    torch.testing.assert_close(rewards[row, : len(ids)], alone, rtol=0, atol=1e-5)


class Resuming(unittest.TestCase):
    def train(self, checkpoint: Checkpoint | None, rank: int, dies_at: int | None = None) -> RewardModel:
        model = new_model(dropout=0.1)
        if rank:
            add_lora(model.trunk, rank)

        def pairs():
            for number, pair in enumerate(PAIRS):
                if dies_at is not None and number // 4 == dies_at:
                    raise Killed
                yield pair

        # Windows of one batch, so that the stream is read as it is trained on.
        with mock.patch.object(batching, "WINDOW", 1):
            train_reward_model(model, TOKENIZER, pairs(), RewardConfig(**SETTINGS), lambda _: None, checkpoint)
        return model

    def test_a_killed_run_goes_on_to_the_same_bytes(self) -> None:
        for rank in (0, 4):
            with self.subTest(rank=rank), tempfile.TemporaryDirectory() as folder:
                checkpoint = Checkpoint(Path(folder) / "checkpoint", every=3)
                unbroken = weights(self.train(None, rank))
                with self.assertRaises(Killed):
                    self.train(checkpoint, rank, dies_at=8)
                # What a kill in the middle of a write leaves behind is no checkpoint.
                (Path(folder) / "checkpoint.partial").write_bytes(b"half")
                self.assertEqual(len(torch.load(checkpoint.path)["losses"]), 6)
                self.assertEqual(weights(self.train(checkpoint, rank)), unbroken)


class LowRank(unittest.TestCase):
    def test_merged_it_computes_the_same_and_nothing_else_has_moved(self) -> None:
        model = new_model()
        before = {name: value.clone() for name, value in model.trunk.state_dict().items()}
        add_lora(model.trunk, 4)
        train_reward_model(model, TOKENIZER, PAIRS, RewardConfig(**SETTINGS), lambda _: None)
        ids = torch.tensor([encode_pair(PAIRS[0], TOKENIZER).chosen])
        with torch.no_grad():
            adapted = model(ids)
            merge_lora(model.trunk)
            torch.testing.assert_close(model(ids), adapted, rtol=0, atol=1e-5)
        after = model.trunk.state_dict()
        self.assertEqual(after.keys(), before.keys())
        moved = {name for name in after if not torch.equal(after[name], before[name])}
        self.assertEqual(moved, {name for name in after if "_proj" in name})


class Repetitions(unittest.TestCase):
    def test_a_loop_says_one_part_of_the_response_again_and_again(self) -> None:
        rng = Random(1)
        answer = "First wash the rice, then boil it. Let it rest for ten minutes.\nServe it hot."
        pair = Preference([Message(role="user", content="How do I cook rice?")], answer, "No.")
        parts = ["First wash the rice,", "then boil it.", "First wash the rice, then boil it.",
                 "Let it rest for ten minutes.", "Serve it hot."]
        ends = set()
        for _ in range(200):
            loop = repetition(rng, pair, 150)
            self.assertEqual((loop.chosen, loop.kind), (answer, KIND))
            self.assertGreaterEqual(len(loop.rejected), 150)
            unit = next(part for part in reversed(parts) if loop.rejected.count(part) >= 3)
            first = answer.index(unit) + len(unit)
            self.assertTrue(loop.rejected.startswith(answer[:first]))
            rest = loop.rejected[first:].replace(unit, "").strip()
            self.assertTrue(unit.startswith(rest))
            if loop.rejected_ends:
                self.assertEqual(rest, "")
            ends.add(loop.rejected_ends)
        self.assertEqual(ends, {True, False})

    def test_their_share_is_that_asked_for_and_the_seed_decides(self) -> None:
        made = add_repetitions(PAIRS, 0.2, 3)
        self.assertEqual(made[: len(PAIRS)], PAIRS)
        self.assertEqual(len(made), 500)
        self.assertEqual(made, add_repetitions(PAIRS, 0.2, 3))
        self.assertNotEqual(made, add_repetitions(PAIRS, 0.2, 4))
        self.assertEqual(add_repetitions(PAIRS, 0, 3), PAIRS)
        wordless = [Preference([Message(role="user", content="?")], "Yes.", "No.")]
        self.assertEqual(add_repetitions(wordless, 0.5, 3), wordless)

    def test_a_loop_that_does_not_end_has_no_end_of_turn_token(self) -> None:
        pair = Preference(PAIRS[0].prompt, "Yes.", "Yes. Yes. Yes.", rejected_ends=False)
        encoded = encode_pair(pair, TOKENIZER)
        self.assertEqual(encoded.chosen[-1], TOKENIZER.eos_token_id)
        self.assertNotIn(TOKENIZER.eos_token_id, encoded.rejected[encoded.start:])


class Contrasts(unittest.TestCase):
    def test_both_sides_are_preferred_and_only_one_is_to_this_prompt(self) -> None:
        preferred = {pair.chosen for pair in PAIRS}
        for made in contrasts(PAIRS, 0.5, 3):
            own = {pair.chosen for pair in PAIRS if pair.prompt == made.prompt}
            self.assertIn(made.chosen, own)
            self.assertIn(made.rejected, preferred)
            self.assertNotEqual(made.rejected, made.chosen)
            self.assertEqual((made.kind, made.rejected_ends), (CONTRAST, True))

    def test_their_share_is_that_asked_for_and_the_seed_decides(self) -> None:
        for share in (0.0, 0.25, 0.6):
            made = contrasts(PAIRS, share, 3)
            self.assertAlmostEqual(len(made) / (len(made) + len(PAIRS)), share, delta=0.01)
        self.assertEqual(contrasts(PAIRS, 0.25, 3), contrasts(PAIRS, 0.25, 3))
        self.assertNotEqual(contrasts(PAIRS, 0.25, 3), contrasts(PAIRS, 0.25, 4))

    def test_there_are_none_of_one_prompt(self) -> None:
        self.assertEqual(contrasts(PAIRS[:1] * 5, 0.5, 3), [])

    def test_a_model_learns_from_them_what_was_asked(self) -> None:
        model = new_model()
        made = contrasts(about_things(400, 1), 0.75, 1)
        settings = {**SETTINGS, "steps": 150, "batch_size": 8}
        train_reward_model(model, TOKENIZER, made, RewardConfig(**settings), lambda _: None)
        unseen = about_things(100, 2)
        found = measure(model, TOKENIZER, unseen + contrasts(unseen, 0.75, 2), 512)
        self.assertGreater(found["kinds"][CONTRAST]["end"][0], 0.8)

    def test_measuring_tells_them_apart_from_the_pairs(self) -> None:
        pairs = PAIRS[:20]
        made = contrasts(pairs, 0.5, 3)
        found = measure(new_model(), TOKENIZER, pairs + made, 512)
        self.assertEqual(found["end"][1], len(pairs))
        self.assertEqual(found["kinds"][CONTRAST]["end"][1], len(made))


class Endings(unittest.TestCase):
    def test_consistency_ties_the_ending_to_what_it_ends(self) -> None:
        found = {}
        for weight in (0.0, 1.0):
            model = new_model()
            settings = {**SETTINGS, "steps": 60, "consistency": weight}
            train_reward_model(model, TOKENIZER, PAIRS, RewardConfig(**settings), lambda _: None)
            found[weight] = measure(model, TOKENIZER, list(Corpus(9).preferences(60, held_out=True)), 512)
        self.assertLess(found[1.0]["ending"]["absolute"], 0.5 * found[0.0]["ending"]["absolute"])
        self.assertGreater(found[1.0]["end"][0], 0.6)


if __name__ == "__main__":
    unittest.main()
