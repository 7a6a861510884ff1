"""The audit finds whatever a superuser changed, and names the first position at which something is wrong.

The log of these tests has 762 events: checkpoints of 300 and 701, of which 301 and 702 tell, and a tree of 752.
"""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread
from typing import LiteralString

import pytest

from events.tiles import WIDTH
from service.db import KEEPER_ROLE, Database, connect
from service.settings import DatabaseSettings
from service.store.postgres import PostgresStore
from service.tree.audit import PAGE, Audit, Result
from service.tree.keeper import Keeper
from service.tree.notes import Checkpoint, SignedNote, Signer
from service.tree.reading import TreeReader
from tests.conftest import Servers
from tests.integration.tree.conftest import ORIGIN, SIGNER, Kept

SIZE, COVERED, HEAD = 701, 752, 762
FLIPS: dict[str, LiteralString] = {
    "position": "position = position # (1 << 20)",
    "stream": "stream = overlay(stream PLACING chr(ascii(stream) # 1) FROM 1 FOR 1)",
    "version": "version = version # (1 << 20)",
    "topic": "topic = overlay(topic PLACING chr(ascii(topic) # 1) FROM 1 FOR 1)",
    "state": "state = set_byte(state, 0, get_byte(state, 0) # 1)",
    "recorded_at": "recorded_at = recorded_at"
    " + (1 - 2 * (extract(microseconds FROM recorded_at)::bigint % 2)) * interval '1 microsecond'",
}
MISSING = "there is no event"
DOUBLED = "there is more than one event"
CHANGED = "the event is not the one of the checkpoint of {}: it was changed"


@pytest.fixture(scope="module")
def template(servers: Servers) -> Iterator[str]:
    url = servers.migrated(18)
    with Database(DatabaseSettings(url)) as api, Database(DatabaseSettings(url), role=KEEPER_ROLE) as database:
        kept = Kept(PostgresStore(api), database, Keeper(database, SIGNER, ORIGIN))
        for count in (300, 400):
            kept.append(count)
            kept.keeper.catch_up()
            kept.keeper.sign()
        kept.append(50)
        kept.keeper.catch_up()
        kept.append(HEAD - COVERED)
    yield url
    servers.drop(url)


class Suspected:
    """A copy of that log, to be changed by somebody with all rights, and audited."""

    def __init__(self, url: str) -> None:
        self.url = url

    def change(self, *statements: LiteralString) -> None:
        """Each statement changes something."""
        with connect(self.url) as superuser:
            for table in ("events", "tiles", "checkpoints"):
                superuser.execute(f"ALTER TABLE log.{table} DISABLE TRIGGER ALL")
            for statement in statements:
                assert superuser.execute(statement).rowcount

    def audit(self, *signers: Signer, given: Checkpoint | None = None) -> Result:
        keys = [signer.verifier for signer in signers or [SIGNER]]
        with Database(DatabaseSettings(self.url)) as database:
            return Audit(TreeReader(database), keys, given).run(lambda done, total: None)

    def finding(self, *signers: Signer, given: Checkpoint | None = None) -> tuple[int, str]:
        found = self.audit(*signers, given=given).finding
        assert found is not None
        return found

    def checkpoint(self, size: int) -> Checkpoint:
        """A stored checkpoint, as somebody kept it who does not trust the database."""
        with Database(DatabaseSettings(self.url)) as database:
            stored = TreeReader(database).checkpoint(size)
        assert stored is not None
        return SignedNote.parse(stored.note).opened([SIGNER.verifier])[0]

    def rewrite_tree(self) -> None:
        """Makes the tree anew from the log as it is now; the checkpoints stay."""
        self.change("DELETE FROM log.tiles", "DELETE FROM log.tree_edge", "UPDATE log.tree SET size = 0")
        with Database(DatabaseSettings(self.url), role="postgres") as database:
            Keeper(database, None, ORIGIN).step(COVERED)


@pytest.fixture
def log(servers: Servers, template: str) -> Iterator[Suspected]:
    url = servers.copy(template)
    yield Suspected(url)
    servers.drop(url)


def test_an_unchanged_log_is_whole(log: Suspected) -> None:
    assert log.audit() == (HEAD, COVERED, 2, SIZE, None)
    assert log.audit(given=log.checkpoint(300)) == (HEAD, COVERED, 2, SIZE, None)


