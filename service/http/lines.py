"""A network as it is written while it is found: where it ends, and how it says so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from service.errors import QueryTooExpensive, ServiceError
from service.http import problems
from service.http.paging import next_page
from service.http.plain import Answer, enveloped
from service.http.render import relation
from service.timeline.tokens import Token
from service.timeline.views import Clocks, NetworkView


def lines(pages: Iterable[NetworkView], clocks: Clocks, token: Token | None) -> Iterator[bytes]:
    """The relations as lines of JSON. The last line counts them and says where the rest is, and what was refused."""
    count, after = 0, None
    end: Answer = {}
    try:
        for page in pages:
            for found in page.relations:
                yield msgspec.json.encode(relation(found)) + b"\n"
            count, after = count + len(page.relations), page.after
    except ServiceError as error:
        end = {"problem": problems.told(error)}
    last = {"count": count, "next": next_page(clocks, after, token), **end}
    yield msgspec.json.encode(enveloped(last, clocks)) + b"\n"


def whole(pages: Iterable[NetworkView]) -> Iterator[NetworkView]:
    """The parts of a network. QueryTooExpensive at the end of more than one answer may hold: it is to be cut off.

    For media that have no place to say that there is more.
    """
    after = None
    for page in pages:
        yield page
        after = page.after
    if after is not None:
        raise QueryTooExpensive("The network is larger than one answer. Ask for lines of JSON, which say how to go on.")
