"""The ledger: what every record says now, what each event may change, and the beliefs that follow."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import beliefs
from events.beliefs import Belief, belief_in, decode_belief, encode_belief
from events.envelope import RecordedEvent
from events.fold import Knowledge, fold
from events.knowledge import Point, hear, survivors
from events.ledger import Ledger
from events.matters import Matter, bearings
from events.records import EntityRecord
from events.state import EntityState, assembled, concerning, entity_state, refs_in
from events.temporal import LAST_DAY, parse_day
from service.store.rows import readable
from tests.generating import thorough
from tests.histories import histories, turning_days
from tests.libraries import Whole
from tests.recorded import Recorded


def log_of(history: list[dict[str, Any]]) -> list[RecordedEvent]:
    return list(readable(Recorded(history).store.read_log(0, 1_000_000)))


def beliefs_in(knowledge: Knowledge) -> dict[Matter, Belief[Any]]:
    """What the fold of all records comes to, now."""
    hearing, refs = hear(knowledge, Point(LAST_DAY)), refs_in(knowledge, 1_000_000)
    return {matter: belief_in(hearing, matter, bearing, refs) for matter, bearing in bearings(hearing).items()}


@thorough
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


@thorough
@given(histories(), st.integers(1, 4))
def test_a_ledger_that_begins_anew_or_forgets_finds_what_it_needs(history: list[dict[str, Any]], every: int) -> None:
    events = log_of(history)
    library, warm = Whole(), Ledger()
    cold, short = Ledger(library), Ledger(library)
    for count, recorded in enumerate(events, 1):
        if count % every == 0:
            cold = Ledger(library)
            cold.prepare([recorded.event])
        taken = warm.take(recorded.event, recorded.position)
        assert cold.take(recorded.event, recorded.position) == taken
        assert short.take(recorded.event, recorded.position) == taken
        for matter, claim in taken.bearers:
            library.found[matter].add(claim)
        for matter in taken.matters:
            assert cold.belief(matter) == short.belief(matter) == warm.belief(matter)
        short.forget(every - 1)
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
                    told.append((matter.kind, concerning(entity, matter.kind, kept.at(day))))
        return assembled(entity, told)


@thorough
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


ENDS = [{"role": "partner", "entity": "ant"}, {"role": "partner", "entity": "bee"}]

RIVALS = [{"role": "competitor", "entity": "ant"}, {"role": "competitor", "entity": "bee"}]


def told(article: int, ref: str | None, content: dict[str, Any]) -> dict[str, Any]:
    """A claim, with or without a ref."""
    claim = {
        "record": "claim",
        "article": f"https://example.com/{article}",
        "participants": ENDS,
        "attributes": {},
        "asserted_by": {"kind": "author"},
        "modality": "done",
        "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2019-05-01"},
        "evidence": {"summary": "evidence"},
    } | content
    return claim if ref is None else claim | {"ref": ref}


def begun(*claims: dict[str, Any]) -> list[dict[str, Any]]:
    """A history of two companies and two articles, with claims."""
    companies = [{"record": "entity", "id": name, "kind": "company", "name": name} for name in ("ant", "bee")]
    articles = [
        {
            "record": "article",
            "url": f"https://example.com/{number}",
            "title": f"Article {number}",
            "publisher": "Example",
            "language": "en",
            "published": "2020-01-01",
            "authors": [f"Author {number}"],
        }
        for number in (1, 2)
    ]
    return [*companies, *articles, *claims]


@pytest.mark.parametrize("response", ["retract", "dispute"])
def test_one_more_ref_of_a_claim_leaves_what_is_disputed_and_shows_wherever_it_is_named(response: str) -> None:
    partnership = {"type": "partnership"}
    answer = {
        "type": "response",
        "participants": [{"role": "responder", "entity": "bee"}],
        "attributes": {"target": "first", "response": response},
    }
    events = log_of(
        begun(
            told(1, "first", partnership), told(2, None, answer), told(1, "second", partnership), told(2, "no", answer)
        )
    )
    ledger = Ledger()
    believed: dict[Matter, Belief[Any]] = {}
    for count, recorded in enumerate(events, 1):
        named = ledger.take(recorded.event, recorded.position).matters
        believed |= {matter: ledger.belief(matter) for matter in named}
        assert believed == beliefs_in(fold(events[:count]))


@pytest.mark.parametrize(
    "contents",
    [
        [
            {
                "type": "statement",
                "participants": [{"role": "speaker", "entity": "ant"}, {"role": "about", "entity": "bee"}],
                "attributes": {"stance": "hostile"},
                "time": {"kind": "instant", "edtf": f"20{year}"},
            }
            for year in range(10, 20)
        ],
        [
            {
                "type": "agreement",
                "participants": [{"role": "party", "entity": name} for name in ("ant", "bee")],
                "attributes": {"term": f"term {year}", "value": "so"},
                "time": {"kind": "instant", "edtf": f"20{year}"},
            }
            for year in range(10, 20)
        ],
    ],
)
def test_an_answer_that_takes_too_many_bytes_is_not_kept(
    contents: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beliefs, "MOST_BYTES", 1_500)
    ledger, kept = Ledger(), []
    for recorded in log_of(begun(*(told(1, None, content) for content in contents))):
        found = [ledger.belief(matter) for matter in ledger.take(recorded.event, recorded.position).matters]
        assert all(len(encode_belief(belief)) < 2_500 for belief in found)
        kept += [belief.told is not None for belief in found]
    assert kept[0] and not kept[-1] and len(kept) == len(contents)


class Narrow(Whole):
    """A library that tells of no entity but those that it is asked for, and those that they went into."""

    def surroundings(self, articles: Collection[str], entities: Collection[str]) -> Knowledge:
        known = super().surroundings(articles, entities)
        found, fresh = dict[str, EntityRecord](), list(entities)
        while fresh:
            found |= {name: known.entities[name] for name in fresh if name in known.entities}
            into = [merge.into for name in fresh if name in found and (merge := found[name].merge_at())]
            fresh = [name for name in into if name not in found]
        return Knowledge(found, known.articles, {})


def test_an_entity_that_no_claim_names_leads_on_where_it_was_merged_before() -> None:
    others = [{"record": "entity", "id": name, "kind": "company", "name": name} for name in ("hollow", "cat")]
    merges = [
        {"record": "merge", "of": of, "into": into, "reason": "the same"}
        for of, into in (("hollow", "cat"), ("bee", "hollow"))
    ]
    claims = [told(1, None, {"type": "partnership"}), told(2, None, {"type": "competition", "participants": RIVALS})]
    *_, last = events = log_of(begun(*others, merges[0], *claims, merges[1]))
    library = Narrow()
    ledger = Ledger(library)
    library.known = fold(event for event in events if event.position < events[-3].position)
    for recorded in events[-3:-1]:
        ledger.take(recorded.event, recorded.position)
        library.known = fold(event for event in events if event.position <= recorded.position)
    named = ledger.take(last.event, last.position).matters
    expected = beliefs_in(fold(events))
    assert {matter for matter in named if ledger.belief(matter).entities} == expected.keys()
    assert all(ledger.belief(matter) == found for matter, found in expected.items())