def test_an_empty_log_is_whole(database_url: str) -> None:
    assert Suspected(database_url).audit() == (0, 0, 0, 0, None)


def test_progress_is_told_up_to_the_end(log: Suspected) -> None:
    told: list[tuple[int, int]] = []
    with Database(DatabaseSettings(log.url)) as database:
        Audit(TreeReader(database), [SIGNER.verifier]).run(lambda done, total: told.append((done, total)))
    assert told[-1] == (HEAD, HEAD)


@pytest.mark.slow
def test_beside_a_busy_service_nothing_is_found(database_url: str) -> None:
    done = Event()
    with (
        Database(DatabaseSettings(database_url)) as api,
        Database(DatabaseSettings(database_url), role="postgres") as own,
    ):
        kept = Kept(PostgresStore(api), own, Keeper(own, SIGNER, ORIGIN))
        kept.append(100)

        def work() -> None:
            while not done.is_set():
                kept.append(70)
                kept.keeper.catch_up()
                kept.keeper.sign()

        thread = Thread(target=work)
        thread.start()
        results = [Suspected(database_url).audit() for _ in range(12)]
        done.set()
        thread.join()
    assert [result.finding for result in results] == [None] * 12
    assert results[0].head < results[-1].head
    assert results[-1].checkpoints


# an event


@pytest.mark.parametrize("column", FLIPS)
@pytest.mark.parametrize(("position", "checkpoint"), [(1, 300), (256, 300), (300, 300), (350, 701), (650, 701)])
def test_one_flipped_bit_of_an_event_is_found(log: Suspected, column: str, position: int, checkpoint: int) -> None:
    log.change(f"UPDATE log.events SET {FLIPS[column]} WHERE position = {position}")  # noqa: S608
    said = MISSING if column == "position" else CHANGED.format(checkpoint)
    assert log.finding() == (position, said)


@pytest.mark.parametrize("column", FLIPS)
def test_one_flipped_bit_under_no_checkpoint_is_found_in_the_tree(log: Suspected, column: str) -> None:
    log.change(f"UPDATE log.events SET {FLIPS[column]} WHERE position = 740")  # noqa: S608
    said = "the event or its hash in the tree was changed; no checkpoint covers it yet"
    assert log.finding() == (740, MISSING if column == "position" else said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (FLIPS["position"], MISSING),
        (FLIPS["stream"], "its version does not follow the one before it in its stream"),
        (FLIPS["version"], "its version does not follow the one before it in its stream"),
        ("recorded_at = recorded_at - interval '1 day'", "it was recorded no later than the event before it"),
    ],
)
def test_events_that_the_tree_does_not_cover_yet_have_to_fit_each_other(log: Suspected, change: str, said: str) -> None:
    log.change(f"UPDATE log.events SET {change} WHERE position = 758")  # noqa: S608
    assert log.finding() == (758, said)


def test_of_several_changes_the_first_is_named(log: Suspected) -> None:
    log.change("UPDATE log.events SET version = version + 1000 WHERE position = 310")
    log.change("UPDATE log.events SET topic = 'Other.v1' WHERE position IN (305, 306, 700)")
    assert log.finding() == (305, CHANGED.format(701))


def test_an_instant_that_no_calendar_has_is_found(log: Suspected) -> None:
    log.change("UPDATE log.events SET recorded_at = 'infinity' WHERE position = 400")
    assert log.finding() == (400, CHANGED.format(701))


def test_a_hole_is_found(log: Suspected) -> None:
    log.change("DELETE FROM log.events WHERE position = 333")
    assert log.finding() == (333, MISSING)


def test_an_event_that_came_between_is_found(log: Suspected) -> None:
    log.change(
        "UPDATE log.events SET position = position + 10000 WHERE position >= 400",
        "INSERT INTO log.events SELECT 400, 'forged', 1, topic, state, recorded_at + interval '1 microsecond' / 2"
        " FROM log.events WHERE position = 399",
        "UPDATE log.events SET position = position - 9999 WHERE position > 10000",
    )
    assert log.finding()[0] == 400


FORGED: LiteralString = (
    "INSERT INTO log.events SELECT {}, 'forged', 1, topic, state, recorded_at FROM log.events WHERE position = {}"
)


