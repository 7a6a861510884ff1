"""The table of keys, as those see it who let others in: they may look, and note that a key is used."""

from __future__ import annotations

from collections.abc import Collection

from psycopg.rows import args_row, scalar_row

from service import asking
from service.db import Database
from service.keys.keyring import NOTED_SECONDS, Kept
from service.sql import load_queries

QUERIES = load_queries("keys")


class KeyTable:
    """See `service.keys.keyring.Table`. No replica is asked: what it says would be remembered for all."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(self, ids: Collection[str]) -> list[Kept]:
        """Those with these ids."""
        with asking.aside():
            return self._database.read(QUERIES["find"], {"ids": list(ids)}, args_row(Kept))

    def is_any(self) -> bool:
        """Whether there was ever one."""
        with asking.aside():
            (found,) = self._database.read(QUERIES["is_any"], {}, scalar_row)
        return bool(found)

    def note_use(self, name: str) -> None:
        """It is used at this moment; of all processes one notes it, and at most once a minute."""
        self._database.write(QUERIES["note_use"], {"id": name, "seconds": NOTED_SECONDS}, scalar_row)
