"""A merge that is taken back leaves no trace in later answers, over generated histories."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from events.event_types import EntityMerged, EntityUnmerged
from events.fold import Knowledge, fold
from events.knowledge import Point
from events.merges import merge_notices
from events.state import EntityState, entity_state
from events.temporal import parse_day
from service.store.rows import readable
from tests.generating import some
from tests.histories import KINDS, histories
from tests.recorded import Recorded

DAYS = ("2012-07-01", "2013-07-01", "2014-07-01", "2016-01-01")
MERGED, INTO = "bee", "ant"
MERGE = {"record": "merge", "entity": MERGED, "into": INTO, "reason": "the same company"}
UNMERGE = {"record": "unmerge", "entity": MERGED, "into": INTO, "reason": "two companies after all"}
Record = dict[str, Any]


class Merged:
    """A history with one merge and its undoing in it, recorded; `between` and `after` are positions."""

    def __init__(self, history: list[Record], first: int, second: int) -> None:
        recorded = Recorded([*history[:first], MERGE, *history[first:second], UNMERGE, *history[second:]])
        self.between = range(recorded.positions[first + 1], recorded.positions[second + 2])
        self.after = recorded.positions[second + 2 :]
        self.log = list(readable(recorded.store.read_log(0, 1_000_000)))

    def known(self) -> Knowledge:
        return fold(self.log)

    def without_the_merge(self) -> Knowledge:
        return fold(item for item in self.log if not isinstance(item.event, EntityMerged | EntityUnmerged))

    def until(self, position: int) -> Knowledge:
        return fold(item for item in self.log if item.position <= position)


@st.composite
def merged(draw: Any) -> Merged:
    entities = [{"record": "entity", "id": name, "kind": KINDS[name], "name": name.title()} for name in (MERGED, INTO)]
    history = [*entities, *(r for r in draw(histories()) if r["record"] not in ("merge", "unmerge"))]
    first = draw(st.integers(len(entities), len(history)))
    return Merged(history, first, draw(st.integers(first, len(history))))


def states(knowledge: Knowledge, position: int) -> dict[tuple[str, str], EntityState]:
    return {
        (name, day): entity_state(knowledge, name, Point(parse_day(day), None, position))
        for name in KINDS
        for day in DAYS
    }


@some
@given(merged(), st.data())
def test_after_an_unmerge_all_answers_are_as_if_there_had_been_no_merge(story: Merged, data: st.DataObject) -> None:
    position = data.draw(st.sampled_from(story.after))
    assert states(story.known(), position) == states(story.without_the_merge(), position)
    assert merge_notices(story.known(), KINDS, position) == ()


@some
@given(merged(), st.data())
def test_an_unmerge_leaves_the_answers_between_merged(story: Merged, data: st.DataObject) -> None:
    position = data.draw(st.sampled_from(story.between))
    told = states(story.known(), position)
    assert told == states(story.until(position), position)
    for day in DAYS:
        assert told[MERGED, day] == told[INTO, day] and told[MERGED, day].entity == INTO
    (notice,) = merge_notices(story.known(), KINDS, position)
    assert (notice.asked, notice.answered, notice.position) == (MERGED, INTO, story.between[0])
