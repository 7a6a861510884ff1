"""Belief changes: what was believed of which days, when that became something else, and because of which record."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from flask import Response, g

from service.feeds.cursor import BadCursor
from service.feeds.forms import ATOM
from service.http.api import Resource
from service.http.belief_forms import ADDRESS, ATOM_ADDRESS, FORMS, as_feed, atom_feed, chosen_form
from service.http.belief_questions import bad, wanted
from service.http.believed import told
from service.http.body import JSON
from service.http.context import timeline
from service.http.demands import needs
from service.http.jsons import json_answer
from service.http.paging import asked, linked, next_page
from service.http.pinning import Pin
from service.http.plain import Answer, named
from service.http.query import DEFAULT_LIMIT, BeliefAtomQuery, BeliefFeedQuery
from service.keys.scopes import FEED_READ
from service.timeline.beliefs import Mark
from service.timeline.views import Clocks

RESOURCE = Resource(
    "beliefs", "What was believed of which days, and when that became something else.", reads=needs(FEED_READ)
)
_LARGEST = 2**53


@RESOURCE.get(ADDRESS, "BeliefChanges", query=BeliefFeedQuery, refused=(404, 410), also=FORMS, elsewhere=True)
def read_beliefs(query: dict[str, Any]) -> Response:
    """What a record changed in what was believed about the past, in the order of the log.

    Of all matters that are listed under an entity, of one relation or one matter, or of everything. `limit` counts
    periods: a change with more of them goes on on the next page. Nothing about a part of the log that is over ever
    changes.

    As a feed it tells the same, each change as one event, whole; an entity is its id there, whatever it was merged
    with.
    """
    media = chosen_form()
    answer = _page(query) if media == JSON else as_feed(media, query)
    answer.vary.add("Accept")
    return answer


@RESOURCE.get(ATOM_ADDRESS, "AtomFeed", query=BeliefAtomQuery, refused=(404, 410), media=ATOM)
def read_atom_beliefs(query: dict[str, Any]) -> Response:
    """The newest belief changes as a feed for readers of feeds, or an archive of earlier ones."""
    return atom_feed(query)


def _page(query: Mapping[str, Any]) -> Response:
    answer, until = beliefs_answer({"limit": DEFAULT_LIMIT, **query})
    g.pin = Pin(until, is_held=True, is_closed=_is_closed(query, until))
    return linked(json_answer(answer), answer["next"])


def beliefs_answer(query: Mapping[str, Any]) -> tuple[Answer, Clocks]:
    """A page of belief changes, and the point up to which it tells."""
    chosen = wanted(query)
    until, mark = _stretch(query)
    page = timeline().beliefs.page(chosen, mark, until.position, query["limit"])
    following = next_page(until, _text(page.after))
    changes = [told(change) for change in page.changes]
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


def _stretch(query: Mapping[str, Any]) -> tuple[Clocks, Mark]:
    """The point up to which is told, and where the page begins."""
    if query.get("cursor") is not None:
        clocks, text = asked({name: query[name] for name in ("cursor", "min_position") if name in query})
        return clocks, _mark(text or "")
    beliefs = timeline().beliefs
    until = beliefs.until(query.get("until"), query.get("min_position"))
    after = beliefs.after(query["after"]) if "after" in query else 0
    if after > until.position and "until" in query:
        raise bad("until", f"It is before {after}, after which the changes are to begin.")
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
