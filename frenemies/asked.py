"""What a feed is asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from frenemies.track import Track, position_of

Point = datetime | int | str


class Asked(NamedTuple):
    """Which events (see `Client.events`)."""

    after: str | None = None
    since: datetime | str | None = None
    types: Sequence[str] = ()
    entities: Sequence[str] = ()
    until: Point | None = None
    follow: bool = False
    texts: bool = False
    patience: float = 0.0

    def query(self) -> dict[str, str]:
        """The parameters that stay the same in every question. ValueError for what cannot be asked."""
        if self.follow and self.until is not None:
            raise ValueError("what is followed has no end: give follow or until, not both")
        if self.after is not None and self.since is not None:
            raise ValueError("after and since both say where to begin: give one of them")
        named = {"type": ",".join(self.types), "entity": ",".join(self.entities), "until": written(self.until)}
        texts = {"include": "texts"} if self.texts else {}
        return {name: value for name, value in named.items() if value} | texts

    def beginning(self) -> dict[str, str]:
        """The parameter that says where to begin, as long as there is no cursor."""
        return {} if self.since is None else {"since": written(self.since)}

    def track(self) -> Track:
        """The place where reading begins."""
        position = position_of(self.after) if self.after is not None else 0 if self.since is None else None
        return Track(self.after, position, is_whole=not (self.types or self.entities))


def written(point: object) -> str:
    """A day, an instant or a position as the service reads it. ValueError for an instant without its offset."""
    if point is None:
        return ""
    if not isinstance(point, datetime):
        return str(point)
    if point.tzinfo is None:
        raise ValueError("an instant needs its offset from UTC")
    return point.isoformat()
