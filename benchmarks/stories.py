"""Stories: what becomes of one relation, step by step, or what is told about one company."""

from __future__ import annotations

from random import Random
from typing import NamedTuple

MOST_STEPS = 24
USUAL_GAP = 330
"""So many days pass between two steps, on average."""

# What a step does.
OPEN, OBSERVE, PLAN, EXTEND, END, DENIAL, PART, VOTE, TELL = (
    "open", "observe", "plan", "extend", "end", "denial", "part", "vote", "tell",
)  # fmt: skip
RESPONSE, CORRECTION, RETRACTION = "response", "correction", "retraction"
_CLAIMS = frozenset((OPEN, OBSERVE, PLAN, EXTEND, END, DENIAL, PART, VOTE, TELL, RESPONSE))
_TARGETS = (OPEN, OBSERVE, EXTEND, PART)


class Theme(NamedTuple):
    """A kind of story: its claim type, the role and kind of both ends, and the stage that ends it."""

    type: str
    first: str
    second: str
    other: str
    end: str
    weight: int


THEMES = (
    Theme("partnership", "partner", "partner", "company", "ended", 24),
    Theme("investment", "investor", "investee", "company", "exited", 14),
    Theme("acquisition", "acquirer", "target", "company", "divested", 5),
    Theme("membership", "member", "organization", "guild", "left", 9),
    Theme("position", "organization", "holder", "person", "left", 8),
    Theme("product", "producer", "product", "product", "withdrawn", 8),
    Theme("customer", "customer", "vendor", "company", "ended", 8),
    Theme("competition", "competitor", "competitor", "company", "ended", 7),
    Theme("agreement", "party", "party", "company", "ended", 6),
    Theme("interoperability", "provider", "subject", "project", "dropped", 3),
    Theme("contribution", "contributor", "project", "project", "ended", 3),
    Theme("statement", "speaker", "about", "company", "", 4),
    Theme("market_fact", "subject", "", "", "", 6),
    Theme("organization", "subject", "", "", "", 4),
)
RELATION_THEMES = 11
"""The first of the themes tell of a relation, the others do not."""
SYMMETRIC = frozenset(("partnership", "competition", "agreement"))


class Step(NamedTuple):
    """What happens in a story in one slot of time; `target` is the step that a response or an amendment is about."""

    slot: int
    does: str
    target: int = -1

    @property
    def is_claim(self) -> bool:
        """Whether it is a claim, and so in an article."""
        return self.does in _CLAIMS


class Story(NamedTuple):
    """What becomes of one relation, or what is told about one company."""

    number: int
    theme: int
    first: str
    second: str
    steps: tuple[Step, ...]

    @property
    def is_relation(self) -> bool:
        """Whether it is about a relation."""
        return self.theme < RELATION_THEMES

    def is_target(self, index: int) -> bool:
        """Whether a later step is about one, so that it needs a ref."""
        return any(step.target == index for step in self.steps)


def steps_of(theme: int, slot: int, slots: int, slot_days: int, random: Random) -> tuple[Step, ...]:
    """The steps of a relation: begun or planned, observed again and again, perhaps ended; some are put right."""
    steps: list[Step] = []
    is_open, touched = False, set[int]()
    while slot < slots and len(steps) < MOST_STEPS:
        does, target = _next(theme, is_open, steps, touched, random)
        steps.append(Step(slot, does, target))
        if does in (CORRECTION, RETRACTION):
            touched.add(target)
        is_open = does != END and (is_open or does in (OPEN, OBSERVE))
        slot += 1 + int(random.expovariate(slot_days / USUAL_GAP))
        if random.random() < 0.14:
            break
    return tuple(steps)


def key_of(story: Story) -> int:
    """The relation of a story, as a number."""
    ends = [story.first, story.second]
    if THEMES[story.theme].type in SYMMETRIC:
        ends.sort()
    first, second = (int(end.partition("-")[2]) for end in ends)
    return (story.theme << 24 | first) << 24 | second


def ref_of(story: Story, step: int) -> str:
    """The ref of a claim that later ones are about."""
    return f"story-{story.number}-{step}"


def random_of(*numbers: int) -> Random:
    """What is drawn for these numbers, always the same."""
    return Random(hash_of(*numbers))  # noqa: S311  # nothing is kept secret by it


def hash_of(*numbers: int) -> int:
    """Numbers well mixed: 63 bits that do not depend on the process."""
    mixed = 0
    for number in numbers:
        mixed = (mixed ^ number) + 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF
        mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
        mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & 0xFFFFFFFFFFFFFFFF
        mixed ^= mixed >> 31
    return mixed >> 1


def _next(theme: int, is_open: bool, steps: list[Step], touched: set[int], random: Random) -> tuple[str, int]:
    chance = random.random()
    targets = [i for i, step in enumerate(steps) if step.does in _TARGETS and i not in touched]
    if targets and chance < 0.075:
        target = targets[int(random.random() * len(targets))]
        return (CORRECTION if chance < 0.036 else RETRACTION if chance < 0.048 else RESPONSE), target
    if not is_open:
        if THEMES[theme].type == "membership" and chance < 0.35:
            return VOTE, -1
        return (PLAN if chance < 0.25 and not steps else OBSERVE if chance < 0.45 else OPEN), -1
    if chance < 0.20:
        return END, -1
    if chance < 0.24:
        return DENIAL, -1
    if chance < 0.38 and THEMES[theme].type in ("investment", "agreement", "competition", "product"):
        return PART, -1
    return (EXTEND if chance < 0.46 and THEMES[theme].type in SYMMETRIC else OBSERVE), -1
