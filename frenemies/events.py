"""The feed as typed events."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from types import MappingProxyType, TracebackType
from typing import Self

from frenemies.event import EVENT, TEXTS, Event, Line, Text, event_of, texts_of
from frenemies.feed import FeedLines


class Events:
    """The events of a feed, each once and in the order of the log (see `FeedLines`).

    `cursor` says how far everything was handed out: keep it with what you made of the events, in one transaction.
    `texts` are those that the last events refer to, by reference, where they were asked for.
    """

    def __init__(self, lines: FeedLines) -> None:
        self.cursor = lines.cursor
        self.texts: Mapping[str, Text] = MappingProxyType({})
        self._lines = lines
        self._waiting: deque[Line] = deque()

    @property
    def caught_up(self) -> bool:
        """Whether all that the log held was handed out, and nothing broke since."""
        return self._lines.caught_up and not self._waiting

    def close(self) -> None:
        """Ends the iteration, also in another thread that waits for the next event."""
        self._lines.close()

    def __iter__(self) -> Iterator[Event]:
        return self

    def __next__(self) -> Event:
        while not self._lines.is_closed:
            self._pass_markers()
            if self._waiting:
                event = event_of(self._waiting[0].raw)
                self._waiting.popleft()
                self.cursor = event.id
                self._pass_checkpoints()
                return event
            self._waiting.extend(next(self._lines))
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._lines.__exit__(kind, error, at)

    def _pass_markers(self) -> None:
        self._pass_checkpoints()
        while self._waiting and self._waiting[0].kind == TEXTS:
            self.texts = MappingProxyType({text.reference: text for text in texts_of(self._waiting[0].raw)})
            self._waiting.popleft()
            self._pass_checkpoints()

    def _pass_checkpoints(self) -> None:
        while self._waiting and self._waiting[0].kind not in (EVENT, TEXTS):
            self.cursor = self._waiting.popleft().cursor
