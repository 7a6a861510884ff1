"""Logging in with a key, and leaving: a browser sends no key by itself."""

from __future__ import annotations

import re
import time

from flask import Response, request

from events.errors import DomainError
from service.http.admission import holder_asking, shown
from service.http.context import surroundings
from service.http.cookies import LOGIN, VISIT, forget, keep, kept
from service.http.demands import OPEN
from service.http.problems import refusal_of
from service.keys.errors import NotAuthorized
from service.keys.logins import is_visit, new_visit
from service.keys.scopes import LOCAL_ID, STATE_READ, Holder
from service.rates.errors import QuotaExceeded
from service.web.blueprint import PAGES, forward, login_for, page
from service.web.forms import sent
from service.web.same_site import demand_mark, mark_for

KEY = "key"
_BEGINNING = "/"
_MOST = 16_384
"""Bytes of the form."""
_LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*")
"""An address of ours: one with two slashes, or with what browsers take for a slash or leave out, may be elsewhere."""


@PAGES.route("/login", methods=("GET", "POST"), shows=OPEN, takes=OPEN)
def log_in() -> Response:
    """The form for the key. Who has shown a good one goes on to the page that they wanted."""
    if request.method == "POST":
        return _taken()
    if _is_let_in():
        return forward(_following())
    return _form(200, word="Your login is over." if kept(LOGIN) else "")


@PAGES.route("/logout", methods=("POST",), takes=OPEN)
def log_out() -> Response:
    """Has the browser forget the login."""
    login = kept(LOGIN)
    if login is not None:
        sent(_MOST)
        demand_mark(login)
    answer = forward(login_for(_BEGINNING))
    forget(answer, LOGIN, VISIT)
    return answer


def _taken() -> Response:
    """What the form brings."""
    typed = sent(_MOST)
    demand_mark(kept(VISIT))
    try:
        holder = shown(typed.get(KEY, "").strip().encode())
        holder.demand(STATE_READ)
    except DomainError as error:
        return _refused(error)
    answer = forward(_following())
    if holder.id != LOCAL_ID:
        keep(answer, LOGIN, surroundings().logins.begin(holder.id, time.time()))
    forget(answer, VISIT)
    return answer


def _refused(error: DomainError) -> Response:
    problem = refusal_of(error)
    answer = _form(problem.status_code, word=error.title if isinstance(error, NotAuthorized) else error.detail)
    answer.headers.extend((name, value) for name, value in problem.headers if not name.startswith("Content-"))
    return answer


def _form(status: int, word: str) -> Response:
    """The form, made for this browser: so that nobody else can have it log in with another key."""
    visit = kept(VISIT) or ""
    visit = visit if is_visit(visit) else new_visit()
    answer = page("login.html", status, word=word, mark=mark_for(visit))
    keep(answer, VISIT, visit)
    return answer


def _is_let_in() -> bool:
    try:
        found: Holder = holder_asking()
    except (NotAuthorized, QuotaExceeded):
        return False
    return found.may(STATE_READ)


def _following() -> str:
    """The page that was wanted; the first one where that is none of ours, or the form itself."""
    wanted = request.args.get("next", "")
    is_form = wanted.partition("?")[0].rstrip("/") in ("/login", "/logout")
    return _BEGINNING if is_form or not _LOCAL.fullmatch(wanted) else wanted
