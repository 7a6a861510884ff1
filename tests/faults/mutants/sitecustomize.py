"""Puts one mistake into every Python process that has this folder first on its path (see `tests.faults.mutating`).

`site` imports it before anything else runs, so the processes of the service need to know nothing of it.
"""

from __future__ import annotations

import os
from typing import Any


def appends_without_turns() -> None:
    """Callers of one process append at the same time, each for itself (the lock in the database is another matter)."""
    from service.store.grouping import Grouping

    def submit(self: Any, given: Any, patience: float) -> Any:
        (outcome,) = self._work([given])
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    Grouping.submit = submit  # type: ignore[method-assign]


def tracking_outside_the_transaction() -> None:
    """A projector notes how far it is before it has written what belongs to it."""
    from time import sleep

    from service.projections import projector

    def commit(self: Any, records: Any, after: int) -> None:
        with self._database.transaction() as connection:
            position, history = self.begin(connection)
            if position != after:
                return
            connection.execute(projector._QUERIES["advance"], {"position": records[-1].position})
        sleep(0.1)
        with self._database.transaction() as connection:
            self.handle(connection, records, history)

    projector.Projector._commit = commit  # type: ignore[method-assign]


def cursor_that_includes_its_event() -> None:
    """Whoever follows the feed is told the last event again: >= in the place of >."""
    from service.timeline.feed import Feed

    page = Feed.page

    def inclusive(self: Feed, after: int, *more: Any, **named: Any) -> Any:
        return page(self, max(after - 1, 0), *more, **named)

    Feed.page = inclusive  # type: ignore[method-assign]


def notices_only() -> None:
    """Who follows the log waits for notices, and never looks by itself."""
    from service.live import tailing

    tailing.POLL_SECONDS = 3_600.0


_MISTAKES = {
    one.__name__: one
    for one in (
        appends_without_turns,
        tracking_outside_the_transaction,
        cursor_that_includes_its_event,
        notices_only,
    )
}
if _mistake := _MISTAKES.get(os.environ.get("FAULTS_MISTAKE", "")):
    _mistake()
