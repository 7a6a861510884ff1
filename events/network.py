"""The network of relations at one point: neighbourhoods, paths, and pairs that cooperate and oppose at once.

Where the relations come from is the caller's to say: the algorithms ask for those of some entities.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, NamedTuple, Protocol, TypeAlias, TypeVar

from events.effects import Key
from events.facts import HOLDS, IN_FORCE, NOT_HELD, POSSIBLY, UNKNOWN
from events.relationships import RelationState
from events.stances import StancePoint
from events.vocabulary import COOPERATIVE, DISPUTABLE, FAVOURABLE_STANCES, OPPOSED_STANCES, RIVAL


class Linking(Protocol):
    """What links two entities: by a name, a subject and an object."""

    @property
    def key(self) -> Key:
        """These three."""


Link = TypeVar("Link", bound=Linking)
Links: TypeAlias = Callable[[Sequence[str]], Iterable[Link]]
"""The links of some entities."""
Relations = Links[RelationState]
"""The relations of some entities at the point."""


class TooWide(Exception):
    """The answer would hold more entities than it may."""


class Wanted(NamedTuple):
    """Which relations count: those of one name or all; with one status, or with any that tells something.

    `with_ended`: also what does not hold, and what is unknown.
    """

    relation: str | None = None
    status: str | None = None
    with_ended: bool = False

    def names(self, key: Key) -> bool:
        """Whether relations of this name count."""
        return self.relation in (None, key[0])

    def takes(self, state: RelationState) -> bool:
        """Whether this relation counts."""
        if not self.names(state.key):
            return False
        if self.status is not None:
            return state.status == self.status
        return self.with_ended or state.status not in (NOT_HELD, UNKNOWN)


EVERYTHING = Wanted(with_ended=True)


class Network(NamedTuple, Generic[Link]):
    """Entities by id, and the relations among them in the order in which they are listed."""

    entities: tuple[str, ...]
    relations: tuple[Link, ...]


class Step(NamedTuple):
    """From one entity to the next, by all relations between the two."""

    start: str
    end: str
    relations: tuple[RelationState, ...]


class Stand(NamedTuple):
    """A stance that somebody takes on a day, `holds` or `possibly`."""

    point: StancePoint
    status: str


@dataclass(frozen=True)
class Frenemies:
    """Two who cooperate and oppose each other on one day, and all that makes them so."""

    entities: tuple[str, str]
    cooperating: tuple[RelationState, ...]
    opposing: tuple[RelationState, ...]
    stances: tuple[Stand, ...]


def listed(key: Key) -> tuple[str, str, str]:
    """The place of a relation in a list: under its subject."""
    relation, subject, other = key
    return subject, relation, other


def in_order(states: Iterable[Link]) -> tuple[Link, ...]:
    """Relations in the order in which they are listed, each once."""
    found = {listed(state.key): state for state in states}
    return tuple(found[place] for place in sorted(found))


def neighbourhood(
    center: str, depth: int, relations_of: Links[Link], relations_among: Links[Link], most: int
) -> Network[Link]:
    """All entities at most `depth` relations away, and the relations among them. TooWide if they are more than `most`.

    `relations_of` gives the relations that have an end among some entities, `relations_among` those that have both.
    """
    entities, rim, found = {center}, [center], list[Link]()
    for _ in range(depth):
        states = list(relations_of(rim)) if rim else []
        rim = sorted({end for state in states for end in state.key[1:]} - entities)
        entities.update(rim)
        found += states
        if len(entities) > most:
            raise TooWide
    if len(rim) > 1:
        found += relations_among(rim)
    return Network(tuple(sorted(entities)), in_order(found))


def shortest_path(
    start: str, goal: str, relations_of: Relations, most_steps: int, most: int
) -> tuple[Step, ...] | None:
    """The shortest way, of several the one whose entities come first by id; None when there is none so short.

    TooWide when more than `most` entities are reached and the goal is not among them.
    """
    came: dict[str, Step | None] = {start: None}
    rim = [start]
    for _ in range(most_steps):
        if goal in came or not rim:
            break
        if len(came) > most:
            raise TooWide
        linked = _linked(relations_of(rim))
        reached = []
        # The rim is in the order of the ways that lead to it, so the first way to reach an entity is the one wanted.
        for entity in rim:
            for other in sorted(linked[entity].keys() - came.keys()):
                came[other] = Step(entity, other, in_order(linked[entity][other]))
                reached.append(other)
        rim = reached
    return _unwound(came, goal) if goal in came else None


def frenemies(relations: Iterable[RelationState], stances: Iterable[StancePoint], day: int) -> tuple[Frenemies, ...]:
    """The pairs that cooperate and oppose each other on a day, in the order of their ids, smaller id first.

    A contested agreement is both: they are bound by it, and at odds over it. A stance is that of its speaker and of all
    for whom it was spoken; where no text names a speaker, of those who assert it.
    """
    cooperating: dict[tuple[str, str], list[RelationState]] = defaultdict(list)
    opposing: dict[tuple[str, str], list[RelationState]] = defaultdict(list)
    stands: dict[tuple[str, str], list[Stand]] = defaultdict(list)
    for state in in_order(relations):
        if state.status in IN_FORCE:
            if state.key[0] in COOPERATIVE:
                cooperating[_pair(*state.key[1:])].append(state)
            if state.key[0] in RIVAL or (state.key[0] in DISPUTABLE and state.is_contested):
                opposing[_pair(*state.key[1:])].append(state)
    for stand in opposed_stands(stances, day):
        about = stand.point.key.about
        for voice in voices(stand.point) - {about}:
            stands[_pair(voice, about)].append(stand)
    return tuple(
        Frenemies(pair, tuple(cooperating[pair]), tuple(opposing[pair]), tuple(stands[pair]))
        for pair in sorted(cooperating)
        if opposing[pair] or stands[pair]
    )


def opposed_stands(points: Iterable[StancePoint], day: int) -> list[Stand]:
    """The hostile and sceptical stances on a day, in the order in which they were taken.

    A stance stands from its day on, until its speaker takes a favourable one towards the same; within the range of
    either it possibly stands.
    """
    taken = [point for point in points if point.when.earliest <= day]
    favourable: dict[tuple[str, str], list[StancePoint]] = defaultdict(list)
    for point in taken:
        if point.key.stance in (OPPOSED_STANCES if point.is_negated else FAVOURABLE_STANCES):
            favourable[point.key.speaker, point.key.about].append(point)
    stands = []
    for point in taken:
        if point.key.stance not in OPPOSED_STANCES or point.is_negated:
            continue
        towards = favourable[point.key.speaker, point.key.about]
        later = [other.when for other in towards if other.when.earliest > point.when.latest]
        if not any(when.latest <= day for when in later):
            stands.append(Stand(point, POSSIBLY if later or day < point.when.latest else HOLDS))
    return stands


def voices(point: StancePoint) -> set[str]:
    """The entities whose stance it is."""
    if point.key.is_named:
        return {point.key.speaker, *point.affiliation}
    return {name for by in point.grounds.asserted_by for name in (*by.agent, *by.affiliation)}


def _pair(one: str, other: str) -> tuple[str, str]:
    return (one, other) if one < other else (other, one)


def _linked(states: Iterable[RelationState]) -> dict[str, dict[str, list[RelationState]]]:
    """The relations of each entity with each other one."""
    linked: dict[str, dict[str, list[RelationState]]] = defaultdict(lambda: defaultdict(list))
    for state in states:
        _, subject, other = state.key
        linked[subject][other].append(state)
        linked[other][subject].append(state)
    return linked


def _unwound(came: dict[str, Step | None], goal: str) -> tuple[Step, ...]:
    """The steps to the goal."""
    steps = []
    while (step := came[goal]) is not None:
        steps.append(step)
        goal = step.start
    return tuple(reversed(steps))
