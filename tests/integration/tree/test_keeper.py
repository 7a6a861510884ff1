"""The keeper: whatever happens to it, the tree is the one of all events, and nothing signed is contradicted."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event, Thread
from time import monotonic

import pytest
from psycopg.rows import tuple_row

from events.codec import decode
from events.event_types import LogCheckpointed
from events.identity import CHECKPOINTS_STREAM
from events.merkle import is_consistent, is_included
from service.db import KEEPER_ROLE, Database, connect
from service.errors import HistoryImmutable, ServiceError, StoreError, StreamConflict
from service.settings import DatabaseSettings
from service.tree.errors import TreeDamaged
from service.tree.keeper import Keeper
from service.tree.notes import SignedNote, Signer
from service.tree.pace import Pace
from service.tree.proofs import LogProofs
from service.tree.runner import KeeperRunner
from tests.integration.tree.conftest import ORIGIN, SIGNER, Kept

LONGEST = 30.0
AT_ONCE = Pace(quiet=0, spacing=0, longest=0)
PROGRAM = """
import sys
from service.bootstrap import log_keeper
from service.settings import Settings
with log_keeper(Settings(), sys.argv[1]) as (keeper, _):
    while keeper.step(limit=3):
        pass
"""


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = monotonic() + LONGEST
    while not condition():
        assert monotonic() < deadline, "it did not come to pass"


def assert_whole(kept: Kept) -> None:
    """The tree covers the log, and is the one that all its events give in one go."""
    edge = kept.reader.edge()
    assert edge.size == kept.store.head()
    assert edge.root() == kept.root_in_one_go(edge.size)


@pytest.mark.parametrize("postgres_major", [18, 15])
def test_the_tree_is_the_one_of_all_events_whatever_the_steps(kept: Kept, postgres_major: int) -> None:
    for count in (1, 2, 255, 256, 300):
        kept.append(count)
        while kept.keeper.step(limit=random.Random(count).randint(1, 200)):
            pass
        assert_whole(kept)


def test_an_empty_log_has_the_empty_tree_and_no_checkpoint(kept: Kept) -> None:
    assert kept.keeper.step() == 0
    assert kept.keeper.sign() is None
    assert kept.reader.edge().root() == kept.root_in_one_go(0)


# what kills it


def caught_up(keeper: Keeper) -> int:
    """Steps until nothing is left, whatever breaks meanwhile, and gives how often something did."""
    broken = 0
    while True:
        try:
            if not keeper.step(limit=7):
                return broken
        except ServiceError:
            broken += 1


@pytest.mark.slow
def test_a_keeper_whose_connections_are_killed_at_random_makes_the_same_tree(kept: Kept, database_url: str) -> None:
    kept.append(3_000)
    done, chance = Event(), random.Random(5)

    def kill() -> None:
        with connect(database_url) as killer:
            while not done.wait(chance.uniform(0, 0.03)):
                killer.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND application_name = 'frenemies-keeper'"
                )

    thread = Thread(target=kill)
    thread.start()
    broken = caught_up(kept.keeper)
    done.set()
    thread.join()
    assert broken
    assert_whole(kept)


def killed_at(url: str, goal: Callable[[], bool]) -> None:
    """Runs a keeper as a program, and kills it as soon as it has reached a goal."""
    with subprocess.Popen([sys.executable, "-c", PROGRAM, url]) as process:
        wait_until(lambda: goal() or process.poll() is not None)
        process.kill()


@pytest.mark.slow
def test_a_keeper_whose_process_is_killed_at_random_makes_the_same_tree(kept: Kept, database_url: str) -> None:
    kept.append(3_000)
    chance = random.Random(7)
    for _ in range(5):
        size = kept.reader.tree().size + chance.randint(1, 300)
        killed_at(database_url, lambda: kept.reader.tree().size >= size)  # noqa: B023
        edge = kept.reader.edge()
        assert edge.size < 3_000
        assert edge.root() == kept.root_in_one_go(edge.size)
    kept.keeper.catch_up()
    assert_whole(kept)


def test_two_keepers_at_once_make_one_tree(kept: Kept, keeper_database: Database) -> None:
    kept.append(1_000)
    keepers = [Thread(target=Keeper(keeper_database, None, ORIGIN).catch_up) for _ in range(4)]
    for thread in keepers:
        thread.start()
    for thread in keepers:
        thread.join()
    assert_whole(kept)


@pytest.fixture
def runners(database_url: str) -> Iterator[Callable[[], KeeperRunner]]:
    """Starts loops that keep the tree, each with connections of its own."""
    with ExitStack() as keep:

        def start() -> KeeperRunner:
            database = keep.enter_context(Database(DatabaseSettings(database_url), role=KEEPER_ROLE))
            runner = KeeperRunner(Keeper(database, SIGNER, ORIGIN), database, AT_ONCE)
            thread = Thread(target=runner.run)
            thread.start()
            keep.callback(thread.join, LONGEST)
            keep.callback(runner.stop)
            return runner

        yield start


@pytest.mark.slow
def test_one_of_several_loops_leads_and_another_takes_over(kept: Kept, runners: Callable[[], KeeperRunner]) -> None:
    first = runners()
    kept.append(5)
    wait_until(lambda: kept.reader.tree().size == 6)  # with the event of the checkpoint
    runners()
    kept.append(5)
    wait_until(lambda: kept.reader.tree().size == 12)
    first.stop()
    kept.append(5)
    wait_until(lambda: kept.reader.tree().size == 18)
    assert [stored.size for stored in kept.reader.checkpoints(0, 100)] == [5, 11, 17]
    assert_whole(kept)


# checkpoints


def test_a_checkpoint_is_stored_and_told_of_in_the_log(kept: Kept) -> None:
    kept.append(300)
    kept.keeper.catch_up()
    made = kept.keeper.sign()
    assert made is not None
    assert (made.number, made.size, made.root, made.position) == (1, 300, kept.root_in_one_go(300), 301)
    assert kept.reader.checkpoint(300) == kept.reader.newest_checkpoint() == made
    checkpoint, key = SignedNote.parse(made.note).opened([SIGNER.verifier])
    assert (checkpoint.origin, checkpoint.size, checkpoint.root) == (ORIGIN, 300, made.root)
    assert str(key) == made.key
    (row,) = kept.store.read_stream(CHECKPOINTS_STREAM)
    event = decode(row.topic, row.state, row.stream, row.version)
    assert isinstance(event, LogCheckpointed)
    assert (row.position, event.size, event.note) == (301, 300, made.note)


def test_a_log_that_grew_by_checkpoints_alone_is_covered(kept: Kept) -> None:
    kept.append(3)
    kept.keeper.catch_up()
    assert kept.keeper.growth() == (3, 0)
    kept.keeper.sign()
    kept.keeper.catch_up()
    assert kept.keeper.growth() == (4, 4)
    kept.append(1)
    kept.keeper.catch_up()
    assert kept.keeper.growth() == (5, 4)


def test_a_tree_that_did_not_grow_is_not_signed_again(kept: Kept) -> None:
    kept.append(3)
    kept.keeper.catch_up()
    assert kept.keeper.sign() is not None
    assert kept.keeper.sign() is None


def test_without_a_key_the_tree_is_kept_and_nothing_is_signed(kept: Kept, keeper_database: Database) -> None:
    kept.append(3)
    keeper = Keeper(keeper_database, None, ORIGIN)
    keeper.introduce()
    assert keeper.catch_up() == 3
    assert keeper.sign() is None
    assert kept.reader.tree() == (3, 3, ORIGIN, None)


def test_a_log_goes_by_its_epoch_where_no_name_is_given(kept: Kept, keeper_database: Database) -> None:
    kept.append(1)
    keeper = Keeper(keeper_database, SIGNER, None)
    keeper.introduce()
    keeper.catch_up()
    made = keeper.sign()
    assert made is not None
    assert made.note.startswith(f"frenemies-log/{kept.store.epoch()}\n1\n")
    assert kept.reader.tree().origin == f"frenemies-log/{kept.store.epoch()}"


def test_after_a_change_of_keys_old_checkpoints_stand_under_the_old_one(kept: Kept, keeper_database: Database) -> None:
    newer = Signer("example.org/newer", bytes(32))
    kept.append(3)
    kept.keeper.catch_up()
    kept.keeper.sign()
    kept.append(3)
    kept.keeper.catch_up()
    Keeper(keeper_database, newer, ORIGIN).sign()
    assert kept.reader.verifier_keys() == [(str(SIGNER.verifier), 3), (str(newer.verifier), 7)]
    notes = [SignedNote.parse(stored.note) for stored in kept.reader.checkpoints(0, 100)]
    for note, key in zip(notes, [SIGNER.verifier, newer.verifier], strict=True):
        assert note.opened([key])[1] == key


def test_every_checkpoint_is_the_beginning_of_every_later_one(kept: Kept) -> None:
    for count in (1, 1, 5, 250, 256, 1, 300):
        kept.append(count)
        kept.keeper.catch_up()
        kept.keeper.sign()
    proofs, stored = LogProofs(kept.store.database), kept.reader.checkpoints(0, 10_000)
    assert len(stored) == 7
    for first in stored:
        for second in stored[first.number - 1 :]:
            proof = proofs.consistency(first.size, second.size)
            assert is_consistent(first.size, second.size, proof.hashes, first.root, second.root)


def test_every_event_is_included_in_the_newest_checkpoint(kept: Kept) -> None:
    kept.append(600)
    kept.keeper.catch_up()
    made = kept.keeper.sign()
    assert made is not None
    proofs = LogProofs(kept.store.database)
    for position in (1, 2, 255, 256, 257, 512, 513, 600):
        proof = proofs.inclusion(position)
        assert is_included(proof.leaf_hash, position - 1, 600, proof.hashes, made.root)


def test_a_checkpoint_is_published_once(kept: Kept) -> None:
    kept.append(3)
    kept.keeper.catch_up()
    made = kept.keeper.sign()
    assert made is not None
    with pytest.raises(StreamConflict), kept.database.transaction() as connection:
        connection.execute("SELECT log.publish_checkpoint(1, 9, %s, 'k', 'n', 't', 's')", [made.root])
    assert kept.store.head() == 4


# what it does not do


def test_it_does_not_sign_a_tree_that_does_not_contain_the_last_checkpoint(kept: Kept, database_url: str) -> None:
    kept.append(10)
    kept.keeper.catch_up()
    kept.keeper.sign()
    kept.append(10)
    kept.keeper.catch_up()
    with connect(database_url) as superuser:
        superuser.execute("UPDATE log.tree_edge SET hashes = set_byte(hashes, 32, get_byte(hashes, 32) # 1)")
    with pytest.raises(TreeDamaged, match="does not contain the signed checkpoint of 10"):
        kept.keeper.sign()


def test_it_stops_before_a_position_with_two_events(kept: Kept, database_url: str) -> None:
    kept.append(10)
    with connect(database_url) as superuser:
        superuser.execute("ALTER TABLE log.events DROP CONSTRAINT events_pkey")
        superuser.execute(
            "INSERT INTO log.events SELECT position, 'forged', 1, topic, state, recorded_at FROM log.events"
            " WHERE position = 5"
        )
    with pytest.raises(TreeDamaged, match="more than one event at position 5"):
        kept.keeper.step(limit=5)
    assert kept.reader.tree().size == 0


def test_it_stops_before_a_hole_and_at_a_log_that_is_too_short(kept: Kept, database_url: str) -> None:
    kept.append(10)
    kept.keeper.step(limit=5)
    with connect(database_url) as superuser:
        superuser.execute("ALTER TABLE log.events DISABLE TRIGGER ALL")
        superuser.execute("DELETE FROM log.events WHERE position = 7")
        with pytest.raises(TreeDamaged, match="no event at position 7"):
            kept.keeper.step()
        superuser.execute("DELETE FROM log.events WHERE position > 3")
    with pytest.raises(TreeDamaged, match="ends at 3, the tree covers 5"):
        kept.keeper.step()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE log.tiles SET tile = 9",
        "DELETE FROM log.tiles",
        "TRUNCATE log.tiles",
        "UPDATE log.checkpoints SET size = 9",
        "DELETE FROM log.checkpoints",
        "TRUNCATE log.checkpoints",
    ],
)
def test_full_tiles_and_checkpoints_are_never_changed(kept: Kept, database_url: str, statement: str) -> None:
    kept.append(256)
    kept.keeper.catch_up()
    kept.keeper.sign()
    with pytest.raises(StoreError, match="InsufficientPrivilege"), kept.database.connection() as connection:
        connection.execute(statement)
    with Database(DatabaseSettings(database_url), role="postgres") as owner, pytest.raises(HistoryImmutable):
        owner.write(statement, {}, tuple_row)


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO log.events VALUES (1, 'a', 1, 't', '', now())",
        "INSERT INTO log.checkpoints VALUES (1, 1, '', 'k', 'n', 1)",
        "SELECT * FROM log.texts",
        "SELECT log.append('{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}','{}',"
        "'{}','{}',NULL,NULL,NULL)",
    ],
)
def test_its_role_may_append_checkpoints_and_nothing_else(kept: Kept, statement: str) -> None:
    with pytest.raises(StoreError, match="InsufficientPrivilege"), kept.database.connection() as connection:
        connection.execute(statement)
