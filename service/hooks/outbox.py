"""What the sender reads and notes: which subscriptions there are, what waits for them, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import msgspec
from psycopg.rows import args_row, scalar_row

from service.db import Database
from service.feeds.schemas import SHAPES
from service.hooks.queue import Pending
from service.hooks.sending import Answer
from service.sql import load_queries
from service.timeline.feed import Wanted

ACTIVE, PAUSED, DISABLED = "active", "paused", "disabled"
STATES = (ACTIVE, PAUSED, DISABLED)
WAITING, FAILED, LEASED, DELIVERED, PARKED = "waiting", "failed", "leased", "delivered", "parked"
DELIVERY_STATES = (WAITING, FAILED, LEASED, DELIVERED, PARKED)
WEBHOOK, PULL = "webhook", "pull"
MODES = (WEBHOOK, PULL)
MOST_ATTEMPTS_KEPT = 20
QUERIES = load_queries("hooks")


class Followed(NamedTuple):
    """A subscription as the sender sees it: everything up to `position` was taken for it or left out."""

    id: UUID
    state: str
    position: int
    edition: int
    wanted: Wanted


class Letter(NamedTuple):
    """Where an event goes in an edition of its subscription, and the secrets that sign it, the present one first."""

    edition: int
    url: str
    secrets: list[str]


class Outbox:
    """The tables of the sender. For many threads."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def followed(self) -> list[Followed]:
        """All subscriptions to which events are sent."""
        return self._database.read(QUERIES["followed"], {}, args_row(_followed))

    def pending(self, name: UUID) -> list[Pending]:
        """What waits for a subscription, in the order of the log."""
        return self._database.read(QUERIES["pending"], {"id": name}, args_row(_pending))

    def count_parked(self, name: UUID) -> int:
        """How many events of a subscription were given up."""
        (count,) = self._database.read(QUERIES["count_parked"], {"id": name}, scalar_row)
        return int(count)

    def take(self, one: Followed, taken: Sequence[Pending], last: int, now: datetime, most: int) -> bool:
        """Enters events and moves the subscription on to `last`, both or neither; False where it was changed meanwhile.

        Of the delivered events the newest `most` are kept.
        """
        params = {
            "id": one.id,
            "after": one.position,
            "edition": one.edition,
            "last": last,
            "now": now,
            "positions": [event.position for event in taken],
            "concerns": ["\n".join(sorted(event.concerns)) for event in taken],
        }
        with self._database.transaction() as connection:
            is_taken = connection.execute(QUERIES["take"], params).fetchone() is not None
            if is_taken and taken:
                connection.execute(QUERIES["forget_delivered"], {"id": one.id, "most": most})
        return is_taken

    def begin(self, name: UUID, event: Pending, now: datetime) -> Letter | None:
        """Where to send an event; None when it is not to be sent any more."""
        params = {"id": name, "position": event.position, "edition": event.edition, "now": now}
        found = self._database.read(QUERIES["begin"], params, args_row(Letter))
        return found[0] if found else None

    def finish(self, name: UUID, event: Pending, at: datetime, answer: Answer, state: str, due: datetime) -> bool:
        """Notes an attempt that began at an instant; False when the event is not to be sent any more."""
        params = {
            "id": name,
            "position": event.position,
            "edition": event.edition,
            "state": state,
            "tries": event.tries + 1,
            "due": due,
            "attempt": msgspec.json.encode(attempt(at, answer)).decode(),
            "most": MOST_ATTEMPTS_KEPT,
        }
        return bool(self._database.write(QUERIES["finish"], params, scalar_row))

    def pause_ownerless(self) -> list[tuple[UUID, str]]:
        """Sends nothing any more for keys that have ended; which subscriptions that concerns, and why."""
        return self._database.write(QUERIES["pause_ownerless"], {}, args_row(_paused))

    def disable(self, name: UUID, edition: int, reason: str) -> bool:
        """Sends nothing to a subscription any more, until it is resumed; False where it was changed meanwhile."""
        params = {"id": name, "edition": edition, "reason": reason}
        return bool(self._database.write(QUERIES["disable"], params, scalar_row))


def attempt(at: datetime, answer: Answer) -> dict[str, object]:
    """An attempt as it is kept and told."""
    return {
        "at": at,
        "result": answer.result,
        "status": answer.status,
        "seconds": round(answer.seconds, 3),
        "detail": answer.detail,
    }


def _followed(
    name: UUID, state: str, position: int, edition: int, topics: list[str] | None, entities: list[str] | None
) -> Followed:
    return Followed(name, state, position, edition, wanted(topics, entities))


def _paused(name: UUID, reason: str) -> tuple[UUID, str]:
    return name, reason


def wanted(topics: Sequence[str] | None, entities: Sequence[str] | None) -> Wanted:
    """Which events those are; a topic without a version stands for all that there are by now."""
    chosen = None if topics is None else {one for one in SHAPES if one in topics or one.rpartition(".")[0] in topics}
    return Wanted(None if chosen is None else frozenset(chosen), None if entities is None else frozenset(entities))


def _pending(position: int, edition: int, concerns: list[str], tries: int, due: datetime) -> Pending:
    return Pending(position, edition, frozenset(concerns), tries, due)
