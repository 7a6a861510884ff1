"""The loop that keeps a follower going: one leader's lock per database, and pauses after what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from time import monotonic

import structlog

from service.db import Connection, Database
from service.errors import ServiceError
from service.following.errors import Halted, LeaderUnreachable
from service.following.follower import Follower
from service.following.taking import Taker
from service.leading import POLL_SECONDS, Leader

LONGEST_PAUSE = 5.0
HALTED_PAUSE = 15.0
LONGEST_ASKED = 300.0
"""Seconds that a leader may ask to be left alone."""
_BEAT_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class FollowerRunner:
    """Runs a follower until stopped. Of several runners one is at work; another one goes on when it is gone."""

    def __init__(self, follower: Follower, database: Database) -> None:
        self._follower = follower
        self._taker = Taker(database)
        self._leader = Leader(database, "following", pause=LONGEST_PAUSE)
        self._pause = POLL_SECONDS

    def stop(self) -> None:
        """Ends `run` soon."""
        self._leader.stopped.set()
        self._follower.stop()

    def run(self) -> None:
        """Follows, or waits to, until stopped. What is wrong with the database or the leader is waited out."""
        self._leader.run(self._tell_and_go_on)

    def _tell_and_go_on(self, connection: Connection) -> None:
        with self._follower.teller.telling():
            self._go_on(connection)

    def _go_on(self, connection: Connection) -> None:
        """Follows again and again; what was halted is tried again, too, and checked as strictly."""

        def still() -> None:
            connection.execute("SELECT 1")  # the lock is gone when the connection is

        while not self._leader.stopped.is_set():
            begun = monotonic()
            try:
                self._follower.follow(still)
                pause = self._pause = POLL_SECONDS
            except (Halted, LeaderUnreachable) as error:
                if self._leader.stopped.is_set():
                    return
                is_halted = isinstance(error, Halted)
                if monotonic() - begun > LONGEST_PAUSE:
                    self._pause = POLL_SECONDS
                self._pause = HALTED_PAUSE if is_halted else min(self._pause * 2, LONGEST_PAUSE)
                asked = 0.0 if isinstance(error, Halted) else error.retry_after
                pause = max(self._pause, min(asked, LONGEST_ASKED))
                _log.error("following failed", error=str(error), halted=is_halted, next_try_in=pause)
                self._taker.fail(str(error), is_halted=is_halted)
            except ServiceError as error:
                # What is wrong with the database may be about a single statement, and so can be told there.
                with suppress(ServiceError):
                    self._taker.fail(str(error), is_halted=False)
                raise
            self._wait(pause, still)

    def _wait(self, seconds: float, still: Callable[[], None]) -> None:
        until = monotonic() + seconds
        while (left := until - monotonic()) > 0 and not self._leader.stopped.wait(min(left, _BEAT_SECONDS)):
            still()
