"""Making, listing and revoking keys: for whoever runs the service."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from psycopg.rows import args_row

from events.errors import Unknown
from events.text import clean_name
from service.db import Database
from service.keys.scopes import SCOPES
from service.keys.table import QUERIES
from service.keys.text import digest_of, is_id, new_key
from service.listing import Listed, read_listed

ACTIVE, EXPIRED, REVOKED = "active", "expired", "revoked"


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed; `state` is what it is at this moment."""

    id: str
    name: str
    scopes: Sequence[str]
    state: str
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Issued:
    """A new key, with what is told this once."""

    key: Key
    secret: str = field(repr=False)


def some_keys(database: Database, limit: int) -> Listed[Key]:
    """Keys that were ever made, at most so many: those first that are good, the newest of them.

    The login of the database has to be allowed to look at them.
    """
    return read_listed(database, QUERIES["some"], {"limit": limit}, Key)


class Issuer:
    """The use cases. The login of the database has to own the table."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, name: str, scopes: Collection[str], expires_at: datetime | None = None) -> Issued:
        """A new key. Invalid for a name that is none."""
        name = clean_name(name, "/name")
        id_, secret = new_key()
        params = {
            "id": id_,
            "digest": digest_of(secret.encode()),
            "name": name,
            "scopes": [scope for scope in SCOPES if scope in scopes],
            "expires_at": expires_at,
        }
        (made,) = self._database.write(QUERIES["create"], params, args_row(Key))
        return Issued(made, secret)

    def some(self) -> list[Key]:
        """All keys that were ever made, the oldest first."""
        return self._database.read(QUERIES["list"], {}, args_row(Key))

    def revoke(self, name: str) -> Key:
        """Ends a key for ever, by its id. Unknown where there is none. One that ended before stays as it is."""
        found = self._database.write(QUERIES["revoke"], {"id": name}, args_row(Key)) if is_id(name) else []
        if not found:
            raise Unknown(f"there is no key {name!r}; `frenemies keys list` names them by their ids")
        return found[0]
