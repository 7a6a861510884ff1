"""What is kept of a matter, and what is told from its claims instead."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from events import beliefs
from events.beliefs import MOST_PARTS, Belief, belief, belief_in
from events.knowledge import Point, hear
from events.matters import POSITION, RELATION, account, bearings
from events.records import EVER
from events.state import refs_in
from events.temporal import LAST_DAY, parse_day
from tests.generating import some
from tests.histories import histories
from tests.http import examples
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


def test_a_relation_of_too_many_parts_is_told_from_its_claims() -> None:
    """Each further claim would put all of them together again."""
    rounds = Recorded([*_COMPANIES, *(_investment(number) for number in range(MOST_PARTS))])
    (before,) = _relations(rounds)
    assert len(before.at(parse_day("2014-01-01")).parts) == MOST_PARTS
    rounds.record(_investment(MOST_PARTS))
    (after,) = _relations(rounds)
    assert after.told is None
    assert after.entities == before.entities == ("mirantis", "red-hat")


_COMPANIES: list[dict[str, Any]] = [
    *({"record": "entity", "id": name, "kind": "company", "name": name} for name in ("red-hat", "mirantis")),
    {"record": "article", **examples.article(), "publisher": "red-hat"},
]


def _investment(number: int) -> dict[str, Any]:
    time = {"kind": "instant", "edtf": "2013"}
    return {"record": "claim", **examples.claim(attributes={"round": f"round {number}"}, time=time)}


def _relations(recorded: Recorded) -> list[Belief[Any]]:
    hearing = hear(recorded.knowledge(), Point(LAST_DAY))
    refs = refs_in(recorded.knowledge(), EVER)
    found = bearings(hearing).items()
    return [belief_in(hearing, matter, bearing, refs) for matter, bearing in found if matter.kind == RELATION]
