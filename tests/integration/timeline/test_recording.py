"""Recording under concurrency and repetition, on PostgreSQL."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest

from events.errors import Conflict, Invalid, StaleVersion, UnknownReference
from events.values import Recorder
from service.errors import RequestMismatch
from service.store.rows import event_of
from service.timeline.timeline import Timeline
from service.timeline.views import Outcome, RequestKey
from tests.recorded import draft_of

ME = Recorder("tester")
ENTITIES: list[dict[str, Any]] = [
    {"record": "entity", "id": "ant", "kind": "company", "name": "Ant"},
    {"record": "entity", "id": "bee", "kind": "company", "name": "Bee"},
    {"record": "entity", "id": "pat", "kind": "person", "name": "Pat Smith", "aliases": ["Patty"]},
]
ARTICLE: dict[str, Any] = {
    "record": "article",
    "url": "https://news.example/1",
    "title": "News",
    "publisher": "news",
    "authors": ["Jo Writer"],
    "language": "en",
    "published": "2014-11-04",
}
CLAIM: dict[str, Any] = {
    "record": "claim",
    "ref": "c1",
    "article": "https://news.example/1",
    "type": "investment",
    "participants": [{"role": "investor", "entity": "ant"}, {"role": "investee", "entity": "bee"}],
    "attributes": {},
    "asserted_by": {"kind": "author"},
    "modality": "done",
    "polarity": "positive",
    "time": {"kind": "instant", "edtf": "2013", "anchor": "2014-11-04", "rule": "years_before(1)"},
    "evidence": {"summary": "one bought into the other", "quote": {"exact": "they bought in"}},
}
SCENE = [*ENTITIES, ARTICLE, CLAIM]


def record(timeline: Timeline, *records: dict[str, Any], **options: Any) -> Outcome:
    return timeline.record([draft_of(r) for r in records], recorder=ME, **options)


def correction(reason: str) -> dict[str, Any]:
    return {"record": "correction", "of": "c1", "changes": {"modality": "reported"}, "reason": reason}


def polarity(number: int) -> dict[str, Any]:
    return {"record": "correction", "of": "c1", "changes": {"attributes": {"stake": number}}, "reason": f"no {number}"}


def test_a_scene_is_recorded_in_one_append_with_dense_positions(timeline: Timeline) -> None:
    outcome = record(timeline, *SCENE)
    assert [item.position for item in outcome.items] == [1, 2, 3, 4, 5]
    assert all(item.created for item in outcome.items)
    assert outcome.position == timeline.head() == 5


@pytest.mark.parametrize("again", SCENE, ids=["ant", "bee", "pat", "article", "claim"])
def test_the_same_again_appends_nothing(timeline: Timeline, again: dict[str, Any]) -> None:
    first = record(timeline, *SCENE)
    second = record(timeline, again)
    assert timeline.head() == first.position
    assert not second.items[0].changed
    assert second.items[0].position == first.items[SCENE.index(again)].position


def test_a_correction_and_a_retraction_sent_twice_append_once(timeline: Timeline) -> None:
    record(timeline, *SCENE)
    taken_back = {"record": "retraction", "of": "c1", "reason": "not in the text"}
    for sent in (correction("typing error"), taken_back):
        first = record(timeline, sent)
        assert record(timeline, sent).items[0].version == first.items[0].version
        assert timeline.head() == first.position
    with pytest.raises(Conflict):
        record(timeline, {**taken_back, "reason": "another one"})


def test_of_eight_writers_on_one_version_one_wins_and_the_rest_are_told(timeline: Timeline) -> None:
    record(timeline, *SCENE)
    for round_number in range(10):
        version = 1 + round_number
        start = Barrier(8)

        def write(number: int, version: int = version, start: Barrier = start) -> str:
            start.wait()
            try:
                record(timeline, polarity(number + 1 + version * 8 % 90), expected=version)
            except (StaleVersion, Conflict) as error:
                return error.code
            return "won"

        with ThreadPoolExecutor(8) as pool:
            results = sorted(pool.map(write, range(8)))
        assert results.count("won") == 1
        assert set(results) <= {"won", "stale-version", "conflict"}
    assert timeline.head() == len(SCENE) + 10


def test_writers_without_an_expected_version_all_get_through(timeline: Timeline) -> None:
    record(timeline, *SCENE)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda number: record(timeline, polarity(number)), range(1, 9)))
    assert timeline.head() == len(SCENE) + 8


def test_one_of_many_refused_appends_none(timeline: Timeline) -> None:
    bad = {**CLAIM, "ref": "c2", "participants": [{"role": "investee", "entity": "nobody"}]}
    with pytest.raises(Exception, match="nobody") as refusal:
        record(timeline, *SCENE, bad)
    assert refusal.value.pointer == "/5/participants/0/entity"  # type: ignore[attr-defined]
    assert timeline.head() == 0


def test_a_request_key_gives_the_first_answer_again(timeline: Timeline) -> None:
    key = RequestKey("k1", "hash")
    first = record(timeline, *SCENE, request=key)
    again = record(timeline, *SCENE, request=key)
    assert (again.items, again.position, again.recorded_at) == (first.items, first.position, first.recorded_at)
    assert again.replayed
    with pytest.raises(RequestMismatch):
        record(timeline, *SCENE, request=RequestKey("k1", "other"))


def test_a_replayed_change_is_not_judged_by_the_version_it_made(timeline: Timeline) -> None:
    record(timeline, *SCENE)
    key = RequestKey("k2", "hash")
    first = record(timeline, correction("typing error"), expected=1, request=key)
    again = record(timeline, correction("typing error"), expected=1, request=key)
    assert again.items == first.items


def test_the_same_request_at_once_appends_once(timeline: Timeline) -> None:
    record(timeline, *SCENE)
    start = Barrier(4)

    def send(_: int) -> Outcome:
        start.wait()
        return record(timeline, correction("typing error"), expected=1, request=RequestKey("k3", "hash"))

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(send, range(4)))
    assert len({outcome.items for outcome in outcomes}) == 1
    assert timeline.head() == len(SCENE) + 1


def test_a_claim_recorded_during_a_correction_of_its_article_is_moved_if_it_came_first(timeline: Timeline) -> None:
    for number in range(12):
        article = {**ARTICLE, "url": f"https://news.example/race/{number}"}
        claim = {**CLAIM, "ref": f"race-{number}", "article": article["url"]}
        record(timeline, *ENTITIES, article)
        slip = {"record": "correction", "of": article["url"], "changes": {"published": "2012-01-01"}, "reason": "slip"}
        start = Barrier(2)

        def at_once(sent: dict[str, Any], start: Barrier = start) -> int:
            start.wait()
            return record(timeline, sent).items[0].position

        with ThreadPoolExecutor(2) as pool:
            claimed, corrected = pool.map(at_once, (claim, slip))
        found = timeline.claim(claim["ref"], timeline.clocks(min_position=timeline.head()))
        assert found.content.time.edtf == ("2011" if claimed < corrected else "2013")


def test_names_of_persons_quotes_and_authors_stay_out_of_the_log(timeline: Timeline) -> None:
    record(timeline, *SCENE, {"record": "rename", "of": "pat", "name": "Pat Jones", "since": "2015"})
    rows = timeline._store.read_log(0, 100)
    stored = b"".join(row.state for row in rows)
    for text in ("Pat", "Patty", "Jones", "Jo Writer", "they bought in"):
        assert text.encode() not in stored
    opened = timeline.open_texts([event_of(row) for row in rows])
    assert set(opened.values()) == {"Pat Smith", "Patty", "Pat Jones", "Jo Writer", "they bought in"}


TWICE: list[dict[str, Any]] = [
    *SCENE,
    {**CLAIM, "ref": "c2", "time": {"kind": "instant", "edtf": "2014-11-04", "rule": "on_publication"}},
    {**CLAIM, "ref": "c3", "time": {"kind": "instant", "edtf": "2014-11-03", "rule": "days_before(1)"}},
    {"record": "response", "response": "dispute", "target": "c1", "by": "c2", "reason": "not so"},
    {
        "record": "response",
        "response": "deny",
        "target": "c1",
        "by": {"article": ARTICLE["url"], "asserted_by": {"kind": "headline"}},
    },
    {"record": "correction", "of": ARTICLE["url"], "changes": {"published": "2014-11-05"}, "reason": "slip"},
    {"record": "correction", "of": ARTICLE["url"], "changes": {"published": "2014-11-06"}, "reason": "another slip"},
    {"record": "correction", "of": "c1", "changes": {"modality": "reported"}, "reason": "misread"},
    {"record": "correction", "of": "c1", "changes": {"modality": "done"}, "reason": "read right at first"},
    {
        "record": "correction",
        "of": "c3",
        "changes": {"time": {"kind": "instant", "edtf": "2014-11-06", "rule": "on_publication"}},
        "reason": "date",
    },
    {"record": "retraction", "of": "c2", "reason": "misread"},
    {"record": "reinstatement", "of": "c2", "reason": "it was right"},
    {"record": "entity", "id": "bee", "kind": "company", "name": "Bee Inc."},
    {"record": "rename", "of": "bee", "name": "Wasp", "since": "2016"},
    {"record": "merge", "of": "ant", "into": "bee", "reason": "the same"},
    {"record": "unmerge", "of": "ant", "into": "bee", "reason": "not the same"},
]


def test_a_whole_history_sent_again_appends_nothing(timeline: Timeline) -> None:
    for sent in TWICE:
        record(timeline, sent)
    head = timeline.head()
    for sent in TWICE:
        assert not record(timeline, sent).items[0].changed, sent
    assert timeline.head() == head
    record(timeline, *TWICE)
    assert timeline.head() == head


def test_the_same_twice_in_one_recording_names_the_one_position(timeline: Timeline) -> None:
    outcome = record(timeline, *SCENE, CLAIM)
    assert [(item.position, item.changed) for item in outcome.items[-2:]] == [(5, True), (5, False)]


def test_a_ref_that_looks_like_an_id_is_refused(timeline: Timeline) -> None:
    first = record(timeline, *SCENE).items[-1].id
    with pytest.raises(Invalid, match="ref"):
        record(timeline, {**CLAIM, "ref": first, "modality": "reported"})


def test_a_corrected_response_has_to_have_a_target(timeline: Timeline) -> None:
    answer = {"record": "response", "response": "dispute", "target": "c1", "ref": "r1", "by": "c1"}
    record(timeline, *SCENE, answer)
    changes = {"attributes": {"response": "dispute", "target": "nothing"}}
    with pytest.raises(UnknownReference) as refusal:
        record(timeline, {"record": "correction", "of": "r1", "changes": changes, "reason": "other claim"})
    assert refusal.value.pointer == "/changes/attributes/target"


def test_a_name_in_the_chain_is_refused(timeline: Timeline) -> None:
    by = {"kind": "author", "chain": ["author", "Maria Private"]}
    with pytest.raises(Invalid) as refusal:
        record(timeline, *SCENE, {**CLAIM, "ref": "c2", "asserted_by": by})
    assert refusal.value.pointer == "/5/asserted_by/chain/1"
