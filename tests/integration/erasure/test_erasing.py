"""Erasing in the database: who may do it, that it is one act, and that nothing comes back."""

from __future__ import annotations

from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from events.identity import ERASURES_STREAM
from events.values import Recorder, Subject
from service.bootstrap import build, projections
from service.db import ERASER_ROLE, Database, connect
from service.erasure.bootstrap import forget_copies
from service.erasure.eraser import Eraser
from service.errors import AppendRefused, StoreError, TextTaken
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from service.store.protocol import ErasableText
from tests.integration.following.conftest import Sites, take_over
from tests.recorded import draft_of
from tests.transferred import entity

ME = Recorder("tester")
SUBJECT = Subject("entity", "a")


@pytest.fixture
def eraser(database_url: str) -> object:
    with Database(DatabaseSettings(database_url), role=ERASER_ROLE) as database:
        yield Eraser(database)


def kept(store: PostgresStore, content: str = "a name") -> ErasableText:
    """A text that an event was recorded with."""
    text = ErasableText(uuid4(), "entity-a", b"salt", "digest", content)
    version = len(store.read_stream("entity-a")) + 1
    store.append([StoredEvent("entity-a", version, "Noted.v1", b"{}")], texts=[text])
    return text


def erase(eraser: Eraser, *references: UUID) -> list[int]:
    return [position for position, _ in eraser.erase(SUBJECT, references, "asked for", ME)]


def test_the_event_and_the_deletion_are_one(store: PostgresStore, eraser: Eraser) -> None:
    first, other = kept(store), kept(store, "another name")
    (position,) = erase(eraser, first.reference)
    (record,) = store.read_stream(ERASURES_STREAM)
    assert (record.position, record.version) == (position, 1) == (3, 1)
    assert store.read_texts([first.reference, other.reference]) == {other.reference: other}
    assert store.find_erased([first.reference, other.reference]) == {first.reference}


def test_a_second_time_is_told_and_changes_nothing_else(store: PostgresStore, eraser: Eraser) -> None:
    text = kept(store)
    assert [erase(eraser, text.reference) for _ in range(2)] == [[2], [3]]
    assert [record.version for record in store.read_stream(ERASURES_STREAM)] == [1, 2]
    assert store.find_erased([text.reference]) == {text.reference}


def test_many_are_told_in_several_events(store: PostgresStore, eraser: Eraser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.erasure.eraser.MOST_IN_EVENT", 2)
    texts = [kept(store, f"name {number}") for number in range(5)]
    assert erase(eraser, *(text.reference for text in texts)) == [6, 7, 8]
    assert store.read_texts([text.reference for text in texts]) == {}


def test_a_writer_that_still_had_the_text_cannot_bring_it_back(store: PostgresStore, eraser: Eraser) -> None:
    text = kept(store)
    erase(eraser, text.reference)
    with pytest.raises(TextTaken):
        store.append([StoredEvent("entity-a", 2, "Noted.v1", b"{}")], texts=[text])
    with connect(store.database.settings.url) as owner, pytest.raises(Exception, match="cannot be changed"):
        owner.execute("DELETE FROM log.erased")


def test_who_erases_may_do_nothing_else(database_url: str, store: PostgresStore) -> None:
    kept(store)
    for statement in (
        "DELETE FROM log.texts", "SELECT content FROM log.texts", "SELECT * FROM log.events", "DELETE FROM log.erased",
        "INSERT INTO log.erased VALUES (gen_random_uuid(), 1)", "SELECT log.forget_told(0)",
        "UPDATE log.erasures SET count = 0",
    ):  # fmt: skip
        with (
            Database(DatabaseSettings(database_url), role=ERASER_ROLE) as database,
            pytest.raises(StoreError, match="InsufficientPrivilege"),
            database.connection() as connection,
        ):
            connection.execute(statement)


def test_nobody_else_may_erase(database: Database) -> None:
    with pytest.raises(StoreError, match="InsufficientPrivilege"), database.connection() as connection:
        connection.execute("SELECT log.erase('TextsErased.v1', '{}')")


@pytest.mark.parametrize(
    ("topic", "state"),
    [
        ("TextsErased.v1", b"{}"), ("TextsErased.v1", b'{"references": []}'),
        ("EntityRegistered.v1", b'{"references": ["a"]}'), ("TextsErased.v1", b'{"references": ["no uuid"]}'),
    ],
)  # fmt: skip
def test_an_event_that_names_nothing_to_erase_is_refused(
    database_url: str, store: PostgresStore, topic: str, state: bytes
) -> None:
    with (
        Database(DatabaseSettings(database_url), role=ERASER_ROLE) as database,
        pytest.raises(AppendRefused),
        database.connection() as connection,
    ):
        connection.execute("SELECT log.erase(%s, %s)", [topic, state])
    assert store.head() == 0


def test_tables_that_nobody_keeps_current_any_more_lose_their_copies_too(database_url: str, eraser: Eraser) -> None:
    services = build(Settings(database_url=database_url), database_url)
    services.timeline.record([draft_of(entity(name, kind="person")) for name in ("ann", "bob")], recorder=ME)
    services.close()
    with projections(Settings(), database_url) as projectors:
        projectors.catch_up()
    with connect(database_url) as connection:
        connection.execute("SET ROLE frenemies_projector")
        connection.execute("CREATE SCHEMA read_index_2_old")
        for table in ("entities", "entity_names"):
            connection.execute(f"CREATE TABLE read_index_2_old.{table} AS TABLE {schema_of(INDEX)}.{table}".encode())
        connection.execute("RESET ROLE")
        ((reference,),) = connection.execute("SELECT reference FROM log.texts WHERE scope = 'entity-ann'").fetchall()
        erase(eraser, reference)
        forget_copies(Settings(), database_url)
        for schema in ("read_index_2_old", schema_of(INDEX)):
            names = f"SELECT entity, name FROM {schema}.entities UNION SELECT entity, name FROM {schema}.entity_names"
            assert sorted(connection.execute(names.encode())) == [("ann", None), ("bob", "Bob")]


def test_a_follower_refuses_a_text_that_comes_late(sites: Sites) -> None:
    """The leader read it out before it was erased there, and what it read comes behind the erasure."""
    leader = sites.new()
    leader.record({"record": "entity", "id": "pat", "kind": "person", "name": "Pat"})
    site = sites.follower(leader.base)
    take_over(site)
    ((*text,),) = leader.execute("SELECT reference, scope, salt, digest, content FROM log.texts")
    with Database(DatabaseSettings(leader.url), role=ERASER_ROLE) as database:
        list(Eraser(database).erase(Subject("entity", "pat"), [text[0]], "asked for", ME))
    take_over(site)
    assert site.log("texts", "events") == leader.log("texts", "events")
    site.execute(
        "SELECT log.take_over_texts(%s::uuid[], %s::text[], %s::bytea[], %s::text[], %s::text[])",
        *([one] for one in text),
    )
    assert site.log("texts")["texts"] == []


def test_a_follower_does_not_erase_of_its_own(sites: Sites) -> None:
    leader = sites.new()
    site = sites.follower(leader.base)
    with (
        Database(DatabaseSettings(site.url), role=ERASER_ROLE) as database,
        pytest.raises(StoreError, match="Record it there"),
    ):
        list(Eraser(database).erase(SUBJECT, [uuid4()], "asked for", ME))
