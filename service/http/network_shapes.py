"""The shapes of the answers about the network."""

from __future__ import annotations

from events.facts import HOLDS, POSSIBLY
from events.vocabulary import ENTITY_KINDS
from service.http.answers import NAMES, NEXT, NOTICES, PINNED, REFS, SCHEMAS
from service.http.query import STATUSES
from service.http.shapes import COUNT, FLAG, TEXT, Json, items, maybe, obj, one_of, ref

_NODES = items(ref("Node"), "The entities, by id.")
_AROUND: Json = {"names": NAMES, "refs": REFS, **NOTICES, **PINNED}

NETWORK_SCHEMAS: Json = {
    "Node": obj("An entity of a network.", id=TEXT, kind=one_of(*ENTITY_KINDS), name=maybe(TEXT)),
    "Network": obj(
        "A part of the network at one point. A page may hold fewer edges than asked for, and not be the last.",
        nodes=_NODES,
        edges=items(ref("RelationItem"), "The relations, each under its subject."),
        next=NEXT,
        **_AROUND,
    ),
    "Step": obj(
        "From one entity of a path to the next.",
        **{"from": TEXT, "to": TEXT},
        relations=items(
            obj("A relation between them.", relation=TEXT, subject=TEXT, object=TEXT, status=one_of(*STATUSES))
        ),
    ),
    "Path": obj(
        "The shortest path between two entities; without one `found` is false and `length` null.",
        **{"from": TEXT, "to": TEXT},
        found=FLAG,
        length=maybe(COUNT),
        steps=items(ref("Step")),
        nodes=_NODES,
        edges=items(ref("RelationItem"), "The relations of the steps, each under its subject."),
        **_AROUND,
    ),
    "Stand": obj(
        "A hostile or sceptical stance on one day: `possibly` within the range of its day, or of a later, better one.",
        status=one_of(HOLDS, POSSIBLY),
        **SCHEMAS["Stance"]["properties"],
    ),
    "FrenemyPair": obj(
        "Two who cooperate and oppose each other, and all that makes them so.",
        entities=items(TEXT, "The two, by id."),
        cooperate=obj("How they cooperate.", relations=items(ref("RelationItem"))),
        oppose=obj("How they oppose each other.", relations=items(ref("RelationItem")), stances=items(ref("Stand"))),
    ),
    "Frenemies": obj(
        "Pairs that cooperate and oppose each other at one point. A page may be short, and not be the last.",
        pairs=items(ref("FrenemyPair")),
        nodes=_NODES,
        next=NEXT,
        **_AROUND,
    ),
}
