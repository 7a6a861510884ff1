"""The operator page: how everything stands, and the few things that are done from there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from uuid import UUID

from flask import Response, g, request, url_for

from events.errors import Invalid
from service.http.context import overview, own_id, own_position
from service.http.demands import needs
from service.http.operator import operator_answer
from service.keys.scopes import ADMIN, Holder
from service.web.blueprint import PAGES, forward, page
from service.web.forms import sent

_MOST = 4_096
"""Bytes of a form."""
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))
_NEEDED = needs(ADMIN)


def _replay(name: UUID, position: str) -> None:
    overview().hooks.replay(name, own_position(position) if position else None)


def _pause(name: UUID, _: str) -> None:
    overview().hooks.pause(name)


def _resume(name: UUID, _: str) -> None:
    overview().hooks.resume(name)


ACTS: Mapping[str, tuple[Callable[[UUID, str], None], str]] = MappingProxyType(
    {
        "replay": (_replay, "What was given up is tried now."),
        "pause": (_pause, "The subscription is paused."),
        "resume": (_resume, "The subscription goes on."),
    }
)
"""What the forms of the page do, with what is said afterwards."""


@PAGES.route("/operator", methods=("GET", "POST"), shows=_NEEDED, takes=_NEEDED, is_current=True)
def show_operator() -> Response:
    """All of it on one page."""
    if request.method == "POST":
        return _done(sent(_MOST))
    _, done = ACTS.get(request.args.get("done", ""), (None, ""))
    return page("operator.html", told=operator_answer(), done=done, json="/v1/operator")


def _done(given: Mapping[str, str]) -> Response:
    """Does what a button of the page says. Invalid where it is none of them."""
    name = given.get("act", "")
    if name not in ACTS:
        raise Invalid("the page has no such button", "/act")
    do, _ = ACTS[name]
    do(UUID(own_id(given.get("subscription", ""))), given.get("position", ""))
    return forward(url_for("pages.show_operator", done=name))


@PAGES.app_template_global()
def may_operate() -> bool:
    """Whether the reader is known to be one who may see the operator page."""
    found: Holder | None = g.get("holder")
    return found is not None and found.may(ADMIN)


@PAGES.app_template_filter()
def moment(instant: datetime | str) -> str:
    """An instant to the second, in UTC."""
    found = datetime.fromisoformat(instant) if isinstance(instant, str) else instant
    return f"{found:%Y-%m-%d %H:%M:%S}"


@PAGES.app_template_filter()
def lasting(seconds: float) -> str:
    """A time in words."""
    for size, unit in _UNITS:
        if seconds >= 2 * size:
            return f"{seconds / size:,.0f} {unit}"
    return f"{seconds:.1f} s"
