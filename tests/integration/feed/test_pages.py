"""Pages of the feed, walked in any way, are what a plain filter of the log gives; nothing is lost at any cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events.errors import DomainError
from service.bootstrap import build, projections
from service.settings import Settings
from service.store.memory import MemoryStore
from service.store.protocol import StoredRecord
from service.timeline import concerns as concerns_module
from service.timeline import feed as module
from service.timeline.concerns import Concerns
from service.timeline.feed import Feed, Wanted
from tests.conftest import Servers
from tests.generating import generated
from tests.histories import histories
from tests.integration.feed.plain import ENTITIES, PlainIndex, chosen, concerned, pages, walked
from tests.recorded import ME, Recorded, draft_of

Draw = Callable[[st.SearchStrategy[Any]], Any]
SEVERAL = settings(generated(5), phases=[Phase.generate])


def filters(log: Sequence[StoredRecord]) -> st.SearchStrategy[Wanted]:
    """Any filter: also for what there is none of."""
    topics = st.sampled_from(sorted({record.topic for record in log} | {"Nothing.v1"}))
    some = st.none() | st.frozensets(topics, min_size=1, max_size=3)
    entities = st.none() | st.frozensets(st.sampled_from((*ENTITIES, "nobody")), min_size=1)
    return st.builds(Wanted, some, entities)


@st.composite
def renamed(draw: Draw, max_claims: int = 8) -> list[dict[str, Any]]:
    """A history in which claims come to name others, at the end or while it goes on."""
    history: list[dict[str, Any]] = draw(histories(max_claims=max_claims))
    claims = [one for one in history if one["record"] == "claim" and "ref" in one and len(one["participants"]) > 1]
    known = sorted({one["id"] for one in history if one["record"] == "entity"})
    for number in range(draw(st.integers(0, 6)) if claims else 0):
        claim = draw(st.sampled_from(claims))
        first, *others = claim["participants"]
        to = [first | {"entity": draw(st.sampled_from(known))}, *others]
        correction = {"record": "correction", "of": claim["ref"], "reason": f"number {number}"}
        place = draw(st.integers(history.index(claim) + 1, len(history)))
        changed = [*history[:place], correction | {"changes": {"participants": to}}, *history[place:]]
        with suppress(DomainError):  # as it may be refused, there or what comes after it
            Recorded(changed)
            history = changed
    return history


def bounds() -> st.SearchStrategy[dict[str, int]]:
    """How much is looked at for a page: so little that it often is not enough."""
    return st.fixed_dictionaries(
        {
            "MOST_STREAMS": st.sampled_from((0, 3, 5_000, 5_000, 5_000, 5_000)),
            "STRETCH": st.sampled_from((1, 4, 100_000)),
            "LOOKED_THROUGH": st.sampled_from((1, 3, 7, 5_000)),
        }
    )


def demand_right(feed: Feed, log: Sequence[StoredRecord], wanted: Wanted, data: st.DataObject) -> None:
    """From the beginning, and from each place that was told on the way, everything that is wanted comes once."""
    right = chosen(log, wanted)
    limits = st.sampled_from((1, 2, 3, 7, 200))
    seen, places = walked(feed, 0, lambda: data.draw(limits), wanted)
    assert seen == right
    limit = data.draw(limits)
    for place in places:
        rest = [record for record in right if record.position > place]
        assert [record for page in pages(feed, place, limit, wanted) for record in page.records] == rest
    until = data.draw(st.integers(0, len(log) + 2))
    short, _ = walked(feed, 0, lambda: limit, wanted, until)
    assert short == [record for record in right if record.position <= until]


@SEVERAL
@given(renamed(), bounds(), st.data())
def test_pages_are_what_a_plain_filter_gives_however_far_the_read_side_is(
    history: list[dict[str, object]], few: dict[str, int], data: st.DataObject
) -> None:
    log = (recorded := Recorded(history)).store.read_log(0, 10_000)
    known = data.draw(st.sampled_from((None, *range(len(log) + 1))))
    parked = data.draw(st.sampled_from((0, 0, 0, 0, 0, 2)))
    with pytest.MonkeyPatch.context() as patch:
        for name, value in few.items():
            patch.setattr(module, name, value)
        patch.setattr(concerns_module, "_MOST_REMEMBERED", data.draw(st.sampled_from((0, 1, 20_000))))
        feed = Feed(recorded.store, PlainIndex(log, known, parked))
        for wanted in (Wanted(), data.draw(filters(log)), data.draw(filters(log))):
            demand_right(feed, log, wanted, data)


@SEVERAL
@given(renamed(), st.data())
def test_whom_events_concern_is_told_right_in_whatever_parts_they_are_asked_for(
    history: list[dict[str, object]], data: st.DataObject
) -> None:
    log = (recorded := Recorded(history)).store.read_log(0, 10_000)
    right = concerned(log)
    concerns = Concerns(recorded.store)
    for _ in range(8):
        asked = sorted(data.draw(st.sets(st.integers(0, len(log) - 1))))
        assert concerns.of([log[n] for n in asked]) == [right[n] for n in asked]


@SEVERAL
@given(renamed(), st.data())
def test_a_reader_that_follows_while_it_is_written_sees_the_same(
    history: list[dict[str, object]], data: st.DataObject
) -> None:
    """Pitfall 11: stable under concurrent inserts."""
    recorded = Recorded([])
    whole = Recorded(history).store.read_log(0, 10_000)
    wanted = data.draw(filters(whole))
    seen: list[StoredRecord] = []
    closed: dict[tuple[int, int], list[StoredRecord]] = {}
    after = 0
    for record in history:
        recorded.record(record)  # type: ignore[arg-type]
        if data.draw(st.booleans()):
            log = recorded.store.read_log(0, 10_000)
            feed = Feed(recorded.store, PlainIndex(log, data.draw(st.none() | st.integers(0, len(log)))))
            limit = data.draw(st.sampled_from((1, 2, 7)))
            page = next(pages(feed, after, limit, wanted))
            if page.is_full:
                closed[after, limit] = list(page.records)
            seen += page.records
            after = page.last
    log = recorded.store.read_log(0, 10_000)
    feed = Feed(recorded.store, PlainIndex(log, len(log)))
    seen += [one for page in pages(feed, after, 3, wanted) for one in page.records]
    assert seen == chosen(log, wanted)
    for (place, limit), records in closed.items():
        assert list(feed.page(place, limit, wanted).records) == records, "a full page has changed"


def test_a_claim_that_is_corrected_to_name_somebody_concerns_them_from_then_on() -> None:
    feed, log = _corrected(known=None)
    assert _positions(feed, log, "cat") == [5, 6, 7]
    for known in range(len(log) + 1):
        assert _positions(*_corrected(known), "cat") == [5, 6, 7]


def test_to_remember_one_claim_does_not_lose_another_of_the_same_page(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concerns_module, "_MOST_REMEMBERED", 1)
    *before, claim, cat = _history()
    other = claim | {"ref": "c-2", "time": {"kind": "instant", "edtf": "2014"}}
    recorded = Recorded([*before, claim, cat, other, {"record": "retraction", "of": "c-1", "reason": "It never was."}])
    log = recorded.store.read_log(0, 100)
    concerns = Concerns(recorded.store)
    assert concerns.of([log[3]]) == [{"ant", "bee"}]
    assert concerns.of(log[5:]) == [{"ant", "bee"}] * 2


def _history() -> list[dict[str, Any]]:
    """A claim about Ant and Bee, and Cat, who is not named."""
    claim = {
        "record": "claim", "ref": "c-1", "article": "https://a.example/", "type": "partnership", "attributes": {},
        "participants": _partners("bee"), "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2013"}, "evidence": {"summary": "They work together."},
    }  # fmt: skip
    article = {
        "record": "article", "url": "https://a.example/", "title": "A", "publisher": "p", "authors": [],
        "language": "en", "published": "2014-11-04",
    }  # fmt: skip
    ant, bee, cat = ({"record": "entity", "id": n, "kind": "company", "name": n.title()} for n in ("ant", "bee", "cat"))
    return [ant, bee, article, claim, cat]


def _partners(other: str) -> list[dict[str, str]]:
    return [{"role": "partner", "entity": name} for name in ("ant", other)]


def _corrected(known: int | None) -> tuple[Feed, list[StoredRecord]]:
    """The claim is corrected to name Cat, and back."""
    corrections: list[dict[str, Any]] = [
        {"record": "correction", "of": "c-1", "changes": {"participants": _partners(name)}, "reason": f"It was {name}."}
        for name in ("cat", "bee")
    ]
    store = MemoryStore()
    Recorded([*_history(), *corrections], store)
    log = store.read_log(0, 100)
    return Feed(store, PlainIndex(log, known)), log


def _positions(feed: Feed, log: Sequence[StoredRecord], name: str) -> list[int]:
    wanted = Wanted(entities=frozenset((name,)))
    found = [record for page in pages(feed, 0, 2, wanted) for record in page.records]
    assert found == chosen(log, wanted)
    return [record.position for record in found]


@settings(generated(25), phases=[Phase.generate])
@given(st.data())
def test_pages_of_the_database_are_what_a_plain_filter_gives(servers: Servers, data: st.DataObject) -> None:
    """With the real read side, which was told to follow now and then."""
    history = data.draw(renamed(max_claims=10))
    url = servers.migrated(18)
    services = build(Settings(database_url=url), url)
    try:
        with projections(Settings(database_url=url), url) as projectors:
            for record in history:
                services.timeline.record([draft_of(record)], recorder=ME)
                if data.draw(st.integers(1, 8)) == 8:
                    projectors.catch_up()
            feed = services.timeline.feed
            log = feed._store.read_log(0, 10_000)
            for few in (data.draw(bounds()), {}):
                with pytest.MonkeyPatch.context() as patch:
                    for name, value in few.items():
                        patch.setattr(module, name, value)
                    for wanted in [Wanted(), *(data.draw(filters(log)) for _ in range(4))]:
                        demand_right(feed, log, wanted, data)
                projectors.catch_up()
    finally:
        services.close()
        servers.drop(url)


def test_what_the_read_side_holds_back_is_not_left_out(servers: Servers) -> None:
    """A stream that is parked may name whom the index does not know of."""
    url = servers.migrated(18)
    services = build(Settings(database_url=url), url)
    try:
        timeline = services.timeline
        recorded = [timeline.record([draft_of(one)], recorder=ME) for one in _history()]
        store, feed = timeline.feed._store, timeline.feed
        (stream,) = {one.stream for one in store.read_log(0, 100) if one.stream.startswith("claim-")}
        state = b'{"changes":{"participants":[{"entity":"ant","role":"partner"},{"entity":"cat","role":"partner"}]},'
        state += b'"reason":"It was Cat.","recorder":{"key":"tester"}}'
        store.append(
            [StoredEvent(stream, 2, "ClaimCorrected.v9", b"{}"), StoredEvent(stream, 3, "ClaimCorrected.v1", state)]
        )
        with projections(Settings(database_url=url), url) as projectors:
            projectors.catch_up()
        log = store.read_log(0, 100)
        assert recorded and _positions(feed, log, "cat") == [5, len(log)]
    finally:
        services.close()
        servers.drop(url)
