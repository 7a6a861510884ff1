"""Spans: what a request or a piece of work was made of, and how long each part of it took.

Nothing comes of them until somebody calls `use`, as `service.telemetry` does where OpenTelemetry is installed and told
where to send them; until then they cost a call each.
"""

from __future__ import annotations

from types import TracebackType
from typing import Protocol, Self

About = str | int
"""What a span says of itself: never what was sent."""


class Span(Protocol):
    """Something that takes time: the time of the block. An error that ends it is noted by the name of its class."""

    trace_id: str | None

    def note(self, **about: About) -> None:
        """Says something of it that was not known before."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class Tracer(Protocol):
    """What makes spans."""

    def whole(self, name: str, parent: str | None, about: dict[str, About]) -> Span:
        """See `whole`."""

    def part(self, name: str, about: dict[str, About]) -> Span:
        """See `part`."""


class _Nothing:
    """The span that nobody hears of."""

    trace_id: str | None = None

    def note(self, **about: About) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


NOTHING: Span = _Nothing()
_tracer: Tracer | None = None


def use(tracer: Tracer | None) -> None:
    """Has all spans of this process go there; None for nowhere."""
    global _tracer  # noqa: PLW0603
    _tracer = tracer


def whole(name: str, parent: str | None = None, **about: About) -> Span:
    """A piece of work. `parent`: the `traceparent` of a request, for which it goes on with the trace of the client."""
    return NOTHING if _tracer is None else _tracer.whole(name, parent, about)


def part(name: str, **about: About) -> Span:
    """A part of the piece of work that is under way; nothing where none is."""
    return NOTHING if _tracer is None else _tracer.part(name, about)
