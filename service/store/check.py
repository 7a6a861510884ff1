"""What every store refuses before it does anything."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from eventsourcing.persistence import StoredEvent

from service.errors import Unstorable


def demand_storable(texts: Iterable[str]) -> None:
    """Unstorable for text that PostgreSQL cannot hold: the character NUL, or half of a surrogate pair."""
    joined = "\n".join(texts)
    if "\0" in joined:
        raise Unstorable("It holds the character NUL.")
    try:
        joined.encode()
    except UnicodeEncodeError:
        raise Unstorable("It holds half of a surrogate pair.") from None


def demand_consecutive(events: Sequence[StoredEvent]) -> None:
    """ValueError when the versions that are given for one stream do not follow each other from at least 1."""
    last: dict[object, int] = {}
    for event in events:
        version, before = event.originator_version, last.get(event.originator_id)
        if version < 1 or (before is not None and version != before + 1):
            raise ValueError(f"{event.originator_id}: version {version} follows {before or 0}")
        last[event.originator_id] = version
