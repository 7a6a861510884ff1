"""The blueprint of all pages, and what is the same on each of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, make_response, render_template, url_for

from events.errors import DomainError
from service.errors import ServiceError
from service.http.demands import Demand, declare, needs
from service.http.problems import refusal_of
from service.http.statuses import detail_of
from service.keys.scopes import CLAIMS_WRITE, STATE_READ
from service.web.question import clocks_given

_SHOWING, _RECORDING = needs(STATE_READ), needs(STATE_READ, CLAIMS_WRITE)


class Pages(Blueprint):
    """Pages show what is recorded, and a form that is sent records, and shows what it is about."""

    def route(self, rule: str, *, shows: Demand = _SHOWING, **options: Any) -> Callable[..., Any]:
        """A page, with what a key has to allow for it."""
        put = super().route(rule, **options)

        def decorate(view: Callable[..., Any]) -> Callable[..., Any]:
            for method in options.get("methods", ("GET",)):
                declare(view, shows if method == "GET" else _RECORDING, method)
            return put(view)

        return decorate


PAGES = Pages("pages", __name__)


def page(template: str, /, status: int = 200, **found: Any) -> Response:
    """A page with what was found for it."""
    return make_response(render_template(template, **found), status)


@PAGES.errorhandler(DomainError)
@PAGES.errorhandler(ServiceError)
def show_refusal(error: DomainError | ServiceError) -> Response:
    """What is wrong with the question, or why it cannot be answered now; with the headers that the API would send."""
    problem = refusal_of(error)
    shown = page("refusal.html", problem.status_code, title=error.title, detail=detail_of(error))
    shown.headers.extend((name, value) for name, value in problem.headers if not name.startswith("Content-"))
    return shown


@PAGES.app_template_global()
def address(endpoint: str, **values: Any) -> str:
    """The address of a page at the same point of the clocks, unless it says another; None leaves a value out."""
    asked = {**clocks_given(), **values}
    return url_for(f"pages.{endpoint}", **{name: value for name, value in asked.items() if value is not None})


def in_api(path: str, **values: str) -> str:
    """The address of the same answer in the API."""
    asked = {**clocks_given(), **values}
    return f"{path}?{urlencode(asked)}" if asked else path
