"""One stream, folded, and all of them together."""

from __future__ import annotations

from typing import Any

import pytest

from events.event_types import ClaimRetracted, DomainEvent, EntityMerged, EvidenceAdded
from events.fold import Knowledge
from events.records import ClaimRecord, EntityRecord, Record, evolve, fold_stream
from events.values import Evidence
from tests.unit.events.examples import JULY, JUNE, ME, Story, article_content, claim

PLACE: dict[str, Any] = {"originator_version": 9, "recorder": ME}


def records() -> Knowledge:
    story = Story(a=claim())
    story.entity("ant")
    return story.knowledge()


def test_a_stream_without_events_is_nothing() -> None:
    assert fold_stream([]) is None


def test_each_record_counts_its_own_events() -> None:
    story = Story(a=claim(), b=claim(article=JULY))
    story.retract("a")
    story.correct_article(JUNE)
    knowledge = story.knowledge()
    assert [knowledge.claims[name].version for name in ("a", "b")] == [2, 1]
    assert [knowledge.articles[name].version for name in (JUNE, JULY)] == [2, 1]


def test_evidence_and_refs_are_kept_with_their_position() -> None:
    story = Story()
    at = story.claim("a", claim(), ref="000-01")
    later = story.add(EvidenceAdded, "claim-a", evidence=Evidence("again"))
    record = story.knowledge().claims["a"]
    assert [position for position, _ in record.evidence] == [at, later]
    assert record.refs == ((at, "000-01"),)


def test_a_claim_says_at_each_position_what_was_known_of_it() -> None:
    story = Story(a=claim())
    corrected = story.correct("a", polarity="negative")
    record = story.knowledge().claims["a"]
    found = [record.versions(position).content.polarity for position in (corrected - 1, corrected)]
    assert found == ["positive", "negative"]
    assert record.current == record.versions()


def test_what_an_article_amended_counts_where_that_is_public() -> None:
    story = Story(a=claim())
    story.correct("a", JULY, polarity="negative")
    story.retract("a", "august")
    version = story.knowledge().claims["a"].versions(is_public=JULY.__eq__)
    assert (version.content.polarity, version.is_retracted) == ("negative", False)


def test_what_is_known_of_an_article_is_its_last_content() -> None:
    story = Story()
    story.correct_article(JUNE, title="Olds")
    assert story.knowledge().articles[JUNE].at() == article_content(authors=("june writer",), title="Olds")


@pytest.mark.parametrize(
    ("record", "event"),
    [
        (None, ClaimRetracted(originator_id="claim-a", reason="x", **PLACE)),
        (records().entities["ant"], ClaimRetracted(originator_id="entity-ant", reason="x", **PLACE)),
        (records().articles[JUNE], ClaimRetracted(originator_id="article-june", reason="x", **PLACE)),
        (records().claims["a"], EntityMerged(originator_id="claim-a", merge="m", into="b", reason="x", **PLACE)),
    ],
    ids=["nothing", "an entity", "an article", "a claim"],
)
def test_an_event_of_another_kind_of_stream_is_a_fault_of_the_log(record: Record | None, event: DomainEvent) -> None:
    with pytest.raises(TypeError):
        evolve(record, event)


def test_streams_may_be_interleaved_in_any_way() -> None:
    story = Story(a=claim())
    story.entity("ant")
    story.retract("a")
    streams = sorted(story.log, key=lambda recorded: recorded.event.originator_id)
    other = Story()
    other.log = streams
    assert other.knowledge() == story.knowledge()
    assert isinstance(story.knowledge().entities["ant"], EntityRecord)
    assert isinstance(story.knowledge().claims["a"], ClaimRecord)
