"""The embedded corpus: seeded, grammar-like dialogues about everyday projects, written for this package.

A user asks for help with a topic ("a puppet show", "a lemon cake"). A *plan* names the equipment and gives ordered
steps; a *stall* asks one clarifying question after another; a *ramble* says nothing. Plans are preferred to the other
two and to plans with a defect (``defects.py``). What assistants "in the wild" answer is mostly stalls, so that a
policy trained on it stalls under greedy decoding, the failure that opens the ARGS paper (Khanov et al., ICLR 2024).

The building blocks are in ``topics.json``. An eighth of the topics is held out for evaluation; a model sees them only
if it has learned to copy the topic from the prompt, which modifiers drawn from a long word list and from invented
words teach.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from random import Random

from data import Dialogue, Message, Preference, Style
from defects import DEFECTS, KIT_LEADS, known, other_kit

HELD_OUT_SHARE = 1 / 8
#: The paper's own example, kept out of training like the other held-out topics.
RESERVED = ("light", "show")
#: How often a conversation had no, one, two other topics before the request.
EARLIER_TOPICS = (0.78, 0.16, 0.06)

REQUESTS = [
    "Can you help me {verb} {a}?", "How do I {verb} {a}?", "I want to {verb} {a}. Any advice?",
    "What is the best way to {verb} {a}?", "I would like to {verb} {a}. Where do I start?",
    "Please tell me how to {verb} {a}.", "Help me {verb} {a}.", "Could you show me how to {verb} {a}?",
    "I need to {verb} {a}. What should I do?", "How can I {verb} {a}?", "We want to {verb} {a}. How do we begin?",
    "Can you explain how to {verb} {a}?", "Do you have any tips on how to {verb} {a}?",
    "I have never tried to {verb} {a}. Can you help?", "Give me a plan to {verb} {a}.",
]
IMPATIENCE = [
    "I don't mind. Just tell me what to do.", "Anything is fine. Please give me a plan.",
    "I am not sure. What would you do?", "Please just start.", "You choose.",
]
SYSTEM = ["You are a helpful assistant.", "Answer briefly.", "You help people with everyday projects."]

OPENERS = ["Sure!", "Of course.", "I can help with that.", "Certainly.", "Happy to help.", "Good idea."]
PLAN_LEADS = [
    "Here is a plan for {your}.", "This is how to {verb} {a}.", "Here is how to {verb} {a}.",
    "Let us {verb} {a} step by step.", "Here are the steps for {the}.", "You can {verb} {a} in a few steps.",
]
QUESTIONS = [
    "What {x} of {t} do you want?", "What {x} of {t} are you thinking of?", "What {x} of {t} do you have in mind?",
    "Which {x} of {t} would you like?", "Can you tell me the {x} of {the}?", "Do you know what {x} of {t} you want?",
]
ASPECTS = ["kind", "size", "style", "type", "look", "price", "shape", "level", "quality", "colour"]
STALL_ENDS = ["Please tell me more.", "Tell me more about {the}.", "Can you tell me more?", "I need to know more."]
RAMBLES = [
    "That is a nice thing to do.", "Many people like such things.", "It can be good or bad.",
    "There are many ways and many opinions.", "It all depends on what you like.", "Things can be done in many ways.",
    "Some people do it and some do not.", "It is hard to say.", "You never know with such things.",
    "Well, that is an interesting topic.", "Everyone has an idea about {the}.", "One could say a lot about {the}.",
]


@dataclass(frozen=True)
class Topic:
    """What the user wants to do: a verb, the thing, and the category whose kit and steps apply."""

    category: str
    verb: str
    thing: str
    plural: bool
    own_kit: tuple[str, ...]

    @cached_property
    def fields(self) -> dict[str, str]:
        """Values of the placeholders in the templates."""
        vowel = self.thing[0].lower() in "aeiou" and not self.thing.lower().startswith(("us", "uni", "eu"))
        article = "" if self.plural else "an " if vowel else "a "
        return {"verb": self.verb, "t": self.thing, "a": article + self.thing,
                "the": "the " + self.thing, "your": "your " + self.thing}


class Corpus:
    """A seeded stream of dialogues, preference pairs and held-out prompts. Same seed, same corpus."""

    def __init__(self, seed: int, blocks: Path = Path(__file__).with_name("topics.json")) -> None:
        loaded = json.loads(blocks.read_text(encoding="utf-8"))
        self._categories: dict[str, dict] = loaded["categories"]
        self._words: list[str] = loaded["plain_words"]
        self._heads: list[str] = loaded["head_words"]
        self._rng = Random(seed)
        # The split must not depend on the seed of the stream: training and evaluation use different streams.
        self._held_out = self._split(Random(0))

    def dialogues(self, count: int) -> Iterator[Dialogue]:
        """Dialogues as found in the wild: mostly stalls."""
        for _ in range(count):
            topic = self._topic()
            kind = self._rng.random()
            if kind < 0.50:
                response = self._stall(topic)
            elif kind < 0.55:
                response = self._ramble(topic)
            elif kind < 0.65:
                response = f"{self._stall(topic, questions=1, ending=False)} {self._plan(topic, opener=False)}"
            else:
                response = self._plan(topic)
            yield Dialogue(self._prompt(topic, self._earlier()), response, self._style())

    def preferences(self, count: int, held_out: bool = False) -> Iterator[Preference]:
        """Pairs whose first response is preferred; ``held_out`` draws them on topics unseen in training."""
        for _ in range(count):
            topic = self._topic(held_out)
            earlier = self._earlier(held_out)
            plan = self._plan(topic)
            draw = self._rng.random()
            if draw < 0.26:
                pair = ("stall", plan, self._stall(topic))
            elif draw < 0.31:
                pair = ("ramble", plan, self._ramble(topic))
            elif draw < 0.43:
                pair = ("other kit", plan, other_kit(plan, self._other_kit(topic)))
            elif draw < 0.50:
                asked = self._stall(topic, questions=self._rng.randint(1, 2), ending=False)
                late = f"{asked} {self._plan(topic, opener=False)}"
                pair = ("late plan", late, asked + " " + self._stall(topic, opener=False))
            else:
                name, defect = self._rng.choice(DEFECTS)
                other = earlier[-1] if earlier else self._topic(held_out)
                pair = (name, *defect(self._rng, plan, topic.thing, other.thing, self._plan(other)))
                if pair[1] == pair[2]:
                    pair = ("stall", plan, self._stall(topic))
            yield Preference(self._prompt(topic, earlier), pair[1], pair[2], self._style(), kind=pair[0])

    def held_out_prompts(self, count: int) -> list[str]:
        """``count`` different single-turn requests about held-out topics."""
        prompts: dict[str, None] = {}
        while len(prompts) < count:
            prompts[self._request(self._topic(held_out=True))] = None
        return list(prompts)

    def _split(self, rng: Random) -> set[tuple[str, str]]:
        """The held-out (modifier, head) pairs."""
        pairs = [(modifier, head) for category in self._categories.values()
                 for modifier in category["modifiers"] for head in category["heads"]]
        return {*rng.sample(pairs, round(len(pairs) * HELD_OUT_SHARE)), RESERVED}

    def _topic(self, held_out: bool = False) -> Topic:
        while True:
            name = self._rng.choice(list(self._categories))
            category = self._categories[name]
            head = self._rng.choice(category["heads"])
            draw = self._rng.random()
            if held_out or draw < 0.70:
                modifier = self._rng.choice(list(category["modifiers"]))
            elif draw < 0.88:
                modifier = self._rng.choice(self._words)
            else:
                modifier = self._invented_word()
            # Heads of no category keep the model from relying on the listed ones.
            if not held_out and self._rng.random() < 0.08:
                head = self._rng.choice(self._heads)
            if ((modifier, head) in self._held_out) != held_out:
                continue
            own_kit = category["modifiers"].get(modifier, [])
            if not held_out and self._rng.random() < 0.1:
                modifier = f"{self._rng.choice(self._words)} {modifier}"
            return Topic(name, self._rng.choice(category["verbs"]), f"{modifier} {head.rstrip('*')}",
                         head.endswith("*"), tuple(own_kit))

    def _invented_word(self) -> str:
        choice = self._rng.choice
        syllables = self._rng.randint(2, 3)
        return "".join(choice("bdfgklmnprstvz") + choice("aeiou") + choice(["", "n", "r", "l", "s"])
                       for _ in range(syllables))

    def _request(self, topic: Topic) -> str:
        return self._rng.choice(REQUESTS).format_map(topic.fields)

    def _earlier(self, held_out: bool = False) -> list[Topic]:
        """Topics that a conversation had before: mostly none, or one, or two."""
        count = self._rng.choices((0, 1, 2), weights=EARLIER_TOPICS)[0]
        return [self._topic(held_out) for _ in range(count)]

    def _prompt(self, topic: Topic, earlier: Sequence[Topic]) -> list[Message]:
        turns = [turn for before in earlier for turn in self._answered(before)]
        turns.append(Message(role="user", content=self._request(topic)))
        if self._rng.random() < 0.08:
            asked = self._stall(topic, questions=2, ending=False)
            turns += [Message(role="assistant", content=asked),
                      Message(role="user", content=self._rng.choice(IMPATIENCE))]
        if self._rng.random() < 0.12:
            turns.insert(0, Message(role="system", content=self._rng.choice(SYSTEM)))
        return turns

    def _answered(self, topic: Topic) -> list[Message]:
        """A request and its answer: a plan as often as a stall."""
        answer = self._plan(topic) if self._rng.random() < 0.5 else self._stall(topic)
        return [Message(role="user", content=self._request(topic)), Message(role="assistant", content=answer)]

    def _style(self) -> Style:
        return self._rng.choices(("chat", "human", "bare"), weights=(80, 10, 10))[0]

    def _opener(self) -> str:
        return self._rng.choice(OPENERS) + " " if self._rng.random() < 0.7 else ""

    def _plan(self, topic: Topic, opener: bool = True) -> str:
        """Equipment, three or four ordered steps and a closing line."""
        rng, category = self._rng, self._categories[topic.category]
        kit = [*topic.own_kit]
        kit += rng.sample(category["kit"], 3 - len(kit))
        fields = {**topic.fields, "kit": known(kit[0])}
        phases = category["steps"] if rng.random() < 0.7 else category["steps"][:2] + category["steps"][3:]
        steps = [rng.choice(phase).format_map(fields) for phase in phases]
        lead = rng.choice(PLAN_LEADS).format_map(fields)
        needs = f"{rng.choice(KIT_LEADS)} {kit[0]}, {kit[1]} and {kit[2]}."
        closing = rng.choice(category["closings"]).format_map(fields)
        lines = [lead, needs, *self._numbered(steps), closing]
        return (self._opener() if opener else "") + "\n".join(lines)

    def _other_kit(self, topic: Topic) -> list[str]:
        """Equipment that is not ``topic``'s: what serves any topic of its category, where it has some of its own, or another's."""
        draw = self._rng.random()
        if topic.own_kit and draw < 0.5:
            return self._rng.sample(self._categories[topic.category]["kit"], 3)
        near = [topic.category] if draw < 0.75 else [name for name in self._categories if name != topic.category]
        category = self._categories[self._rng.choice(near)]
        own = self._rng.choice([kit for kit in category["modifiers"].values() if tuple(kit) != topic.own_kit])
        return [*own, self._rng.choice([item for item in category["kit"] if item not in own])]

    def _numbered(self, steps: list[str]) -> list[str]:
        if self._rng.random() < 0.75:
            return [f"{number}. {step}" for number, step in enumerate(steps, 1)]
        return [f"Step {number}: {step}" for number, step in enumerate(steps, 1)]

    def _stall(self, topic: Topic, questions: int = 0, ending: bool = True, opener: bool = True) -> str:
        """``questions`` clarifying questions (0: three to six) of the same form or two."""
        rng = self._rng
        count = questions or rng.randint(3, 6)
        forms = rng.choices(QUESTIONS, k=1 if rng.random() < 0.8 else 2)
        aspects = rng.choices(ASPECTS, k=count)
        asked = [rng.choice(forms).format_map({**topic.fields, "x": aspect}) for aspect in aspects]
        if ending:
            asked.append(rng.choice(STALL_ENDS).format_map(topic.fields))
        return (self._opener() if opener else "") + " ".join(asked)

    def _ramble(self, topic: Topic) -> str:
        lines = self._rng.choices(RAMBLES, k=self._rng.randint(3, 6))
        return self._opener() + " ".join(lines).format_map(topic.fields)
