"""The shapes of what an operator is shown, and of what a follower says of itself."""

from __future__ import annotations

from events.text import LONGEST_NAME
from service.feeds.cursor import NAME
from service.hooks.outbox import MODES, STATES
from service.http.log_shapes import LOG_SCHEMAS
from service.http.shapes import COUNT, FLAG, INSTANT, NUMBER, TEXT, UUID, Json, items, maybe, obj, one_of, ref
from service.intake.fields import Shape, Text
from service.keys.issuing import ACTIVE, EXPIRED, REVOKED

PARTS = ("log", "database", "projections", "following", "replica", "followers", "subscriptions", "keys")
_ALL = COUNT | {"description": "How many there are; those first that need looking at are listed."}


class FollowerBody(Shape):
    """Who a follower is, and how far."""

    name = Text(4 * LONGEST_NAME, required=True, metadata={"description": "What it is called, like its host."})
    cursor = Text(required=True, metadata={"description": f"The last event that it has, as `{NAME}` of the feed."})


def _listed(description: str, /, **properties: Json) -> Json:
    """Some things of which there may be many."""
    return maybe(obj(description, total=_ALL, listed=items(obj("One of them.", **properties))))


_LOG = obj(
    "The log: `uncovered` events are under no signed checkpoint, not counting the one that tells of the last one;"
    " `unsigned_seconds` is the age of the first of them, null where nothing is signed.",
    head=COUNT,
    epoch=UUID,
    uncovered=COUNT,
    unsigned_seconds=maybe(NUMBER),
    checkpoint=maybe(obj("The last one; the root is in base64.", size=COUNT, root=TEXT, signed_at=INSTANT)),
    restores=LOG_SCHEMAS["LogRestores"]["properties"]["restores"],
)
_PARKED = obj(
    "A stream that is held back since an event that could not be handled.",
    stream=TEXT,
    position=COUNT,
    event_type=TEXT,
    error=TEXT,
    parked_at=INSTANT,
)
_PROJECTION: Json = LOG_SCHEMAS["Projections"]["properties"]["projections"]["items"]["properties"]
_GIVEN_UP = obj("An event that was given up, and why.", position=COUNT, tries=COUNT, last=maybe(ref("Attempt")))
_REPORTS = obj(
    "What the fault run and the benchmarks found when this version was made (docs/faults.md, docs/benchmarks.md).",
    benchmarks=obj(
        "What was measured, beside the least that is wanted.",
        when=TEXT,
        form=TEXT,
        commit=TEXT,
        bars=items(obj("One figure.", what=TEXT, measured=TEXT, least=TEXT, aim=TEXT, verdict=TEXT)),
    ),
    faults=obj(
        "What was done to the service, and what came of it; mistakes were put in to see that they are found.",
        faults=items(obj("One fault.", fault=TEXT, what=TEXT, form=TEXT, when=TEXT, commit=TEXT, verdict=TEXT)),
        promises=items(TEXT, "What was measured in it, beside what is promised."),
        mistakes=items(obj("One mistake.", mistake=TEXT, when=TEXT, commit=TEXT, found_by=TEXT)),
    ),
)
OPERATOR_SCHEMAS: Json = {
    "Operator": obj(
        "How everything stands. A part that is named in `unknown` could not be told now, and is null.",
        at=INSTANT,
        version=TEXT,
        unknown=items(one_of(*PARTS)),
        log=maybe(_LOG),
        database=maybe(
            obj("`size` is in bytes; sessions of others count.", size=COUNT, sessions=COUNT, most_sessions=COUNT)
        ),
        projections=maybe(
            items(obj("See `Projections`.", **_PROJECTION, parked_streams=items(_PARKED, "The oldest.")))
        ),
        following=maybe(
            obj(
                "Of a follower: see `Following`. `halted`: nothing more is taken over until somebody has looked at it.",
                **LOG_SCHEMAS["Following"]["properties"],
                halted=FLAG,
            )
        ),
        replica=maybe(ref("Replica")),
        followers=_listed(
            "Who follows this service, and has said so within a day. `is_heard`: lately, and the lag is that of then;"
            " one that is silent is taken to be where it was.",
            id=UUID, name=TEXT, key=TEXT, key_name=maybe(TEXT), position=COUNT, lag_events=COUNT, lag_seconds=NUMBER,
            heard_at=INSTANT, is_heard=FLAG,
        ),
        subscriptions=_listed(
            "Subscriptions of all keys. `host` is that of the address of a webhook; the rest of it may be a secret.",
            id=UUID, owner=TEXT, owner_name=maybe(TEXT), mode=one_of(*MODES), host=maybe(TEXT),
            description=maybe(TEXT), state=one_of(*STATES), reason=maybe(TEXT), position=COUNT, lag=COUNT,
            pending=COUNT, leased=COUNT, parked=COUNT, created_at=INSTANT,
            parked_deliveries=items(_GIVEN_UP, "The newest."),
        ),
        keys=_listed(
            "Keys that were ever made, without their secrets.",
            id=TEXT, name=TEXT, scopes=items(TEXT), state=one_of(ACTIVE, EXPIRED, REVOKED), created_at=INSTANT,
            expires_at=maybe(INSTANT), revoked_at=maybe(INSTANT), last_used_at=maybe(INSTANT),
        ),
        reports=_REPORTS,
    ),
}  # fmt: skip
"""The components of the document."""
