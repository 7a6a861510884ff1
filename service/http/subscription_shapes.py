"""The shapes of subscriptions and of what becomes of them, going in and coming out."""

from __future__ import annotations

from marshmallow import fields, validate

from service.feeds.question import MOST_NAMED
from service.hooks import leasing
from service.hooks.guarding import LONGEST_URL
from service.hooks.outbox import DELIVERY_STATES, MODES, STATES, WEBHOOK
from service.hooks.sending import RESULTS
from service.hooks.subscriptions import END, LONGEST_DESCRIPTION, START
from service.http.answers import NEXT
from service.http.query import Paging
from service.http.shapes import COUNT, INSTANT, NUMBER, TEXT, UUID, Json, items, maybe, obj, one_of, ref
from service.intake.fields import Items, Optional, Shape, Text, Whole
from service.settings import Limits

LIMITS = Limits()
SIGNS, ENDS = "signs", "ends"
_URL = {"description": "Where events of a webhook are sent: https, to a public address."}
_AFTER = {"description": f"The events after this one are sent: the id of an event, or `{START}` or `{END}`."}


def _named(description: str) -> Items:
    return Items(
        Text(),
        allow_none=True,
        validate=validate.Length(1, MOST_NAMED),
        metadata={"description": description + " All, where it is left out or null."},
    )


class SubscriptionChanges(Shape):
    """What can be changed of a subscription."""

    url = Text(LONGEST_URL, metadata=_URL)
    types = _named("Only events of these types, named as in /v1/event-types; without a version, of all its versions.")
    entities = _named("Only events that concern one of these entities.")
    description = Optional(LONGEST_DESCRIPTION)


class SubscriptionBody(SubscriptionChanges):
    """Who is to get what, and how."""

    mode = Text(
        load_default=WEBHOOK,
        validate=validate.OneOf(MODES),
        metadata={
            "description": "`webhook`: events are sent to `url`; `pull`: workers lease them, and there is no `url`."
        },
    )
    after = Text(load_default=END, metadata=_AFTER)


class RewindBody(Shape):
    """From where to send again, or up to where to leave out."""

    after = Text(required=True, metadata=_AFTER)


class RotateBody(Shape):
    """What becomes of the secrets there are."""

    old = Text(
        load_default=SIGNS,
        validate=validate.OneOf((SIGNS, ENDS)),
        metadata={
            "description": f"`{SIGNS}`: they sign beside the new one, the present one for 24 hours more; "
            f"`{ENDS}`: they all end at once."
        },
    )


class LeaseBody(Shape):
    """How many events a worker takes, for how long, and how long it waits for the first of them."""

    max = Whole(1, LIMITS.page, load_default=LIMITS.page // 2, metadata={"description": "At most so many events."})
    seconds = Whole(
        1,
        LIMITS.lease_seconds,
        load_default=30,
        metadata={"description": "Nobody else gets them, or what has to come after them, for so many seconds."},
    )
    wait = Whole(
        0, int(LIMITS.lease_wait), load_default=0, metadata={"description": "Seconds to wait while there is none."}
    )


class HeldBody(Shape):
    """Events under a lease."""

    lease = fields.UUID(required=True)
    ids = Items(
        Text(),
        required=True,
        validate=validate.Length(1, LIMITS.page),
        metadata={"description": "The ids of the events."},
    )


class NackBody(HeldBody):
    """Events that are given back, and what becomes of them."""

    action = Text(
        load_default=leasing.RETRY,
        validate=validate.OneOf(leasing.ACTIONS),
        metadata={
            "description": "`retry`: it failed, and is tried again later; `park`: kept, and its successors go on;"
            " `skip`: as if done; `release`: as if it had not been leased, no attempt is counted."
        },
    )
    after = Whole(
        0,
        leasing.LONGEST_PAUSE,
        load_default=None,
        allow_none=True,
        metadata={
            "description": "With `retry` and `release`: after so many seconds."
            " Left out: after the pauses of a webhook, or at once where it is released."
        },
    )
    reason = Optional(leasing.LONGEST_REASON, load_default=None, metadata={"description": "Kept with the attempt."})


class ExtendBody(HeldBody):
    """For how long a lease goes on."""

    seconds = Whole(1, LIMITS.lease_seconds, required=True, metadata={"description": "So many seconds from now on."})


class DeliveriesQuery(Paging):
    """Which deliveries."""

    state = Text(validate=validate.OneOf(DELIVERY_STATES), metadata={"description": "Only those in this state."})


_ATTEMPT: Json = obj(
    "One attempt: `status` is that of the answer, null without one; `detail` says why it failed.",
    at=INSTANT, result=one_of(*RESULTS, *leasing.RESULTS), status=maybe(COUNT), seconds=NUMBER, detail=TEXT,
)  # fmt: skip
_SUBSCRIPTION: Json = {
    "id": UUID,
    "mode": one_of(*MODES),
    "url": maybe(TEXT | {"description": "Of a webhook."}),
    "description": maybe(TEXT),
    "types": maybe(
        items(TEXT, "By their whole names, with a version where one was asked for. Null where all types are sent.")
    ),
    "entities": maybe(items(TEXT, "Null where events about anything are sent.")),
    "state": one_of(*STATES),
    "reason": maybe(TEXT | {"description": "Why it was disabled, and what a restore of the log means to it."}),
    "position": COUNT,
    "cursor": TEXT | {"description": "All events up to this one were taken for it or left out."},
    "pending": COUNT | {"description": "Those of them that are still to be delivered."},
    "leased": COUNT | {"description": "Those of them that workers have."},
    "parked": COUNT | {"description": "Those that were given up, and are kept."},
    "created_at": INSTANT,
}
_SECRET: Json = {
    "secret": maybe(TEXT | {"description": "What signs its events; told this once. Null where nothing is sent."})
}
SUBSCRIPTION_SCHEMAS: Json = {
    "Attempt": _ATTEMPT,
    "Subscription": obj("Who is sent which events.", **_SUBSCRIPTION),
    "SubscriptionWithSecret": obj("A subscription with its new secret.", **_SUBSCRIPTION, **_SECRET),
    "Subscriptions": obj("Some subscriptions.", subscriptions=items(ref("Subscription")), next=NEXT),
    "Deliveries": obj(
        "What came of events, the newest event first.",
        deliveries=items(
            obj(
                "One event: `tries` have failed or the last of them has delivered it; `due` is when it is tried"
                " again, or its lease ends.",
                id=TEXT,
                position=COUNT,
                state=one_of(*DELIVERY_STATES),
                tries=COUNT,
                due=maybe(INSTANT),
                attempts=items(ref("Attempt"), "The last ones, at most 20."),
            )
        ),
        next=NEXT,
    ),
    "SubscriptionTest": obj("What came of a test event.", id=TEXT, attempt=ref("Attempt")),
    "Lease": obj(
        "Events that a worker has for a time.",
        lease=UUID | {"description": "What it says to ack, nack or extend them."},
        seconds=COUNT | {"description": "How long it has them, from the moment when they were leased."},
        deliveries=items(
            obj(
                "One event, in the bytes of the feed, and which attempt at it this is.",
                attempt=COUNT,
                event=ref("CloudEvent"),
            ),
            "In the order of the log; none where there is none to be leased now.",
        ),
    ),
    "Settled": obj(
        "In which state so many of the named events are now.",
        **dict.fromkeys(leasing.SETTLED_STATES, COUNT),
    ),
    "Extended": obj("When the lease ends.", until=INSTANT),
    "Replayed": obj("How many parked and failed events are tried now.", replayed=COUNT),
}
"""The components of the document."""
