"""The cookies of the page: the login, and before that the visit for which the form of the login was made."""

from __future__ import annotations

import re
from typing import Any

from flask import Response, request

from service.http.context import surroundings
from service.keys.logins import SECONDS

LOGIN, VISIT = "frenemies", "frenemies-visit"
_PORT = re.compile(":([0-9]{1,5})$")


def kept(cookie: str) -> str | None:
    """What the browser keeps in one of them."""
    return request.cookies.get(_name(cookie))


def keep(answer: Response, cookie: str, value: str) -> None:
    """Has the browser keep it, for no script to read, and send it to nobody else."""
    answer.set_cookie(_name(cookie), value, max_age=SECONDS, **_how())


def forget(answer: Response, *cookies: str) -> None:
    """Has the browser forget them."""
    for cookie in cookies:
        if kept(cookie) is not None:
            answer.delete_cookie(_name(cookie), **_how())


def _name(cookie: str) -> str:
    """By TLS one that no other host can set; else one for each port: the services of a machine share its cookies."""
    if _is_secure():
        return f"__Host-{cookie}"
    port = _PORT.search(request.host)
    return f"{cookie}-{port[1]}" if port else cookie


def _how() -> dict[str, Any]:
    """A link from elsewhere opens a page (Lax); a form or a script from elsewhere has no cookie."""
    return {"path": "/", "secure": _is_secure(), "httponly": True, "samesite": "Lax"}


def _is_secure() -> bool:
    return surroundings().settings.secure_cookies or request.is_secure
