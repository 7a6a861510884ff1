"""A service with something in every table, backups of it, and databases to put them back into."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from psycopg.sql import SQL, Identifier

from service.backup.archive import Archive
from service.backup.identity import Proof, Settled
from service.backup.restoring import put_back
from service.backup.tables import BACKED_UP
from service.backup.writing import backup_of
from service.bootstrap import log_keeper, prepare
from service.db import connect
from service.settings import Settings
from service.tree.notes import Checkpoint, Signer
from tests.conftest import Servers
from tests.integration.following.conftest import SIGNER, Site, Sites, sample_signed

ME = "tester"
OTHER = Signer("example.org/another", bytes(range(1, 33)))
SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"


def quiet(what: str, done: int, total: int) -> None:
    """Nobody looks how far it is."""


def written(url: str) -> bytes:
    """A backup of a database."""
    file = io.BytesIO()
    with backup_of(url) as backup:
        backup.verify(quiet)
        backup.write(file, "1.0", quiet)
    return file.getvalue()


def restored(backup: bytes, url: str, note: str | None = None, *keys: Signer) -> Settled:
    """What becomes of an empty database."""
    proof = Proof(note, [key.verifier for key in keys])
    settled = put_back(Archive(io.BytesIO(backup)), url, url, proof, ME, quiet)
    prepare(Settings(), url)
    return settled


def rows(url: str, *tables: str) -> dict[str, list[Any]]:
    """Every row of tables that a backup holds."""
    with connect(url) as connection:
        return {
            table: sorted(
                connection.execute(SQL("SELECT * FROM {}").format(Identifier(*table.split(".")))).fetchall(), key=str
            )
            for table in tables or BACKED_UP
        }


def signed(size: int, root: bytes, signer: Signer = SIGNER) -> str:
    """A checkpoint as somebody outside may have kept it."""
    return signer.sign(Checkpoint(signer.verifier.name, size, root))


def fill(site: Site) -> None:
    """Has every table hold something."""
    with connect(site.url) as connection:
        for statement in FILLING:
            connection.execute(statement)


FILLING = (
    "INSERT INTO log.requests VALUES ('k', 'h', '{}', NULL, 0, now())",
    "INSERT INTO projections.acts (done_by, act, projection, stream, position, event_type, reason, outcome)"
    " VALUES ('me', 'skip', 'other', 'claim-x', 7, 'Noted', 'why', 'left out')",
    f"INSERT INTO hooks.subscriptions (id, owner, url, position) VALUES ('{SUBSCRIPTION}', 'me', 'https://x', 5)",
    f"INSERT INTO hooks.secrets VALUES ('{SUBSCRIPTION}', 'whsec_a', NULL)",
    "INSERT INTO hooks.deliveries (subscription, position, edition, concerns, due)"
    f" VALUES ('{SUBSCRIPTION}', 5, 1, '{{entity-a}}', now())",
    "INSERT INTO access.keys (id, digest, name, scopes) VALUES ('abcdefghij', sha256('x'), 'n', '{admin}')",
    "INSERT INTO log.erased VALUES (gen_random_uuid(), 3)",
    "INSERT INTO log.restores VALUES (1, now(), 'them', NULL, 3, NULL, false, gen_random_uuid(), gen_random_uuid())",
)


@pytest.fixture
def sites(servers: Servers) -> Iterator[Sites]:
    with ExitStack() as keep:
        yield Sites(servers, keep)


@pytest.fixture(scope="session")
def sample_with_checkpoints(servers: Servers) -> str:
    """A database with the sample, in which the log tells of two checkpoints."""
    return sample_signed(servers)


@pytest.fixture
def site(sites: Sites, sample_with_checkpoints: str) -> Site:
    """A service that holds the sample; its log ends with an event that tells of a checkpoint."""
    return sites.new(sample_with_checkpoints)


@pytest.fixture(scope="session")
def sample_backup(sample_with_checkpoints: str) -> bytes:
    """A backup of the sample."""
    return written(sample_with_checkpoints)


@pytest.fixture
def newest(sample_with_checkpoints: str) -> str:
    """The newest checkpoint of the sample, as somebody outside has kept it."""
    with connect(sample_with_checkpoints) as connection:
        row = connection.execute("SELECT note FROM log.checkpoints ORDER BY number DESC").fetchone()
    assert row is not None
    return str(row[0])


def keep_tree(url: str, signer: Signer = SIGNER) -> None:
    """Takes everything into the tree, and signs a checkpoint of it."""
    settings = Settings(log_key=signer.secret(), log_origin=signer.verifier.name)
    with log_keeper(settings, url) as (keeper, _):
        keeper.introduce()
        keeper.catch_up()
        keeper.sign()
        keeper.catch_up()
