"""Keys of a database, made and revoked as the command does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from service.bootstrap import key_issuer
from service.keys.issuing import Issued, Issuer
from service.settings import Settings

EXPIRED = timedelta(seconds=-1)


@contextmanager
def issuing(url: str) -> Iterator[Issuer]:
    """What makes and revokes keys, with the login that migrates."""
    with key_issuer(Settings(), url) as issuer:
        yield issuer


def issued(url: str, *scopes: str, lasting: timedelta | None = None) -> Issued:
    """A new key; `lasting` for so long."""
    with issuing(url) as issuer:
        return issuer.create("tester", scopes, None if lasting is None else datetime.now(UTC) + lasting)


def revoke(url: str, key: Issued) -> None:
    with issuing(url) as issuer:
        issuer.revoke(key.key.id)


def bearer(key: Issued | str) -> dict[str, str]:
    return {"Authorization": f"Bearer {key if isinstance(key, str) else key.secret}"}
