"""Ways a plan goes wrong, each giving a preference pair (good, defective).

A reward model trained on plans against stalls alone is degenerate when it is maximised: it also loves plans that
repeat themselves, never end or lose their topic. These pairs teach it what ARGS would otherwise exploit. Most share
their prefix with the good plan, so that the pair says at which token the text went wrong.

Each function takes ``(rng, plan, thing, other_thing, other_plan)``: the plan as text (a lead line, an equipment line,
numbered steps, a closing line), its topic, and the topic and plan of some other request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

Defect = Callable[[Random, str, str, str, str], tuple[str, str]]

#: How the equipment line of a plan begins.
KIT_LEADS = ["You will need", "You need", "What you need:", "Equipment:", "Get", "First collect"]
#: Line numbers of a plan: 0 lead, 1 equipment, 2 to -2 steps, -1 closing.
FIRST_STEP = 2


def repeated_step(rng: Random, plan: str, _thing: str, _other: str, _other_plan: str) -> tuple[str, str]:
    """One step comes again and again, with its own number or a running one."""
    lines = plan.split("\n")
    at = rng.randrange(FIRST_STEP, len(lines) - 1)
    copies = [lines[at]] * rng.randint(1, 3)
    if rng.random() < 0.5:
        copies = [_renumber(line, at - FIRST_STEP + 2 + i) for i, line in enumerate(copies)]
    return plan, "\n".join(lines[: at + 1] + copies + lines[at + 1:])


def repeated_words(rng: Random, plan: str, _thing: str, _other: str, _other_plan: str) -> tuple[str, str]:
    """One to four words are said twice or three times in a row."""
    words = plan.split(" ")
    size = rng.randint(1, 4)
    at = rng.randrange(size, len(words))
    return plan, " ".join(words[:at] + words[at - size: at] * rng.randint(1, 2) + words[at:])


def broken_off(rng: Random, plan: str, _thing: str, _other: str, _other_plan: str) -> tuple[str, str]:
    """The plan ends too early: in a line or after one."""
    if rng.random() < 0.5:
        words = plan.split(" ")
        return plan, " ".join(words[: rng.randrange(3, len(words))])
    lines = plan.split("\n")
    return plan, "\n".join(lines[: rng.randrange(1, len(lines))])


def endless(rng: Random, plan: str, _thing: str, _other: str, other_plan: str) -> tuple[str, str]:
    """The plan goes on after its closing line: with the same lines, another plan or more steps."""
    lines, more = plan.split("\n"), other_plan.split("\n")
    tail = rng.choice([lines[-1:] * 2, more[1:], lines[FIRST_STEP:], more[FIRST_STEP:-1]])
    return plan, plan + rng.choice(["\n", " "]) + "\n".join(tail)


def wrong_topic(rng: Random, plan: str, thing: str, other: str, other_plan: str) -> tuple[str, str]:
    """The topic is another one: in the whole plan, at one mention, or in one of its words."""
    draw = rng.random()
    if draw < 0.2:
        return plan, other_plan
    if draw < 0.6:
        mine, theirs = thing.split(" "), other.split(" ")
        other = " ".join([theirs[0], *mine[1:]] if rng.random() < 0.5 else [*mine[:-1], theirs[-1]])
    parts = plan.split(thing)
    at = rng.randrange(1, len(parts)) if len(parts) > 1 else 0
    return plan, thing.join(parts[:at]) + (other if at else "") + thing.join(parts[at:])


def garbled(rng: Random, plan: str, _thing: str, _other: str, _other_plan: str) -> tuple[str, str]:
    """Words of one line change places, or some are missing."""
    lines = plan.split("\n")
    at = rng.randrange(len(lines))
    words = lines[at].split(" ")
    if rng.random() < 0.5:
        start = rng.randrange(max(1, len(words) - 3))
        part = words[start: start + 4]
        rng.shuffle(part)
        words[start: start + 4] = part
    else:
        start = rng.randrange(len(words))
        del words[start: start + rng.randint(1, 2)]
    lines[at] = " ".join(words)
    return plan, "\n".join(lines)


def shuffled_lines(rng: Random, plan: str, _thing: str, _other: str, _other_plan: str) -> tuple[str, str]:
    """A line is missing, or two lines change places (so steps are out of order or the plan closes too early)."""
    lines = plan.split("\n")
    first, second = sorted(rng.sample(range(1, len(lines)), 2))
    if rng.random() < 0.5:
        lines[first], lines[second] = lines[second], lines[first]
    else:
        del lines[first]
    return plan, "\n".join(lines)


def strayed(rng: Random, plan: str, _thing: str, _other: str, other_plan: str) -> tuple[str, str]:
    """From some line on the plan is that of another request."""
    lines, more = plan.split("\n"), other_plan.split("\n")
    at = rng.randrange(1, min(len(lines), len(more)))
    return plan, "\n".join(lines[:at] + more[at:])


def asks_midway(rng: Random, plan: str, thing: str, _other: str, _other_plan: str) -> tuple[str, str]:
    """The plan turns into questions after one of its lines."""
    lines = plan.split("\n")
    at = rng.randrange(1, len(lines))
    question = rng.choice([f"What kind of {thing} do you want?", f"Which size of {thing} would you like?",
                           f"Can you tell me the type of the {thing}?"])
    return plan, "\n".join(lines[:at]) + rng.choice(["\n", " "]) + " ".join([question] * rng.randint(1, 3))


def wrong_kit(rng: Random, plan: str, _thing: str, _other: str, other_plan: str) -> tuple[str, str]:
    """Something in the equipment line is listed twice or belongs to another request."""
    lines = plan.split("\n")
    items, foreign = _items(lines[1]), _items(other_plan.split("\n")[1])
    at = rng.randrange(1, 3)
    bad = [*items]
    bad[at] = rng.choice(items[:at]) if rng.random() < 0.5 else foreign[at]
    lead = lines[1].removesuffix(_join(items))
    lines[1] = lead + _join(bad)
    return plan, "\n".join(lines)


def other_kit(plan: str, kit: Sequence[str]) -> str:
    """``plan`` with the equipment ``kit`` (three things) in the place of its own, in the equipment line and in its steps."""
    lines = plan.split("\n")
    items = _items(lines[1])
    lines[1] = lines[1].removesuffix(_join(items)) + _join(list(kit))
    steps = [line.replace(known(items[0]), known(kit[0])) for line in lines[FIRST_STEP:]]
    return "\n".join([*lines[:FIRST_STEP], *steps])


def known(item: str) -> str:
    """How a step names a thing that the equipment line has introduced: "a saw" is "the saw", "wood glue" stays."""
    bare = item.removeprefix("a ").removeprefix("an ")
    return item if bare == item else f"the {bare}"


def wrong_step(rng: Random, plan: str, _thing: str, _other: str, other_plan: str) -> tuple[str, str]:
    """One step or the closing line is that of another request."""
    lines, more = plan.split("\n"), other_plan.split("\n")
    at = rng.randrange(FIRST_STEP, min(len(lines), len(more)))
    lines[at] = more[at]
    return plan, "\n".join(lines)


def _items(equipment: str) -> list[str]:
    """The three things in an equipment line ("You will need X, Y and Z.")."""
    for lead in KIT_LEADS:
        if equipment.startswith(lead + " "):
            first, rest = equipment.removeprefix(lead + " ").removesuffix(".").split(", ", 1)
            return [first, *rest.rsplit(" and ", 1)]
    raise ValueError(f"not an equipment line: {equipment}")


def _join(items: list[str]) -> str:
    return f"{items[0]}, {items[1]} and {items[2]}."


def _renumber(line: str, number: int) -> str:
    """The step ``line`` ("2. Do this." or "Step 2: Do this.") with another number."""
    head, body = line.split(": " if line.startswith("Step ") else ". ", 1)
    return f"Step {number}: {body}" if head.startswith("Step ") else f"{number}. {body}"


DEFECTS: list[tuple[str, Defect]] = [
    ("repeated step", repeated_step), ("repeated words", repeated_words), ("broken off", broken_off),
    ("endless", endless), ("wrong topic", wrong_topic), ("garbled", garbled), ("shuffled lines", shuffled_lines),
    ("strayed", strayed), ("asks midway", asks_midway), ("wrong kit", wrong_kit), ("wrong step", wrong_step),
]
