"""The states: beliefs in tables say what the fold says at every point, however the log was taken in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import beliefs, codec
from events.beliefs import Belief, decode_belief
from events.envelope import RecordedEvent
from events.fold import fold
from events.knowledge import Point, survivors
from events.network import Wanted
from events.state import EntityState, assembled, concerning, entity_state
from events.temporal import parse_day
from service.bootstrap import build, projections, rebuild
from service.db import Database
from service.projections import states
from service.projections.index import Index
from service.projections.projection import schema_of
from service.projections.rebuild import Report, Wish
from service.projections.states import STATES
from service.settings import DatabaseSettings, Limits, Settings
from service.store.application import TimelineApplication
from service.store.postgres import PostgresStore
from service.store.rows import readable
from service.timeline.timeline import Timeline
from service.timeline.views import Clocks, EntityStateView
from service.tree.proofs import LogProofs
from tests.generating import generated
from tests.histories import histories, turning_days
from tests.integration.projections.conftest import execute
from tests.recorded import Recorded
from tests.transferred import many

SCHEMA = schema_of(STATES)
TABLES = ("beliefs", "places", "bearers", "publicity", "entity_beliefs")
few = generated(20)


def catch_up(url: str, batch: int = 5_000) -> None:
    with projections(Settings(), url) as all_of_them:
        while all_of_them.step(batch):
            pass


def rows(url: str, schema: str = SCHEMA) -> dict[str, list[Any]]:
    return {table: sorted(execute(url, f"SELECT * FROM {table}", schema)) for table in TABLES}  # noqa: S608


def rebuilt(url: str) -> Report:
    return rebuild(Settings(), url, STATES, lambda _: None).run(Wish(by="tester", workers=1))


class Tables:
    """What the tables say of an entity at a point."""

    def __init__(self, url: str) -> None:
        found = rows(url)
        self._beliefs: dict[Any, list[tuple[int, bytes]]] = {}
        for matter, since, _, body in found["beliefs"]:
            self._beliefs.setdefault(matter, []).append((since, bytes(body)))
        self._places = found["places"]

    def state(self, entity: str, day: int, position: int) -> EntityState:
        told = []
        for listed, _, _, matter, kind, since in self._places:
            if listed == entity and since <= position:
                versions = self._beliefs[matter]
                at = bisect_right(versions, position, key=lambda version: version[0])
                kept: Belief[Any] = decode_belief(kind, versions[at - 1][1])
                if entity in kept.entities:
                    told.append((kind, concerning(entity, kind, kept.at(day))))
        return assembled(entity, told)


@pytest.fixture(scope="module")
def fresh(servers: Any) -> Any:
    """Databases, each with an empty log, for one example each."""

    def one() -> str:
        url: str = servers.migrated(18)
        return url

    return one


def recorded_in(url: str, history: list[dict[str, Any]]) -> list[RecordedEvent]:
    with Database(DatabaseSettings(url), schema="public") as database:
        store = PostgresStore(database)
        Recorded(history, store)
        return list(readable(store.read_log(0, 1_000_000)))


def demand_as_folded(url: str, events: list[RecordedEvent], history: list[dict[str, Any]], draw: Any) -> None:
    """At drawn points the tables say of every entity what the fold says."""
    tables = Tables(url)
    days, positions = st.sampled_from(turning_days(history)), st.integers(0, events[-1].position)
    for _ in range(10):
        day, position = parse_day(draw(days)), draw(positions)
        knowledge = fold(event for event in events if event.position <= position)
        merged = survivors(knowledge, position)
        for entity in knowledge.entities:
            expected = entity_state(knowledge, entity, Point(day, recorded_by=position))
            assert tables.state(merged.get(entity, entity), day, position) == expected


@few
@given(st.data())
def test_the_tables_say_what_the_fold_says(fresh: Any, servers: Any, data: st.DataObject) -> None:
    """Whatever the batches, and however much the projector remembers between them."""
    history = data.draw(histories())
    batch, forgets = data.draw(st.integers(1, 30)), data.draw(st.booleans())
    held = data.draw(st.sampled_from([8, states.MOST_HELD]))
    url = fresh()
    events = recorded_in(url, history)
    with projections(Settings(), url) as all_of_them, pytest.MonkeyPatch.context() as patch:
        patch.setattr(states, "MOST_HELD", held)
        while all_of_them.step(batch):
            if forgets:
                STATES.forget()
    demand_as_folded(url, events, history, data.draw)
    with_memory = rows(url)
    report = rebuilt(url)
    assert (report.differences, report.is_switched) == ((), True)
    assert rows(url) == with_memory
    servers.drop(url)


def test_an_audit_finds_what_is_not_so(fresh: Any) -> None:
    url = fresh()
    recorded_in(url, many(40, entities=6))
    catch_up(url)
    check = rebuild(Settings(), url, STATES, lambda _: None)
    assert check.verify().differences == ()
    execute(url, "UPDATE entity_beliefs SET since = since - 1", SCHEMA)
    assert {difference.table for difference in check.verify().differences} == {"entity_beliefs"}
    execute(url, "UPDATE entity_beliefs SET since = since + 1", SCHEMA)
    execute(url, "UPDATE beliefs SET body = (SELECT max(body) FROM beliefs WHERE kind = 'relation')", SCHEMA)
    assert {difference.table for difference in check.verify().differences} == {"beliefs"}
    execute(url, "DELETE FROM beliefs", SCHEMA)
    assert check.verify().differences


@few
@given(st.data())
def test_answers_are_the_same_from_beliefs_and_from_claims(fresh: Any, servers: Any, data: st.DataObject) -> None:
    """States in parts, relations, votes and networks, for every entity under every id that it ever had.

    Also where no belief is short enough to be kept.
    """
    history = data.draw(histories())
    url = fresh()
    events = recorded_in(url, history)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beliefs, "MOST_BYTES", data.draw(st.sampled_from([beliefs.MOST_BYTES, 0])))
        catch_up(url)
    services = build(Settings(pool_size=4), url)
    kept, database = services.timeline, services.database
    store = PostgresStore(database)
    folded = Timeline(TimelineApplication(store, codec), Index(database), None, Limits(), LogProofs(database))
    days, positions = st.sampled_from(turning_days(history)), st.integers(1, events[-1].position)
    for _ in range(6):
        asked = {"as_of": data.draw(days), "recorded_by": str(data.draw(positions))}
        clocks = kept.clocks(**asked)
        limit = data.draw(st.one_of(st.none(), st.integers(1, 5)))
        wanted = Wanted(status=data.draw(st.sampled_from([None, "holds"])), with_ended=data.draw(st.booleans()))
        for entity in fold(events).entities:
            for point in (
                clocks,
                *[kept.clocks(**asked, entity=entity)] * 2,
            ):  # anew, to remember, remembered
                demand_same(kept, folded, entity, point, wanted, limit)
            demand_same_items(kept, folded, entity, clocks)
        demand_same_networks(kept, folded, sorted(fold(events).entities), clocks, wanted)
    services.close()
    servers.drop(url)


def test_a_stance_that_is_not_kept_is_told_whole_to_the_network(
    fresh: Any, servers: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where the first of those that it is listed under only lent a voice."""
    kinds = {"abe": "person", "ant": "company", "bee": "company"}
    ends = [{"role": "partner", "entity": name} for name in ("ant", "bee")]
    claim = {
        "record": "claim", "article": "https://news.example/1", "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2012-01-01"}, "evidence": {"summary": "evidence"},
        "asserted_by": {"kind": "speaker", "agent": ["abe"], "affiliation": ["ant"]},
    }  # fmt: skip
    url = fresh()
    events = recorded_in(url, [
        *({"record": "entity", "id": name, "kind": kind, "name": name} for name, kind in kinds.items()),
        {"record": "article", "url": "https://news.example/1", "title": "One", "publisher": "news", "authors": [],
         "language": "en", "published": "2012-06-01"},
        claim | {"type": "partnership", "participants": ends, "attributes": {}},
        claim | {"type": "statement", "participants": [{"role": "about", "entity": "bee"}],
                 "attributes": {"stance": "hostile"}},
    ])  # fmt: skip
    monkeypatch.setattr(beliefs, "MOST_BYTES", 0)
    catch_up(url)
    services = build(Settings(pool_size=4), url)
    clocks = services.timeline.clocks(as_of="2013-01-01", recorded_by=str(events[-1].position))
    (pair,) = services.timeline.network.frenemies(clocks, 3, None).pairs
    assert [stand.point.key.speaker for stand in pair.stances] == ["ant"]
    services.close()
    servers.drop(url)