@pytest.mark.parametrize(
    ("position", "named", "said"),
    [
        ("0", 0, "there is an event before the first one"),
        ("-7", -7, "there is an event before the first one"),
        ("NULL", 0, "there is an event without a position"),
    ],
)
def test_an_event_outside_of_the_positions_is_found(
    log: Suspected, position: LiteralString, named: int, said: str
) -> None:
    with connect(log.url) as superuser:
        superuser.execute("ALTER TABLE log.events DROP CONSTRAINT events_position_check, DROP CONSTRAINT events_pkey")
        superuser.execute("ALTER TABLE log.events ALTER position DROP NOT NULL")
    log.change(FORGED.format(position, 20))
    assert log.finding() == (named, said)


@pytest.mark.parametrize("page", [PAGE, WIDTH])
@pytest.mark.parametrize("position", [1, 20, 256, 257, 512, 701, 740, 752, 755, HEAD])
def test_a_second_event_at_a_position_is_found(
    log: Suspected, monkeypatch: pytest.MonkeyPatch, position: int, page: int
) -> None:
    monkeypatch.setattr("service.tree.audit.PAGE", page)
    with connect(log.url) as superuser:
        superuser.execute("ALTER TABLE log.events DROP CONSTRAINT events_pkey")
    log.change(FORGED.format(position, position))
    assert log.finding() == (position, DOUBLED)


# the end


def test_a_log_that_was_cut_off_is_found(log: Suspected) -> None:
    log.change("DELETE FROM log.events WHERE position > 650")
    assert log.finding() == (651, "the log ends at 650, the last checkpoint covers 701")


def test_a_log_that_was_cut_off_with_all_traces_is_found_by_an_old_checkpoint(log: Suspected) -> None:
    kept = log.checkpoint(701)
    log.change("DELETE FROM log.events WHERE position > 650", "DELETE FROM log.checkpoints WHERE size > 650")
    log.change("DELETE FROM log.tiles", "DELETE FROM log.tree_edge", "UPDATE log.tree SET size = 0")
    with Database(DatabaseSettings(log.url), role="postgres") as database:
        Keeper(database, None, ORIGIN).catch_up()
    assert log.audit().finding is None
    assert log.finding(given=kept) == (651, "the log ends at 650, the given checkpoint covers 701")


def test_events_that_were_cut_off_behind_the_last_checkpoint_are_missed_by_the_tree(log: Suspected) -> None:
    log.change("DELETE FROM log.events WHERE position > 710")
    assert log.finding() == (711, "the log ends at 710, the tree covers 752")


# the tree


def flipped(table: LiteralString, place: int, where: LiteralString) -> LiteralString:
    return f"UPDATE log.{table} SET hashes = set_byte(hashes, {place}, get_byte(hashes, {place}) # 1) WHERE {where}"  # noqa: S608


@pytest.mark.parametrize(
    ("statement", "position", "checkpoint"),
    [
        (flipped("tiles", 32 * 99 + 7, "tile = 0"), 100, 300),
        (flipped("tiles", 32 * 143, "tile = 1"), 400, 701),
        (flipped("tree_edge", 32 * 100, "level = 0"), 613, 701),
    ],
)
def test_a_changed_hash_of_an_event_is_told_from_a_changed_event(
    log: Suspected, statement: LiteralString, position: int, checkpoint: int
) -> None:
    log.change(statement)
    said = f"its hash in the tree was changed: the event is the one of the checkpoint of {checkpoint}"
    assert log.finding() == (position, said)


def test_a_changed_hash_above_the_leaves_is_told_from_changed_events(log: Suspected) -> None:
    log.change(flipped("tree_edge", 32, "level = 1"))
    said = "the hash 1 in tile 0 of level 1 was changed: the events at positions 257 to 512 are those of"
    assert log.finding() == (257, f"{said} the checkpoint of 701")


def test_without_a_later_checkpoint_nobody_knows_which_was_changed(log: Suspected) -> None:
    log.change("DELETE FROM log.checkpoints WHERE size = 701", "DELETE FROM log.events WHERE position > 701")
    log.change(flipped("tree_edge", 32, "level = 1"))
    said = "the hash 1 in tile 0 of level 1 does not follow from the events at positions 257 to 512"
    assert log.finding() == (257, f"{said}; the last checkpoint is of 300")


def test_a_missing_tile_is_found(log: Suspected) -> None:
    log.change("DELETE FROM log.tiles WHERE tile = 1")
    assert log.finding() == (257, "its hash is missing from the tree (tile 1 of level 0)")


