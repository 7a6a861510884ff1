"""How far the feed was read, and that nothing is missing or comes twice."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode

from frenemies.errors import Gap
from frenemies.event import EVENT, TEXTS, Line

_LENGTH = 24
_POSITION = 16


class Track:
    """The last cursor and position. Where no events were chosen, each position has to follow the one before.

    `position` is None as long as it is not known where reading begins.
    """

    def __init__(self, cursor: str | None, position: int | None, *, is_whole: bool) -> None:
        self.cursor = cursor
        self.position = position
        self._is_whole = is_whole

    def take(self, line: Line) -> None:
        """Moves on behind a line. Gap where something is missing before it, or it came already."""
        if line.kind == TEXTS:
            return
        last = self.position
        if last is not None:
            is_event = line.kind == EVENT
            expected = last + is_event
            if line.position < expected and not is_event:
                return
            if line.position < expected or (self._is_whole and line.position > expected):
                raise Gap(last, line.position)
        self.cursor, self.position = line.cursor, line.position


def position_of(cursor: str) -> int | None:
    """The position in a cursor, for the check that nothing is missing behind it; None where it holds none."""
    try:
        raw = urlsafe_b64decode(cursor)
    except (binascii.Error, ValueError):
        return None
    return int.from_bytes(raw[_POSITION:], "big") if len(raw) == _LENGTH else None
