"""The database with a replica beside it, from which questions are answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Self, TypeVar

from psycopg.rows import RowFactory

from service import asking
from service.db import Database
from service.errors import BrokenOff, DeadlineExceeded, Locked, StoreUnavailable
from service.replica.standing import Standing
from service.replica.watch import Watch
from service.settings import DatabaseSettings

Row = TypeVar("Row")
PATIENCE = 1.0
"""For how many seconds a question waits on the replica for what that lacks, before the primary is asked."""
LOCK_SECONDS = 0.25
"""For how many it waits there for a lock: that is let go of only once the replay goes on."""


class Replicated(Database):
    """The primary, which is asked for everything but what is asked of the replica (see `service.asking`).

    Whatever writes goes to the primary; connections to the replica can only read.
    """

    def __init__(
        self,
        primary: DatabaseSettings,
        replica: DatabaseSettings,
        longest_lag: float,
        *,
        role: str,
        name: str,
        schema: str,
        behind: Sequence[str],
    ) -> None:
        """`longest_lag`: seconds that the replica may be behind to be asked."""
        super().__init__(primary, role=role, name=name, schema=schema, behind=behind)
        patient = replace(replica, lock_timeout=min(LOCK_SECONDS, replica.lock_timeout))
        self._replica = Database(
            patient, role=role, name=f"{name}-replica", schema=schema, behind=behind, is_read_only=True
        )
        self._watch = Watch(primary.url, replica.url, longest_lag, self._replica.give_up)

    def open(self) -> Self:
        """Starts to connect to both, and to watch the replica."""
        super().open()
        self._replica.open()
        self._watch.begin()
        return self

    def close(self) -> None:
        """Closes all connections; the object cannot be used again."""
        self._watch.close()
        self._replica.close()
        super().close()

    def standing(self) -> Standing:
        """How the replica stands."""
        return self._watch.standing()

    def patience(self, standing: Standing) -> float:
        """For how many seconds a question may wait there: not at all where the replica lacks something for longer."""
        return PATIENCE if standing.lag_seconds < PATIENCE else 0.0

    def read(self, query: str, params: Mapping[str, object], row: RowFactory[Row]) -> list[Row]:
        """The rows of a query that changes nothing, from the server that answers the question.

        A replica is asked once. Where it is out of reach, nobody asks it before it was looked at again.
        """
        question = asking.current()
        if question is None:
            return super().read(query, params, row)
        question.has_asked = True
        try:
            return self._replica.read_once(query, params, row)
        except BrokenOff:
            raise
        except DeadlineExceeded as error:
            if not isinstance(error, Locked) and not isinstance(error.__cause__, Locked):
                raise
            self._watch.fail()
            raise StoreUnavailable("On the replica it is locked.") from error
        except StoreUnavailable:
            self._watch.fail()
            raise
