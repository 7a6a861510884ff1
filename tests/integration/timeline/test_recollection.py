"""What a process remembers of earlier recordings makes it faster, and never wrong."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from events.errors import Conflict, InvalidDate, UnknownReference
from events.records import EntityRecord
from events.values import EntityContent, Recorder
from service.bootstrap import build
from service.intake.records import draft_of
from service.settings import Settings
from service.timeline.recollection import Place, Recollection
from service.timeline.timeline import Timeline
from service.timeline.views import Outcome, RequestKey

ME = Recorder("me")
ENTITIES = [{"record": "entity", "id": name, "kind": "company", "name": name} for name in ("ant", "bee")]
ARTICLE = {
    "record": "article", "url": "https://example.org/a", "title": "A", "publisher": "p", "authors": [],
    "language": "en", "published": "2014-11-04",
}  # fmt: skip
CORRECTION = {"record": "correction", "of": ARTICLE["url"], "changes": {"published": "2015-11-04"}, "reason": "slip"}


def claim(**changes: Any) -> dict[str, Any]:
    return {
        "record": "claim", "article": ARTICLE["url"], "type": "investment",
        "participants": [{"role": "investor", "entity": "ant"}, {"role": "investee", "entity": "bee"}],
        "attributes": {}, "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2013", "rule": "years_before(1)"}, "evidence": {"summary": "s"},
    } | changes  # fmt: skip


def record(timeline: Timeline, *records: dict[str, Any], **options: Any) -> Outcome:
    return timeline.record([draft_of(one) for one in records], recorder=ME, **options)


@pytest.fixture
def other(database_url: str) -> Iterator[Timeline]:
    """The use cases in another process."""
    services = build(Settings(), database_url)
    yield services.timeline
    services.close()


@pytest.fixture
def warm(timeline: Timeline) -> Timeline:
    """Entities and article are there, and remembered."""
    record(timeline, *ENTITIES, ARTICLE)
    record(timeline, claim(attributes={"round": "seed"}))
    return timeline


def test_a_claim_sent_again_is_found_and_not_recorded_again(warm: Timeline) -> None:
    first = record(warm, claim(ref="a-1"))
    again = record(warm, claim(ref="a-1"))
    assert (first.items[0].created, again.items[0].created, again.items[0].changed) == (True, False, False)
    assert again.items[0].id == first.items[0].id
    assert record(warm, claim(evidence={"summary": "more"})).items[0].version == 2


def test_a_ref_of_another_claim_is_refused(warm: Timeline) -> None:
    record(warm, claim(ref="a-1"))
    with pytest.raises(Conflict) as refusal:
        record(warm, claim(ref="a-1", attributes={"round": "second"}))
    assert refusal.value.pointer == "/ref"


def test_an_article_that_another_process_corrected_is_read_anew(warm: Timeline, other: Timeline) -> None:
    record(other, CORRECTION)
    with pytest.raises(InvalidDate):
        record(warm, claim(attributes={"round": "third"}))
    dated = {"kind": "instant", "edtf": "2014", "rule": "years_before(1)"}
    outcome = record(warm, claim(attributes={"round": "third"}, time=dated))
    assert outcome.items[0].created


def test_a_claim_that_is_good_only_since_a_correction_elsewhere_is_recorded(warm: Timeline, other: Timeline) -> None:
    record(other, CORRECTION)
    dated = {"kind": "instant", "edtf": "2014", "rule": "years_before(1)"}
    assert record(warm, claim(time=dated)).items[0].created


def test_a_claim_that_moved_with_its_article_elsewhere_is_known_by_its_first_date(
    warm: Timeline, other: Timeline
) -> None:
    first = record(warm, claim())
    record(other, CORRECTION)
    again = record(warm, claim())
    assert (again.items[0].id, again.items[0].created) == (first.items[0].id, False)


def test_an_entity_that_another_process_registers_is_found(warm: Timeline, other: Timeline) -> None:
    with_cat = [{"role": "investor", "entity": "cat"}, {"role": "investee", "entity": "bee"}]
    with pytest.raises(UnknownReference):
        record(warm, claim(participants=with_cat))
    record(other, ENTITIES[0] | {"id": "cat"})
    assert record(warm, claim(participants=with_cat)).items[0].created


def test_a_request_sent_again_gets_the_first_answer(warm: Timeline) -> None:
    request = RequestKey("r-1", "hash")
    first = record(warm, claim(), request=request)
    again = record(warm, claim(), request=request)
    assert again.replayed
    assert again.items == first.items


def test_it_forgets_what_was_used_least_recently() -> None:
    recollection = Recollection(most=2)
    seen = EntityRecord("a", 1, ((1, EntityContent("company", "A")),))
    for stream in ("a", "b"):
        recollection.keep(stream, seen, Place(1, 1))
    recollection.find(["a"])
    recollection.keep("c", seen, Place(1, 1))
    assert set(recollection.find(["a", "b", "c"])) == {"a", "c"}
    recollection.keep("a", seen, Place(3, 9))
    recollection.keep("a", seen, Place(2, 5))
    assert recollection.find(["a"])["a"][1] == Place(3, 9)
    recollection.forget(["a", "z"])
    assert recollection.find(["a"]) == {}
