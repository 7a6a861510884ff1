"""What the views for reading share: how they are asked, and where the same answer is in the API."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any
from urllib.parse import urlencode

from flask import Response

from events.errors import DomainError
from events.text import is_id
from service.errors import QueryTooExpensive
from service.http.context import timeline
from service.http.parameters import parsed
from service.http.statuses import detail_of, status_of
from service.intake.fields import Shape
from service.timeline.views import Clocks
from service.web.blueprint import page
from service.web.differing import Voice
from service.web.names import demand_known
from service.web.question import CLOCKS, asked
from service.web.sources import Sources, sources_of

PAGE = "25"
"""So many things stand on one page, unless the address says another number."""
MOST_OFFERED = 200
"""So many entities are offered to choose from; the others are found by their ids."""
_NOT_IN_API = ("cursor",)


def question(shape: type[Shape], without: Collection[str] = ()) -> dict[str, Any]:
    """What the address asks, read like the same question to the API; what the shape does not name says nothing."""
    demand_known()
    paged = {"limit": PAGE} if "limit" in _names(shape) else {}
    return parsed(shape, paged | _named(shape, without))


def in_api(path: str, shape: type[Shape], without: Collection[str] = ()) -> str:
    """The address of the same answer in the API, from its first page on."""
    given = _named(shape, (*without, *_NOT_IN_API))
    return f"{path}?{urlencode(given)}" if given else path


def shown(template: str, find: Callable[[], Mapping[str, Any] | None], **around: Any) -> Response:
    """A view with its form, and with what was found or why nothing was; None where nothing is asked yet."""
    form = {"asked": asked(), "clocks_kept": CLOCKS, "offered": offered(), **around}
    try:
        found = find() or {"told": None}
    except (DomainError, QueryTooExpensive) as error:
        return page(template, status_of(type(error)), told=None, refusal=in_words(error), **form)
    return page(template, refusal=None, **found, **form)


def offered() -> list[tuple[str, str, str]]:
    """Entities to choose from: id, name and kind."""
    view = timeline().search(None, None, timeline().clocks(), MOST_OFFERED, None)
    return sorted(((e.id, e.name or e.id, e.kind) for e in view.items), key=lambda item: item[1].casefold())


def behind(
    causes: Collection[Mapping[str, Any]],
    texts: Collection[str],
    clocks: Clocks,
    names: Mapping[str, str | None] = MappingProxyType({}),
) -> dict[str, Any]:
    """What shows who stands behind an answer: claims and articles among its causes, and what everybody is called.

    `texts` are ids of entities and voices; `names` are those that the answer brings itself.
    """
    found = sources_of({cause["id"] for cause in causes if cause["kind"] == "claim"}, clocks)
    articles = {cause["id"] for cause in causes if cause["kind"] == "article"}
    articles |= {text.partition(":")[2] for text in texts if ":" in text}
    known = {**timeline().articles(articles, clocks), **found.articles}
    said = [claim["asserted_by"] for claim in found.claims.values()]
    speaking = {one for by in said for one in (*(by["agent"] or ()), *(by["affiliation"] or ()))}
    speaking |= {article.publisher for article in known.values()} | {part for text in texts for part in text.split("+")}
    nodes = timeline().network.nodes({text for text in speaking - names.keys() if is_id(text)}, clocks)
    called = {node.id: node.name for node in nodes} | dict(names)
    voice = Voice({id: article.title for id, article in known.items()}, called)
    return {"sources": Sources(found.claims, known), "voice": voice, "names": called}


def in_words(error: DomainError | QueryTooExpensive) -> str:
    """A refusal in words, with the parameter that it is about."""
    place = getattr(error, "pointer", "").strip("/")
    return f"{error.title} {f'{place}: ' if place else ''}{detail_of(error)}"


def _named(shape: type[Shape], without: Collection[str]) -> dict[str, str]:
    names = _names(shape) - set(without)
    return {name: value for name, value in asked().items() if name in names}


def _names(shape: type[Shape]) -> set[str]:
    """The parameters that a question of this shape has; a token stands for a whole question, and is for the API."""
    return {field.data_key or name for name, field in shape().fields.items()} - {"token"}