def demand_same(
    kept: Timeline, folded: Timeline, entity: str, clocks: Clocks, wanted: Wanted, limit: int | None
) -> None:
    after = None
    while True:
        first, second = (one.entity_state(entity, clocks, wanted, limit, after) for one in (kept, folded))
        assert _shown(first) == _shown(second)
        after = first.part.after
        if after is None:
            return


def _shown(view: EntityStateView) -> tuple[Any, ...]:
    part = view.part
    return view.asked, view.entity, part.state, part.refs, part.named, part.after, view.names, view.notices


def demand_same_items(kept: Timeline, folded: Timeline, entity: str, clocks: Clocks) -> None:
    state = folded.entity_state(entity, clocks).state
    for relation in state.relations:
        assert kept.relation(*relation.key, clocks) == folded.relation(*relation.key, clocks)
    for vote in state.votes:
        body, moves, motion = vote.key
        assert kept.vote(body, clocks, moves, motion) == folded.vote(body, clocks, moves, motion)


def demand_same_networks(kept: Timeline, folded: Timeline, entities: list[str], clocks: Clocks, wanted: Wanted) -> None:
    asked: list[Callable[[Timeline], Any]] = [
        lambda of: of.network.around(entities[0], 2, wanted, clocks),
        lambda of: of.network.among(entities[:3], wanted, clocks),
        lambda of: of.network.page(wanted, clocks, 2, None),
        lambda of: of.network.path(entities[0], entities[-1], wanted, clocks),
        lambda of: of.network.frenemies(clocks, 3, None),
        *(partial(lambda entity, of: of.network.frenemies(clocks, 3, None, entity), entity) for entity in entities),
    ]
    for ask in asked:
        one, other = (replace(ask(timeline), refs={}) for timeline in (kept, folded))
        assert one == other
