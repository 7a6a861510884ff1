"""By a day of publication and according to somebody: what is told page by page is what the whole log tells."""

from __future__ import annotations

from hypothesis import given, note
from hypothesis import strategies as st

from events.fold import Knowledge
from events.knowledge import hear, survivors
from events.matters import KINDS, account, bearings
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
from tests.tangles import tangles
from tests.unit.test_fold import relaxed


@relaxed
@given(st.data())
def test_what_is_told_page_by_page_is_what_the_whole_log_tells(data: st.DataObject) -> None:
    """Of every entity, from every place on, for all kinds of matters."""
    history = data.draw(st.one_of(tangles(), tangles(), histories()))
    recorded = Recorded(history)
    whole = recorded.knowledge()
    beliefs = PlainBeliefs(readable(recorded.store.read_log(0, 1_000_000)))
    load = Loader(recorded.store, PlainIndex(whole), 1_000)
    days = st.sampled_from(turning_days(history))
    for _ in range(5):
        published = data.draw(st.one_of(st.none(), days))
        perspective = data.draw(st.sampled_from((None, *COMPANIES, PERSON)))
        clocks = Clocks(
            parse_day(data.draw(days)), published and parse_day(published),
            data.draw(st.sampled_from((recorded.positions[-1], *recorded.positions[1:]))), None, perspective,
        )  # fmt: skip
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
