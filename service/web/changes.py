"""What changed for one entity between two points of a clock, what did it, and what of it is news of old things."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from flask import redirect
from werkzeug.wrappers import Response

from events.facts import NOT_HELD, UNKNOWN
from events.temporal import FIRST_DAY, format_day
from events.text import LONGEST_NAME, clean_id
from events.votes import DID_NOT_OCCUR
from service.http.changes import changes_answer
from service.http.context import timeline
from service.http.paging import asked as asked_page
from service.http.plain import Answer
from service.http.query import ChangesQuery
from service.intake.fields import Text
from service.timeline.changes import AS_OF, PUBLISHED_BY, RECORDED_BY
from service.web.blueprint import PAGES, address
from service.web.differing import Difference, Voice, differences, state_of
from service.web.live import live_about
from service.web.question import asked
from service.web.reading import behind, in_api, question, shown

AXES = {
    AS_OF: "what happened between two days",
    PUBLISHED_BY: "what became public between two days",
    RECORDED_BY: "what this service learned between two points",
}
_ADDED, _OLD, _ENDED, _CHANGED, _EVIDENCE = range(5)
OLD, PERHAPS_OLD = "newly learned, but old", "newly learned, perhaps old"
_HEADINGS = (
    ("Added", "It is told at the second point, and was not at the first."),
    ("Newly learned, but old", "It had begun before the first point, and was told of only after it."),
    ("Ended", "It was so at the first point, and is not at the second."),
    ("Changed", "It is told otherwise at the second point."),
    ("Only the evidence changed", "The same is told, by other claims or other voices."),
)
_OVER = (NOT_HELD, UNKNOWN, DID_NOT_OCCUR)


class Question(ChangesQuery):
    """What is asked of the API, and of which entity."""

    entity = Text(LONGEST_NAME, required=True)


class Shown(NamedTuple):
    """A change as it is shown. `age` is said of what was so, or may have been, before the first point."""

    kind: str
    item: Answer
    states: tuple[str, str]
    differences: list[Difference]
    age: str
    change: Answer


class Group(NamedTuple):
    """Changes of one kind."""

    heading: str
    hint: str
    items: list[Shown]


@PAGES.get("/changes")
def show_changes() -> Response:
    """What is different at two points; left out, the first is before everything, and the second is now."""
    given = asked()
    if "entity" in given and not {"from", "to"} <= given.keys():
        kept = {name: given[name] for name in ("entity", "axis", "from", "to") if name in given}
        return redirect(address("show_changes", **(_ends(given.get("axis", AS_OF)) | kept)))
    return shown("changes.html", _found if "entity" in given else lambda: None, axes=AXES)


def _ends(axis: str) -> dict[str, str]:
    if axis == RECORDED_BY:
        return {"from": "0", "to": str(timeline().clocks().position)}
    return {"from": format_day(FIRST_DAY) or "", "to": format_day(timeline().clocks().as_of) or ""}


def _found() -> dict[str, Any]:
    axis = asked().get("axis", AS_OF)
    query = question(Question, without=(axis,))
    entity = clean_id(query["entity"], "entity")
    clocks, after = asked_page(query)
    told, then = changes_answer(entity, query, clocks, after)
    points = told["points"]
    newest = then if then.position >= points["from"]["recorded_by"]["position"] else clocks
    causes = [cause for change in told["changes"] for cause in change["cause"]]
    texts = [text for change in told["changes"] for text in change["key"]]
    known = behind(causes, texts, newest, told["names"])
    return {
        "told": told,
        "live": live_about(clocks.position, (entity, told["entity"]["id"])) if axis != RECORDED_BY else None,
        "groups": _groups(told["changes"], known["voice"], _old_before(axis, points)),
        **known,
        "json": in_api(f"/v1/entities/{entity}/changes", ChangesQuery, without=(axis,)),
    }


def _old_before(axis: str, points: Answer) -> str | None:
    """What was so before this day is old when it is told of only now; None where nothing is learned on the way."""
    first, last = points["from"], points["to"]
    if axis == PUBLISHED_BY:
        day = str(first["published_by"])
        return day if day < last["published_by"] else None
    if axis == AS_OF or first["recorded_by"]["position"] > last["recorded_by"]["position"]:
        return None
    instant = first["recorded_by"]["recorded_at"] or timeline().clocks(recorded_by="1").recorded_at
    return instant.date().isoformat() if instant else None


def _groups(changes: Iterable[Answer], voice: Voice, day: str | None) -> list[Group]:
    found: list[list[Shown]] = [[] for _ in _HEADINGS]
    for change in changes:
        one = _shown(change, voice, day)
        found[_group_of(one)].append(one)
    return [Group(*heading, items) for heading, items in zip(_HEADINGS, found, strict=True) if items]


def _shown(change: Answer, voice: Voice, day: str | None) -> Shown:
    kind, before, after = change["kind"], change["before"], change["after"]
    states = state_of(kind, before), state_of(kind, after)
    age = "" if day is None else _age(change, day)
    return Shown(kind, after or before, states, differences(change, voice), age, change)


def _group_of(one: Shown) -> int:
    before, after = one.change["before"], one.change["after"]
    if before is None or (_is_over(before) and after is not None and not _is_over(after)):
        return _OLD if one.age == OLD else _ADDED
    if after is None or (_is_over(after) and not _is_over(before)):
        return _ENDED
    is_same = one.states[0] == one.states[1] and not one.differences
    return _EVIDENCE if is_same else _CHANGED


def _is_over(item: Mapping[str, Any]) -> bool:
    return item.get("status") in _OVER


def _age(change: Answer, day: str) -> str:
    """Whether what is told began, or ended where this is what changed, before a day: certainly, perhaps, or not."""
    item = change["after"] or change["before"]
    until = item.get("until") if "until" in change["changed"] else None
    when = until or item.get("since") or item.get("when")
    if when is None:
        return ""
    if when["latest"] is not None and when["latest"] < day:
        return OLD
    return PERHAPS_OLD if when["earliest"] is None or when["earliest"] < day else ""
