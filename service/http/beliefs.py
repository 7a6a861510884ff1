"""Belief changes: what was believed of which days, when that became something else, and because of which record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, g

from events.belief_changes import Period
from events.effects import Key
from events.matters import KINDS
from events.temporal import format_day
from events.vocabulary import RELATIONS
from service.feeds.cursor import BadCursor
from service.http.api import Resource
from service.http.changes import shown
from service.http.context import timeline
from service.http.errors import BadQuery
from service.http.paging import asked, linked, next_page
from service.http.pinning import Pin
from service.http.plain import Answer, json_answer, named
from service.http.query import EVIDENCE, BeliefsQuery
from service.intake.errors import Fault
from service.timeline.beliefs import BeliefChange, Mark, Wanted
from service.timeline.views import Clocks

RESOURCE = Resource("beliefs", "What was believed of which days, and when that became something else.")
_LARGEST = 2**53
_CHOOSING = ("entity", "relation", "matter")


@RESOURCE.get("/v1/beliefs", "BeliefChanges", query=BeliefsQuery)
def read_beliefs(query: dict[str, Any]) -> Response:
    """What a record changed in what was believed about the past, in the order of the log.

    Of all matters that are listed under an entity, of one relation or one matter, or of everything. `limit` counts
    periods: a change with more of them goes on on the next page. Nothing about a part of the log that is over ever
    changes.
    """
    answer, until = beliefs_answer(query)
    g.pin = Pin(until, is_held=True, is_closed=_is_closed(query, until))
    return linked(json_answer(answer), answer["next"])


def beliefs_answer(query: Mapping[str, Any]) -> tuple[Answer, Clocks]:
    """A page of belief changes, and the point up to which it tells."""
    wanted = _wanted(query)
    until, mark = _stretch(query)
    page = timeline().beliefs.page(wanted, mark, until.position, query["limit"])
    following = next_page(until, _text(page.after))
    changes = [_change(change) for change in page.changes]
    refs = {claim: ref for change in page.changes for claim, ref in change.refs.items()}
    answer = {
        "beliefs": changes,
        "until": {"position": until.position, "recorded_at": until.recorded_at},
        "position": until.position,
        "next": following,
        "refs": named({"beliefs": changes}, dict(sorted(refs.items()))),
        "notices": [{"kind": "merged", **notice._asdict()} for notice in page.notices],
    }
    return answer, until


def _wanted(query: Mapping[str, Any]) -> Wanted:
    given = [name for name in _CHOOSING if name in query]
    if len(given) > 1:
        raise _bad(given[1], f"It cannot be given beside {given[0]}: either of them says what is wanted.")
    return Wanted(
        entity=query.get("entity"),
        relation=_relation(query["relation"]) if "relation" in query else None,
        matter=_matter(query["matter"]) if "matter" in query else None,
        kinds=(query["kind"],) if "kind" in query else KINDS,
        with_evidence=query.get("include") == EVIDENCE,
    )


def _relation(text: str) -> Key:
    parts = text.split("/")
    if len(parts) != 3 or parts[0] not in RELATIONS:
        raise _bad("relation", f"It is NAME/SUBJECT/OBJECT, with one of these names: {', '.join(sorted(RELATIONS))}.")
    return parts[0], parts[1], parts[2]


def _matter(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise _bad("matter", "A matter goes by a UUID, as changes name it.") from None


def _bad(name: str, detail: str) -> BadQuery:
    return BadQuery(detail, f"/{name}", [Fault(f"/{name}", detail)])


def _stretch(query: Mapping[str, Any]) -> tuple[Clocks, Mark]:
    """The point up to which is told, and where the page begins."""
    if query.get("cursor") is not None:
        clocks, text = asked({name: query[name] for name in ("cursor", "min_position") if name in query})
        return clocks, _mark(text or "")
    beliefs = timeline().beliefs
    until = beliefs.until(query.get("until"), query.get("min_position"))
    after = beliefs.after(query["after"]) if "after" in query else 0
    if after > until.position and "until" in query:
        raise _bad("until", f"It is before {after}, after which the changes are to begin.")
    return until, Mark(after + 1)


def _mark(text: str) -> Mark:
    """The mark that a cursor carries."""
    try:
        position, matter, periods = text.split("/")
        mark = Mark(int(position), UUID(matter), int(periods))
    except ValueError:
        mark = Mark(-1)
    if text != _text(mark) or not (0 <= mark.position < _LARGEST and 0 <= mark.periods < _LARGEST):
        raise BadCursor("this is not a cursor of the service", "cursor")
    return mark


def _text(mark: Mark | None) -> str | None:
    return None if mark is None else f"{mark.position}/{mark.matter}/{mark.periods}"


def _is_closed(query: Mapping[str, Any], until: Clocks) -> bool:
    """Whether the part of the log is over: up to a position, or an instant after which something was recorded."""
    given = query.get("until")
    if given is None:
        return query.get("cursor") is not None
    return bool(given.isdecimal()) or until.position < timeline().head()


def _change(change: BeliefChange) -> Answer:
    return {
        "position": change.position,
        "recorded_at": change.recorded_at,
        "matter": change.matter,
        "kind": change.kind,
        "about": change.about,
        "first": change.is_first,
        "kept": {"before": change.was_kept, "after": change.is_kept},
        "cause": change.cause._asdict(),
        "periods": [_period(period) for period in change.periods],
        "period_count": change.period_count,
    }


def _period(period: Period) -> Answer:
    change = period.change
    return {
        "from": format_day(period.since),
        "to": format_day(period.until),
        "kind": change.subject.kind,
        "key": change.subject.key,
        "before": shown(change.subject, change.before),
        "after": shown(change.subject, change.after),
        "changed": change.changed,
        "evidence_changed": period.is_evidence,
    }
