"""By a day of publication and according to somebody: what is told page by page is what the whole log tells."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from events.fold import Knowledge
from events.knowledge import hear, survivors
from events.matters import DISPUTES, KINDS, STANCE, account, bearings
from events.state import refs_in
from events.temporal import parse_day
from service.projections.beliefs import Place
from service.store.rows import readable
from service.timeline.loading import Loader
from service.timeline.perspectives import PagedStates
from service.timeline.states import Told
from service.timeline.views import Clocks
from tests.histories import COMPANIES, PERSON, histories, turning_days
from tests.indexed import PlainIndex
from tests.recorded import Recorded
from tests.tabled import PlainBeliefs
from tests.tangles import PUBLISHED_BY, tangles
from tests.unit.test_fold import relaxed


@relaxed
@given(st.data())
def test_what_is_told_page_by_page_is_what_the_whole_log_tells(data: st.DataObject) -> None:
    """Of every entity, from every place on, for all kinds of matters."""
    history = data.draw(st.one_of(tangles(), tangles(), tangles(), histories()))
    recorded = Recorded(history)
    whole = recorded.knowledge()
    beliefs = PlainBeliefs(readable(recorded.store.read_log(0, 1_000_000)))
    load = Loader(recorded.store, PlainIndex(whole), 1_000)
    days = st.sampled_from(turning_days(history))
    for _ in range(8):
        published = data.draw(st.one_of(st.none(), days, *[st.sampled_from(PUBLISHED_BY)] * 3))
        perspective = data.draw(st.sampled_from((None, None, None, *COMPANIES, PERSON)))
        position = data.draw(st.one_of(st.just(recorded.positions[-1]), st.sampled_from(recorded.positions[1:])))
        clocks = Clocks(parse_day(data.draw(days)), published and parse_day(published), position, None, perspective)
        note(clocks)
        for entity in whole.entities:
            if entity in survivors(whole, clocks.position):
                continue
            expected = told_by(whole, entity, clocks)
            states = PagedStates(load, clocks, beliefs)
            assert list(states.listed(entity)) == expected
            for number, told in enumerate(expected):
                kinds = KINDS if number % 2 else {told.kind}
                rest = [later for later in expected[number + 1 :] if later.kind in kinds]
                assert list(states.listed(entity, told.place, kinds)) == rest


SAID = "https://news.example/2012"


def statement(ref: str, about: str) -> dict[str, Any]:
    """A friendly statement of the first article about an entity."""
    return {
        "record": "claim", "ref": ref, "article": SAID, "type": "statement",
        "participants": [{"role": "about", "entity": about}], "attributes": {"stance": "friendly"},
        "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2012-01-01"}, "evidence": {"summary": ref},
    }  # fmt: skip


CAT = [{"role": "about", "entity": "cat"}]
WITHDRAWN = {"record": "retraction", "of": "said", "reason": "not so", "article": "https://news.example/2014"}
NEVER_BELIEVED: dict[str, tuple[str, str, list[dict[str, Any]]]] = {
    "a correction published before an earlier one": ("bee", STANCE, [
        {"record": "correction", "of": "said", "changes": {"participants": CAT}, "article": "https://news.example/2014"},
        {"record": "correction", "of": "said", "changes": {"polarity": "negative"}, "article": "https://news.example/2013"},
    ]),
    "a correction of what was withdrawn": ("bee", STANCE, [
        WITHDRAWN, {"record": "correction", "of": "said", "changes": {"polarity": "negative"}},
    ]),
    "a merge after it was withdrawn": ("cat", STANCE, [
        WITHDRAWN, {"record": "merge", "entity": "bee", "into": "cat"},
    ]),
    "other authors after it was withdrawn": ("bee", STANCE, [
        WITHDRAWN, {"record": "correction", "of": SAID, "changes": {"authors": ["Bob Writer"]}},
    ]),
    "a merge after another claim took it back": ("cat", STANCE, [
        {"record": "response", "response": "retract", "target": "said", "ref": "back",
         "by": {"article": "https://news.example/2014", "asserted_by": {"kind": "author"}}},
        {"record": "merge", "entity": "bee", "into": "cat"},
    ]),
    "what took it back, in the name of one that was withdrawn before": ("bee", DISPUTES, [
        statement("other", "cat"), WITHDRAWN | {"of": "other"},
        {"record": "response", "response": "retract", "target": "said", "by": "other"},
    ]),
}  # fmt: skip


@pytest.mark.parametrize("case", NEVER_BELIEVED)
def test_what_was_never_believed_at_any_position_is_told_where_it_was_published(case: str) -> None:
    entity, kind, changes = NEVER_BELIEVED[case]
    reason = {"reason": "was wrong"}
    recorded = Recorded([
        *({"record": "entity", "id": name, "kind": "company", "name": name} for name in ("bee", "cat")),
        *(article(year) for year in (2012, 2013, 2014)),
        statement("said", "bee"),
        *(change if change["record"] in ("claim", "response") else reason | change for change in changes),
    ])  # fmt: skip
    whole = recorded.knowledge()
    beliefs = PlainBeliefs(readable(recorded.store.read_log(0, 1_000_000)))
    load = Loader(recorded.store, PlainIndex(whole), 1_000)
    clocks = Clocks(parse_day("2015-01-01"), parse_day("2013-12-31"), recorded.positions[-1], None, None)
    told = list(PagedStates(load, clocks, beliefs).listed(entity))
    assert [item.kind for item in told] == [kind]
    assert told == told_by(whole, entity, clocks)
    assert list(PagedStates(load, clocks, beliefs).listed(entity, kinds={kind})) == told


def article(year: int) -> dict[str, Any]:
    """An article of a year."""
    return {
        "record": "article", "url": f"https://news.example/{year}", "title": str(year), "publisher": "news",
        "authors": ["Ada Writer"], "language": "en", "published": f"{year}-06-01",
    }  # fmt: skip


def told_by(whole: Knowledge, entity: str, clocks: Clocks) -> list[Told]:
    """What the whole log tells of an entity, in the order of places."""
    hearing = hear(whole, clocks.point)
    refs = refs_in(whole, clocks.position)
    told = [
        Told(Place(matter.rank, matter.name), matter.kind, account(hearing, matter, bearing, refs).at(clocks.as_of))
        for matter, bearing in bearings(hearing).items()
        if entity in bearing.entities
    ]
    return sorted(told, key=lambda item: item.place)
