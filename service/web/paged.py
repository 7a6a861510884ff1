"""Pages of a long list: the cursor in the address carries the point of the clocks of the first one."""

from __future__ import annotations

from service.http.paging import Asked
from service.http.paging import asked as asked_for
from service.web.question import CLOCKS, asked


def page_asked(entity: str | None = None) -> Asked:
    """The point of the clocks, and after which item the page begins. BadCursor for a cursor of another list."""
    given = asked()
    return asked_for({name: given[name] for name in (*CLOCKS, "cursor") if name in given}, entity)
