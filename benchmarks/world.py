"""A world of claims to look back into: companies by popularity, relations with a history, articles over twenty years.

All of it follows from the number of claims and a seed: who needs a part of it makes that part again. A relation is a
story: who with whom, and some steps, each on a day of its own. Steps are recorded in the order of their days; those of
a day fill articles. Each record gives one event, so that the position of everything is known beforehand.
"""

from __future__ import annotations

from array import array
from bisect import bisect
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

from benchmarks.stories import (
    CORRECTION,
    RELATION_THEMES,
    RETRACTION,
    TELL,
    THEMES,
    Step,
    Story,
    hash_of,
    key_of,
    random_of,
    ref_of,
    steps_of,
)  # fmt: skip
from benchmarks.wording import (
    article_line,
    article_url,
    claim_said,
    company_name,
    correction_line,
    entity_line,
    retraction_line,
)  # fmt: skip

FIRST_DAY = date(2005, 1, 1)
DAYS = 7_305
MOST_COMPANIES = 100_000
HOTTEST_SHARE, HOTTEST_MOST = 0.02, 20_000
"""The hottest company is named by so many of the claims, and by no more than so many in a world of any size."""
NAMED_PER_CLAIM = 1.64
"""How many companies a claim names on average."""
PER_ARTICLE = (3, 10)
_KINDS = {"guild": "organization"}
_MOST_DRAWS = 30
_BOUNDS = list(accumulate(theme.weight for theme in THEMES))
_STEP_BITS, _STORY_BITS, _MIX_BITS = 5, 25, 16


class Placed(NamedTuple):
    """One record in the order of the log: an article, which has no story, or a step of one with its article."""

    position: int
    story: int
    step: int
    article: int
    slot: int


