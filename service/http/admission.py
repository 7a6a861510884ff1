"""Letting a request in: by the key in its header, or on the page by the login that the browser keeps."""

from __future__ import annotations

import time

from flask import g, request

from service.http.context import surroundings
from service.http.cookies import LOGIN, kept
from service.http.demands import Demand
from service.http.keys import bearer, password
from service.http.site import is_from_here
from service.keys.doorkeeper import WrongKey
from service.keys.errors import NotAuthorized
from service.keys.scopes import Holder
from service.rates.errors import QuotaExceeded

PAGES = "pages"
"""The blueprint of the pages."""
READING = ("GET", "HEAD")


def admit(demand: Demand) -> None:
    """Lets in whoever may do what is asked for; `holder` tells who that is. NotAuthorized, Forbidden, QuotaExceeded."""
    try:
        g.holder = holder_asking()
        g.key = g.holder.id
        g.spent = surroundings().door.count(g.holder)
    except (WrongKey, QuotaExceeded) as error:
        g.spent = error.spent
        raise
    g.holder.demand(*demand.scopes)


def holder_asking() -> Holder:
    """Who asks. NotAuthorized, QuotaExceeded. Of a login that is over nothing is left, as if there were none."""
    return _logged_in() or shown(_given_key())


def shown(given: bytes | None) -> Holder:
    """Who shows this; None for nothing. As `Doorkeeper.holder`, for the address from which the request comes."""
    return surroundings().door.holder(given, request.remote_addr or "")


def _logged_in() -> Holder | None:
    """Who is logged in; `g.login` is their login. Outside of the pages it lets our own pages read, and nothing else."""
    login = None if "Authorization" in request.headers else kept(LOGIN)
    if login is None or not (request.blueprint == PAGES or (request.method in READING and is_from_here())):
        return None
    name = surroundings().logins.holder(login, time.time())
    if name is None:
        return None
    try:
        found = surroundings().door.holder_named(name)
    except NotAuthorized:
        return None
    g.login = login
    return found


def _given_key() -> bytes | None:
    """What is shown in the header; None where there is none. Pages and questions also take it as a password."""
    header = request.headers.get("Authorization")
    if header is None:
        return None
    given = bearer(header)
    if given is None and (request.blueprint == PAGES or request.method in READING):
        given = password(header)
    return given or b""
