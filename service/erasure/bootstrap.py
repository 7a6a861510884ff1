"""The composition root of erasing: what finds, erases, and tidies up on one database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

from service.db import API_ROLE, ERASER_ROLE, PROJECTOR_ROLE, Database
from service.erasure.again import Reapplied, reapply
from service.erasure.eraser import Eraser
from service.erasure.finding import Finder
from service.erasure.ledger import Ledger
from service.erasure.tidying import tidy
from service.projections.forgetting import forget_erased
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.settings import Settings
from service.store.postgres import PostgresStore

ERASE_SECONDS = 60.0
"""How long a statement that erases may take, and wait for its turn."""


@contextmanager
def erasing(settings: Settings, url: str) -> Iterator[tuple[Database, Finder, Eraser]]:
    """A database with what finds the texts of a subject in it, and what erases them.

    To look for traces of what is erased is to read the whole log, which takes as long as it takes.
    """
    own = settings.database(url)
    patient = replace(own, statement_timeout=ERASE_SECONDS, lock_timeout=ERASE_SECONDS)
    with (
        Database(
            replace(own, statement_timeout=0), role=API_ROLE, name="frenemies-erase", schema=schema_of(INDEX)
        ) as database,
        Database(patient, role=ERASER_ROLE, name="frenemies-erase") as writing,
    ):
        yield database, Finder(database), Eraser(writing)


def epoch_of(database: Database) -> UUID:
    """The identity of the log of a database."""
    return PostgresStore(database).epoch()


def forget_copies(settings: Settings, url: str) -> None:
    """Takes what was erased out of all tables of the index, also those that nobody keeps current."""
    with Database(settings.database(url), role=PROJECTOR_ROLE, name="frenemies-erase") as database:
        forget_erased(database)


def tidy_up(settings: Settings, url: str) -> list[str]:
    """Has the server let go of deleted rows of what was erased; the names of tables that our login may not tidy up."""
    return tidy(settings.migrate_url or url)


def erase_again(settings: Settings, url: str, ledger: Ledger) -> Reapplied:
    """Erases what a ledger tells of and the database has again, as after a restore. A second time does nothing.

    Nobody is told any of it if this ran before anybody is served. LedgerUnusable names what is wrong with the file.
    """
    with erasing(settings, url) as (database, _, eraser):
        done = reapply(ledger.entries(), database, eraser)
    forget_copies(settings, url)
    tidy_up(settings, url)
    return done
