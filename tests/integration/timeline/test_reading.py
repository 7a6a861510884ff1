"""Answers read from PostgreSQL are those of the fold, on generated histories."""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from events.knowledge import survivors
from events.vocabulary import relation_key
from service.bootstrap import build, projections
from service.settings import Settings
from service.timeline.timeline import Timeline
from tests.conftest import Servers
from tests.generating import generated
from tests.histories import histories, questions
from tests.recorded import ME, Recorded, draft_of
from tests.unit.test_fold import answer, point_of, told


def read(timeline: Timeline, about: tuple[Any, ...], clocks: dict[str, Any], recorded: Recorded) -> dict[str, Any]:
    view = timeline.relation(*about, timeline.clocks(**clocks))
    return told(view.state, recorded)


def without_voices(found: dict[str, Any]) -> dict[str, Any]:
    """The answer with how many say it: authors are sealed anew in each store, and their keys differ."""
    parts = {scope: part | {"asserted_by": len(part["asserted_by"])} for scope, part in found["parts"].items()}
    return found | {"parts": parts}


@settings(generated(10), phases=[Phase.generate])
@given(st.data())
def test_the_read_side_answers_as_the_fold_does(servers: Servers, data: st.DataObject) -> None:
    history = data.draw(histories(max_claims=10))
    recorded = Recorded(history)
    url = servers.migrated(18)
    services = build(Settings(database_url=url), url)
    try:
        timeline = services.timeline
        for record in history:
            timeline.record([draft_of(record)], recorder=ME)
        with projections(Settings(database_url=url), url) as projectors:
            assert projectors.catch_up() == timeline.head() == recorded.positions[-1]
        for question in data.draw(st.lists(questions(history), min_size=20, max_size=20)):
            entities = {r["id"] for r in history[: question.recorded_by] if r["record"] == "entity"}
            heard = question.according_to
            registered = {r["id"] for r in history if r["record"] == "entity"}
            if question.is_vote or not {*question.about[1:]} <= entities or (heard and heard not in registered):
                continue
            point = point_of(question, recorded)
            clocks = {
                "as_of": question.as_of,
                "published_by": question.published_by,
                "recorded_by": str(point.recorded_by),
                "according_to": question.according_to,
            }
            expected = answer(question, recorded)
            expected.pop("conflicts")
            found = read(timeline, question.about, clocks, recorded)
            assert without_voices(found) == without_voices(expected)
            merged = survivors(recorded.knowledge(), point.recorded_by)
            key = relation_key(question.about[0], *(merged.get(end, end) for end in question.about[1:]))
            assert timeline.relation(*question.about, timeline.clocks(**clocks)).state.key == key
    finally:
        services.close()
        servers.drop(url)
