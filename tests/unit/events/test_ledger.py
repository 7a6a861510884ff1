"""The ledger: what every record says now, what each event may change, and the beliefs that follow."""

from __future__ import annotations

import os
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events.beliefs import Belief, belief_in, decode_belief, encode_belief
from events.envelope import RecordedEvent
from events.fold import Knowledge, fold
from events.knowledge import Point, hear, survivors
from events.ledger import Ledger
from events.matters import Matter, bearings
from events.state import EntityState, assembled, entity_state, refs_in
from events.temporal import LAST_DAY, parse_day
from service.store.rows import readable
from tests.histories import histories, turning_days
from tests.recorded import Recorded

EXAMPLES = int(os.environ.get("FRENEMIES_EXAMPLES", "100"))
relaxed = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))


def log_of(history: list[dict[str, Any]]) -> list[RecordedEvent]:
    return list(readable(Recorded(history).store.read_log(0, 1_000_000)))


def beliefs_in(knowledge: Knowledge) -> dict[Matter, Belief[Any]]:
    """What the fold of all records comes to, now."""
    hearing, refs = hear(knowledge, Point(LAST_DAY)), refs_in(knowledge, 1_000_000)
    return {matter: belief_in(hearing, matter, refs) for matter in bearings(hearing)}


class Whole:
    """A library of everything that was recorded so far."""

    def __init__(self) -> None:
        self.known = Knowledge()
        self.found: dict[Matter, set[str]] = defaultdict(set)

    def records(self, claims: Collection[str]) -> Knowledge:
        named, fresh = set(claims), list(claims)
        while fresh:
            known = (self.known.claims[name].original.attributes for name in fresh if name in self.known.claims)
            others = {str(item[key]) for item in known for key in ("target", "by") if key in item}
            others |= {
                claim.id
                for claim in self.known.claims.values()
                if set(fresh) & {claim.original.attributes.get("target"), claim.original.attributes.get("by")}
            }
            fresh = list(others - named)
            named |= others
        found = {name: record for name, record in self.known.claims.items() if name in named}
        return Knowledge(claims=found)

    def surroundings(self, articles: Collection[str], entities: Collection[str]) -> Knowledge:
        return Knowledge(self.known.entities, {a: r for a, r in self.known.articles.items() if a in articles}, {})

    def claims_on(self, matters: Collection[Matter]) -> Collection[str]:
        return {claim for matter in matters for claim in self.found[matter]}

    def claims_in(self, articles: Collection[str]) -> Collection[str]:
        return {name for name, record in self.known.claims.items() if record.original.article in articles}

    def claims_naming(self, entities: Collection[str]) -> Collection[str]:
        return self.known.claims


@relaxed
@given(histories())
def test_after_each_event_it_believes_what_the_fold_says(history: list[dict[str, Any]]) -> None:
    """And nothing changes but the matters that it names."""
    events = log_of(history)
    ledger = Ledger()
    before: dict[Matter, Belief[Any]] = {}
    for count, recorded in enumerate(events, 1):
        named = ledger.take(recorded.event, recorded.position).matters
        after = beliefs_in(fold(events[:count]))
        for matter in named & after.keys():
            assert ledger.belief(matter) == after[matter]
        for matter in named - after.keys():
            assert ledger.belief(matter).entities == ()
        unchanged = {matter for matter in before.keys() | after.keys() if before.get(matter) == after.get(matter)}
        assert (before.keys() | after.keys()) - named <= unchanged
        before = after


@relaxed
@given(histories(), st.integers(1, 4))
def test_a_ledger_that_begins_anew_finds_what_it_needs(history: list[dict[str, Any]], every: int) -> None:
    events = log_of(history)
    library, warm = Whole(), Ledger()
    cold = Ledger(library)
    for count, recorded in enumerate(events, 1):
        if count % every == 0:
            cold = Ledger(library)
            cold.prepare([recorded.event])
        taken = warm.take(recorded.event, recorded.position)
        assert cold.take(recorded.event, recorded.position) == taken
        for matter, claim in taken.bearers:
            library.found[matter].add(claim)
        for matter in taken.matters:
            assert cold.belief(matter) == warm.belief(matter)
        library.known = fold(events[:count])


class Kept:
    """Beliefs as the read side keeps them: by matter and position, with the places under which matters are listed."""

    def __init__(self, events: list[RecordedEvent]) -> None:
        self.versions: dict[Matter, list[tuple[int, bytes]]] = defaultdict(list)
        self.places: dict[str, set[Matter]] = defaultdict(set)
        ledger = Ledger()
        for recorded in events:
            for matter in ledger.take(recorded.event, recorded.position).matters:
                found = ledger.belief(matter)
                for entity in found.entities:
                    self.places[entity].add(matter)
                self.versions[matter].append((recorded.position, encode_belief(found)))

    def state(self, entity: str, day: int, position: int) -> EntityState:
        told = []
        for matter in self.places[entity]:
            at = bisect_right(self.versions[matter], position, key=lambda version: version[0])
            if at:
                kept: Belief[Any] = decode_belief(matter.kind, self.versions[matter][at - 1][1])
                if entity in kept.entities:
                    told.append((matter.kind, kept.at(day)))
        return assembled(entity, told)


@relaxed
@given(histories(), st.data())
def test_what_is_kept_gives_the_state_at_every_point(history: list[dict[str, Any]], data: st.DataObject) -> None:
    events = log_of(history)
    kept = Kept(events)
    days = st.sampled_from(turning_days(history))
    positions = st.integers(0, events[-1].position)
    for _ in range(20):
        day, position = data.draw(days), data.draw(positions)
        knowledge = fold(event for event in events if event.position <= position)
        merged = survivors(knowledge, position)
        for entity in knowledge.entities:
            point = Point(parse_day(day), recorded_by=position)
            name = merged.get(entity, entity)
            assert kept.state(name, point.as_of, position) == entity_state(knowledge, entity, point)
