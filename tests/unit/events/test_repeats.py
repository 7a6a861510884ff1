"""What was recorded before is nothing new, whatever was recorded in between."""

from __future__ import annotations

from msgspec.structs import replace

from events.commands import CorrectArticle, CorrectClaim, RecordClaim, RegisterArticle, RegisterEntity
from events.decide import decide_article, decide_claim, decide_entity
from events.event_types import DomainEvent, EntityMerged, EntityRegistered, EntityRenamed, EntityUnmerged
from events.records import ArticleRecord, ClaimRecord, EntityRecord, evolve, fold_stream
from events.validation import anchored
from events.values import ClaimTime, EntityContent
from tests.unit.events.examples import EVIDENCE, ME, article_content, claim

BEE, WASP = EntityContent("company", "Bee"), EntityContent("company", "Wasp")


def entity(*events: DomainEvent) -> EntityRecord:
    record = None
    for position, event in enumerate(events, 11):
        record = evolve(record, event, position)
    assert isinstance(record, EntityRecord)
    return record


def article(*commands: CorrectArticle) -> ArticleRecord:
    events = list(decide_article(RegisterArticle("june", article_content(), ME), None))
    for command in commands:
        found = fold_stream(events)
        assert isinstance(found, ArticleRecord)
        events += decide_article(command, found)
    found = fold_stream(events)
    assert isinstance(found, ArticleRecord)
    return found


def test_an_article_as_it_was_known_at_any_time_is_a_repeat() -> None:
    corrected = article(CorrectArticle("june", {"published": "2014-06-02"}, "slip", ME))
    assert decide_article(RegisterArticle("june", article_content(), ME), corrected) == ()
    assert decide_article(RegisterArticle("june", article_content(published="2014-06-02"), ME), corrected) == ()


def test_a_correction_of_an_article_is_a_repeat_for_the_same_reason_only() -> None:
    there = CorrectArticle("june", {"published": "2014-06-02"}, "slip", ME)
    back = CorrectArticle("june", {"published": "2014-06-01"}, "no slip", ME)
    record = article(there, back)
    assert decide_article(there, record) == ()
    assert decide_article(back, article(there, back, replace(there, reason="slip after all"))) == ()
    assert len(decide_article(replace(there, reason="slip after all"), record)) == 1
    assert len(decide_article(replace(there, changes={"published": "2014-06-03"}), record)) == 1


def test_an_entity_goes_back_to_what_it_was_only_for_one_who_insists() -> None:
    events: list[DomainEvent] = []
    for content in (BEE, WASP):
        found = fold_stream(events)
        assert found is None or isinstance(found, EntityRecord)
        events += decide_entity(RegisterEntity("bee", content, ME), found)
    record = entity(*events)
    assert decide_entity(RegisterEntity("bee", BEE, ME), record) == ()
    assert len(decide_entity(RegisterEntity("bee", BEE, ME, insists=True), record)) == 1


def test_an_entity_stands_in_the_log_where_its_last_event_is() -> None:
    place = {"originator_id": "entity-bee", "recorder": ME}
    registered = EntityRegistered(**place, originator_version=1, content=BEE)
    renamed = EntityRenamed(**place, originator_version=2, name="Wasp", since="2014")
    merged = EntityMerged(**place, originator_version=3, merge="m", into="ant", reason="the same")
    undone = EntityUnmerged(**place, originator_version=4, merge="m", reason="not the same")
    events = (registered, renamed, merged, undone)
    assert [entity(*events[:count]).position for count in (1, 2, 3, 4)] == [11, 12, 13, 14]


def test_a_correction_of_a_time_is_a_repeat_though_the_anchor_was_filled_in() -> None:
    content = claim(edtf="2014-06-01")
    time = {"kind": "instant", "edtf": "2014-05-31", "rule": "days_before(1)"}
    change = CorrectClaim("c", {"time": time}, "misread", ME, "2014-06-01")
    events = list(decide_claim(RecordClaim("c", content, EVIDENCE, ME), None))
    record = fold_stream(events)
    assert isinstance(record, ClaimRecord)
    events += decide_claim(change, record)
    record = fold_stream(events)
    assert isinstance(record, ClaimRecord)
    assert record.current.content.time.anchor == "2014-06-01"
    assert decide_claim(replace(change, published="2015-01-01"), record) == ()
    other = replace(change, changes={"polarity": "negative"})
    assert len(decide_claim(other, record)) == 1


def test_only_a_rule_that_counts_from_a_day_gets_an_anchor() -> None:
    plain = ClaimTime("instant", "2014")
    assert anchored(plain, "2014-06-01") == plain
    assert anchored(replace(plain, rule="same_as(c1)"), "2014-06-01").anchor is None
    assert anchored(replace(plain, rule="years_before(0)"), "2014-06-01").anchor == "2014-06-01"
    assert anchored(replace(plain, rule="years_before(0)", anchor="2014-07-01"), "2014-06-01").anchor == "2014-07-01"
