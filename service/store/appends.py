"""What callers give to append, and the parameters of the statements that store it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import accumulate, chain
from math import inf
from typing import Any

from eventsourcing.persistence import StoredEvent

from service.arrays import BytesArray, IntegerArray, TextArray, UuidArray
from service.store.protocol import Appended, ErasableText, LinkCounts, Request, StreamKey, StreamLink

MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True)
class Append:
    """What one caller gives, to be stored as a whole or not at all (see `EventStore.append`).

    `until`: the moment (`monotonic`) after which the caller waits no longer.
    """

    events: Sequence[StoredEvent]
    guards: Mapping[str, int]
    link_counts: LinkCounts
    keys: Sequence[StreamKey]
    links: Sequence[StreamLink]
    texts: Sequence[ErasableText]
    request: Request | None
    until: float = inf

    def strings(self) -> Iterator[str]:
        """Every text in it."""
        for event in self.events:
            yield from (str(event.originator_id), event.topic)
        yield from self.guards
        yield from chain.from_iterable(self.link_counts)
        for key in self.keys:
            yield from (key.kind, key.key, key.stream)
        for link in self.links:
            yield from (link.kind, link.source, link.target)
        for text in self.texts:
            yield from (text.scope, text.digest, text.content)
        if self.request is not None:
            yield from (self.request.key, self.request.body_hash, self.request.answer)


def append_of(
    events: Iterable[tuple[str, int, str, bytes]],
    guards: Mapping[str, int],
    link_counts: LinkCounts,
    keys: Sequence[StreamKey],
    links: Sequence[StreamLink],
    texts: Sequence[ErasableText],
) -> Append:
    """An append without a request, of events given as stream, version, topic and state."""
    return Append([StoredEvent(*event) for event in events], guards, link_counts, keys, links, texts, None)


def bear_on_each_other(appends: Sequence[Append]) -> bool:
    """Whether they have to be judged one after the other: for what one guards or counts, or as one is sure to lose."""
    if len(appends) == 1:
        return False
    if any(append.link_counts for append in appends):
        return True
    guards = {stream for append in appends for stream in append.guards}
    places = [(str(event.originator_id), event.originator_version) for append in appends for event in append.events]
    requests = [append.request.key for append in appends if append.request is not None]
    return (
        len(set(places)) < len(places)
        or len(set(requests)) < len(requests)
        or any(stream in guards for stream, _ in places)
    )


def together(appends: Sequence[Append]) -> dict[str, Any]:
    """The parameters of the query `append_all`."""
    ends = list(accumulate(len(append.events) for append in appends))
    asked = [
        (append.request, end - len(append.events) + 1, len(append.events))
        for append, end in zip(appends, ends, strict=True)
        if append.request is not None
    ]
    return columns(appends) | {
        "request_keys": TextArray(request.key for request, _, _ in asked),
        "request_hashes": TextArray(request.body_hash for request, _, _ in asked),
        "request_answers": TextArray(request.answer for request, _, _ in asked),
        "request_places": IntegerArray(place for _, place, _ in asked),
        "request_events": IntegerArray(events for _, _, events in asked),
    }


def appended(appends: Sequence[Append], before: int, started_at: datetime) -> list[Appended]:
    """What the query `append_all` did: one event after another behind the position `before`, 1 µs apart."""
    ends = list(accumulate(len(append.events) for append in appends))
    return [
        Appended(
            first_position=before + end - len(append.events) + 1 if append.events else None,
            count=len(append.events),
            head=before + ends[-1],
            recorded_at=started_at + (end - (1 if append.events else 0)) * MICROSECOND,
            answer=append.request.answer if append.request else None,
        )
        for append, end in zip(appends, ends, strict=True)
    ]


def each(appends: Sequence[Append]) -> dict[str, Any]:
    """The parameters of the query `append_each`."""
    requests = [append.request for append in appends]
    return columns(appends) | {
        "event_counts": _sizes(appends, lambda append: append.events),
        "guard_counts": _sizes(appends, lambda append: append.guards),
        "count_counts": _sizes(appends, lambda append: append.link_counts),
        "key_counts": _sizes(appends, lambda append: append.keys),
        "link_counts": _sizes(appends, lambda append: append.links),
        "text_counts": _sizes(appends, lambda append: append.texts),
        "request_keys": TextArray(request.key if request else None for request in requests),
        "request_hashes": TextArray(request.body_hash if request else None for request in requests),
        "request_answers": TextArray(request.answer if request else None for request in requests),
    }


def _sizes(appends: Iterable[Append], part: Callable[[Append], Any]) -> IntegerArray:
    return IntegerArray(len(part(append)) for append in appends)


def columns(appends: Sequence[Append]) -> dict[str, Any]:
    """The parameters that both queries have: what all give, one after the other, column by column."""
    events = [event for append in appends for event in append.events]
    guards = [guard for append in appends for guard in append.guards.items()]
    counts = [count for append in appends for count in append.link_counts.items()]
    keys = [key for append in appends for key in append.keys]
    links = [link for append in appends for link in append.links]
    texts = [text for append in appends for text in append.texts]
    return {
        "streams": TextArray(str(event.originator_id) for event in events),
        "versions": IntegerArray(event.originator_version for event in events),
        "topics": TextArray(event.topic for event in events),
        "states": BytesArray(event.state for event in events),
        "guard_streams": TextArray(stream for stream, _ in guards),
        "guard_versions": IntegerArray(version for _, version in guards),
        "count_kinds": TextArray(kind for (kind, _), _ in counts),
        "count_targets": TextArray(target for (_, target), _ in counts),
        "count_links": IntegerArray(count for _, count in counts),
        "key_kinds": TextArray(key.kind for key in keys),
        "key_names": TextArray(key.key for key in keys),
        "key_streams": TextArray(key.stream for key in keys),
        "link_kinds": TextArray(link.kind for link in links),
        "link_sources": TextArray(link.source for link in links),
        "link_targets": TextArray(link.target for link in links),
        "text_ids": UuidArray(text.reference for text in texts),
        "text_scopes": TextArray(text.scope for text in texts),
        "text_salts": BytesArray(text.salt for text in texts),
        "text_digests": TextArray(text.digest for text in texts),
        "text_contents": TextArray(text.content for text in texts),
    }
