"""Answers in the forms of other tools, asked for by `Accept` and written while they are found."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, wraps
from itertools import chain
from types import MappingProxyType
from typing import Any

import msgspec
from flask import Response, request, stream_with_context
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from service.exports import csv_tables, ftm, graphml, jsonld
from service.exports.chapters import Answer, Chapter, with_all_ends
from service.exports.media import CSV, FTM, GRAPHML, JSON_LD, NDJSON
from service.http.body import JSON
from service.http.budgets import written_while_found
from service.http.context import timeline
from service.http.lines import lines, whole
from service.http.paging import asked
from service.http.plain import clocks_answer
from service.http.query import wanted
from service.http.records import claim, entity
from service.http.render import relation
from service.http.shapes import ANYTHING, TEXT, Json, mapping
from service.timeline.tokens import Token
from service.timeline.views import Clocks, NetworkView, NodeView

OF_A_NETWORK: Mapping[str, Json] = MappingProxyType(
    {
        NDJSON: TEXT
        | {"description": "Lines of JSON, each a RelationItem; the last one has `count`, `next` and clocks instead."},
        CSV: TEXT | {"description": "A table of the relations (RFC 4180), with a header (docs/exports.md)."},
        GRAPHML: TEXT | {"description": "A graph in GraphML 1.0 (docs/exports.md)."},
        FTM: TEXT | {"description": "Entities and links of FollowTheMoney, one a line, of what (possibly) holds."},
    }
)
"""The media of a network besides JSON."""
OF_A_STATE: Mapping[str, Json] = MappingProxyType(
    {
        JSON_LD: mapping(ANYTHING, "The relations with their provenance, in JSON-LD 1.1 (docs/exports.md)."),
        FTM: OF_A_NETWORK[FTM],
    }
)
"""The media of a state besides JSON."""
CONTENT_TYPES: Mapping[str, str] = MappingProxyType({CSV: f"{CSV}; charset=utf-8"})
_FEW_CLAIMS = 500
"""The claims of so many are looked at together while a state is written."""

View = Callable[..., Response]


def chosen(media: Iterable[str]) -> str:
    """The one of JSON and other media that the client likes best; JSON where it likes none of them."""
    return liked_best((JSON, *media))


def liked_best(media: tuple[str, ...]) -> str:
    """The one of some media that the client likes best; the first where it likes none of them."""
    return _liked_best(request.headers.get("Accept", ""), media)


@lru_cache(200)
def _liked_best(accept: str, media: tuple[str, ...]) -> str:
    """The medium among some that fits an Accept header best; the first where none does."""
    return MIMEAccept(map(_simple, parse_accept_header(accept, MIMEAccept))).best_match(media, media[0])


def _simple(accepted: tuple[str, float]) -> tuple[str, float]:
    """An accepted medium without parameters. JSON with some is left as it is: it never was the same as JSON."""
    media, quality = accepted
    name = media.partition(";")[0].strip()
    return (media if name == JSON else name), quality


def network(media: str, pages: Iterator[NetworkView], clocks: Clocks, token: Token | None) -> Response:
    """A network in one of its media; what is refused at once is refused as ever.

    Where one answer holds no more, lines of JSON say how to go on; the other media are cut off.
    """
    pages = chain((next(pages),), pages)
    if media == NDJSON:
        return _streamed(stream_with_context(lines(pages, clocks, token)), media)
    chapters = map(_Records(clocks).with_articles if media == FTM else _chapter, whole(pages))
    write = {CSV: csv_tables.lines, GRAPHML: graphml.lines, FTM: ftm.lines}[media]
    return _streamed(write(chapters, _plain(clocks_answer(clocks))), media)


def of_a_state(view: View) -> View:
    """The view of a state, which is answered in another of its media where the client likes that better."""

    @wraps(view)
    def negotiated(id: str, query: dict[str, Any]) -> Response:
        media = chosen(OF_A_STATE)
        response = view(id=id, query=query) if media == JSON else state(media, id, query)
        response.vary.add("Accept")
        return response

    return negotiated


def state(media: str, id: str, query: dict[str, Any]) -> Response:
    """The relations of an entity in one of the media of a state, whole, whatever the limit."""
    clocks, after = asked(query)
    view = timeline().entity_state(id, clocks, wanted(query), None, after)
    relations = [relation(state) for state in view.state.relations]
    own, point = _plain(entity(view.entity)), _plain(clocks_answer(clocks))
    records = _Records(clocks)
    if media == FTM:
        return _streamed(ftm.lines(map(records.with_ends, _few(relations)), point, own), media)
    chapters = map(records.with_claims, _few(relations))
    return _streamed(jsonld.lines(own, chapters, point, timeline().epoch()), media)


def _streamed(lines: Iterator[bytes], media: str) -> Response:
    return written_while_found(Response(lines, content_type=CONTENT_TYPES.get(media, media)))


class _Records:
    """Finds what stands behind relations, also after the request is over: answers are written while they are sent."""

    def __init__(self, clocks: Clocks) -> None:
        self._timeline = timeline()
        self._clocks = clocks

    def with_articles(self, page: NetworkView) -> Chapter:
        """A part of a network with its articles."""
        chapter = _chapter(page)
        return chapter._replace(articles=self._articles(_sources(chapter.relations)))

    def with_ends(self, relations: Sequence[Answer]) -> Chapter:
        """Relations with their entities and articles."""
        return Chapter(self._nodes(relations), relations, self._articles(_sources(relations)))

    def with_claims(self, relations: Sequence[Answer]) -> Chapter:
        """Relations with their claims, and the entities and articles of both."""
        ids = list(dict.fromkeys(name for found in relations for name in found["claims"]))
        claims = [_plain(claim(view)) for view in self._timeline.claims(ids, self._clocks)]
        speaking = {name for told in claims for name in _voices(told)}
        articles = self._articles({told["article"] for told in claims})
        return Chapter(self._nodes(relations, speaking), relations, articles, claims)

    def _nodes(self, relations: Sequence[Answer], also: Iterable[str] = ()) -> list[Answer]:
        ends = {found[end] for found in relations for end in ("subject", "object")}
        nodes = self._timeline.network.nodes(ends.union(also), self._clocks)
        return with_all_ends(_nodes(nodes), relations)

    def _articles(self, articles: Iterable[str]) -> dict[str, Answer]:
        """What exports tell of articles: never their text or their authors, which may have to be forgotten."""
        fields = ("url", "title", "publisher", "language", "published")
        found = self._timeline.articles(sorted(articles), self._clocks)
        return {name: {"id": name} | {field: getattr(found[name], field) for field in fields} for name in found}


def _chapter(page: NetworkView) -> Chapter:
    relations = [relation(found) for found in page.relations]
    return Chapter(with_all_ends(_nodes(page.nodes), relations), relations)


def _few(relations: Sequence[Answer]) -> Iterator[list[Answer]]:
    some: list[Answer] = []
    for found in relations:
        some.append(found)
        if sum(len(one["claims"]) + 1 for one in some) >= _FEW_CLAIMS:
            yield some
            some = []
    if some:
        yield some


def _voices(told: Answer) -> list[str]:
    by = told["asserted_by"]
    return [*by["agent"], *by["affiliation"]]


def _sources(relations: Iterable[Answer]) -> set[str]:
    """The articles in which the relations are asserted."""
    return {article for found in relations for by in found["asserted_by"] for article in by["articles"]}


def _nodes(nodes: Iterable[NodeView]) -> list[Answer]:
    return [{"id": node.id, "kind": node.kind, "name": node.name} for node in nodes]


def _plain(answer: Answer) -> Any:
    return msgspec.to_builtins(answer)
