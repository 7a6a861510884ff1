"""Six mistakes that the judges of a fault run have to find."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults import checkers
from tests.faults.mutating import environment, mutant, until_found
from tests.faults.results import Results
from tests.faults.rig import PROJECTORS
from tests.faults.server import DURABLE, Server, end_sessions
from tests.feeding import wait_until
from tests.integration.store.faults import HEAD, run, unlocked
from tests.integration.store.load import stall

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

LAZY = {**DURABLE, "synchronous_commit": "off", "wal_writer_delay": "10s", "wal_writer_flush_after": "1GB"}
ALLOWED = {"FRENEMIES_ALLOW_LOSS": "true"}


@pytest.fixture(scope="module")
def migrated(server: Server) -> Server:
    """A server with a database to be copied."""
    server.template("migrated")
    return server


def without_the_lock(url: str) -> None:
    """Positions come from a sequence, nobody waits for anybody, and some commit later than others."""
    run(
        url,
        "CREATE SEQUENCE log.numbers MINVALUE 0 START 0",
        "GRANT USAGE ON SEQUENCE log.numbers TO frenemies_owner",
    )
    stall(url, 0.3, 0.2)
    unlocked(url, (HEAD, "before := nextval('log.numbers');"))


def test_an_append_without_the_lock_is_found(migrated: Server, results: Results, tmp_path: Path) -> None:
    mistake = environment("appends_without_turns")
    with (
        mutant(migrated, "no_lock", tmp_path, without_the_lock, environment=mistake) as trial,
        trial.rig.load.working(),
    ):
        results.found("an append that takes no lock", until_found(trial, "C4"))


def test_tracking_outside_of_the_transaction_is_found(migrated: Server, results: Results, tmp_path: Path) -> None:
    mistake = environment("tracking_outside_the_transaction")
    with mutant(migrated, "tracking", tmp_path, environment=mistake) as trial:

        def killed() -> list[str]:
            for child in PROJECTORS:
                trial.rig.kill(child)
            return list(checkers.differently_built(trial.differences()))

        with trial.rig.load.working():
            found = until_found(trial, "C7", killed)
    results.found("a projector that notes its position in a transaction of its own", found)


def test_a_cursor_that_includes_its_event_is_found(migrated: Server, results: Results, tmp_path: Path) -> None:
    mistake = environment("cursor_that_includes_its_event")
    with mutant(migrated, "cursor", tmp_path, environment=mistake) as trial, trial.rig.load.working():
        results.found("a cursor that includes its event (>=)", until_found(trial, "C4"))


def test_a_client_that_repeats_without_a_key_is_found(migrated: Server, results: Results, tmp_path: Path) -> None:
    """It is impatient as well: it goes away before it is answered, and asks again."""
    with mutant(migrated, "no_key", tmp_path, has_keys=False) as trial:
        trial.rig.load.within = 0.03
        with trial.rig.load.working(companies=2):
            results.found("a client that repeats without a key", until_found(trial, "C3"))


def test_a_reader_that_trusts_notices_only_is_found(migrated: Server, results: Results, tmp_path: Path) -> None:
    with mutant(migrated, "notices", tmp_path, environment=environment("notices_only")) as trial:
        with trial.rig.load.working():
            trial.goes_on(20)
            wait_until(lambda: end_sessions(trial.rig.url, "frenemies-listen"))
            trial.goes_on(20)
            trial.over(within=2 * trial.limits["lag"])
        (found,) = checkers.late(trial.times, {"lag": trial.limits["lag"]})
    results.found("a feed that waits for notices only", found)


def test_an_acknowledgement_before_the_commit_is_on_disk_is_found(
    results: Results, tmp_path: Path, data_folder: Path
) -> None:
    """The server says that an append is committed, and writes it down later; then it is killed."""
    server = Server(data_folder, LAZY)
    try:
        server.template("migrated")
        with mutant(server, "lazy", tmp_path, environment=ALLOWED) as trial, trial.rig.load.working():
            trial.goes_on(30)
            server.kill()
            server.start()
            results.found("an acknowledgement before the commit is on disk", until_found(trial, "C1"))
    finally:
        server.close()
