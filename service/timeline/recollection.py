"""Entities and articles that were read before, so that the next recording need not read them again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from threading import Lock
from typing import NamedTuple

from events.records import ArticleRecord, EntityRecord, Record

MOST = 20_000


class Place(NamedTuple):
    """Where a stream ends: its version, and the log position of its last event."""

    version: int
    position: int


NOWHERE = Place(0, 0)


class Recollection:
    """The streams that were used last, at most `most`. Safe to use from many threads.

    What is remembered may be out of date, so only decisions may rest on it that stay right (an entity that was there is
    there), or that the append checks (an article that a claim guards).
    """

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._lock = Lock()
        self._kept: OrderedDict[str, tuple[Record, Place]] = OrderedDict()

    def find(self, streams: Iterable[str]) -> dict[str, tuple[Record, Place]]:
        """Those of the streams that are remembered, folded, with where they ended."""
        with self._lock:
            found = {stream: self._kept[stream] for stream in streams if stream in self._kept}
            for stream in found:
                self._kept.move_to_end(stream)
        return found

    def keep(self, stream: str, record: Record, place: Place) -> None:
        """Remembers an entity or an article, unless a later version of it is remembered."""
        if not isinstance(record, EntityRecord | ArticleRecord):
            return
        with self._lock:
            if self._kept.get(stream, (None, NOWHERE))[1].version < place.version:
                self._kept[stream] = (record, place)
            if len(self._kept) > self._most:
                self._kept.popitem(last=False)

    def forget(self, streams: Iterable[str]) -> None:
        """Forgets streams, which may have moved on."""
        with self._lock:
            for stream in streams:
                self._kept.pop(stream, None)