def test_a_tree_that_was_cut_off_is_found(log: Suspected) -> None:
    log.change("DELETE FROM log.tree_edge", "DELETE FROM log.tiles", "UPDATE log.tree SET size = 0")
    assert log.finding() == (1, "the tree ends at 0, the last checkpoint covers 701")


# both


def test_an_event_and_its_tree_changed_together_lie_between_two_checkpoints(log: Suspected) -> None:
    log.change("UPDATE log.events SET topic = 'Other.v1' WHERE position = 400")
    log.rewrite_tree()
    said = "the events and their hashes were changed together: the first difference lies between"
    assert log.finding() == (301, f"{said} the checkpoint of 300 and the checkpoint of 701, at positions 301 to 701")


def test_an_event_and_its_tile_changed_together_lie_in_that_tile(log: Suspected) -> None:
    log.change("CREATE TABLE before AS SELECT * FROM log.tree_edge WHERE level = 1")
    log.change("UPDATE log.events SET topic = 'Other.v1' WHERE position = 400")
    log.rewrite_tree()
    log.change("UPDATE log.tree_edge e SET hashes = b.hashes FROM before b WHERE e.level = b.level")
    said = "the events and their hashes were changed together: the first difference lies between"
    assert log.finding() == (301, f"{said} the checkpoint of 300 and the checkpoint of 701, at positions 301 to 512")


def test_before_the_first_checkpoint_the_difference_lies_after_the_beginning(log: Suspected) -> None:
    log.change("UPDATE log.events SET topic = 'Other.v1' WHERE position = 4")
    log.rewrite_tree()
    position, said = log.finding()
    assert position == 1
    assert "between the beginning and the checkpoint of 300, at positions 1 to 300" in said


def test_all_rewritten_and_signed_anew_with_the_same_key_is_found_by_an_old_checkpoint(log: Suspected) -> None:
    kept = log.checkpoint(300)
    log.change("UPDATE log.events SET topic = 'Other.v1' WHERE position = 20")
    log.change("DELETE FROM log.checkpoints", "DELETE FROM log.events WHERE position > 300")
    log.change("DELETE FROM log.tiles", "DELETE FROM log.tree_edge", "UPDATE log.tree SET size = 0")
    with Database(DatabaseSettings(log.url), role="postgres") as database:
        keeper = Keeper(database, SIGNER, ORIGIN)
        keeper.catch_up()
        keeper.sign()
    assert log.audit().finding is None
    assert "and the given checkpoint of 300, at positions 1 to 300" in log.finding(given=kept)[1]


# checkpoints


def test_a_checkpoint_of_another_key_is_refused(log: Suspected) -> None:
    assert log.audit(SIGNER, Signer("other", bytes(32))).finding is None
    position, said = log.finding(Signer("other", bytes(32)))
    assert (position, said) == (
        301,
        "the checkpoint of 300, of which the log tells here, is not valid."
        f" It is signed by {ORIGIN}, and not with a trusted key.",
    )


def test_a_forged_note_is_refused(log: Suspected) -> None:
    log.change("UPDATE log.checkpoints SET note = replace(note, '701', '700') WHERE size = 701")
    position, said = log.finding()
    assert position == 702
    assert "another checkpoint here than is stored" in said or "does not fit its text" in said


def test_a_note_that_says_something_else_than_the_table_is_refused(log: Suspected) -> None:
    log.change("UPDATE log.checkpoints SET root = set_byte(root, 0, get_byte(root, 0) # 1) WHERE size = 300")
    assert log.finding() == (301, "the checkpoint of 300, of which the log tells here, is stored with another note")


def test_a_checkpoint_that_was_taken_away_is_missed(log: Suspected) -> None:
    log.change("DELETE FROM log.checkpoints WHERE size = 300")
    assert log.finding() == (301, "the log tells of another checkpoint here than is stored")


def test_a_checkpoint_that_the_log_does_not_tell_of_is_found(log: Suspected) -> None:
    log.change("UPDATE log.checkpoints SET position = 310 WHERE size = 300")
    assert log.finding() == (301, "the log tells of another checkpoint here than is stored")


def test_the_checkpoint_of_another_log_is_refused(log: Suspected) -> None:
    other = Checkpoint("example.org/other", 350, bytes(32))
    position, said = log.finding(given=other)
    assert position == 1
    assert "between the beginning and the given checkpoint of 350, at positions 1 to 350" in said
