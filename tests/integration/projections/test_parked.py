"""Poison events: one stream is held back, everything else flows; each act of an operator is kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from eventsourcing.persistence import StoredEvent

from service.bootstrap import parking
from service.db import PROJECTOR_ROLE, Database, connect
from service.errors import DeadlineExceeded, HistoryImmutable, NothingParked, RebuildRunning, StoreError
from service.projections import projector as projecting
from service.projections.indexing import INDEX, IndexProjection
from service.projections.parking import Parking
from service.projections.progress import Progress
from service.projections.projection import schema_of
from service.projections.projector import Projector
from service.projections.rebuild import Rebuild, Report, Wish
from service.projections.schemas import NEXT, create_next
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from service.store.protocol import StoredRecord
from tests.integration.projections.conftest import execute, opened, running, wait_until
from tests.integration.projections.stories import HOT, Story, append

STREAM = f"entity-{HOT}"
ACTS = "SELECT done_by, act, stream, position, event_type, reason, outcome FROM projections.acts ORDER BY id"


@pytest.fixture
def poisoned(story: Story, store: PostgresStore, database_url: str) -> str:
    """A database in which an event of the busiest company cannot be read; others follow, in its stream as well."""
    append(store, story.tell(40))
    version = len(store.read_stream(STREAM))
    renamed = b'{"name":"Newer","since":"2016","recorder":{"key":"tester"}}'
    store.append([StoredEvent(STREAM, version + 1, "EntityRenamed.v9", b'{"name":"Unread"}')])
    store.append([StoredEvent(STREAM, version + 2, "EntityRenamed.v1", renamed)])
    store.append([StoredEvent("entity-last", 1, "EntityRegistered.v2", _registered("Last"))])
    with opened(database_url) as projector:
        projector.catch_up()
    return database_url


@pytest.fixture
def parked(poisoned: str) -> Iterator[Parking]:
    with parking(Settings(), poisoned, INDEX) as found:
        yield found


def _registered(name: str) -> bytes:
    return f'{{"content":{{"kind":"company","name":"{name}"}},"recorder":{{"key":"tester"}}}}'.encode()


def rebuild(url: str) -> Report:
    return Rebuild(INDEX, DatabaseSettings(url), lambda _: None).run(Wish("tester", 1))


def names(url: str, entity: str = HOT) -> set[str]:
    return {name for (name,) in execute(url, f"SELECT name FROM entity_names WHERE entity = '{entity}'")}  # noqa: S608


def test_a_poison_event_holds_its_stream_back_and_everything_else_flows(poisoned: str, parked: Parking) -> None:
    (held,) = parked.parked()
    assert (held.stream, held.position, held.event_type) == (STREAM, 41, "EntityRenamed.v9")
    assert "there is no event 'EntityRenamed.v9'" in held.error
    assert names(poisoned, "last") == {"Last"}
    assert "Newer" not in names(poisoned)
    assert execute(poisoned, "SELECT position FROM checkpoint") == [(43,)]


def test_poison_events_in_one_batch_each_hold_back_their_own_stream(database_url: str, store: PostgresStore) -> None:
    for number in range(30):
        store.append([StoredEvent(f"entity-bad-{number}", 1, "NobodyKnows.v1", b"{}")])
        store.append([StoredEvent(f"entity-good-{number}", 1, "EntityRegistered.v2", _registered(f"Good {number}"))])
    with opened(database_url) as projector:
        projector.catch_up()
    assert execute(database_url, "SELECT count(*) FROM parked") == [(30,)]
    assert execute(database_url, "SELECT count(*) FROM entities") == [(30,)]


def test_an_event_that_can_be_read_but_not_folded_is_parked_while_the_runner_goes_on(
    database_url: str, store: PostgresStore
) -> None:
    nonsense = b'{"name":"Newer","since":"nonsense","recorder":{"key":"tester"}}'
    with running(database_url), opened(database_url) as projector:
        store.append([StoredEvent("entity-bad", 1, "EntityRegistered.v2", _registered("Bad"))])
        store.append([StoredEvent("entity-bad", 2, "EntityRenamed.v1", nonsense)])
        store.append([StoredEvent("entity-good", 1, "EntityRegistered.v2", _registered("Good"))])
        wait_until(lambda: projector.position() == 3)
    ((*held, error),) = execute(database_url, "SELECT stream, position, error FROM parked")
    assert (held, "InvalidDate" in error) == (["entity-bad", 2], True)
    assert (names(database_url, "bad"), names(database_url, "good")) == ({"Bad"}, {"Good"})
    assert rebuild(database_url).is_switched
    assert execute(database_url, "SELECT stream, position FROM parked") == [("entity-bad", 2)]


@pytest.mark.parametrize(
    "changes",
    [
        b'{"participants":"nobody"}',
        b'{"participants":[{"role":"partner"}]}',
        b'{"asserted_by":{"kind":"author","agent":[1]}}',
        b'{"mood":"good"}',
        b'{"attributes":{"target":5}}',
        b'{"attributes":{"target":["c"]}}',
        b'{"attributes":{"moves":{"subject":5,"object":"ant"}}}',
        b'{"attributes":{"moves":{"subject":"ant"}}}',
    ],
)
def test_a_correction_that_no_claim_can_take_is_parked_live_and_in_a_rebuild(
    database_url: str, store: PostgresStore, story: Story, changes: bytes
) -> None:
    append(store, story.tell(40))
    stream = next(step.event.originator_id for step in story.steps if step.event.originator_id.startswith("claim-"))
    version = len(store.read_stream(stream)) + 1
    state = b'{"changes":%b,"reason":"misread","recorder":{"key":"tester"}}' % changes
    store.append([StoredEvent(stream, version, "ClaimCorrected.v1", state)])
    with opened(database_url) as projector:
        projector.catch_up()
    assert execute(database_url, "SELECT stream, position FROM parked") == [(stream, 41)]
    report = rebuild(database_url)
    assert (report.is_switched, report.differences) == (True, ())
    assert execute(database_url, "SELECT stream, position FROM parked") == [(stream, 41)]


def test_an_event_that_the_database_refuses_is_parked_too(database_url: str, store: PostgresStore) -> None:
    with opened(database_url, Refusing()) as projector:
        store.append([StoredEvent("entity-good", 1, "EntityRegistered.v2", _registered("Good"))])
        store.append([StoredEvent("entity-bad", 1, "EntityRegistered.v2", _registered("Bad"))])
        projector.catch_up()
    assert execute(database_url, "SELECT stream FROM parked") == [("entity-bad",)]
    assert names(database_url, "good") == {"Good"}


class Refusing(IndexProjection):
    """Has the database refuse one event."""

    def handle(self, connection, records, history):  # type: ignore[no-untyped-def]
        """Fails like a text that cannot be stored."""
        if any(record.stream == "entity-bad" for record in records):
            connection.execute("SELECT convert_from('\\xff', 'UTF8')")
        super().handle(connection, records, history)


def test_retry_fails_again_while_the_event_cannot_be_handled_and_says_so(poisoned: str, parked: Parking) -> None:
    again = parked.retry(STREAM, "ann", "perhaps now").again
    assert again is not None
    assert (again.position, "Newer" in names(poisoned)) == (41, False)
    ((*act, outcome),) = execute(poisoned, ACTS)
    assert act == ["ann", "retry", STREAM, 41, "EntityRenamed.v9", "perhaps now"]
    assert outcome.startswith("held back at 41: ")


def test_retry_takes_in_the_event_and_all_after_it_once_it_can_be_handled(
    poisoned: str, parked: Parking, monkeypatch: pytest.MonkeyPatch
) -> None:
    from events import codec

    decode = codec.decode
    monkeypatch.setattr(
        "service.store.rows.decode",
        lambda topic, state, stream, version: decode(
            *(("EntityRenamed.v1", _RENAMED) if topic == "EntityRenamed.v9" else (topic, state)), stream, version
        ),
    )
    assert parked.retry(STREAM, "ann", "the code knows it now").again is None
    assert {"Unread", "Newer"} <= names(poisoned)
    assert parked.parked() == []
    assert execute(poisoned, ACTS)[0][-1] == "went on"


_RENAMED = b'{"name":"Unread","since":"2015","recorder":{"key":"tester"}}'


def test_skip_leaves_the_event_out_for_good_also_in_a_rebuilt_view(poisoned: str, parked: Parking) -> None:
    assert parked.skip(STREAM, "ann", "nobody can read it").again is None
    assert "Newer" in names(poisoned)
    assert "Unread" not in names(poisoned)
    (act,) = execute(poisoned, ACTS)
    assert act == ("ann", "skip", STREAM, 41, "EntityRenamed.v9", "nobody can read it", "went on")
    report = rebuild(poisoned)
    assert (report.is_switched, report.is_compared_to_live) == (True, True)
    assert "Newer" in names(poisoned)
    assert parked.parked() == []


def test_a_stream_whose_first_event_is_skipped_is_left_out_as_a_whole_and_stays_so(
    story: Story, store: PostgresStore, database_url: str
) -> None:
    events = story.tell(300)
    amended = next(e.originator_id for e in events if e.originator_version == 2 and "claim-" in e.originator_id)
    begun = next(n for n, e in enumerate(events) if (e.originator_id, e.originator_version) == (amended, 1))
    events[begun] = StoredEvent(amended, 1, "NobodyKnows.v1", b"{}")
    append(store, events)
    with opened(database_url) as projector, parking(Settings(), database_url, INDEX) as found:
        projector.catch_up()
        assert found.skip(str(amended), "ann", "nobody can read it") == ("left out as a whole", None)
        append(store, story.tell(300))
        projector.catch_up()
        assert found.parked() == []
        assert [act.outcome for act in found.acts(10)] == ["left out as a whole"]
    claim = str(amended).removeprefix("claim-")
    for table in ("claim_entities", "claim_articles", "responses"):
        assert execute(database_url, f"SELECT * FROM {table} WHERE claim = '{claim}'") == []  # noqa: S608
    assert Rebuild(INDEX, DatabaseSettings(database_url), lambda _: None).verify().differences == ()
    report = rebuild(database_url)
    assert (report.is_switched, report.differences) == (True, ())


def test_a_stream_that_cannot_be_folded_is_named_and_hides_no_other(poisoned: str) -> None:
    execute(poisoned, "TRUNCATE parked; UPDATE entities SET kind = 'wrong' WHERE entity = 'last'")
    found = Rebuild(INDEX, DatabaseSettings(poisoned), lambda _: None).verify(size=5_000).differences
    assert {(one.table, one.row) for one in found if one.table == "log"} == {("log", STREAM)}
    assert any(one.table == "entities" and "wrong" in one.row for one in found)


def test_a_stream_that_is_not_held_back_can_be_neither_retried_nor_skipped(poisoned: str, parked: Parking) -> None:
    for act in (parked.retry, parked.skip):
        with pytest.raises(NothingParked, match="entity-last"):
            act("entity-last", "ann", "why not")
    assert execute(poisoned, ACTS) == []


def test_parked_events_wait_for_the_end_of_a_rebuild(poisoned: str, parked: Parking) -> None:
    refused: list[str] = []

    def skip(progress: Progress) -> None:
        if progress.phase == "indexing" and not refused:
            with pytest.raises(RebuildRunning):
                parked.skip(STREAM, "ann", "too early")
            refused.append(progress.phase)

    assert Rebuild(INDEX, DatabaseSettings(poisoned), skip).run(Wish("tester", 1)).is_switched
    assert refused == ["indexing"]
    assert [held.stream for held in parked.parked()] == [STREAM]


def test_no_rebuild_begins_during_an_act(poisoned: str) -> None:
    refused: list[str] = []

    class Watched(PostgresStore):
        """Asks for a rebuild while the stream is read."""

        def read_stream(self, stream: str, *, after: int = 0, until: int | None = None) -> list[StoredRecord]:
            with pytest.raises(RebuildRunning):
                rebuild(poisoned)
            refused.append(stream)
            return super().read_stream(stream, after=after, until=until)

    with opened(poisoned) as projector:
        database = projector._database
        store = Watched(database)
        assert Parking(Projector(INDEX, store, database), store, database).skip(STREAM, "ann", "junk").again is None
    assert refused == [STREAM]


def test_an_act_and_the_end_of_a_build_that_does_not_know_of_it_are_one(poisoned: str) -> None:
    following = schema_of(INDEX) + NEXT
    with opened(poisoned, schema=following) as building:
        create_next(building._database, INDEX, position=0)
    settings = DatabaseSettings(poisoned, lock_timeout=0.1)
    with Database(settings, role=PROJECTOR_ROLE, schema=schema_of(INDEX)) as database:
        store = PostgresStore(database)
        parked = Parking(Projector(INDEX, store, database), store, database)
        with connect(poisoned) as looking, looking.transaction():
            looking.execute(f"SELECT FROM {schema_of(INDEX)}_next.entities")
            with pytest.raises(DeadlineExceeded):
                parked.skip(STREAM, "ann", "junk")
        assert (len(parked.parked()), parked.acts(10)) == (1, [])
        parked.skip(STREAM, "ann", "junk")
    assert execute(poisoned, f"SELECT to_regnamespace('{following}')") == [(None,)]  # noqa: S608


@pytest.mark.parametrize(
    "change",
    ["UPDATE projections.acts SET done_by = 'bob'", "DELETE FROM projections.acts", "TRUNCATE projections.acts"],
)
def test_what_was_done_can_be_changed_by_nobody(poisoned: str, parked: Parking, change: str) -> None:
    parked.skip(STREAM, "ann", "nobody can read it")
    with Database(DatabaseSettings(poisoned), role=PROJECTOR_ROLE) as database:  # noqa: SIM117
        with pytest.raises(StoreError, match="InsufficientPrivilege"), database.connection() as connection:
            connection.execute(change.encode())
    with Database(DatabaseSettings(poisoned), role="frenemies_owner") as database:  # noqa: SIM117
        with pytest.raises(HistoryImmutable), database.connection() as connection:
            connection.execute(change.encode())


def test_the_size_of_the_batches_does_not_matter_for_what_is_held_back(
    poisoned: str, story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = execute(poisoned, "SELECT stream, position, event_type, error FROM parked")
    for size in (1, 3, 42):
        monkeypatch.setattr(projecting, "BATCH", size)
        execute(poisoned, "UPDATE checkpoint SET position = 0; TRUNCATE parked")
        with opened(poisoned) as projector:
            while projector.step(size):
                pass
        assert execute(poisoned, "SELECT stream, position, event_type, error FROM parked") == before