class World:
    """A world of so many claims, responses included. Corrections and retractions come on top."""

    def __init__(self, claims: int, seed: int = 1) -> None:
        self.claims = claims
        self.companies = max(min(claims // 10, MOST_COMPANIES), 20)
        self.others = {
            "guild": self.companies // 100 + 5,
            "person": self.companies // 4 + 20,
            "product": self.companies // 2 + 20,
            "project": self.companies // 50 + 10,
        }
        self.slot_days = max(1, -(-DAYS * 30 // claims))
        self.slots = DAYS // self.slot_days
        self._seed = seed
        self._chances = _chances(self.companies, _highest_chance(claims))
        self._draws = bytearray()
        self._offsets = array("Q", [0])
        self._order = self._plan()
        self.article_of = array("I", bytes(4 * self._offsets[-1]))
        self.position_of = array("Q", bytes(8 * self._offsets[-1]))
        self.records = 0
        self._place()

    @property
    def stories(self) -> int:
        """How many stories there are; their numbers begin with 0."""
        return len(self._draws)

    @property
    def entities(self) -> int:
        """How many entities there are; they are the first records."""
        return self.companies + sum(self.others.values()) + self.others["guild"]

    # the parts

    def story(self, number: int) -> Story:
        """One story."""
        return self._drawn(number, self._draws[number])

    def day(self, slot: int) -> date:
        """The day on which what is told in a slot is published."""
        return FIRST_DAY + timedelta(days=slot * self.slot_days)

    def position(self, story: int, step: int) -> int:
        """The position of a step in the log."""
        return self.position_of[self._offsets[story] + step]

    def article(self, story: int, step: int) -> int:
        """The number of the article of a claim."""
        return self.article_of[self._offsets[story] + step]

    def expected_claims(self, rank: int) -> float:
        """How many claims name the company of a rank, about; 1 is the hottest."""
        before = self._chances[rank - 2] if rank > 1 else 0.0
        return (self._chances[rank - 1] - before) * NAMED_PER_CLAIM * self.claims

    def entity_lines(self) -> Iterator[dict[str, Any]]:
        """The entities, as lines of an import file."""
        for number in range(1, self.companies + 1):
            yield entity_line(f"company-{number}", "company", company_name(number))
        for kind, count in self.others.items():
            for number in range(1, count + 1):
                yield entity_line(
                    f"{kind}-{number}", "organization" if kind == "guild" else kind, f"The {kind} {number}"
                )
        for number in range(1, self.others["guild"] + 1):
            yield entity_line(f"board-{number}", "body", f"Board of guild {number}")

    def placed(self) -> Iterator[Placed]:
        """All records but the entities, in the order of the log."""
        position, article, room, open_slot = self.entities, 0, 0, -1
        for packed in self._order:
            slot, story, step, is_claim = _unpacked(packed)
            if is_claim and (room == 0 or slot != open_slot):
                article += 1
                position += 1
                room, open_slot = PER_ARTICLE[0] + article * 7 % (PER_ARTICLE[1] - PER_ARTICLE[0] + 1), slot
                yield Placed(position, -1, -1, article, slot)
            position += 1
            room -= is_claim
            yield Placed(position, story, step, article, slot)

    def lines(self) -> Iterator[dict[str, Any]]:
        """The whole import file."""
        yield from self.entity_lines()
        for placed in self.placed():
            if placed.story < 0:
                yield self.article_line(placed)
            else:
                yield self.line(self.story(placed.story), placed.step)

    def article_line(self, placed: Placed) -> dict[str, Any]:
        """An article, as a line of an import file."""
        return article_line(placed.article, self.day(placed.slot))

    def line(self, story: Story, index: int) -> dict[str, Any]:
        """One step of a story, as a line of an import file."""
        step = story.steps[index]
        if step.does == RETRACTION:
            return retraction_line(story, index)
        if step.does == CORRECTION:
            return correction_line(story, index, self.day(story.steps[step.target].slot))
        line = {"record": "claim", "article": article_url(self.article(story.number, index)), **self.said(story, index)}
        if story.is_target(index):
            line["ref"] = ref_of(story, index)
        return line

    def said(self, story: Story, index: int) -> dict[str, Any]:
        """What a claim says, all but its article; a response names its target by its ref."""
        random = random_of(self._seed, story.number, index)
        return claim_said(story, index, self.day(story.steps[index].slot), self.others["person"], random)

    # making them

    def _plan(self) -> array[int]:
        """The order of all steps. A relation is told in one story only: one drawn twice is drawn again."""
        seen: set[int] = set()
        order: list[int] = []
        claims = 0
        while claims < self.claims:
            number, draw = len(self._draws), 0
            story = self._drawn(number, draw)
            while story.is_relation and (key := key_of(story)) in seen:
                draw += 1
                story = self._drawn(number, draw)
            if story.is_relation:
                seen.add(key)
            self._draws.append(draw)
            for index, step in enumerate(story.steps):
                order.append(self._packed(story, index))
                claims += step.is_claim
            self._offsets.append(self._offsets[-1] + len(story.steps))
        order.sort()
        return array("Q", order)

    def _place(self) -> None:
        position = self.entities
        for placed in self.placed():
            position = placed.position
            if placed.story >= 0:
                at = self._offsets[placed.story] + placed.step
                self.position_of[at] = placed.position
                self.article_of[at] = placed.article
        self.records = position

    def _packed(self, story: Story, index: int) -> int:
        step = story.steps[index]
        mixed = hash_of(story.number, index) & (1 << _MIX_BITS) - 1
        packed = step.slot << _MIX_BITS | mixed
        return ((packed << _STORY_BITS | story.number) << _STEP_BITS | index) << 1 | step.is_claim

    def _drawn(self, number: int, draw: int) -> Story:
        random = random_of(self._seed, number, 0)
        theme = bisect(_BOUNDS, random.random() * _BOUNDS[-1]) if draw < _MOST_DRAWS else RELATION_THEMES + 1
        first = self._company(random)
        random = random_of(self._seed, number, draw + 1) if draw else random  # somebody else, for the same one
        second = self._other(THEMES[theme].other, random)
        while second == first:
            second = self._other(THEMES[theme].other, random)
        slot = int(random.random() * (self.slots - 1))
        steps = (
            steps_of(theme, slot, self.slots, self.slot_days, random)
            if theme < RELATION_THEMES
            else (Step(slot, TELL),)
        )
        return Story(number, theme, first, second, steps)

    def _company(self, random: Random) -> str:
        return f"company-{min(bisect(self._chances, random.random()), self.companies - 1) + 1}"

    def _other(self, kind: str, random: Random) -> str:
        if kind == "company":
            return self._company(random)
        return f"{kind}-{1 + int(random.random() ** 2 * self.others[kind])}" if kind else ""


def _unpacked(packed: int) -> tuple[int, int, int, int]:
    is_claim = packed & 1
    packed >>= 1
    step = packed & (1 << _STEP_BITS) - 1
    packed >>= _STEP_BITS
    return packed >> _STORY_BITS + _MIX_BITS, packed & (1 << _STORY_BITS) - 1, step, is_claim


def _highest_chance(claims: int) -> float:
    return min(HOTTEST_SHARE * claims, HOTTEST_MOST) / (NAMED_PER_CLAIM * claims)


def _chances(companies: int, most: float) -> list[float]:
    """The chances by rank, added up: those of Zipf, none above `most`."""
    low, high = 0.0, 1.0
    for _ in range(60):
        scale = (low + high) / 2
        total = sum(min(most, scale / rank) for rank in range(1, companies + 1))
        low, high = (scale, high) if total < 1 else (low, scale)
    return list(accumulate(min(most, scale / rank) for rank in range(1, companies + 1)))
