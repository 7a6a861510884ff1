"""What a store of events promises, and the values that go in and come out.

One log for everything: positions are dense from 1 and the order of commit. `recorded_at` is the store's own clock, in
UTC, and grows strictly with the position. A stream is the part of the log with one name; its versions are dense from 1,
and a stream without events is at version 0. What was appended is never changed.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Protocol
from uuid import UUID

import msgspec
from eventsourcing.persistence import StoredEvent

NO_GUARDS: Mapping[str, int] = MappingProxyType({})
LinkCounts = Mapping[tuple[str, str], int]
"""How many streams link to a target, by kind and target."""
NO_COUNTS: LinkCounts = MappingProxyType({})


class StoredRecord(msgspec.Struct, frozen=True, gc=False):
    """One event as the log holds it; `state` is byte for byte what was appended."""

    position: int
    stream: str
    version: int
    topic: str
    state: bytes
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class StreamKey:
    """A name that is unique within its kind, claimed by a stream."""

    kind: str
    key: str
    stream: str


@dataclass(frozen=True, slots=True)
class StreamLink:
    """One stream refers to another: a claim (source) to its article (target)."""

    kind: str
    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ErasableText:
    """A text that may have to be forgotten; events hold only its reference and the salted digest."""

    reference: UUID
    scope: str
    salt: bytes
    digest: str
    content: str


class Snapshot(msgspec.Struct, frozen=True, gc=False):
    """A stream summed up at a version; `position` is that of its event there. No part of the log."""

    stream: str
    version: int
    position: int
    form: int
    body: bytes
    digest: bytes


class Recent(msgspec.Struct, frozen=True, gc=False):
    """The snapshot of a stream, if there is one, and its events from the one of that version on; else all of them."""

    snapshot: Snapshot | None
    records: list[StoredRecord]


@dataclass(frozen=True, slots=True)
class Request:
    """The idempotency key of a request, the hash of its body, and the answer to give when it is repeated.

    The answer is given before positions are known: a repeat returns it with the positions of the first append.
    """

    key: str
    body_hash: str
    answer: str


@dataclass(frozen=True, slots=True)
class StoredRequest:
    """A request that was answered. `first_position` is None when it appended nothing."""

    key: str
    body_hash: str
    answer: str
    first_position: int | None
    count: int
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class LogEnd:
    """The identity of a log and its last position.

    `is_put_back`: it was put back from a copy and has kept its identity, so somebody may have seen more of it.
    """

    epoch: UUID
    position: int
    is_put_back: bool = False

    def may_lack(self, position: int) -> bool:
        """Whether what was handed out up to a position may be lost; a position that never was is no loss."""
        return self.is_put_back and position > self.position


@dataclass(frozen=True, slots=True)
class Appended:
    """What an append did.

    `first_position` and `count` name the events of the call, at consecutive positions. `head` is the last position of
    the whole log at that moment. `recorded_at` is that of the last event of the call (without events: the moment of the
    call). A repeated request has `replayed` set, the first append's positions and `recorded_at`, and the stored answer.
    """

    first_position: int | None
    count: int
    head: int
    recorded_at: datetime
    replayed: bool = False
    answer: str | None = None

    @property
    def positions(self) -> range:
        """The positions of the events of the call, in their order."""
        first = self.first_position or 0
        return range(first, first + self.count)


class EventStore(Protocol):
    """The log and what is kept beside it. Safe to use from many threads."""

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
        """Stores everything given, or nothing.

        A request that was answered before stores nothing and gives the stored answer (RequestMismatch with another
        body), whatever the rest says. Else each stream of `guards` must be at its version and as many streams as in
        `link_counts` must link to each of its targets (GuardFailed, with what was expected and found), each event
        must have the version after the last one of its stream (StreamConflict), each key must be free or belong to the
        same stream (KeyTaken), and each text must not be stored in its scope under another reference (TextTaken; a text
        that is there under its own reference is fine, as is a link that is there). A StreamConflict or GuardFailed
        says what to read again; OutcomeUnknown that it could not be found out in time whether it was stored: the same
        request may be sent again if it has a key.
        """
        ...

    def read_stream(
        self, stream: str, *, after: int = 0, until: int | None = None, limit: int | None = None
    ) -> list[StoredRecord]:
        """The events of a stream in order, at most `limit` after version `after`, up to log position `until`."""
        ...

    def read_streams(self, streams: Collection[str], *, until: int | None = None) -> dict[str, list[StoredRecord]]:
        """The events of each of the streams up to log position `until`, all as of one moment; empty where none are."""
        ...

    def read_recent(self, streams: Collection[str], form: int) -> dict[str, Recent]:
        """What is kept of each of the streams in a form, and the events since, all as of one moment."""
        ...

    def read_marked(self, stream: str, mark: str, until: int) -> list[StoredRecord]:
        """The amendments in a stream up to version `until`, in any order: all with a mark, and perhaps others."""
        ...

    def keep_snapshot(self, snapshot: Snapshot) -> None:
        """Keeps a snapshot of a stream, in place of the one that there is."""
        ...

    def read_snapshots(self, form: int, after: str, limit: int) -> list[Snapshot]:
        """At most `limit` snapshots in a form, in the order of the names of their streams, those after one."""
        ...

    def read_log(
        self, after: int, limit: int, until: int | None = None, *, of: UUID | None = None
    ) -> list[StoredRecord]:
        """At most `limit` events after position `after` and up to `until`, in order, without a gap. None where this is
        not the log `of` an epoch that is named.
        """
        ...

    def read_selected(
        self,
        after: int,
        limit: int,
        until: int,
        *,
        streams: Collection[str] | None = None,
        topics: Collection[str] | None = None,
    ) -> list[StoredRecord]:
        """As `read_log`, of some streams or topics only. It costs what is in the streams, else in the stretch."""
        ...

    def read_positions(self, positions: Collection[int]) -> list[StoredRecord]:
        """The events at these positions, in order; positions without one are left out."""
        ...

    def read_back(
        self,
        until: int,
        limit: int,
        after: int,
        *,
        streams: Collection[str] | None = None,
        topics: Collection[str] | None = None,
    ) -> list[StoredRecord]:
        """As `read_selected`, from the end: the last ones up to `until` and after `after`, the last of them first."""
        ...

    def head(self) -> int:
        """The last position, 0 for an empty log."""
        ...

    def position_at(self, instant: datetime) -> int:
        """The last position recorded at or before `instant`. Final, unless that is ahead of the clock of the store."""
        ...

    def recorded_at(self, position: int) -> datetime | None:
        """When the event at `position` was recorded; None where there is no event."""
        ...

    def find_keys(self, kind: str, keys: Collection[str]) -> dict[str, str]:
        """The streams that own the keys; keys that nobody owns are left out."""
        ...

    def find_links(self, kind: str, target: str, *, after: str = "", limit: int | None = None) -> list[str]:
        """The sources that link to a target, in the order of their names (by code point), those after `after`."""
        ...

    def find_request(self, key: str) -> StoredRequest | None:
        """The request answered under this key."""
        ...

    def find_texts(self, texts: Collection[tuple[str, str]]) -> dict[tuple[str, str], ErasableText]:
        """The texts stored for pairs of scope and content; pairs that are not stored are left out."""
        ...

    def read_texts(self, references: Collection[UUID]) -> dict[UUID, ErasableText]:
        """The texts behind the references; erased ones are left out."""
        ...

    def find_erased(self, references: Collection[UUID]) -> set[UUID]:
        """Those of the references of which the log tells that their text was erased: it never comes back there."""
        ...

    def text_sizes(self, references: Collection[UUID]) -> dict[UUID, int]:
        """How many bytes the texts behind the references have; erased ones are left out."""
        ...

    def epoch(self) -> UUID:
        """The identity of this log: another one after a restore, so that readers notice."""
        ...

    def end(self) -> LogEnd:
        """The identity of this log and where it ends, read together."""
        ...


class AppendSignal(Protocol):
    """A hint that something was appended. It may come late, twice or never: whoever waits has to poll as well."""

    def wait(self, timeout: float) -> bool:
        """True as soon as something may have been appended since the last call, False after `timeout` seconds."""
        ...

    def close(self) -> None:
        """Wakes whoever waits and frees the connection."""
        ...
