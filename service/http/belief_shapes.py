"""The shapes of belief changes."""

from __future__ import annotations

from events import changes
from events.matters import KINDS
from service.http.answers import NEXT, NOTICES, REFS
from service.http.change_shapes import ITEM
from service.http.shapes import (
    ANYTHING,
    COUNT,
    DAY,
    FLAG,
    INSTANT,
    TEXT,
    UUID,
    Json,
    items,
    mapping,
    maybe,
    obj,
    one_of,
    ref,
)

BELIEF_SCHEMAS: Json = {
    "BeliefPeriod": obj(
        "Days on all of which one item of the answer changed in the same way; `kind` and `key` tell which item.",
        **{"from": maybe(DAY) | {"description": "The first day; null before all days."}},
        to=maybe(DAY) | {"description": "The first day behind it; null where it has no end."},
        kind=one_of(*changes.KINDS),
        key=items(TEXT, "What tells the item from others of its kind."),
        before=ITEM,
        after=ITEM,
        changed=items(TEXT, "The fields that differ; those that say something where there is no other item."),
        evidence_changed=FLAG | {"description": "Only who says it, or in which claims, is another."},
    ),
    "BeliefChange": obj(
        "What was believed about a matter became something else at a log position.",
        position=COUNT,
        recorded_at=INSTANT,
        matter=UUID,
        kind=one_of(*KINDS),
        about=maybe(mapping(ANYTHING, "What the matter is; null where that is not kept.")),
        first=FLAG | {"description": "It is the first belief about the matter."},
        kept=obj(
            "Whether the answer is kept: one that changes on very many days is told like none.", before=FLAG, after=FLAG
        ),
        cause=ref("Cause"),
        periods=items(ref("BeliefPeriod"), "In the order of items and days."),
        period_count=COUNT | {"description": "How many there are; the others are on the pages around."},
    ),
    "BeliefEvents": items(
        obj(
            "A belief change as an event (CloudEvents 1.0.2), with at most 200 of its periods. A checkpoint has only"
            " the first five: everything up to it was looked at.",
            specversion=one_of("1.0"),
            id=TEXT,
            source=TEXT,
            type=TEXT,
            sequence=TEXT,
        )
        | {
            "properties": {
                **dict.fromkeys(("id", "source", "type", "sequence", "subject", "dataschema", "datacontenttype"), TEXT),
                "specversion": one_of("1.0"),
                "time": INSTANT,
                "data": ref("BeliefChange"),
            }
        }
    ),
    "BeliefChanges": obj(
        "Belief changes in the order of the log: up to `until`, which is the position of the answer.",
        beliefs=items(ref("BeliefChange")),
        until=obj("A log position and its instant.", position=COUNT, recorded_at=maybe(INSTANT)),
        position=COUNT,
        next=NEXT,
        refs=REFS,
        **NOTICES,
    ),
}  # fmt: skip
