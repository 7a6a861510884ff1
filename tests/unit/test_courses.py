"""What is told on all days is, on each of them, what is told on that day."""

from __future__ import annotations

from typing import Any

from hypothesis import given, note
from hypothesis import strategies as st

from events.courses import state_on
from events.knowledge import survivors
from events.matters import POSITION, RELATION, STANCE, VOTE
from events.state import concerning
from events.temporal import parse_day
from service.store.rows import readable
from service.timeline.courses import Courses, FoldedCourses, KeptCourses
from service.timeline.loading import Loader
from service.timeline.states import FoldedStates
from service.timeline.views import Clocks
from tests.generating import some
from tests.histories import COMPANIES, PERSON, histories, turning_days
from tests.indexed import PlainIndex
from tests.recorded import Recorded
from tests.tabled import PlainBeliefs

KINDS = (RELATION, POSITION, VOTE, STANCE)


@some
@given(st.data())
def test_courses_are_what_is_told_on_each_day(data: st.DataObject) -> None:
    """From beliefs and from claims, as published by a day and according to somebody as well."""
    history = data.draw(histories())
    recorded = Recorded(history)
    whole = recorded.knowledge()
    beliefs = PlainBeliefs(readable(recorded.store.read_log(0, 1_000_000)))
    load = Loader(recorded.store, PlainIndex(whole), 1_000)
    days, positions = st.sampled_from(turning_days(history)), st.sampled_from(recorded.positions)
    for _ in range(4):
        day, position = parse_day(data.draw(days)), data.draw(positions)
        published = data.draw(st.one_of(st.none(), days))
        perspective = data.draw(st.sampled_from((None, None, *COMPANIES, PERSON)))
        clocks = Clocks(day, published and parse_day(published), position, None, perspective)
        note(clocks)
        every: list[Courses] = [FoldedCourses(load, clocks)]
        every += [KeptCourses(beliefs, clocks, 1_000)] if clocks.is_plain else []
        going_on = sorted(whole.entities.keys() - survivors(whole, position))
        for entity in going_on:
            expected = answers(load, entity, clocks)
            assert all(listed(courses, entity, day) == expected for courses in every)
        some = frozenset(going_on[::2])
        among = [sorted(found.key for found in courses.among(some)) for courses in every]
        under = {found.key for found in every[0].under(some, (RELATION, POSITION))}
        assert among == [sorted(key for key in under if some.issuperset(key[1:]))] * len(every)


def listed(courses: Courses, entity: str, day: int) -> dict[str, Any]:
    """What the courses under an entity tell of it on a day, by name."""
    told = {
        f.name: concerning(entity, f.kind, state_on(f.course, day)) for f in courses.under([entity], KINDS) if f.course
    }
    return {name: answer for name, answer in told.items() if answer}


def answers(load: Loader, entity: str, clocks: Clocks) -> dict[str, Any]:
    """What is told of an entity on the day of the question."""
    told = FoldedStates(load, clocks).listed(entity, kinds=KINDS)
    return {line.place.name: line.answer for line in told if line.answer}
