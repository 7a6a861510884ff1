"""The parameters of the clocks, resolved to a point: days, and the log position that answers."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from uuid import UUID

from events.errors import DomainError, Invalid, InvalidDate
from events.temporal import parse_day
from events.text import clean_id
from service import asking
from service.errors import ReadSideBehind
from service.projections.index import Reached
from service.store.protocol import EventStore, LogEnd
from service.timeline.views import Clocks

_POSITION = re.compile("[0-9]{1,18}")
_INSTANT = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]{1,6}))?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_FARTHEST_OFFSET = timedelta(hours=14)
_LONGEST_PAUSE = 0.05


def parse_instant(text: str) -> datetime:
    """An instant of RFC 3339 in UTC. InvalidDate without an offset, for a leap second, or below the microsecond."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise InvalidDate(f"{text!r} is no instant like 2026-11-20T15:50:00Z (RFC 3339, to the microsecond at most)")
    if match[6] in ("-00:00",):
        raise InvalidDate(f"{text!r}: the offset is unknown")
    try:
        parse_day(match[1])
        instant = datetime.fromisoformat(text.upper())
        offset = instant.utcoffset() or timedelta()
        if int(match[2]) > 23 or abs(offset) > _FARTHEST_OFFSET:
            raise InvalidDate(f"{text!r}: hours run from 00 to 23 and offsets to 14:00")
        return instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidDate(f"{text!r} is no instant between the years 0001 and 9999") from None


class ClockReader:
    """Resolves clock parameters against the log and the read side."""

    def __init__(
        self,
        store: EventStore,
        epoch: Callable[[], UUID],
        reached: Callable[[str | None], Reached],
        longest_wait: float,
        now: Callable[[], datetime],
    ) -> None:
        self._store = store
        self._epoch = epoch
        self._last: tuple[tuple[int, UUID], datetime | None] | None = None
        self._reached = reached
        self._longest_wait = longest_wait
        self._now = now

    def resolve(
        self,
        as_of: str | None = None,
        published_by: str | None = None,
        recorded_by: str | None = None,
        according_to: str | None = None,
        min_position: int | None = None,
        entity: str | None = None,
    ) -> Clocks:
        """The point that the parameters of a question about an entity mean; Invalid names the parameter in its pointer.

        Waits, up to a limit, until the read side has seen `min_position` and `recorded_by`; ReadSideBehind after it.
        """
        day = _day(as_of, "as_of") if as_of is not None else self._now().date().toordinal()
        limit = _day(published_by, "published_by") if published_by is not None else None
        wanted = self._position(recorded_by) if recorded_by is not None else None
        needed = {"recorded_by": wanted or 0, "min_position": min_position or 0}
        reached = self._reached(entity)
        if reached.position < max(needed.values()):
            self._demand_there(needed)
            reached = self.wait_for(max(needed.values()), entity)
        position = reached.position if wanted is None else wanted
        perspective = clean_id(according_to, "according_to") if according_to is not None else None
        return Clocks(day, limit, position, self._recorded_at(position), perspective, reached.mark, reached.since)

    def end(self) -> LogEnd:
        """The identity of the log and where it ends."""
        return self._store.end()

    def _recorded_at(self, position: int) -> datetime | None:
        """When the last event up to a position was recorded; known for the last position that was asked for."""
        asked = position, self._epoch()
        known = self._last
        if known is None or known[0] != asked:
            known = self._last = asked, self._store.recorded_at(position)
        return known[1]

    def wait_for(self, position: int, entity: str | None = None) -> Reached:
        """How far the read side is, once it is at `position` at least."""
        deadline = time.monotonic() + asking.patience(self._longest_wait)
        pause = 0.001
        while (reached := self._reached(entity)).position < position:
            if time.monotonic() > deadline:
                raise ReadSideBehind(f"It is at {reached.position}, not yet at {position}.")
            time.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)
        return reached

    def _demand_there(self, positions: Mapping[str, int]) -> None:
        """Invalid for a parameter whose position the log does not have yet."""
        with asking.aside():
            head = self._store.head()
        for name, position in positions.items():
            if position > head:
                raise Invalid(f"the log has no position {position} yet", name)

    def _position(self, text: str) -> int:
        """The log position that a position or an instant means."""
        if _POSITION.fullmatch(text):
            return int(text)
        try:
            instant = parse_instant(text)
        except InvalidDate as error:
            raise error.at("recorded_by") from None
        with asking.aside():  # a replica may lack what was recorded by then
            newest = self._store.recorded_at(self._store.head())
            if instant > self._now() and (newest is None or instant > newest):
                raise Invalid(f"{text} is in the future: nobody knows what will be recorded", "recorded_by")
            return self._store.position_at(instant)


def _day(text: str, parameter: str) -> int:
    try:
        return parse_day(text)
    except DomainError as error:
        raise error.at(parameter) from None
