"""The network of relations: parts of it, paths in it, and the pairs that cooperate and oppose.

The algorithms are the domain's, and what they work on comes from a source. Here are limits, pages and names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain, islice
from typing import TypeAlias, TypeVar

from events.errors import Invalid
from events.network import (
    Frenemies,
    Relations,
    TooWide,
    Wanted,
    frenemies,
    in_order,
    listed,
    neighbourhood,
    shortest_path,
)
from events.relationships import RelationState
from events.stances import StancePoint
from events.text import is_id
from service.errors import QueryTooExpensive
from service.projections.beliefs import Beliefs
from service.projections.index import Index
from service.settings import Limits
from service.timeline.loading import Loader
from service.timeline.nodes import Nodes
from service.timeline.source import FoldedSource, KeptSource, Source
from service.timeline.views import Clocks, FrenemiesView, NetworkView, NodeView, PathView

_IN_PAGES = "the whole network is read page by page"
PAGE_COST = 5_000
"""After so many entities and claims a page ends, however little was found."""
Item = TypeVar("Item")
Place = tuple[str, ...]
"""Where an item stands in a list; it begins with the entity under which it is listed."""
Found: TypeAlias = tuple[Place, Item]
Under: TypeAlias = Callable[[Sequence[str]], Iterator[Found[Item]]]
"""What is listed under some entities behind the place where a page begins, in order."""


class Networks:
    """Answers questions about the network. An entity that nobody registered is Unknown, named by its parameter."""

    def __init__(self, load: Loader, index: Index, beliefs: Beliefs | None, nodes: Nodes, limits: Limits) -> None:
        self._load = load
        self._beliefs = beliefs
        self._index = index
        self._nodes = nodes
        self._limits = limits

    def around(self, center: str, depth: int, wanted: Wanted, clocks: Clocks) -> NetworkView:
        """The neighbourhood of an entity. QueryTooExpensive when it has too many entities."""
        (goes_on,), notices = self._nodes.asked([center], "center", clocks)
        source = self._source(clocks, wanted)
        relations_of = self._thrifty(source.relations_of, source)
        relations_among = self._thrifty(source.relations_among, source)
        try:
            found = neighbourhood(goes_on, depth, relations_of, relations_among, self._limits.graph_nodes)
        except TooWide:
            raise self._nodes.too_wide(f"a smaller depth, or one relation; {_IN_PAGES}") from None
        nodes, names = self._nodes.called(found.entities, clocks)
        return NetworkView(nodes, found.relations, names, source.refs, notices)

    def among(self, entities: Sequence[str], wanted: Wanted, clocks: Clocks) -> NetworkView:
        """The relations among some entities."""
        if len(entities) > self._limits.graph_nodes:
            raise self._nodes.too_wide(f"fewer entities; {_IN_PAGES}")
        going_on, notices = self._nodes.asked(entities, "entities", clocks)
        source = self._source(clocks, wanted)
        found = in_order(source.relations_among(going_on))
        nodes, names = self._nodes.called(going_on, clocks)
        return NetworkView(nodes, found, names, source.refs, notices)

    def page(self, wanted: Wanted, clocks: Clocks, limit: int, after: str | None) -> NetworkView:
        """A part of all relations, each listed under its subject. It may be short, or empty, and not be the last."""
        _, notices = self._nodes.asked([], "", clocks)
        source, place = self._source(clocks, wanted), _place(after)

        def under(entities: Sequence[str]) -> Iterator[Found[RelationState]]:
            return ((listed(state.key), state) for state in source.relations_under(entities, place))

        found, following = _walk(source, under, limit, place)
        nodes, names = self._nodes.called({end for state in found for end in state.key[1:]}, clocks)
        return NetworkView(nodes, tuple(found), names, source.refs, notices, following)

    def path(self, start: str, goal: str, wanted: Wanted, clocks: Clocks) -> PathView:
        """The shortest path between two entities. QueryTooExpensive when too many entities are on the way."""
        (begin,), notices = self._nodes.asked([start], "from", clocks)
        (end,), more = self._nodes.asked([goal], "to", clocks)
        source = self._source(clocks, wanted)
        relations_of = self._thrifty(source.relations_of, source)
        try:
            steps = shortest_path(begin, end, relations_of, self._limits.path_steps, self._limits.graph_nodes)
        except TooWide:
            raise self._nodes.too_wide("one relation or one status, or for the network around either end") from None
        nodes, names = self._nodes.called({begin, end, *(step.end for step in steps or ())}, clocks)
        return PathView(begin, end, steps, nodes, names, source.refs, tuple(dict.fromkeys(notices + more)))

    def frenemies(self, clocks: Clocks, limit: int, after: str | None, entity: str | None = None) -> FrenemiesView:
        """A part of the pairs that cooperate and oppose, of all or of one entity. It may be short, and not the last."""
        asked, notices = self._nodes.asked([] if entity is None else [entity], "entity", clocks)
        source, place = self._source(clocks, Wanted()), _place(after)

        def behind(pairs: Iterable[Frenemies]) -> Iterator[Found[Frenemies]]:
            return ((pair.entities, pair) for pair in pairs if pair.entities > place)

        def under(entities: Sequence[str]) -> Iterator[Found[Frenemies]]:
            return behind(pair for pair in _pairs(source, entities, clocks) if pair.entities[0] in entities)

        if asked:
            pairs = (pair for pair in _pairs(source, asked, clocks) if asked[0] in pair.entities)
            found, following = _cut(list(behind(pairs)), limit)
        else:
            found, following = _walk(source, under, limit, place)
        speaking = {voice for pair in found for stand in pair.stances for voice in _voices(stand.point)}
        nodes, names = self._nodes.called({end for pair in found for end in pair.entities}, clocks, speaking)
        return FrenemiesView(tuple(found), nodes, names, source.refs, notices, following)

    def nodes(self, entities: Iterable[str], clocks: Clocks) -> tuple[NodeView, ...]:
        """Some entities by id, as a network shows them."""
        return self._nodes.called(entities, clocks)[0]

    def _source(self, clocks: Clocks, wanted: Wanted) -> Source:
        if self._beliefs is None or not clocks.is_plain:
            return FoldedSource(self._load, self._index, clocks, wanted)
        return KeptSource(self._beliefs, self._limits.fold_claims, self._load, self._index, clocks, wanted)

    def _thrifty(self, relations: Relations, source: Source) -> Relations:
        """The same relations, as long as all that was read for the answer is no more than it may cost."""

        def read(entities: Sequence[str]) -> Iterable[RelationState]:
            found = relations(entities)
            if source.cost > self._limits.fold_claims:
                raise QueryTooExpensive(
                    f"More than {self._limits.fold_claims} claims would have to be read. Ask for a smaller part, or"
                    " read the whole network page by page."
                )
            return found

        return read


def part_of(view: NetworkView, limit: int, after: str | None) -> NetworkView:
    """A part of the relations of a network, with all its entities."""
    place = _place(after)
    found, following = _cut([(listed(s.key), s) for s in view.relations if listed(s.key) > place], limit)
    return replace(view, relations=tuple(found), after=following)


def _voices(point: StancePoint) -> set[str]:
    return {point.key.speaker, *point.affiliation}


def _pairs(source: Source, entities: Sequence[str], clocks: Clocks) -> tuple[Frenemies, ...]:
    return frenemies(*source.ties_of(entities), clocks.as_of)


def _walk(source: Source, under: Under[Item], limit: int, after: Place) -> tuple[list[Item], str | None]:
    """The items listed under one entity after another, and the place after which the next page begins.

    A place that is an entity alone stands behind all that is listed under it.
    """
    found: list[Found[Item]] = []
    last, is_begun = "".join(after[:1]), len(after) > 1
    while source.cost < PAGE_COST:
        entities = source.batch(last, is_begun)
        if not entities:
            return _cut(found, limit)
        found += islice(_listed_under(under, entities), limit + 1 - len(found))
        if len(found) > limit:
            return _cut(found, limit)
        last, is_begun = entities[-1], False
    return [item for _, item in found], last


def _listed_under(under: Under[Item], entities: Sequence[str]) -> Iterator[Found[Item]]:
    """What is listed under some entities. Those that are too expensive together are looked at apart."""
    try:
        return under(entities)
    except QueryTooExpensive:
        if len(entities) == 1:
            raise
    half = len(entities) // 2
    parts = (entities[:half], entities[half:])
    return chain.from_iterable(_listed_under(under, part) for part in parts)


def _cut(found: Sequence[Found[Item]], limit: int) -> tuple[list[Item], str | None]:
    """The first of the items, and the place of the last of these if there are more."""
    following = "/".join(found[limit - 1][0]) if len(found) > limit else None
    return [item for _, item in found[:limit]], following


def _place(after: str | None) -> Place:
    """The place that a cursor carries; () is before all."""
    place = () if after is None else tuple(after.split("/"))
    if not all(map(is_id, place)):
        raise Invalid("this is not a cursor of the service", "cursor")
    return place
