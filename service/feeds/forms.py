"""The forms of the feed: how its events, and what is told between them, are put together in each."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

BATCH = "application/cloudevents-batch+json"
EVENT_STREAM = "text/event-stream"
NDJSON = "application/x-ndjson"
ATOM = "application/atom+xml"
CAUGHT_UP, CHECKPOINT, TEXTS, ENDED = "caught-up", "checkpoint", "texts", "ended"
"""The names of what is told in an event stream between the events, which have none."""
HEARTBEAT = b": heartbeat\n\n"


def batch(events: Iterable[bytes]) -> bytes:
    """A page (CloudEvents 1.0.2, JSON batch format)."""
    return b"[%b]" % b",".join(events)


def lines(events: Iterable[bytes]) -> bytes:
    """Lines of JSON, one event each."""
    return b"\n".join((*events, b""))


def streamed(cursor: str, event: bytes) -> bytes:
    """An event in an event stream (WHATWG HTML, 9.2); its last id is the cursor."""
    return b"id: %b\ndata: %b\n\n" % (cursor.encode(), event)


def marker(name: str, cursor: str, told: bytes) -> bytes:
    """What is told between the events of an event stream, by a name; it moves the last id."""
    return b"event: %b\n%b" % (name.encode(), streamed(cursor, told))


def beginning(retry_ms: int) -> bytes:
    """The beginning of an event stream: how long a client waits before it comes back.

    It is a part of what is told first: some clients take it for an event where it stands alone.
    """
    return b"retry: %d\n" % retry_ms


def ending(detail: str) -> bytes:
    """The end of an event stream, with the reason; the last id stays, so a client goes on where it is."""
    return b"event: %b\ndata: %b\n\n" % (ENDED.encode(), msgspec.json.encode({"reason": detail}))
