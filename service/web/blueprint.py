"""The blueprint of all pages, and what is the same on each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, g, make_response, redirect, render_template, request, url_for

from events.errors import DomainError
from service.errors import ServiceError
from service.http.admission import READING
from service.http.demands import Demand, declare, needs
from service.http.guard import LONGEST_URL
from service.http.problems import refusal_of
from service.http.replicas import answer_currently
from service.http.statuses import detail_of
from service.keys.errors import NotAuthorized
from service.keys.scopes import CLAIMS_WRITE, LOCAL_ID, STATE_READ, Holder
from service.web.question import clocks_given

_SHOWING, RECORDING = needs(STATE_READ), needs(STATE_READ, CLAIMS_WRITE)


class Pages(Blueprint):
    """Pages show what is recorded, and a form that is sent records, and shows what it is about."""

    def route(
        self,
        rule: str,
        *,
        shows: Demand = _SHOWING,
        takes: Demand = RECORDING,
        is_current: bool = False,
        **options: Any,
    ) -> Callable[..., Any]:
        """A page, with what a key has to allow for it, and for its form. `is_current`: no replica is asked for it."""
        put = super().route(rule, **options)

        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            for method in options.get("methods", ("GET",)):
                declare(view, shows if method == "GET" else takes, method)
            if is_current:
                answer_currently(view)
            return put(view)

        return decorate


PAGES = Pages("pages", __name__)


def page(template: str, /, status: int = 200, **found: Any) -> Response:
    """A page with what was found for it."""
    return make_response(render_template(template, **found), status)


@PAGES.errorhandler(DomainError)
@PAGES.errorhandler(ServiceError)
def show_refusal(error: DomainError | ServiceError) -> Response:
    """What is wrong with the question, or why it cannot be answered now; with the headers that the API would send.

    Who opens a page and shows nothing is asked for the key first.
    """
    if isinstance(error, NotAuthorized) and _opens_a_page():
        return forward(login_for(request.path, request.query_string))
    problem = refusal_of(error)
    shown = page("refusal.html", problem.status_code, title=error.title, detail=detail_of(error))
    shown.headers.extend((name, value) for name, value in problem.headers if not name.startswith("Content-"))
    return shown


def _opens_a_page() -> bool:
    """Whether a page is opened, and not fetched by a script, or by what has shown a key."""
    is_opened = request.headers.get("Sec-Fetch-Mode", "navigate") == "navigate"
    return is_opened and request.method in READING and "Authorization" not in request.headers


def login_for(path: str, query: bytes = b"") -> str:
    """The address of the form for the key, which leads on to a page of ours."""
    asked = query.decode("latin-1")
    following = f"{quote(path)}?{asked}" if asked else quote(path)
    found = url_for("pages.log_in", next=following)
    return found if len(found) <= LONGEST_URL else url_for("pages.log_in")


def forward(location: str) -> Response:
    """On to another page; loading that one again does nothing twice."""
    answer = redirect(location, 303)
    return Response(answer.get_data(), answer.status_code, answer.headers)


@PAGES.app_template_global()
def reader() -> Holder | None:
    """Who reads the page with a key; None where none is needed, or none was shown."""
    found: Holder | None = g.get("holder")
    return None if found is None or found.id == LOCAL_ID else found


@PAGES.app_template_global()
def may_record() -> bool:
    """Whether the reader may record; a page that everybody may see does not know."""
    found = reader()
    return found is None or found.may(CLAIMS_WRITE)


@PAGES.app_template_global()
def address(endpoint: str, **values: Any) -> str:
    """The address of a page at the same point of the clocks, unless it says another; None leaves a value out."""
    asked = {**clocks_given(), **values}
    return url_for(f"pages.{endpoint}", **{name: value for name, value in asked.items() if value is not None})


def in_api(path: str, **values: str) -> str:
    """The address of the same answer in the API."""
    asked = {**clocks_given(), **values}
    return f"{path}?{urlencode(asked)}" if asked else path
