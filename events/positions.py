"""Positions that persons hold, with every title under which one was seen."""

from __future__ import annotations

from dataclasses import dataclass

from events.effects import OBSERVE, OPEN, PLAN, Key
from events.grounds import Grounds, grounds
from events.knowledge import Heard, Hearing
from events.profile import narrowest
from events.relationships import RelationAccount, RelationState
from events.temporal import Bounds


@dataclass(frozen=True)
class Title:
    """A title under which a position was seen."""

    title: str
    when: Bounds
    grounds: Grounds


@dataclass(frozen=True)
class PositionState:
    """A position, with every title on record."""

    relation: RelationState
    titles: tuple[Title, ...]


class PositionAccount:
    """The claims about one position, asked for any number of days. The titles on record are the same on each."""

    def __init__(self, hearing: Hearing, key: Key, touching: set[str] | None = None) -> None:
        self._relation = RelationAccount(hearing, key, touching)
        self._titles = _titles(hearing, key)

    def at(self, day: int) -> PositionState:
        """The position on one day."""
        return PositionState(self._relation.at(day), self._titles)

    def breaks(self) -> set[int]:
        """The days on which it can change."""
        return self._relation.breaks()


def is_position(key: Key) -> bool:
    """Whether the relation is a position."""
    return key[0] == "holds_position"


def _titles(hearing: Hearing, key: Key) -> tuple[Title, ...]:
    """In the order of time."""
    grouped: dict[str, list[Heard]] = {}
    for heard in hearing.about.get(key, ()):
        title = heard.content.attributes.get("title")
        if title and heard.effect in (OPEN, OBSERVE, PLAN):
            grouped.setdefault(str(title), []).append(heard)
    titles = (Title(title, narrowest(claims), grounds(claims)) for title, claims in grouped.items())
    return tuple(sorted(titles, key=lambda title: (title.when, title.title)))
