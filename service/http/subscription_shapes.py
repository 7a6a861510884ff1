"""The shapes of subscriptions and of what becomes of them, going in and coming out."""

from __future__ import annotations

from marshmallow import validate

from service.feeds.question import MOST_NAMED
from service.hooks.guarding import LONGEST_URL
from service.hooks.outbox import DELIVERY_STATES, STATES
from service.hooks.sending import RESULTS
from service.hooks.subscriptions import END, LONGEST_DESCRIPTION, START
from service.http.answers import NEXT
from service.http.query import Paging
from service.http.shapes import COUNT, INSTANT, NUMBER, TEXT, UUID, Json, items, maybe, obj, one_of, ref
from service.intake.fields import Items, Optional, Shape, Text

SIGNS, ENDS = "signs", "ends"
_URL = {"description": "Where events are sent: https, to a public address."}
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
    """Who is to be sent what."""

    url = Text(LONGEST_URL, required=True, metadata=_URL)
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


class DeliveriesQuery(Paging):
    """Which deliveries."""

    state = Text(validate=validate.OneOf(DELIVERY_STATES), metadata={"description": "Only those in this state."})


_ATTEMPT: Json = obj(
    "One attempt: `status` is that of the answer, null without one; `detail` says why it failed.",
    at=INSTANT, result=one_of(*RESULTS), status=maybe(COUNT), seconds=NUMBER, detail=TEXT,
)  # fmt: skip
_SUBSCRIPTION: Json = {
    "id": UUID,
    "url": TEXT,
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
    "parked": COUNT | {"description": "Those that were given up, and are kept."},
    "created_at": INSTANT,
}
_SECRET: Json = {"secret": TEXT | {"description": "What signs its events; told this once."}}
SUBSCRIPTION_SCHEMAS: Json = {
    "Attempt": _ATTEMPT,
    "Subscription": obj("Who is sent which events.", **_SUBSCRIPTION),
    "SubscriptionWithSecret": obj("A subscription with its new secret.", **_SUBSCRIPTION, **_SECRET),
    "Subscriptions": obj("Some subscriptions.", subscriptions=items(ref("Subscription")), next=NEXT),
    "Deliveries": obj(
        "What came of events, the newest event first.",
        deliveries=items(
            obj(
                "One event: `tries` have failed or the last of them has delivered it; `due` is when it is tried again.",
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
    "Replayed": obj("How many parked and failed events are tried now.", replayed=COUNT),
}
"""The components of the document."""
