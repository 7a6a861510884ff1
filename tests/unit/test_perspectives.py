"""By a day of publication and according to somebody: what is told page by page is what the whole log tells."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import product
from typing import Any, NamedTuple

import pytest
from hypothesis import given, note
from hypothesis import strategies as st

from events.fold import Knowledge
from events.knowledge import hear, survivors
from events.matters import DISPUTES, KINDS, RANKS, RELATION, STANCE, Matter, account, bearings
from events.network import EVERYTHING
from events.stances import concerns
from events.state import refs_in
from events.temporal import parse_day
from service.projections.beliefs import Beliefs, Place
from service.store.rows import readable
from service.timeline.loading import Loader
from service.timeline.parts import part
from service.timeline.perspectives import PagedStates
from service.timeline.states import FoldedStates, KeptStates, States, Told, place_for
from service.timeline.views import Clocks
from tests.generating import some
from tests.histories import COMPANIES, PERSON, histories, turning_days
from tests.indexed import PlainIndex
from tests.recorded import Recorded
from tests.tabled import PlainBeliefs
from tests.tangles import PUBLISHED_BY, tangles


@some
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
            assert lines(states.listed(entity)) == expected
            for number, told in enumerate(expected):
                kinds = KINDS if number % 2 else {told.kind}
                rest = [later for later in expected[number + 1 :] if later.kind in kinds]
                assert lines(states.listed(entity, told.place, kinds)) == rest


class Line(NamedTuple):
    """What is told of one matter."""

    place: Place
    kind: str
    answer: Any


def lines(listed: Iterable[Told]) -> list[Line]:
    """What is told, in order."""
    return [Line(told.place, told.kind, told.answer) for told in listed]


@some
@given(st.data())
def test_what_tells_something_is_the_same_however_it_is_told(data: st.DataObject) -> None:
    """A stance of which no point concerns the entity tells as little as what is listed no more; parts are the same."""
    history = data.draw(histories())
    recorded = Recorded(history)
    whole = recorded.knowledge()
    beliefs = PlainBeliefs(readable(recorded.store.read_log(0, 1_000_000)))
    load = Loader(recorded.store, PlainIndex(whole), 1_000)
    days, positions = st.sampled_from(turning_days(history)), st.sampled_from(recorded.positions)
    for _ in range(5):
        position = data.draw(positions)
        clocks = Clocks(parse_day(data.draw(days)), None, position, None, None)
        limit = data.draw(st.integers(1, 3))
        note(clocks)
        for entity in whole.entities.keys() - survivors(whole, position):
            expected = [told for told in told_by(whole, entity, clocks) if told.answer]
            for states in every_way(load, clocks, beliefs):
                assert [told for told in lines(states.listed(entity)) if told.answer] == expected
            parts = [part(states.listed(entity), EVERYTHING, limit)[:2] for states in every_way(load, clocks, beliefs)]
            assert parts[0] == parts[1] == parts[2]


def every_way(load: Loader, clocks: Clocks, beliefs: Beliefs) -> list[States]:
    """All that can tell what is listed under an entity."""
    return [FoldedStates(load, clocks), PagedStates(load, clocks, beliefs), KeptStates(beliefs, load, clocks)]


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
    told = lines(PagedStates(load, clocks, beliefs).listed(entity))
    assert [item.kind for item in told] == [kind]
    assert told == told_by(whole, entity, clocks)
    assert lines(PagedStates(load, clocks, beliefs).listed(entity, kinds={kind})) == told


def roles(**filled: tuple[str, ...]) -> list[dict[str, str]]:
    """Participants by role."""
    return [{"role": role, "entity": entity} for role, entities in filled.items() for entity in entities]


def said(ref: str, type: str, attributes: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    """A claim of the first article, with participants by role."""
    time = more.pop("time", {"kind": "instant", "edtf": "2012-01-01"})
    return statement(ref, "") | {
        "type": type, "participants": roles(**more), "attributes": attributes or {}, "time": time,
    }  # fmt: skip


def corrected(of: str, year: int | None = None, **changes: Any) -> dict[str, Any]:
    """A correction, by the article of a year or by the recorder."""
    by = {} if year is None else {"article": f"https://news.example/{year}"}
    return {"record": "correction", "of": of, "changes": changes, "reason": f"was wrong, {year} {changes}", **by}


IN_2014 = {"article": "https://news.example/2014", "asserted_by": {"kind": "author"}}
CAME_LATER: dict[str, list[dict[str, Any]]] = {
    "nothing": [],
    "a denial": [{"record": "response", "response": "deny", "target": "said", "by": IN_2014}],
    "a correction by another article": [corrected("said", 2014, time={"kind": "instant", "edtf": "2011"})],
    "a withdrawal by another article": [WITHDRAWN],
    "another end, and the first one again": [
        corrected("said", 2014, participants=roles(partner=("bee", "cat"))),
        corrected("said", participants=roles(partner=("bee", "ant"))),
    ],
    "a later date of its article": [corrected(SAID, published="2014-06-01")],
    "an earlier date of another article": [corrected("https://news.example/2014", published="2012-02-01")],
    "another claim": [said("more", "partnership", partner=("bee", "ant")) | IN_2014],
}


@pytest.mark.parametrize("case", CAME_LATER)
def test_what_all_believe_is_told_only_where_all_of_it_was_published(case: str) -> None:
    demand_same_as_published(said("said", "partnership", partner=("bee", "ant")), *CAME_LATER[case])


TOLD: dict[str, dict[str, Any]] = {
    "profile": {"type": "organization", "subject": ("ant",), "attributes": {"activity": "steel"}},
    "figure": {"type": "market_fact", "subject": ("ant",), "attributes": {"measure": "share", "value": 1}},
    "round": {"type": "investment", "investee": ("ant",), "attributes": {"round": "A"}},
    "lineage": {
        "type": "organization", "subject": ("ant",), "predecessor": ("bee",), "attributes": {"stage": "renamed"},
    },
    "relation": {"type": "partnership", "partner": ("ant", "bee")},
}  # fmt: skip


@pytest.mark.parametrize("response", ["retract", "supersede", "correct"])
@pytest.mark.parametrize("kind", TOLD)
@pytest.mark.parametrize("is_alone", [True, False])
@pytest.mark.parametrize("is_redated", [True, False])
def test_what_a_later_article_undoes_was_so_until_then(
    kind: str, response: str, is_alone: bool, is_redated: bool
) -> None:
    """Also where the dates of both articles are put right afterwards."""
    others = [] if is_alone else [said("other", **TOLD[kind])]
    redated = [corrected(SAID, published="2013-03-01"), corrected("https://news.example/2014", published="2012-06-01")]
    demand_same_as_published(
        said("said", **TOLD[kind]),
        *others,
        {"record": "response", "response": response, "target": "said", "by": IN_2014},
        *(redated if is_redated else []),
    )


OUT_OF_SIGHT: dict[str, list[dict[str, Any]]] = {
    "an investor that never took part while all was public": [
        said("round", "investment", investee=("bee",), attributes={"round": "A"}),
        said("i", "investment", investor=("cat",), investee=("bee",)),
        corrected("i", 2014, participants=roles(investor=("cat",), investee=("ant",))),
        corrected("i", 2013, attributes={"round": "A"}),
    ],
    "a withdrawn claim under a name that it never had": [
        said("first", "partnership", partner=("dog", "cat")),
        said("c", "partnership", partner=("bee", "cat"), time={"kind": "instant", "edtf": "2011"}),
        corrected("c", 2014, participants=roles(partner=("ant", "cat"))),
        {"record": "retraction", "of": "c", "reason": "a slip"},
        {"record": "merge", "entity": "bee", "into": "dog", "reason": "the same"},
    ],
    "a claim undone by another under a name that it never had": [
        said("first", "partnership", partner=("dog", "cat")),
        said("c", "partnership", partner=("bee", "cat"), time={"kind": "instant", "edtf": "2011"}),
        corrected("c", 2014, participants=roles(partner=("ant", "cat"))),
        {"record": "response", "response": "retract", "target": "c",
         "by": {"article": "https://news.example/2013", "asserted_by": {"kind": "author"}}},
        {"record": "merge", "entity": "bee", "into": "dog", "reason": "the same"},
    ],
    "a response that was about another claim": [
        said("c0", "organization", subject=("bee",), attributes={"activity": "steel"}),
        said("c9", "organization", subject=("ant",), attributes={"activity": "coal"}),
        {"record": "response", "response": "retract", "target": "c0", "ref": "r",
         "by": {"article": SAID, "asserted_by": {"kind": "author"}}},
        corrected("r", 2014, attributes={"response": "retract", "target": "c9"}),
        corrected("c0", attributes={"activity": "iron"}),
    ],
    "a claim that was about another company, which was merged": [
        said("x", "organization", subject=("bee",), attributes={"activity": "steel"}),
        said("c", "organization", subject=("bee",), attributes={"activity": "coal"}),
        corrected("c", 2014, participants=roles(subject=("ant",))),
        {"record": "merge", "entity": "bee", "into": "dog", "reason": "the same"},
    ],
}  # fmt: skip


@pytest.mark.parametrize("case", OUT_OF_SIGHT)
def test_what_bears_on_a_matter_only_as_published_by_some_day_is_told_then(case: str) -> None:
    demand_same_as_published(*OUT_OF_SIGHT[case])


def demand_same_as_published(*records: dict[str, Any]) -> None:
    """The same is told of everybody as the whole log tells, by each day and position, however the tables were made."""
    recorded = Recorded([
        *({"record": "entity", "id": name, "kind": "company", "name": name} for name in ("ant", "bee", "cat", "dog")),
        *(article(year) for year in (2012, 2013, 2014)),
        *records,
    ])  # fmt: skip
    whole, events = recorded.knowledge(), list(readable(recorded.store.read_log(0, 1_000_000)))
    load = Loader(recorded.store, PlainIndex(whole), 1_000)
    for beliefs in (PlainBeliefs(events), PlainBeliefs(events, anew=True)):
        for limit, position in product(
            ("2011-12-31", "2012-12-31", "2013-12-31", "2014-12-31"), recorded.positions[-5:]
        ):
            clocks = Clocks(parse_day("2015-01-01"), parse_day(limit), position, None, None)
            for entity in whole.entities.keys() - survivors(whole, position):
                assert lines(PagedStates(load, clocks, beliefs).listed(entity)) == told_by(whole, entity, clocks)


FOR_ANT, FOR_CAT = ({"kind": "speaker", "agent": ["pat"], "affiliation": [company]} for company in ("ant", "cat"))
IN_2013 = {"time": {"kind": "instant", "edtf": "2013"}}
BY_PAT = {"participants": [{"role": "speaker", "entity": "pat"}, {"role": "about", "entity": "bee"}]}
SPOKEN: dict[str, tuple[list[dict[str, Any]], dict[str, list[int]]]] = {  # the points told of each, by stance
    "by a person who is no more than a voice": ([{"asserted_by": FOR_ANT}], {"ant": [1], "bee": [1], "pat": [0]}),
    "by several as one": (
        [{"asserted_by": {"kind": "collective", "affiliation": ["ant", "cat"]}}], {"ant": [0], "bee": [1], "cat": [0]},
    ),
    "for one and later for another": (
        [BY_PAT | {"asserted_by": FOR_ANT}, BY_PAT | IN_2013 | {"asserted_by": FOR_CAT}],
        {"ant": [1], "bee": [2], "cat": [1], "pat": [2]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SPOKEN)
def test_of_a_stance_an_entity_is_told_the_points_that_concern_it_and_a_part_counts_no_other(case: str) -> None:
    said, expected = SPOKEN[case]
    known = {"ant": "company", "bee": "company", "cat": "company", "pat": "person"}
    recorded = Recorded([
        *({"record": "entity", "id": name, "kind": kind, "name": name} for name, kind in known.items()),
        article(2012),
        *(statement(f"c{number}", "bee") | more for number, more in enumerate(said)),
    ])  # fmt: skip
    beliefs = PlainBeliefs(readable(recorded.store.read_log(0, 1_000_000)))
    load = Loader(recorded.store, PlainIndex(recorded.knowledge()), 1_000)
    clocks = Clocks(parse_day("2015-01-01"), None, recorded.positions[-1], None, None)
    for states in every_way(load, clocks, beliefs):
        found = {entity: [len(told.answer) for told in states.listed(entity)] for entity in known}
        assert {entity: counts for entity, counts in found.items() if counts} == expected
        for entity, counts in expected.items():
            # With no room left, the next one that tells something begins another part.
            taken, after = part(states.listed(entity), EVERYTHING, 0)[:2]
            assert (taken, after is None) == ([], sum(counts) == 0)


def test_a_part_ends_behind_what_it_tells_whatever_was_listed_once_before_the_next() -> None:
    said = {"c1": ("agreement", "party"), "c2": ("competition", "competitor"), "c3": ("partnership", "partner")}
    recorded = Recorded([
        *({"record": "entity", "id": name, "kind": "company", "name": name} for name in ("ant", "bee")),
        article(2012),
        *(
            statement(ref, "bee")
            | {"type": type, "attributes": {}, "participants": [{"role": role, "entity": e} for e in ("ant", "bee")]}
            for ref, (type, role) in said.items()
        ),
        {"record": "retraction", "of": "c2", "reason": "not so"},
    ])  # fmt: skip
    beliefs = PlainBeliefs(readable(recorded.store.read_log(0, 1_000_000)))
    load = Loader(recorded.store, PlainIndex(recorded.knowledge()), 1_000)
    clocks = Clocks(parse_day("2015-01-01"), None, recorded.positions[-1], None, None)
    for states in every_way(load, clocks, beliefs):
        taken, after = part(states.listed("ant", kinds={RELATION}), EVERYTHING, 1)[:2]
        assert [state.key[0] for _, state in taken] == ["agreement_with"]
        assert after == f"{RANKS[RELATION]}/agreement_with ant bee"


def article(year: int) -> dict[str, Any]:
    """An article of a year."""
    return {
        "record": "article", "url": f"https://news.example/{year}", "title": str(year), "publisher": "news",
        "authors": ["Ada Writer"], "language": "en", "published": f"{year}-06-01",
    }  # fmt: skip


def told_by(whole: Knowledge, entity: str, clocks: Clocks) -> list[Line]:
    """What the whole log tells of an entity, in the order of places."""
    hearing = hear(whole, clocks.point)
    refs = refs_in(whole, clocks.position)
    accounts = {
        matter: account(hearing, matter, bearing, refs).at(clocks.as_of)
        for matter, bearing in bearings(hearing).items()
        if entity in bearing.entities
    }
    told = [Line(place_for(matter), matter.kind, told_of(entity, matter, said)) for matter, said in accounts.items()]
    return sorted(told, key=lambda item: item.place)


def told_of(entity: str, matter: Matter, said: Any) -> Any:
    """What is said of a matter under an entity: of a stance just the points that concern it."""
    return tuple(point for point in said if concerns(point, entity)) if matter.kind == STANCE else said
