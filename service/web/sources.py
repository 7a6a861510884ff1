"""The claims, articles and names that an answer rests on, for showing what stands behind it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from events.values import ArticleContent
from service.http.context import timeline
from service.http.records import claim
from service.timeline.views import Clocks

MOST_RESPONSES = 20
"""So many responses are shown with a claim; the API names all."""
MOST_CLAIMS = 1_000
"""So many claims are listed with an article."""

_NO_ANSWERS = ("claims", "attributes", "scope", "names", "refs", "entity")
"""Parts of an answer that name no claims, or hold what senders chose to name so."""


@dataclass(frozen=True)
class Sources:
    """The claims and articles that a page names, by id, and the names of the entities in them."""

    claims: Mapping[str, dict[str, Any]]
    articles: Mapping[str, ArticleContent]
    names: Mapping[str, str | None] = field(default_factory=dict)

    def name(self, entity: str) -> str:
        """What an entity is called; its id where it has no name (any more)."""
        return self.names.get(entity) or entity

    def label(self, id: str) -> str:
        """What a claim is called: by its sender, else the beginning of its id."""
        refs = self.claims[id]["refs"] if id in self.claims else ()
        return refs[0] if refs else f"claim {id[:8]}"


def sources(answer: Any, clocks: Clocks) -> Sources:
    """What the claims say that an answer names, and their articles."""
    return sources_of(claims_in(answer), clocks)


def sources_of(claims: Collection[str], clocks: Clocks) -> Sources:
    """What some claims say, and their articles."""
    return _sources(_views(claims, clocks), clocks)


def surroundings_of(claims: Collection[str], clocks: Clocks) -> Sources:
    """What some claims say, and what was said about them: their responses, and by which claims these speak."""
    found = _views(claims, clocks)
    for neighbours in (_around, _spoken_by):
        more = {other for one in found.values() for other in neighbours(one)} - set(found)
        found = found | _views(more, clocks)
    return _sources(found, clocks)


def claims_and_names(claims: Collection[str], named: Collection[str], clocks: Clocks) -> Sources:
    """What some claims say, with the names of some more entities."""
    found = sources_of(claims, clocks)
    return replace(found, names={**found.names, **timeline().names(named, clocks)})


def claims_in(value: Any) -> set[str]:
    """The claims that an answer names."""
    if isinstance(value, dict):
        named = [set(value.get("claims", ())), {value[name] for name in ("claim", "by") if value.get(name)}]
        return set().union(*named, *(claims_in(item) for name, item in value.items() if name not in _NO_ANSWERS))
    return set().union(*map(claims_in, value)) if isinstance(value, list | tuple) else set()


def _views(claims: Collection[str], clocks: Clocks) -> dict[str, dict[str, Any]]:
    if not claims:
        return {}
    return {view.id: claim(view) for view in timeline().claims(sorted(claims), clocks)}


def _around(one: Mapping[str, Any]) -> Iterable[str]:
    """The claims that answer a claim, decide how it stands, or that it answers."""
    return {*one["responses"][:MOST_RESPONSES], *one["stands_by"][:MOST_RESPONSES], *_spoken_by(one)}


def _spoken_by(one: Mapping[str, Any]) -> Iterable[str]:
    """The claims that a response joins."""
    attributes = one["attributes"] if one["type"] == "response" else {}
    return [attributes[name] for name in ("target", "by") if name in attributes]


def _sources(claims: Mapping[str, dict[str, Any]], clocks: Clocks) -> Sources:
    articles = timeline().articles({one["article"] for one in claims.values()}, clocks)
    named = {entity for one in claims.values() for entity in _entities_in(one)}
    named |= {article.publisher for article in articles.values()}
    return Sources(claims, articles, timeline().names(named, clocks) if named else {})


def _entities_in(one: Mapping[str, Any]) -> Iterator[str]:
    """The entities of a claim, and all else in it that may be the id of one."""
    yield from (participant["entity"] for participant in one["participants"])
    moves = one["attributes"].get("moves") or {}
    yield from (moves[end] for end in ("subject", "object") if end in moves)
    by = one["asserted_by"]
    yield from (*by["agent"], *by["affiliation"])
    yield from (part for step in by["chain"] for part in step.split("+"))
