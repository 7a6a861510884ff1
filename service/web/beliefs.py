"""What was believed of which days, when that became something else, and because of which record."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

from flask import Response

from events.matters import KINDS
from service.http.beliefs import beliefs_answer
from service.http.plain import Answer
from service.http.query import BeliefsQuery
from service.web.blueprint import PAGES
from service.web.differing import Difference, Voice, days, differences, state_of
from service.web.question import asked
from service.web.reading import behind, in_api, question, shown
from service.web.strips import Strip, strip


class Stretch(NamedTuple):
    """Days of which something else is believed since, in words."""

    days: str
    before: str
    after: str
    differences: list[Difference]


class Item(NamedTuple):
    """One item of the answer on all days on which it changed."""

    kind: str
    told: Answer
    strip: Strip | None
    stretches: list[Stretch]


@PAGES.get("/beliefs")
def show_beliefs() -> Response:
    """Belief changes in the order of the log, each drawn over the days."""
    return shown("beliefs.html", _found, kinds=KINDS)


def _found() -> dict[str, Any]:
    query = question(BeliefsQuery)
    told, until = beliefs_answer(query)
    texts = [text for change in told["beliefs"] for text in _texts(change)]
    texts += [notice[end] for notice in told["notices"] for end in ("asked", "answered")]
    causes = [change["cause"] for change in told["beliefs"]]
    known = behind(causes, texts, until)
    return {
        "told": told,
        "changes": [(change, list(_items(change["periods"], known["voice"]))) for change in told["beliefs"]],
        "is_all": not {"entity", "relation", "matter"} & asked().keys(),
        **known,
        "json": in_api("/v1/beliefs", BeliefsQuery),
    }


def _items(periods: Iterable[Answer], voice: Voice) -> Iterator[Item]:
    """The periods of each item, drawn and in words."""
    for _, group in groupby(periods, key=lambda period: (period["kind"], period["key"])):
        some = list(group)
        told = some[0]["after"] or some[0]["before"]
        yield Item(some[0]["kind"], told, strip(some), [_stretch(period, voice) for period in some])


def _stretch(period: Answer, voice: Voice) -> Stretch:
    before, after = (state_of(period["kind"], period[end]) for end in ("before", "after"))
    return Stretch(days(period["from"], period["to"]), before, after, differences(period, voice))


def _texts(change: Mapping[str, Any]) -> Iterator[str]:
    """All that a change names: entities, and who speaks."""
    about = change["about"] or {}
    fields = {**about, **(about.get("moves") or {})}
    yield from (text for text in fields.values() if isinstance(text, str))
    for period in change["periods"]:
        yield from period["key"]
        for item in (period["before"] or {}, period["after"] or {}):
            yield from (one["entity"] for one in item.get("investors", ()))
            yield from (one["voter"] for one in item.get("cast", ()))
