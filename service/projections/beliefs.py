"""What was believed: questions to the tables of the states."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any, NamedTuple
from uuid import UUID

from psycopg.rows import RowFactory, args_row, scalar_row, tuple_row

from events.beliefs import Belief, decode_belief
from service.db import Database
from service.sql import load_queries
from service.store.protocol import StoredRecord

_QUERIES = load_queries("beliefs")


class Place(NamedTuple):
    """Where a matter stands in an answer: the rank of its kind, and its name among those."""

    rank: int
    name: str


FIRST = Place(-1, "")
"""Before all places."""


class Kept(NamedTuple):
    """A belief as it is kept."""

    rank: int
    name: str
    kind: str
    body: bytes

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.rank, self.name)

    def belief(self) -> Belief[Any]:
        """What it says."""
        return decode_belief(self.kind, self.body)


class Placed(NamedTuple):
    """A place where a matter was ever listed, with the id and the kind of the matter and its publicity."""

    rank: int
    name: str
    matter: str
    kind: str
    first: int
    last: int

    @property
    def place(self) -> Place:
        """Where it stands."""
        return Place(self.rank, self.name)


class Turn(NamedTuple):
    """Where a belief about a matter began: the log position, the matter, and its kind."""

    since: int
    matter: UUID
    kind: str


class Turned(NamedTuple):
    """What was believed about a matter from a log position on, and before it, as it is kept."""

    since: int
    matter: UUID
    kind: str
    after: bytes
    before: bytes | None


class Stretch(NamedTuple):
    """A part of the log: from a place on, which is a position and a matter, up to a position."""

    since: int
    matter: UUID
    until: int


class Beliefs:
    """The beliefs at log positions that the tables have reached. All questions are about some such position."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def listed(self, entity: str, after: Place, ranks: Sequence[int], position: int, limit: int) -> list[Kept]:
        """The next beliefs about matters of some ranks that were ever listed under an entity."""
        return self._read(
            "listed", args_row(Kept), entity=entity, rank=after.rank, name=after.name, ranks=list(ranks),
            position=position, limit=limit,
        )  # fmt: skip

    def placed(self, entity: str, after: Place, ranks: Sequence[int], position: int, limit: int) -> list[Placed]:
        """The next places of matters of some ranks that were ever listed under an entity, whatever is believed."""
        return self._read(
            "placed", args_row(Placed), entity=entity, rank=after.rank, name=after.name, ranks=list(ranks),
            position=position, limit=limit,
        )  # fmt: skip

    def bodies(self, matters: Collection[str], position: int) -> dict[str, bytes]:
        """The beliefs about some matters, as they are kept."""
        rows: list[tuple[str, bytes]] = self._read("bodies", tuple_row, matters=_uuids(matters), position=position)
        return dict(rows)

    def bearers(self, matters: Collection[str], limit: int) -> list[str]:
        """At most `limit` claims that ever bore on one of the matters."""
        return self._read("bearers", scalar_row, matters=_uuids(matters), limit=limit)

    def listed_under(
        self, entities: Collection[str], ranks: Sequence[int], position: int, limit: int, least: int = 1
    ) -> list[Kept]:
        """The beliefs, at most so many, about matters listed under `least` or more of the entities once."""
        return self._read(
            "listed_under", args_row(Kept), entities=list(entities), ranks=list(ranks), position=position, limit=limit,
            least=least,
        )  # fmt: skip

    def about(self, matter: str, position: int) -> Kept | None:
        """The belief about a matter; None where nothing was ever believed about it."""
        found: list[Kept] = self._read("about", args_row(Kept), matter=UUID(matter), position=position)
        return found[0] if found else None

    # where they changed

    def turns(self, stretch: Stretch, limit: int) -> list[Turn]:
        """The first places in a part of the log where beliefs began, in order."""
        return self._read("turns", args_row(Turn), **stretch._asdict(), limit=limit)

    def turns_of(self, matters: Collection[str], stretch: Stretch, limit: int) -> list[Turn]:
        """The same for some matters."""
        return self._read("turns_of", args_row(Turn), **stretch._asdict(), matters=_uuids(matters), limit=limit)

    def turns_under(
        self, entities: Collection[str], kinds: Collection[str], stretch: Stretch, limit: int
    ) -> list[Turn]:
        """The same for matters of some kinds, as soon as they were listed under one of the entities."""
        return self._read(
            "turns_under", args_row(Turn), **stretch._asdict(), entities=list(entities), kinds=list(kinds), limit=limit
        )

    def turns_back(self, position: int, matter: UUID, limit: int) -> list[Turn]:
        """The last places up to one where beliefs began, the last of them first."""
        return self._read("turns_back", args_row(Turn), position=position, matter=matter, limit=limit)

    def turns_of_back(self, matters: Collection[str], position: int, matter: UUID, limit: int) -> list[Turn]:
        """The same for some matters."""
        return self._read(
            "turns_of_back", args_row(Turn), matters=_uuids(matters), position=position, matter=matter, limit=limit
        )

    def turns_under_back(
        self, entities: Collection[str], kinds: Collection[str], position: int, matter: UUID, limit: int
    ) -> list[Turn]:
        """The same for matters of some kinds, as soon as they were listed under one of the entities."""
        return self._read(
            "turns_under_back", args_row(Turn), entities=list(entities), kinds=list(kinds), position=position,
            matter=matter, limit=limit,
        )  # fmt: skip

    def turned(self, turns: Sequence[Turn]) -> list[Turned]:
        """What began in these places, in order."""
        since, matters = [turn.since for turn in turns], [turn.matter for turn in turns]
        return self._read("turned", args_row(Turned), since=since, matters=matters)

    def first(self, turn: Turn | Turned) -> Belief[Any]:
        """The first belief about a matter about which there are beliefs."""
        body: bytes = self._read("first", scalar_row, matter=turn.matter)[0]
        return decode_belief(turn.kind, body)

    def events_at(self, positions: Collection[int]) -> dict[int, StoredRecord]:
        """The events of the log at some positions."""
        rows: list[StoredRecord] = self._read("events_at", args_row(StoredRecord), positions=list(positions))
        return {row.position: row for row in rows}

    def places_in_log(self, versions: Collection[tuple[str, int]]) -> dict[tuple[str, int], int]:
        """The log positions of some versions of streams."""
        streams, numbers = [stream for stream, _ in versions], [number for _, number in versions]
        rows = self._read("places_in_log", tuple_row, streams=streams, versions=numbers)
        return {(stream, version): position for stream, version, position in rows}

    def _read(self, query: str, row: RowFactory[Any], **params: object) -> list[Any]:
        return self._database.read(_QUERIES[query], params, row)


def _uuids(matters: Collection[str]) -> list[UUID]:
    return [UUID(matter) for matter in matters]
