"""The network of relations: parts of it, paths in it, and the pairs that cooperate and oppose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from time import monotonic
from typing import Any

from flask import Response

from events.network import Frenemies, Step, in_order
from service.http import formats
from service.http.api import Resource
from service.http.body import JSON
from service.http.context import limits, timeline
from service.http.demands import needs
from service.http.jsons import json_answer
from service.http.paging import asked, linked, next_page, point
from service.http.pinning import pinned
from service.http.plain import Answer, enveloped, named
from service.http.query import FrenemiesQuery, NetworkQuery, PathQuery, wanted
from service.http.render import relation, stance
from service.http.scope import demand_one_scope, nodes
from service.keys.scopes import STATE_READ
from service.timeline.network import part_of
from service.timeline.views import Clocks, FrenemiesView, NetworkView, PathView

RESOURCE = Resource("network", "All relations at one point of the clocks.", reads=needs(STATE_READ))
Find = Callable[[int, str | None], NetworkView]
_MOST_AT_ONCE = 10_000


@RESOURCE.get("/v1/network", "Network", query=NetworkQuery, also=formats.OF_A_NETWORK)
def read_network(query: dict[str, Any]) -> Response:
    """All relations; with `center` the neighbourhood of an entity, with `entities` those among some.

    In the other media it is answered whole, whatever the `limit`, all at one position (docs/exports.md). As
    `application/x-ndjson` it is one relation a line; the last line counts them, and its `next` is null or the address
    of the rest, where one answer holds no more. Where something was refused on the way it has the `problem`. An answer
    without this line was cut off.
    """
    demand_one_scope(query)
    clocks, after = asked(query)
    find = _finder(query, clocks)
    media = formats.chosen(formats.OF_A_NETWORK)
    if media != JSON:
        response = formats.network(media, _pages(find, after), clocks, query.get("token"))
    else:
        view = find(query["limit"], after)
        following = next_page(clocks, view.after, query.get("token"))
        answer = _network(view) | {"next": following}
        told = enveloped(answer, clocks, named(answer, view.refs), view.notices)
        response = linked(json_answer(pinned(told, clocks, query, after)), following)
    response.vary.add("Accept")
    return response


@RESOURCE.get("/v1/path", "Path", query=PathQuery)
def read_path(query: dict[str, Any]) -> Response:
    """The shortest path between two entities, of at most six relations either way; of several the first by ids."""
    clocks = point(query)
    return json_answer(pinned(path_answer(query, clocks), clocks, query))


@RESOURCE.get("/v1/frenemies", "Frenemies", query=FrenemiesQuery)
def read_frenemies(query: dict[str, Any]) -> Response:
    """Pairs that cooperate and oppose each other on one day, with the relations and stances that make them so."""
    clocks, after = asked(query)
    answer = frenemies_answer(query, clocks, after)
    return linked(json_answer(pinned(answer, clocks, query, after)), answer["next"])


def path_answer(query: Mapping[str, Any], clocks: Clocks) -> Answer:
    """The answer for a path."""
    view = timeline().network.path(query["from_"], query["to"], wanted(query), clocks)
    found = _path(view)
    return enveloped(found, clocks, named(found, view.refs), view.notices)


def frenemies_answer(query: Mapping[str, Any], clocks: Clocks, after: str | None) -> Answer:
    """A page of the pairs that cooperate and oppose."""
    view = timeline().network.frenemies(clocks, query["limit"], after, query.get("entity"))
    found = _frenemies(view) | {"next": next_page(clocks, view.after, query.get("token"))}
    return enveloped(found, clocks, named(found, view.refs), view.notices)


def _finder(query: dict[str, Any], clocks: Clocks) -> Find:
    """What gives the parts of the network that is asked for."""
    network, chosen = timeline().network, wanted(query)
    if "center" in query:
        return partial(part_of, network.around(query["center"], query.get("depth", 1), chosen, clocks))
    if "entities" in query:
        return partial(part_of, network.among(query["entities"].split(","), chosen, clocks))
    return partial(network.page, chosen, clocks)


def _pages(find: Find, after: str | None) -> Iterator[NetworkView]:
    """The parts of the network behind a place: all, or as many as one answer may hold."""
    left, deadline = limits().stream_lines, monotonic() + limits().stream_seconds
    while True:
        view = find(min(left, _MOST_AT_ONCE), after)
        yield view
        left, after = left - len(view.relations), view.after
        if after is None or left <= 0 or monotonic() > deadline:
            return


def _network(view: NetworkView) -> Answer:
    return {"nodes": nodes(view.nodes), "edges": [relation(state) for state in view.relations], "names": view.names}


def _path(view: PathView) -> Answer:
    steps = view.steps or ()
    return {
        "from": view.start,
        "to": view.goal,
        "found": view.steps is not None,
        "length": None if view.steps is None else len(steps),
        "steps": [_step(step) for step in steps],
        "nodes": nodes(view.nodes),
        "edges": [relation(state) for state in in_order(s for step in steps for s in step.relations)],
        "names": view.names,
    }


def _step(step: Step) -> Answer:
    named = [dict(zip(("relation", "subject", "object"), state.key, strict=True)) for state in step.relations]
    states = [name | {"status": state.status} for name, state in zip(named, step.relations, strict=True)]
    return {"from": step.start, "to": step.end, "relations": states}


def _frenemies(view: FrenemiesView) -> Answer:
    return {"pairs": [_pair(pair) for pair in view.pairs], "nodes": nodes(view.nodes), "names": view.names}


def _pair(pair: Frenemies) -> Answer:
    return {
        "entities": pair.entities,
        "cooperate": {"relations": [relation(state) for state in pair.cooperating]},
        "oppose": {
            "relations": [relation(state) for state in pair.opposing],
            "stances": [{"status": stand.status} | stance(stand.point) for stand in pair.stances],
        },
    }
