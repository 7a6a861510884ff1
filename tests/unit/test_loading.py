"""What is found for an answer is enough: the answer is that of the whole log."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from events.beliefs import claims_named
from events.changes import Change, changes
from events.fold import Knowledge
from events.knowledge import Point
from events.network import Wanted, opposed_stands
from events.records import EVER
from events.state import EntityState, entity_state
from events.temporal import parse_day
from service.timeline.changes import differences
from service.timeline.loading import Loader
from service.timeline.source import FoldedSource
from service.timeline.views import Clocks
from tests.generating import some
from tests.histories import COMPANIES, KINDS, PERSON, histories
from tests.indexed import PlainIndex
from tests.recorded import Recorded
from tests.unit.events.test_changes import two_points

SAID = "2013-01-05"
EARLY, LATER = "https://news.example/early", "https://news.example/later"


@some
@given(st.data())
def test_a_state_is_that_of_the_whole_log(data: st.DataObject) -> None:
    history = data.draw(histories())
    recorded = Recorded(history)
    whole = recorded.knowledge()
    load = Loader(recorded.store, PlainIndex(whole), 1_000)
    for _ in range(10):
        entity = data.draw(st.sampled_from((*COMPANIES, PERSON, "board", "guild", "kit")))
        point, _ = data.draw(two_points(history, recorded))
        note(f"{entity}: {point}")
        also = (point.according_to,) if point.according_to else ()
        found = load.of(entity, point.recorded_by, also)
        assert entity_state(found, entity, point) == entity_state(whole, entity, point)


@some
@given(st.data())
def test_the_differences_page_by_page_are_those_of_the_whole_log(data: st.DataObject) -> None:
    history = data.draw(histories())
    recorded = Recorded(history)
    whole = recorded.knowledge()
    load = Loader(recorded.store, PlainIndex(whole), 1_000)
    known = sorted(whole.entities)
    for _ in range(5):
        entity = data.draw(st.sampled_from(known))
        points = data.draw(two_points(history, recorded))
        note(f"{entity}: {points}")
        before, after = (Clocks(p.as_of, p.published_by, p.recorded_by, None, p.according_to) for p in points)
        limit, skipped, found = data.draw(st.integers(1, 5)), 0, list[Change]()
        while True:
            page = differences(load, entity, before, after, limit, skipped)
            assert len(page.changes) <= limit and all(change.causes for change in page.changes)
            found += [change.change for change in page.changes]
            if page.after is None:
                break
            skipped = int(page.after)
        states = [entity_state(whole, entity, point) for point in points]
        assert found == [change for change in changes(*states) if change.changed]


def told_of(loaded: Knowledge, whole: Knowledge, entity: str, point: Point) -> tuple[EntityState, EntityState]:
    return entity_state(loaded, entity, point), entity_state(whole, entity, point)


def records(*claims: dict[str, Any]) -> list[dict[str, Any]]:
    """Two articles, of 2013 and of 2014, the entities of the claims, and the claims; the first article has them all."""
    known = [
        {"record": "entity", "id": e, "kind": k, "name": e.title()}
        for e, k in (*KINDS.items(), ("senate", "body"), ("kim", "person"))
    ]
    articles = [
        {
            "record": "article",
            "url": url,
            "title": "T",
            "publisher": "news",
            "authors": [],
            "language": "en",
            "published": day,
        }
        for url, day in ((EARLY, "2013-01-10"), (LATER, "2014-01-10"))
    ]
    return [*known, *articles, *claims]


def said(
    ref: str,
    type: str,
    attributes: dict[str, Any],
    *participants: tuple[str, str],
    by: Any = None,
    on: str = "2013-01-05",
) -> dict[str, Any]:
    return {
        "record": "claim",
        "ref": ref,
        "article": EARLY,
        "type": type,
        "participants": [{"role": role, "entity": entity} for role, entity in participants],
        "attributes": attributes,
        "asserted_by": by or {"kind": "author"},
        "modality": "done",
        "polarity": "positive",
        "time": {"kind": "instant", "edtf": on},
        "evidence": {"summary": ref},
    }


def moved_away(ref: str, *participants: tuple[str, str]) -> dict[str, Any]:
    changed = [{"role": role, "entity": entity} for role, entity in participants]
    return {
        "record": "correction",
        "of": ref,
        "changes": {"participants": changed},
        "reason": "it was another",
        "article": LATER,
    }


@pytest.mark.parametrize("published_by", ["2013-06-01", "2014-06-01", None])
def test_a_vote_is_told_whole_also_before_the_press_put_its_body_right(published_by: str | None) -> None:
    recorded = Recorded(
        records(
            said("a", "governance_vote", {"motion": "m"}, ("body", "board"), ("applicant", "ant")),
            said(
                "b", "governance_vote", {"motion": "m", "outcome": "approved"}, ("body", "board"), ("applicant", "bee")
            ),
            said(
                "c", "governance_vote", {"motion": "m", "outcome": "rejected"}, ("body", "senate"), ("applicant", "bee")
            ),
            moved_away("a", ("body", "senate"), ("applicant", "ant")),
        )
    )
    whole = recorded.knowledge()
    load = Loader(recorded.store, PlainIndex(whole), 1_000)
    point = Point(parse_day("2014-12-31"), published_by and parse_day(published_by))
    found, expected = told_of(load.of("ant", EVER), whole, "ant", point)
    assert found == expected
    (vote,) = found.votes
    assert len(set(claims_named(vote))) == 2


@pytest.mark.parametrize("speaker", [(), (("speaker", "pat"),)])
def test_a_stance_that_was_taken_back_is_over_for_all_for_whom_it_was_spoken(speaker: tuple[Any, ...]) -> None:
    """Also where it is asked for by one of them alone, for whom it was not taken back."""
    one = {"kind": "speaker", "agent": ["pat"], "affiliation": ["ant"]}
    other = {"kind": "speaker", "agent": ["pat"]} if speaker else one | {"agent": ["kim"]}
    recorded = Recorded(
        records(
            said("a", "statement", {"stance": "hostile"}, *speaker, ("about", "bee"), by=one),
            said("b", "statement", {"stance": "friendly"}, *speaker, ("about", "bee"), by=other, on="2014-02-01"),
        )
    )
    index = PlainIndex(recorded.knowledge())
    load = Loader(recorded.store, index, 1_000)
    for day, standing in (("2013-12-31", ["hostile"]), ("2014-12-31", [])):
        source = FoldedSource(load, index, Clocks(parse_day(day), None, EVER, None, None), Wanted())
        for entity in ("ant", "bee", "pat"):
            _, stances = source.ties_of([entity])
            assert [s.point.key.stance for s in opposed_stands(stances, parse_day(day))] == standing, entity
