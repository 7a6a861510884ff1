"""What callers give to append, and the parameters of the statements that store it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from eventsourcing.persistence import StoredEvent

from service.arrays import BytesArray, IntegerArray, TextArray, UuidArray
from service.store.protocol import ErasableText, LinkCounts, Request, StreamKey, StreamLink


@dataclass(frozen=True, slots=True)
class Append:
    """What one caller gives, to be stored as a whole or not at all (see `EventStore.append`)."""

    events: Sequence[StoredEvent]
    guards: Mapping[str, int]
    link_counts: LinkCounts
    keys: Sequence[StreamKey]
    links: Sequence[StreamLink]
    texts: Sequence[ErasableText]
    request: Request | None

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


def one(append: Append) -> dict[str, Any]:
    """The parameters of the query `append`."""
    key, body_hash, answer = _request(append)
    return columns([append]) | {"request_key": key, "request_hash": body_hash, "request_answer": answer}


def group(appends: Sequence[Append]) -> dict[str, Any]:
    """The parameters of the query `append_group`."""
    requests = [_request(append) for append in appends]
    return columns(appends) | {
        "event_counts": _sizes(appends, lambda append: append.events),
        "guard_counts": _sizes(appends, lambda append: append.guards),
        "count_counts": _sizes(appends, lambda append: append.link_counts),
        "key_counts": _sizes(appends, lambda append: append.keys),
        "link_counts": _sizes(appends, lambda append: append.links),
        "text_counts": _sizes(appends, lambda append: append.texts),
        "request_keys": TextArray(key for key, _, _ in requests),
        "request_hashes": TextArray(body_hash for _, body_hash, _ in requests),
        "request_answers": TextArray(answer for _, _, answer in requests),
    }


def _request(append: Append) -> tuple[str, str, str] | tuple[None, None, None]:
    request = append.request
    return (request.key, request.body_hash, request.answer) if request else (None, None, None)


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
