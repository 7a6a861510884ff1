"""Telling the leader how far its follower is: in a thread of its own, so that nothing waits for it or ends with it."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import NamedTuple
from uuid import UUID

import structlog

from events.text import LONGEST_NAME
from service.feeds.cursor import format_cursor
from service.following.errors import LeaderUnreachable
from service.following.leader import Leader

EVERY_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class Place(NamedTuple):
    """How far a follower is in which log, and what its leader knows it by."""

    id: UUID
    epoch: UUID
    position: int


class Teller:
    """Tells a leader how far its follower is, every few seconds, once that is known.

    What goes wrong with it is logged once, until it goes right again. A leader that takes no such thing is left alone.
    """

    def __init__(self, leader: Leader) -> None:
        self._leader = leader
        self._name = socket.gethostname()[:LONGEST_NAME]
        self._place: Place | None = None
        self._is_wanted = True
        self._is_heard = True

    def begin(self, name: UUID, epoch: UUID, position: int) -> None:
        """The leader knows the follower by this, which has so much of the log."""
        self._place = Place(name, epoch, position)

    def reached(self, position: int) -> None:
        """By now it has so much."""
        if self._place is not None:
            self._place = self._place._replace(position=position)

    @contextmanager
    def telling(self) -> Iterator[None]:
        """It is told for the time of the block."""
        ended = Event()
        thread = Thread(target=self._run, args=(ended,), name="telling", daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()

    def _run(self, ended: Event) -> None:
        while self._is_wanted and not ended.wait(EVERY_SECONDS):
            if self._place is not None:
                self._tell(self._place)

    def _tell(self, place: Place) -> None:
        try:
            self._is_wanted = self._leader.hear(place.id, self._name, format_cursor(place.epoch, place.position))
        except LeaderUnreachable as error:
            if self._is_heard:
                _log.warning("the leader is not told how far this follower is", error=str(error))
            self._is_heard = False
            return
        self._is_heard = True
        if not self._is_wanted:
            _log.info("the leader does not want to be told how far this follower is")
