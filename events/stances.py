"""The stance timeline: who is said to stand how to whom, and when."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from events.grounds import Grounds, grounds
from events.knowledge import Heard
from events.temporal import AFTER_ALL, Bounds


class StanceKey(NamedTuple):
    """What makes two statements one: who stands how to whom, and its wording.

    `speaker` is an entity, or the key of the asserter where a text names no speaker (`is_named` is false then).
    """

    speaker: str
    is_named: bool
    about: str
    stance: str
    wording: str | None


@dataclass(frozen=True)
class StancePoint:
    """One point: the intersection of the ranges of the statements that can mean one day."""

    key: StanceKey
    when: Bounds
    affiliation: tuple[str, ...]
    is_negated: bool
    grounds: Grounds


class StanceAccount:
    """The points of one stance, said or denied, in the order of time."""

    def __init__(self, told: list[Heard], key: StanceKey, is_negated: bool) -> None:
        self._points = tuple(_point(key, is_negated, when, group) for when, group in _moments(told))

    def at(self, day: int) -> tuple[StancePoint, ...]:
        """The points until a day."""
        return tuple(point for point in self._points if point.when.earliest <= day)

    def breaks(self) -> set[int]:
        """The days on which a point is added."""
        return {point.when.earliest for point in self._points}


def stance_points(live: Iterable[Heard]) -> tuple[StancePoint, ...]:
    """The points of all statements among these claims, in the order of time."""
    grouped: dict[tuple[StanceKey, bool], list[Heard]] = {}
    for heard in live:
        for key in stance_keys(heard):
            grouped.setdefault((key, heard.content.is_negated), []).append(heard)
    points = (point for stance, told in grouped.items() for point in StanceAccount(told, *stance).at(AFTER_ALL))
    return tuple(sorted(points, key=stance_order))


def stance_order(point: StancePoint) -> tuple[Any, ...]:
    """Points stand in the order of time."""
    key = point.key
    told = (key.speaker, key.about, key.stance, point.grounds.claims, key.wording or "", key.is_named, point.is_negated)
    return point.when, *told


def concerns(point: StancePoint, entity: str) -> bool:
    """Whether the entity speaks, is spoken for, or is spoken about."""
    return entity in (point.key.speaker, *point.affiliation, point.key.about)


def stance_keys(heard: Heard) -> Iterable[StanceKey]:
    """One for each speaker and each whom it is about; a statement about nobody in particular is about its speaker."""
    content = heard.content
    if content.type != "statement":
        return
    stance, wording = str(content.attributes["stance"]), content.attributes.get("wording")
    speakers = content.entities("speaker")
    for speaker in speakers or [heard.asserter]:
        for about in content.entities("about") or [speaker]:
            yield StanceKey(speaker, bool(speakers), about, stance, wording)


def _moments(claims: list[Heard]) -> list[tuple[Bounds, list[Heard]]]:
    """Statements whose ranges overlap the range so far, taken in the order of their last day, are one moment."""
    moments: list[tuple[Bounds, list[Heard]]] = []
    for heard in sorted(claims, key=lambda h: (h.span.start.latest, h.span.start.earliest, h.claim)):
        start = heard.span.start
        if moments and start.earliest <= moments[-1][0].latest:
            when, group = moments.pop()
            moments.append((Bounds(max(start.earliest, when.earliest), when.latest), [*group, heard]))
        else:
            moments.append((start, [heard]))
    return moments


def _point(key: StanceKey, negated: bool, when: Bounds, group: list[Heard]) -> StancePoint:
    in_person = [h.content.asserted_by for h in group if key.speaker in h.content.asserted_by.agent]
    spoken_for = {name for by in in_person for name in by.affiliation}
    return StancePoint(key, when, tuple(sorted(spoken_for)), negated, grounds(group))
