"""The store in PostgreSQL: one SQL function appends, named queries read."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

from eventsourcing.persistence import StoredEvent
from psycopg.rows import RowFactory, args_row, scalar_row, tuple_row

from service.db import Database
from service.sql import load_queries
from service.store.check import demand_consecutive, demand_storable
from service.store.protocol import (
    NO_COUNTS,
    NO_GUARDS,
    Appended,
    ErasableText,
    LinkCounts,
    Request,
    StoredRecord,
    StoredRequest,
    StreamKey,
    StreamLink,
)

Row = TypeVar("Row")

_QUERIES = load_queries("log")
_NO_END = 2**63 - 1
_LAST_VERSION = 2**31 - 1


class PostgresStore:
    """The event store of the service (see `service.store.protocol.EventStore`), on an open database."""

    def __init__(self, database: Database) -> None:
        self.database = database

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
        """One call is one statement; it is never sent twice."""
        demand_consecutive(events)
        params = _append_params(events, guards, link_counts, keys, links, texts, request)
        demand_storable(_texts_in(params))
        (row,) = self.database.write(_QUERIES["append"], params, args_row(Appended))
        return row

    def read_stream(self, stream: str, *, after: int = 0, until: int | None = None) -> list[StoredRecord]:
        """The events of a stream in order."""
        return self._records("read_stream", stream=stream, after=after, until=_end(until))

    def read_streams(self, streams: Collection[str], *, until: int | None = None) -> dict[str, list[StoredRecord]]:
        """The events of several streams, read in one statement and so as of one moment."""
        found: dict[str, list[StoredRecord]] = {stream: [] for stream in streams}
        for record in self._records("read_streams", streams=list(found), until=_end(until)) if found else ():
            found[record.stream].append(record)
        return found

    def read_log(self, after: int, limit: int, until: int | None = None) -> list[StoredRecord]:
        """The next events of the log."""
        return self._records("read_log", after=after, limit=limit, until=_end(until))

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

    def epoch(self) -> UUID:
        """The identity of this log."""
        return self._value("epoch", UUID)

    def _records(self, name: str, **params: object) -> list[StoredRecord]:
        return self._read(name, args_row(StoredRecord), **params)

    def _value(self, name: str, kind: type[Row], **params: object) -> Row:
        (value,) = self._read(name, scalar_row, **params)
        if not isinstance(value, kind):
            raise TypeError(f"{name} gave {value!r}")
        return value

    def _read(self, name: str, row: RowFactory[Row], **params: object) -> list[Row]:
        return self.database.read(_QUERIES[name], params, row)


def _end(until: int | None) -> int:
    return _NO_END if until is None else until


def _append_params(
    events: Sequence[StoredEvent],
    guards: Mapping[str, int],
    link_counts: LinkCounts,
    keys: Sequence[StreamKey],
    links: Sequence[StreamLink],
    texts: Sequence[ErasableText],
    request: Request | None,
) -> dict[str, Any]:
    return {
        "streams": [event.originator_id for event in events],
        "versions": [event.originator_version for event in events],
        "topics": [event.topic for event in events],
        "states": [event.state for event in events],
        "guard_streams": list(guards.keys()),
        "guard_versions": list(guards.values()),
        "count_kinds": [kind for kind, _ in link_counts],
        "count_targets": [target for _, target in link_counts],
        "count_links": list(link_counts.values()),
        "key_kinds": [key.kind for key in keys],
        "key_names": [key.key for key in keys],
        "key_streams": [key.stream for key in keys],
        "link_kinds": [link.kind for link in links],
        "link_sources": [link.source for link in links],
        "link_targets": [link.target for link in links],
        "text_ids": [text.reference for text in texts],
        "text_scopes": [text.scope for text in texts],
        "text_salts": [text.salt for text in texts],
        "text_digests": [text.digest for text in texts],
        "text_contents": [text.content for text in texts],
        "request_key": request and request.key,
        "request_hash": request and request.body_hash,
        "request_answer": request and request.answer,
    }


def _texts_in(params: Mapping[str, Any]) -> Iterator[str]:
    for value in params.values():
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, str):
                yield item
