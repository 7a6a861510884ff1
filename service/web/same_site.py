"""Forms are taken from our own pages only: a browser sends its login with what other sites make it send, too."""

from __future__ import annotations

from flask import g, request
from markupsafe import Markup

from service.http.context import surroundings
from service.http.errors import FromOtherSite
from service.http.site import is_from_here
from service.web.blueprint import PAGES
from service.web.forms import MARK, sent

_SAFE = frozenset(("GET", "HEAD", "OPTIONS"))


@PAGES.before_request
def refuse_other_sites() -> None:
    """FromOtherSite for a form that a browser sends for a page of another site. What is no browser says nothing.

    What is sent with a login has to be a form that was made for it.
    """
    if request.method in _SAFE:
        return
    if not is_from_here():
        raise FromOtherSite("this form was not sent by a page of this service; open the page and fill it in there")
    if "login" in g:
        sent()
        demand_mark(g.login)


def demand_mark(whose: str | None) -> None:
    """FromOtherSite for a form (that was read by `sent`) that was not made for this login, or this visit."""
    if whose is None or not surroundings().logins.is_mark(request.form.get(MARK, ""), whose):
        raise FromOtherSite("this form was made for another login; load its page again, and fill it in there")


@PAGES.app_template_global()
def marked() -> Markup:
    """What a form holds so that it is taken from who is logged in."""
    return mark_for(g.login) if "login" in g else Markup()


def mark_for(whose: str) -> Markup:
    """The field with the mark of a login, or of a visit."""
    return Markup('<input type="hidden" name="{}" value="{}">').format(MARK, surroundings().logins.mark(whose))
