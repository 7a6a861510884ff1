"""The store in PostgreSQL: one SQL function appends, named queries read."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from time import monotonic, sleep
from typing import Any, TypeVar
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent
from psycopg.rows import RowFactory, args_row, scalar_row, tuple_row

from service.db import Database
from service.errors import AppendRefused, DeadlineExceeded, OutcomeUnknown, ServiceError, StoreUnavailable
from service.failures import error_of
from service.sql import load_queries
from service.store.appends import Append, appended, bear_on_each_other, each, together
from service.store.check import demand_consecutive, demand_storable
from service.store.grouping import Grouping
from service.store.measuring import measured, measured_flush
from service.store.protocol import (
    NO_COUNTS,
    NO_GUARDS,
    Appended,
    ErasableText,
    LinkCounts,
    LogEnd,
    Recent,
    Request,
    Snapshot,
    StoredRecord,
    StoredRequest,
    StreamKey,
    StreamLink,
)

Row = TypeVar("Row")
Outcome = Appended | ServiceError

MOST_CALLERS = 100
"""How many callers share a flush at most."""
_FIRST_PAUSE, _LONGEST_PAUSE = 0.05, 0.5
_QUERIES = load_queries("log")
_NO_END = 2**63 - 1
_LAST_VERSION = 2**31 - 1


class PostgresStore:
    """The event store of the service (see `service.store.protocol.EventStore`), on an open database."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._grouping: Grouping[Append, Appended] = Grouping(self.append_together, MOST_CALLERS)

    def append(
        self,
        events: Sequence[StoredEvent],
        *,
        guards: Mapping[str, int] = NO_GUARDS,
        link_counts: LinkCounts = NO_COUNTS,
        keys: Sequence[StreamKey] = (),
        links: Sequence[StreamLink] = (),
        texts: Sequence[ErasableText] = (),
        request: Request | None = None,
    ) -> Appended:
        """Callers at the same time share one statement. It is sent again only when its reply was lost."""
        demand_consecutive(events)
        settings = self.database.settings
        until = monotonic() + settings.append_timeout
        append = Append(events, guards, link_counts, keys, links, texts, request, until)
        demand_storable(append.strings())
        return measured(lambda: self._grouping.submit(append, settings.lock_timeout))

    @property
    def waiting(self) -> int:
        """How many callers wait for others to be flushed."""
        return self._grouping.waiting

    def read_stream(
        self, stream: str, *, after: int = 0, until: int | None = None, limit: int | None = None
    ) -> list[StoredRecord]:
        """The events of a stream in order."""
        return self._records("read_stream", stream=stream, after=after, until=_end(until), limit=limit)

    def read_streams(self, streams: Collection[str], *, until: int | None = None) -> dict[str, list[StoredRecord]]:
        """The events of several streams, read in one statement and so as of one moment."""
        found: dict[str, list[StoredRecord]] = {stream: [] for stream in streams}
        for record in self._records("read_streams", streams=list(found), until=_end(until)) if found else ():
            found[record.stream].append(record)
        return found

    def read_recent(self, streams: Collection[str], form: int) -> dict[str, Recent]:
        """What is kept of each of the streams, and the events since, read in one statement."""
        found = {stream: Recent(None, []) for stream in streams}
        for digest, *row in self._read("read_recent", tuple_row, streams=list(found), form=form) if found else ():
            if digest is None:
                found[row[1]].records.append(StoredRecord(*row))
            else:
                position, stream, version, _, body, _ = row
                found[stream] = Recent(Snapshot(stream, version, position, form, body, digest), [])
        return found

    def read_marked(self, stream: str, mark: str, until: int) -> list[StoredRecord]:
        """The amendments in a stream that have a mark, or one with the same hash."""
        return self._records("read_marked", stream=stream, mark=mark, until=until)

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keeps a snapshot of a stream."""
        self.database.write(_QUERIES["keep_snapshot"], msgspec.structs.asdict(snapshot), tuple_row)

    def read_snapshots(self, form: int, after: str, limit: int) -> list[Snapshot]:
        """The next snapshots in a form."""
        return self._read("read_snapshots", args_row(Snapshot), form=form, after=after, limit=limit)

    def read_log(
        self, after: int, limit: int, until: int | None = None, *, of: UUID | None = None
    ) -> list[StoredRecord]:
        """The next events of the log."""
        return self._records("read_log", after=after, limit=limit, until=_end(until), of=of)

    def read_positions(self, positions: Collection[int]) -> list[StoredRecord]:
        """The events at these positions."""
        return self._records("read_positions", positions=list(positions)) if positions else []

    def read_selected(
        self,
        after: int,
        limit: int,
        until: int,
        *,
        streams: Collection[str] | None = None,
        topics: Collection[str] | None = None,
    ) -> list[StoredRecord]:
        """The next events of the log that are in some streams, or have one of some topics."""
        return self._selected("", after, limit, until, streams, topics)

    def read_back(
        self,
        until: int,
        limit: int,
        after: int,
        *,
        streams: Collection[str] | None = None,
        topics: Collection[str] | None = None,
    ) -> list[StoredRecord]:
        """The last events of the log that are in some streams, or have one of some topics."""
        return self._selected("_back", after, limit, until, streams, topics)

    def select_events(
        self, stream: str, *, gt: int | None, lte: int | None, desc: bool, limit: int | None
    ) -> list[StoredRecord]:
        """The events of a stream as the event sourcing library asks for them."""
        last = _LAST_VERSION if lte is None else lte
        return self._records("select_events", stream=stream, gt=gt or 0, lte=last, desc=desc, limit=limit)

    def head(self) -> int:
        """The last position."""
        return self._value("head", int)

    def position_at(self, instant: datetime) -> int:
        """The last position recorded at or before an instant."""
        if instant.tzinfo is None:
            raise ValueError("the instant has no offset")
        return self._value("position_at", int, instant=instant)

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at a position was recorded."""
        found = self._read("recorded_at", scalar_row, position=position)
        return found[0] if found else None

    def find_keys(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """The streams that own the keys."""
        return dict(self._read("find_keys", tuple_row, kind=kind, keys=list(keys)))

    def find_links(self, kind: str, target: str, *, after: str = "", limit: int | None = None) -> list[str]:
        """The sources that link to a target."""
        return self._read("find_links", scalar_row, kind=kind, target=target, after=after, limit=limit)

    def find_request(self, key: str) -> StoredRequest | None:
        """The request answered under a key."""
        found = self._read("find_request", args_row(StoredRequest), key=key)
        return found[0] if found else None

    def find_texts(self, texts: Collection[tuple[str, str]]) -> dict[tuple[str, str], ErasableText]:
        """The texts stored for pairs of scope and content."""
        wanted = list(texts)
        scopes = [scope for scope, _ in wanted]
        hashes = [hashlib.sha256(content.encode()).digest() for _, content in wanted]
        found = self._read("find_texts", args_row(ErasableText), scopes=scopes, hashes=hashes)
        return {(text.scope, text.content): text for text in found}

    def read_texts(self, references: Collection[UUID]) -> dict[UUID, ErasableText]:
        """The texts behind the references."""
        found = self._read("read_texts", args_row(ErasableText), references=list(references))
        return {text.reference: text for text in found}

    def find_erased(self, references: Collection[UUID]) -> set[UUID]:
        """The references whose text was erased."""
        return set(self._read("find_erased", scalar_row, references=list(references)))

    def text_sizes(self, references: Collection[UUID]) -> dict[UUID, int]:
        """The sizes of the texts behind the references."""
        return dict(self._read("text_sizes", tuple_row, references=list(references)))

    def epoch(self) -> UUID:
        """The identity of this log."""
        return self._value("epoch", UUID)

    def end(self) -> LogEnd:
        """The identity of this log and where it ends."""
        return self._read("end", args_row(LogEnd))[0]

    # appending

    def append_together(self, appends: Sequence[Append]) -> Sequence[Outcome]:
        """What came of each, in their order: the same as if they had been appended one after the other.

        What concerns all of them (StoreUnavailable, DeadlineExceeded) is raised; OutcomeUnknown may be that of each.
        """
        until = min(append.until for append in appends)
        try:
            return measured_flush(len(appends), lambda: self._send(appends, until))
        except OutcomeUnknown as lost:
            return self._send_again(appends, until, lost)

    def _send(self, appends: Sequence[Append], until: float) -> Sequence[Outcome]:
        """What came of each; what concerns all of them is raised."""
        if not bear_on_each_other(appends) and (outcomes := self._send_as_one(appends, until)):
            return outcomes
        rows = self.database.write(_QUERIES["append_each"], each(appends), tuple_row, until=until)
        return [_outcome(*row) for row in rows]

    def _send_as_one(self, appends: Sequence[Append], until: float) -> Sequence[Appended] | None:
        """What came of each; None when anything was refused and so nothing stored."""
        query, params = _QUERIES["append_all"], together(appends)
        try:
            ((before, started_at),) = self.database.write(query, params, tuple_row, until=until)
        except AppendRefused:
            return None
        return None if before is None else appended(appends, before, started_at)

    def _send_again(self, appends: Sequence[Append], until: float, lost: OutcomeUnknown) -> Sequence[Outcome]:
        """After a lost reply: of the same events, one version each, only the first or the second sending can be stored.

        What is refused now may be so because it was stored before, which shows in the log.
        """
        pause = _FIRST_PAUSE
        while monotonic() + pause < until:
            sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            with suppress(StoreUnavailable, DeadlineExceeded):
                outcomes = self._send(appends, until)
                return [self._as_stored(*pair) for pair in zip(appends, outcomes, strict=True)]
        return [lost] * len(appends)

    def _as_stored(self, append: Append, outcome: Outcome) -> Outcome:
        """The outcome, unless it is a refusal of what turns out to be in the log."""
        if not isinstance(outcome, AppendRefused) or not append.events:
            return outcome
        found = self.read_streams({str(event.originator_id) for event in append.events})
        stored = [_at(found, event) for event in append.events]
        records = [record for record in stored if record is not None]
        if len(records) < len(append.events):
            return outcome
        return Appended(records[0].position, len(records), self.head(), records[-1].recorded_at)

    # reading

    def _selected(
        self,
        way: str,
        after: int,
        limit: int,
        until: int,
        streams: Collection[str] | None,
        topics: Collection[str] | None,
    ) -> list[StoredRecord]:
        wanted: dict[str, object] = {"after": after, "limit": limit, "until": until}
        chosen = None if topics is None else list(topics)
        if streams is None:
            return self._records(f"read_topics{way}", topics=chosen, **wanted)
        return self._records(f"read_log_of_streams{way}", streams=list(streams), topics=chosen, **wanted)

    def _records(self, name: str, **params: object) -> list[StoredRecord]:
        return self._read(name, args_row(StoredRecord), **params)

    def _value(self, name: str, kind: type[Row], **params: object) -> Row:
        (value,) = self._read(name, scalar_row, **params)
        if not isinstance(value, kind):
            raise TypeError(f"{name} gave {value!r}")
        return value

    def _read(self, name: str, row: RowFactory[Row], **params: object) -> list[Row]:
        return self.database.read(_QUERIES[name], params, row)


def _outcome(*row: Any) -> Outcome:
    *appended, state, message, detail = row
    return Appended(*appended) if state is None else error_of(state, message, detail)


def _at(found: Mapping[str, Sequence[StoredRecord]], event: StoredEvent) -> StoredRecord | None:
    """The record of an event that is stored byte for byte."""
    records = found[str(event.originator_id)][event.originator_version - 1 : event.originator_version]
    return next((record for record in records if (record.topic, record.state) == (event.topic, event.state)), None)


def _end(until: int | None) -> int:
    return _NO_END if until is None else until
