"""What a projection is: tables that follow from the log, and how to fill them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from events.values import Text
from service.db import Connection
from service.store.protocol import EventStore, StoredRecord
from service.store.texts import Opener

Row = tuple[object, ...]


class Load(NamedTuple):
    """What a part of the log enters into empty tables, by table and in the order of its columns.

    `later` are the positions of the events that are to be handled once everything is loaded.
    """

    rows: Mapping[str, Sequence[Row]]
    later: Sequence[int]


class Difference(NamedTuple):
    """A row that is in one place and not in the other; `is_about_live`: the live view may be the wrong one."""

    table: str
    row: str
    where: str
    is_about_live: bool = False

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {self.where}"


class History:
    """The log as a projection is to see it: without the events that an operator has skipped.

    A stream whose first event was skipped is left out as a whole: there is nothing that the others could follow.
    """

    def __init__(self, store: EventStore, skipped: Collection[int] = (), streams: Collection[str] = ()) -> None:
        self._store = store
        self._skipped = frozenset(skipped)
        self._left_out = frozenset(streams)

    def without(self, positions: Collection[int]) -> History:
        """The same with some more events left out."""
        return History(self._store, self._skipped | frozenset(positions), self._left_out)

    def without_skipped(self, records: Iterable[StoredRecord]) -> list[StoredRecord]:
        """The records that count."""
        return [
            record for record in records if record.position not in self._skipped and record.stream not in self._left_out
        ]

    def streams(self, streams: Collection[str], until: int) -> dict[str, list[StoredRecord]]:
        """The events of some streams up to a position."""
        found = self._store.read_streams(streams, until=until)
        return {stream: self.without_skipped(records) for stream, records in found.items()}

    def opener(self, texts: Iterable[Text]) -> Opener:
        """What opens those of the texts that are sealed."""
        return Opener(self._store, texts)


class Projection(Protocol):
    """Tables under a name. Another shape or meaning of them is another version, with tables of its own.

    The names in its SQL have no schema; no two projections have a table of the same name. Nothing in its tables refers
    to those of another projection by a constraint. Whoever handles events emits nothing to the outside: all that is
    done is in the tables.

    A stream is handled in order. One that was held back is taken in when an operator lets it, long after others, also
    where the projection is `in_order`; until then, none of its events is handled.
    """

    name: str
    version: int
    in_order: bool
    """Whether each event is to find the tables as those before it have left them, also in a rebuild, which then takes
    in the log from its beginning by `handle`, with the indexes made before. `load` is never called.
    """
    tables: str
    """The statements that make the tables, without what slows down a load."""
    indexes: str
    """The statements that make the rest, separated by semicolons; each can be run again where it was run before."""

    @property
    def follows(self) -> str | None:
        """The projection whose tables it reads, by name. None: it reads its own tables only.

        Those may be further than the events at hand, and never behind: an event is handled once the followed one has
        handled it. A stream that the followed one holds back is held back here too, from the same event on.
        """
        ...

    def handle(self, connection: Connection, records: Sequence[StoredRecord], history: History) -> None:
        """Takes in the next events. Any error that is not the database's means that one of them cannot be handled.

        The connection is in a transaction, and its search path is the schema of the projection, followed by that of the
        one it follows: both are read by plain names, and `checkpoint` and `parked` are its own.
        """
        ...

    def load(self, records: Sequence[StoredRecord], history: History) -> Load:
        """What a part of the log enters into empty tables, without looking at them: parts are loaded in any order.

        Only first events of streams may enter rows, so that a stream can be held back from any event on. What changes
        what another event entered is left for later. The error of an event that cannot be handled is raised.
        """
        ...

    def audit(
        self, connection: Connection, streams: Mapping[str, Sequence[StoredRecord]], history: History
    ) -> list[Difference]:
        """Where the tables differ from what the fold says of some streams, each up to the checkpoint of the tables.

        The connection reads one moment, with the search path that `handle` has. The followed tables may be further than
        the own ones at that moment.
        """
        ...


def schema_of(projection: Projection) -> str:
    """The schema that holds the tables of this version."""
    return f"read_{projection.name}_{projection.version}"


def schemas_behind(projection: Projection, among: Iterable[Projection]) -> tuple[str, ...]:
    """The schema of the projection that it follows, if it does. LookupError where that is not among the given ones."""
    if projection.follows is None:
        return ()
    found = tuple(schema_of(one) for one in among if one.name == projection.follows)
    if not found:
        raise LookupError(f"{projection.name} follows {projection.follows}, which there is not")
    return found


def leave_all(records: Sequence[StoredRecord]) -> Load:
    """The load of a projection in which every event depends on those before it."""
    return Load({}, [record.position for record in records])
