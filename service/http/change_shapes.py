"""The shapes of differences."""

from __future__ import annotations

from events.changes import KINDS
from service.http.answers import NAMES, NEXT, NOTICES, PINNED, REFS
from service.http.shapes import COUNT, TEXT, Json, items, maybe, obj, one_of, ref
from service.timeline.changes import AXES

_ITEMS = (
    "RelationItem", "Position", "Vote", "Round", "ProfileItem", "MarketFact", "Link", "Stance", "Conflict", "Excluded",
    "EntityId",
)  # fmt: skip
ITEM = maybe({"anyOf": [ref(name) for name in _ITEMS], "description": "As in the state; null where there is none."})

CHANGE_SCHEMAS: Json = {
    "EntityId": obj("The entity that goes on, where another one was merged into it.", id=TEXT),
    "Cause": obj(
        "A record that did it, and the event by which it did: its log position and type.",
        kind=one_of("claim", "article", "merge"), id=TEXT, position=COUNT, type=TEXT,
    ),
    "Change": obj(
        "An item of a state that is not the same at two points.",
        kind=one_of(*KINDS),
        key=items(TEXT, "What tells the item from others of its kind."),
        before=ITEM,
        after=ITEM,
        changed=items(TEXT, "The fields that differ; those that say something where there is no other item."),
        cause=items(ref("Cause"), "The 20 that were recorded last, in the order of the log."),
        cause_count=COUNT,
    ),
    "Changes": obj(
        "What is different in the state of an entity at two points of one clock, in the order of kinds and keys.",
        entity=ref("EntityItem"),
        axis=one_of(*AXES),
        points=obj("The two points.", **{"from": ref("Clocks"), "to": ref("Clocks")}),
        changes=items(ref("Change")),
        next=NEXT,
        names=NAMES,
        refs=REFS,
        **NOTICES,
        **PINNED,
    ),
}  # fmt: skip
