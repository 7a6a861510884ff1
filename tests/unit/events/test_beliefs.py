"""What is kept of a matter, and what is told from its claims instead."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import beliefs
from events.beliefs import belief, belief_in
from events.knowledge import Point, hear
from events.matters import POSITION, RELATION, account, bearings
from events.records import EVER
from events.state import refs_in
from tests.generating import some
from tests.histories import histories
from tests.recorded import Recorded


@some
@given(st.data())
def test_what_names_too_many_ends_would_not_have_been_kept_anyway(data: st.DataObject) -> None:
    """The shortcut leaves out nothing that the days themselves would keep."""
    history = data.draw(histories())
    knowledge = Recorded(history).knowledge()
    hearing = hear(knowledge, Point(1, None, EVER))
    refs = refs_in(knowledge, EVER)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(beliefs, "MOST_BREAKS", data.draw(st.integers(0, 4)))
        for matter, bearing in bearings(hearing).items():
            if matter.kind in (RELATION, POSITION):
                whole = account(hearing, matter, bearing, refs)
                long_way = belief(matter.kind, whole, bearing.entities, lambda claim: next(iter(refs(claim)), None))
                assert belief_in(hearing, matter, bearing, refs) == long_way
