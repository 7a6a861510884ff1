"""The projector: batches, repetition, poison, and more than one runner."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import UUID

import pytest
from eventsourcing.persistence import StoredEvent

from events.codec import encode
from service.bootstrap import projection
from service.db import Connection, Database, connect
from service.errors import DeadlineExceeded, StoreUnavailable
from service.projections.index import Index, Reached
from service.projections.indexing import INDEX, IndexProjection
from service.projections.projection import History
from service.projections.projector import Projector
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from service.store.protocol import EventStore, StoredRecord
from service.timeline.clocks import ClockReader
from service.timeline.recording import decide_on
from service.timeline.workspace import Workspace
from tests.integration.projections.conftest import DEADLINE, SCHEMA, TABLES, execute, rows
from tests.integration.projections.stories import Story, append
from tests.recorded import ME, Recorded, draft_of

SAMPLE = Path(__file__).parents[3] / "service" / "sample"


@pytest.fixture
def history() -> list[dict[str, Any]]:
    lines = [*(SAMPLE / "five_articles.ndjson").open("rb"), *(SAMPLE / "later_reports.ndjson").open("rb")]
    records: list[dict[str, Any]] = [json.loads(line) for line in lines]
    widened = {
        "participants": [{"role": "investor", "entity": "canonical"}, {"role": "investee", "entity": "mirantis"}]
    }
    return [
        *records,
        {"record": "correction", "of": "000-02", "changes": widened, "reason": "another investor"},
        {
            "record": "retraction",
            "of": "000-03",
            "reason": "misread",
            "article": "https://networkworld.com/article/2159567",
        },
        {"record": "rename", "of": "adrian-ionel", "name": "A. Ionel", "since": "2015"},
        {"record": "merge", "of": "nicira", "into": "vmware", "reason": "the same"},
        {"record": "unmerge", "of": "nicira", "into": "vmware", "reason": "not the same"},
    ]


@pytest.fixture
def filled(store: PostgresStore, history: list[dict[str, Any]]) -> PostgresStore:
    """A store with the sample and some amendments."""
    copied(Recorded(history).store, store)
    return store


def copied(source: EventStore, target: EventStore) -> None:
    rows = source.read_log(0, 10_000)
    references = [reference for row in rows for reference in seals(json.loads(row.state))]
    texts = list(source.read_texts(references).values())
    target.append([StoredEvent(r.stream, r.version, r.topic, r.state) for r in rows], texts=texts)


def seals(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        if set(value) == {"reference", "digest"}:
            yield UUID(value["reference"])
        for item in value.values():
            yield from seals(item)
    elif isinstance(value, list):
        for item in value:
            yield from seals(item)


def projector(url: str, store: EventStore) -> tuple[Projector, Database]:
    database = Database(DatabaseSettings(url), role="frenemies_projector", schema=SCHEMA).open()
    return Projector(INDEX, store, database), database


def test_the_size_of_the_batches_does_not_matter(servers: Any, history: list[dict[str, Any]]) -> None:
    recorded, found = Recorded(history).store, []
    for size in (1, 7, 1_000):
        url = servers.migrated(18)
        with Database(DatabaseSettings(url)) as database:
            store = PostgresStore(database)
            copied(recorded, store)
            worker, own = projector(url, store)
            while worker.step(size):
                pass
            assert worker.position() == store.head()
            found.append(rows(url))
            own.close()
        servers.drop(url)
    assert found[0] == found[1] == found[2]
    assert all(found[0][table] for table in TABLES if table != "entity_identifiers")


def test_handling_everything_twice_changes_nothing(database_url: str, filled: PostgresStore) -> None:
    worker, own = projector(database_url, filled)
    worker.catch_up()
    first = rows(database_url)
    execute(database_url, "UPDATE checkpoint SET position = 0")
    worker.catch_up()
    assert rows(database_url) == first
    own.close()


def test_a_corrected_claim_is_found_under_what_it_says_now_and_what_it_said(
    database_url: str, filled: PostgresStore, database: Database
) -> None:
    worker, own = projector(database_url, filled)
    worker.catch_up()
    index = Index(database)
    stream = filled.find_keys("ref", ["000-02"])
    assert stream == {}, "keys are not copied: claims are found by the tables alone"
    both = set(index.claims_of(["canonical"], ["mirantis"], 1_000)) & set(
        index.claims_of(["red-hat"], ["mirantis"], 1_000)
    )
    assert both
    own.close()


def test_a_poison_event_parks_its_stream_and_nothing_else(database_url: str, store: PostgresStore) -> None:
    work = Workspace(store, ME)
    decide_on(work, draft_of({"record": "entity", "id": "ant", "kind": "company", "name": "Ant"}))
    store.append([StoredEvent("entity-bad", 1, "NobodyKnows.v1", b"{}")])
    store.append([StoredEvent("entity-worse", 1, "EntityRegistered.v2", b"not json")])
    store.append([StoredEvent("entity-bad", 2, "EntityRenamed.v1", b"{}")])
    stored = [StoredEvent(e.originator_id, e.originator_version, *encode(e)) for e in work.events]
    store.append(stored)
    worker, own = projector(database_url, store)
    assert worker.catch_up() == store.head() == 4
    parked = execute(database_url, "SELECT stream, position FROM parked ORDER BY position")
    assert parked == [("entity-bad", 1), ("entity-worse", 2)]
    assert [row[0] for row in rows(database_url)["entities"]] == ["ant"]
    own.close()


def test_a_text_that_is_not_what_was_sealed_is_not_entered(database_url: str, filled: PostgresStore) -> None:
    tampered = "UPDATE log.texts SET content = 'Mallory' WHERE content = 'Pat Gelsinger' RETURNING reference"
    (kept,) = execute(database_url, tampered)
    worker, own = projector(database_url, filled)
    worker.catch_up()
    shown = {(name, reference) for _, _, name, reference in rows(database_url)["entities"]}
    names = {name for _, name, *_ in rows(database_url)["entity_names"]}
    own.close()
    assert "Mallory" not in names | {name for name, _ in shown}
    assert kept[0] not in {reference for _, reference in shown}
    assert "Adrian Ionel" in names


class Slow(IndexProjection):
    """Something happens to the connection while more than 20 events are handled."""

    def __init__(self, happen: Callable[[Connection], object]) -> None:
        self.happen = happen
        self.sizes: list[int] = []

    def handle(self, connection: Connection, records: Sequence[StoredRecord], history: History) -> None:
        """Keeps the sizes of the batches."""
        self.sizes.append(len(records))
        if len(records) > 20:
            self.happen(connection)
        super().handle(connection, records, history)


def take_too_long(connection: Connection) -> None:
    connection.execute("SELECT pg_sleep(60)")


def end(connection: Connection) -> None:
    """As the server does with a transaction that was idle for too long."""
    info = connection.info
    with connect(f"postgresql:///{info.dbname}?host={info.host}&port={info.port}&user={info.user}") as owner:
        owner.execute("SELECT pg_terminate_backend(%s, 10000)", [info.backend_pid])


@pytest.mark.parametrize(("happen", "error"), [(take_too_long, DeadlineExceeded), (end, StoreUnavailable)])
def test_a_batch_that_takes_too_long_is_halved_until_it_fits_and_grows_again(
    database_url: str, store: PostgresStore, happen: Callable[[Connection], object], error: type[Exception]
) -> None:
    append(store, Story().tell(100))
    slow = Slow(happen)
    settings = DatabaseSettings(database_url, statement_timeout=0.2)
    with Database(settings, role="frenemies_projector", schema=SCHEMA) as own:
        worker = Projector(slow, store, own)
        for _ in range(3):
            with pytest.raises(error):
                worker.step()
        assert [worker.step(), worker.step()] == [12, 13]
        assert worker.position() == 25
    assert slow.sizes == [100, 50, 25, 12, 13]


def test_the_projector_has_limits_of_its_own_not_those_of_requests(database_url: str) -> None:
    limits = "SELECT current_setting('statement_timeout'), current_setting('idle_in_transaction_session_timeout')"
    hasty = Settings(statement_timeout=0.5)
    with projection(hasty, database_url, INDEX) as (worker, _), worker._database.connection() as own:
        assert own.execute(limits).fetchall() == [("1min", "1min")]


def test_another_runner_takes_over_when_the_leader_is_gone(database_url: str, filled: PostgresStore) -> None:
    settings = Settings(database_url=database_url)
    with (
        projection(settings, database_url, INDEX) as (_, first),
        projection(settings, database_url, INDEX) as (second_worker, second),
    ):
        threads = [Thread(target=runner.run, daemon=True) for runner in (first, second)]
        for thread in threads:
            thread.start()
        wait_for(second_worker, filled.head())
        first.stop()
        threads[0].join(DEADLINE)
        filled.append([StoredEvent("entity-late", 1, "NobodyKnows.v1", b"{}")])
        wait_for(second_worker, filled.head())
        second.stop()
        threads[1].join(DEADLINE)
    assert not any(thread.is_alive() for thread in threads)


def test_killed_connections_are_made_anew_and_nothing_is_lost(database_url: str, filled: PostgresStore) -> None:
    settings = Settings(database_url=database_url)
    with projection(settings, database_url, INDEX) as (worker, runner):
        thread = Thread(target=runner.run, daemon=True)
        thread.start()
        for number in range(3):
            with connect(database_url) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    " WHERE application_name IN ('frenemies-projector', 'frenemies-listen')"
                )
            filled.append([StoredEvent(f"entity-{number}", 1, "NobodyKnows.v1", b"{}")])
        wait_for(worker, filled.head())
        runner.stop()
        thread.join(DEADLINE)
    assert not thread.is_alive()


def wait_for(worker: Projector, position: int) -> None:
    """Returns when the projector is there; while it has no connection, it is nowhere."""

    def reached(_: object) -> Reached:
        try:
            return Reached(worker.position(), None)
        except StoreUnavailable:
            return Reached(0, None)

    ClockReader(worker._store, worker._store.epoch, reached, DEADLINE, lambda: datetime.now(UTC)).wait_for(position)
