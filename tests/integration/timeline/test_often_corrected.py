"""A claim that is corrected very often: its next correction is decided as the first one was, and as fast."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from events.errors import Conflict
from events.identity import claim_stream
from events.snapshots import FORM
from service.bootstrap import build, snapshot_audit
from service.db import Database, connect
from service.errors import StoreUnavailable
from service.settings import Settings
from service.store import snapshots
from service.store.postgres import PostgresStore
from service.timeline.timeline import Timeline
from service.timeline.views import Outcome
from tests.integration.timeline.test_recording import ARTICLE, SCENE, record

TIMES = 40
RETRACTION = {"record": "retraction", "of": "c1", "reason": "not in the text"}
REINSTATEMENT = {"record": "reinstatement", "of": "c1", "reason": "in the text after all"}


def correction(number: int, reason: str = "") -> dict[str, Any]:
    changes = {"attributes": {"round": f"round {number}"}}
    return {"record": "correction", "of": "c1", "changes": changes, "reason": reason or f"slip {number}"}


@pytest.fixture(autouse=True)
def short_tail(monkeypatch: pytest.MonkeyPatch) -> None:
    """A claim is summed up after three events, so that few corrections are many."""
    monkeypatch.setattr(snapshots, "LONGEST_TAIL", 3)


@pytest.fixture
def store(database: Database) -> PostgresStore:
    return PostgresStore(database)


@pytest.fixture
def deep(timeline: Timeline) -> str:
    """The stream of a claim that was retracted, reinstated and corrected again and again."""
    claim = record(timeline, *SCENE, RETRACTION, REINSTATEMENT).items[4].id
    for number in range(TIMES):
        record(timeline, correction(number))
    return claim_stream(claim)


@pytest.fixture
def other(database_url: str) -> Iterator[Timeline]:
    """The use cases in another process."""
    services = build(Settings(), database_url)
    yield services.timeline
    services.close()


def version(outcome: Outcome) -> tuple[int, bool]:
    return outcome.items[-1].version, outcome.items[-1].changed


def demand_right(timeline: Timeline) -> None:
    """Everything that was ever done is a repeat, and what is new is recorded."""
    here = 3 + TIMES
    for again in (correction(0), correction(17), correction(TIMES - 1), RETRACTION, REINSTATEMENT):
        assert version(record(timeline, again)) == (here, False)
    with pytest.raises(Conflict):
        record(timeline, REINSTATEMENT | {"reason": "for another reason"})
    assert version(record(timeline, correction(0, "another slip"))) == (here + 1, True)
    assert version(record(timeline, correction(0, "again"), correction(0, "another slip"))) == (here + 1, False)
    assert version(record(timeline, RETRACTION | {"reason": "really not"})) == (here + 2, True)
    with pytest.raises(Conflict):
        record(timeline, RETRACTION | {"reason": "really, really not"})


def test_decisions_rest_on_a_snapshot_and_are_right(timeline: Timeline, store: PostgresStore, deep: str) -> None:
    (kept,) = store.read_snapshots(FORM, "", 10)
    assert (kept.stream, 3 + TIMES - kept.version <= 4) == (deep, True)
    demand_right(timeline)


def test_another_process_goes_by_the_snapshot_too(deep: str, other: Timeline) -> None:
    demand_right(other)


@pytest.mark.parametrize(
    "damage",
    [
        "DELETE FROM log.snapshots",
        "UPDATE log.snapshots SET body = set_byte(body, 20, get_byte(body, 20) # 1)",
        "UPDATE log.snapshots SET version = version - 5",
        "UPDATE log.snapshots SET version = version + 500",
        "UPDATE log.snapshots SET position = position - 1",
        "UPDATE log.snapshots SET digest = ''",
        "UPDATE log.snapshots SET form = form + 1",
        "UPDATE log.snapshots SET body = '{}', digest = sha256('{}')",
    ],
)
def test_a_lost_or_wrong_snapshot_is_not_believed_and_made_anew(
    timeline: Timeline, store: PostgresStore, deep: str, database_url: str, damage: str
) -> None:
    with connect(database_url) as owner:
        owner.execute(damage.encode())
    demand_right(timeline)
    assert snapshot_audit(Settings(), database_url) == (1, ())


def test_a_forged_snapshot_is_found_by_the_audit(store: PostgresStore, deep: str, database_url: str) -> None:
    rows = store.read_stream(deep)
    early = snapshots.folded(rows[:5])
    assert early is not None
    forged = snapshots.snapshot_of(early, rows[-1])  # type: ignore[arg-type]
    store.keep_snapshot(forged)
    assert snapshot_audit(Settings(), database_url) == (1, (forged,))


def test_a_snapshot_that_cannot_be_kept_hinders_nothing(
    timeline: Timeline, monkeypatch: pytest.MonkeyPatch, database_url: str
) -> None:
    def fail(*_: object) -> None:
        raise StoreUnavailable

    monkeypatch.setattr(PostgresStore, "keep_snapshot", fail)
    record(timeline, *SCENE, RETRACTION, REINSTATEMENT)
    for number in range(TIMES):
        record(timeline, correction(number))
    demand_right(timeline)
    assert snapshot_audit(Settings(), database_url) == (0, ())


def test_two_processes_that_correct_at_once_lose_nothing(
    timeline: Timeline, other: Timeline, store: PostgresStore, deep: str, database_url: str
) -> None:
    def correct(number: int) -> tuple[int, bool]:
        while True:
            try:
                return version(record((timeline, other)[number % 2], correction(number)))
            except Conflict:  # others were faster every time
                continue

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(correct, range(1_000, 1_060)))
    assert sorted(made) == [(3 + TIMES + number, True) for number in range(1, 61)]
    assert [row.version for row in store.read_stream(deep)] == list(range(1, 3 + TIMES + 61))
    assert snapshot_audit(Settings(), database_url) == (1, ())


def test_a_corrected_article_moves_every_date_that_a_summed_up_claim_ever_had(
    timeline: Timeline, store: PostgresStore, deep: str
) -> None:
    dated = {"record": "correction", "of": "c1", "changes": {"time": {"kind": "instant", "edtf": "2001"}}}
    published = {"record": "correction", "of": ARTICLE["url"], "changes": {"published": "2015-11-04"}, "reason": "slip"}
    outcome = record(timeline, dated | {"reason": "no rule"}, published)
    moved = snapshots.event_of(store.read_stream(deep)[-1])
    assert outcome.items[1].also_moved == (deep.removeprefix("claim-"),)
    assert [(one.before.edtf, one.after.edtf) for one in moved.moved] == [("2013", "2014")]  # type: ignore[attr-defined]
    assert version(record(timeline, correction(7))) == (3 + TIMES + 2, False)


def test_a_claim_that_is_corrected_now_and_then_is_not_summed_up(timeline: Timeline, store: PostgresStore) -> None:
    record(timeline, *SCENE)
    for number in range(2):
        record(timeline, correction(number))
    assert store.read_snapshots(FORM, "", 10) == []


def test_the_service_may_keep_snapshots_and_not_delete_them(database: Database, deep: str) -> None:
    with pytest.raises(Exception, match="InsufficientPrivilege"), database.connection() as connection:
        connection.execute("DELETE FROM log.snapshots")
