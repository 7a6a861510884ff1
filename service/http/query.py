"""The parameters of the query, as shapes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from events import facts
from events.matters import KINDS
from events.network import Wanted
from events.text import LONGEST_NAME
from events.vocabulary import CLAIM_TYPES, RELATIONS
from service.intake.fields import LIMITS, Shape, Text
from service.timeline.changes import AS_OF, AXES
from service.timeline.tokens import LONGEST_TOKEN

DEFAULT_LIMIT = 100
STATUSES = (
    facts.HOLDS, facts.POSSIBLY, facts.CONTESTED, facts.PLANNED, facts.UNCONFIRMED, facts.NOT_HELD, facts.UNKNOWN,
)  # fmt: skip
ENDED, EVIDENCE, TEXTS = "ended", "evidence", "texts"
_LARGEST = 2**53 - 1
_LONGEST_TERM = 64
_LONGEST_LIST = 8_000
_LONGEST_MOTION = 4_000
"""Longer ones would not fit into an address once they are in a token."""


class Count(fields.Integer):
    """A whole number in ASCII digits."""

    def __init__(self, least: int = 0, most: int = _LARGEST, **options: Any) -> None:
        super().__init__(validate=validate.Range(least, most), **options)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if not isinstance(value, str) or not re.fullmatch("[0-9]{1,18}", value):
            raise ValidationError("Not a whole number in the digits 0 to 9.")
        return int(value)


def _day(description: str) -> Text:
    return Text(_LONGEST_TERM, metadata={"description": description, "examples": ["2014-11-04"]})


class Nothing(Shape):
    """No parameters."""


class Waiting(Shape):
    """How far the read side has to be."""

    min_position = Count(metadata={"description": "Wait, bounded, until the answer takes in this log position."})


class Clocks(Waiting):
    """A point of the three clocks, and whose word counts."""

    as_of = _day("The day in the world; today (UTC) if left out.")
    published_by = _day("Only what was certainly published by this day.")
    recorded_by = Text(
        _LONGEST_TERM,
        metadata={
            "description": "Only what the service held: a log position, or an instant of RFC 3339 (write + as %2B).",
            "examples": ["257", "2026-11-20T14:00:00Z"],
        },
    )
    according_to = Text(LONGEST_NAME, metadata={"description": "Only what this entity says, or others say for it."})
    token = Text(
        LONGEST_TOKEN,
        metadata={"description": "Taken from an answer of this address: the same again. No other parameter beside it."},
    )


class Paging(Shape):
    """Which part of a list."""

    limit = Count(1, LIMITS.page, load_default=DEFAULT_LIMIT)
    cursor = Text(2_000, metadata={"description": "Taken from `next`; the other parameters stay as they were."})


class Choosing(Shape):
    """Which relations count."""

    status = Text(validate=validate.OneOf(STATUSES), metadata={"description": "Only relations with this status."})
    relation = Text(validate=validate.OneOf(sorted(RELATIONS)), metadata={"description": "Only this relation."})
    include = Text(
        validate=validate.OneOf((ENDED,)), metadata={"description": "Also what does not hold, and what is unknown."}
    )


class StateQuery(Clocks, Paging, Choosing):
    """Which part of a state."""


class Scope(Shape):
    """Which entities of the network: those around one, some, or all."""

    center = Text(LONGEST_NAME, metadata={"description": "The neighbourhood of this entity.", "examples": ["red-hat"]})
    depth = Count(
        1, LIMITS.graph_depth, metadata={"description": "So many relations away from the center; 1 if left out."}
    )
    entities = Text(
        _LONGEST_LIST,
        metadata={"description": "Only relations among these, with commas between.", "examples": ["red-hat,mirantis"]},
    )


class NetworkQuery(Clocks, Paging, Choosing, Scope):
    """Which part of the network at one point."""


class PeriodsQuery(Clocks, Scope):
    """Of which entities; `as_of` is the day whose names are shown."""

    relation = Text(validate=validate.OneOf(sorted(RELATIONS)), metadata={"description": "Only this relation."})


class PathQuery(Clocks, Choosing):
    """From where to where, and through which relations."""

    from_ = Text(LONGEST_NAME, required=True, data_key="from", metadata={"description": "The entity at the beginning."})
    to = Text(LONGEST_NAME, required=True, metadata={"description": "The entity at the end."})


class FrenemiesQuery(Clocks, Paging):
    """Which pairs."""

    entity = Text(LONGEST_NAME, metadata={"description": "Only pairs with this entity in them."})


class ClaimsQuery(Clocks, Paging):
    """A part of the claims about a relation."""


class TimelineQuery(ClaimsQuery):
    """A part of the claims about an entity."""

    type = Text(validate=validate.OneOf(list(CLAIM_TYPES)), metadata={"description": "Only claims of this type."})
    from_ = Text(
        _LONGEST_TERM, data_key="from", metadata={"description": "Only what may have been on this day or later."}
    )
    to = Text(_LONGEST_TERM, metadata={"description": "Only what may have been on this day or earlier."})


class ChangesQuery(Clocks, Paging):
    """Between which two points, along which clock; the other clocks are the same at both."""

    from_ = Text(
        _LONGEST_TERM,
        required=True,
        data_key="from",
        metadata={"description": "The first point: a day, or along recorded_by a log position or an instant."},
    )
    to = Text(_LONGEST_TERM, required=True, metadata={"description": "The second point, which may be the earlier."})
    axis = Text(
        validate=validate.OneOf(AXES), load_default=AS_OF, metadata={"description": "The clock along which they lie."}
    )


class ChosenBeliefs(Shape):
    """Which belief changes: of an entity, a relation or a matter, else all."""

    entity = Text(
        LONGEST_NAME, metadata={"description": "Of what is listed under this entity.", "examples": ["red-hat"]}
    )
    relation = Text(
        3 * LONGEST_NAME + 2,
        metadata={
            "description": "Of one relation: its name and its two ends, with slashes between.",
            "examples": ["member_of/vmware/openstack-foundation"],
        },
    )
    matter = Text(LONGEST_NAME, metadata={"description": "Of one matter, by the id that changes name it by."})
    kind = Text(validate=validate.OneOf(KINDS), metadata={"description": "Only matters of this kind."})
    include = Text(
        validate=validate.OneOf((EVIDENCE,)),
        metadata={"description": "Also changes of nothing but who says it, or in which claims."},
    )


class BeliefsQuery(Waiting, Paging, ChosenBeliefs):
    """Which belief changes, in which part of the log."""

    after = Text(
        _LONGEST_TERM, metadata={"description": "Only after this log position, or after this instant of RFC 3339."}
    )
    until = Text(
        _LONGEST_TERM,
        metadata={"description": "Only up to this log position or instant; to the last one if left out."},
    )


class BeliefFeedQuery(BeliefsQuery):
    """Which belief changes, and in which form; those of a feed begin behind a place in it."""

    last = Text(
        data_key="lastEventId",
        metadata={"description": "Of a feed: the id of the last event seen; else from the start."},
    )
    since = Text(_LONGEST_TERM, metadata={"description": "In its place: only what was recorded after this instant."})
    limit = Count(1, LIMITS.page, metadata={"description": f"How much a page holds; {DEFAULT_LIMIT} if left out."})
    timeout = Count(
        0,
        LIMITS.long_poll,
        metadata={"description": "Of a page of a feed: where there is nothing new, wait for it so many milliseconds."},
    )


class BeliefAtomQuery(ChosenBeliefs):
    """Which belief changes, for readers of feeds."""

    archive = Text(_LONGEST_TERM, metadata={"description": "Taken from a link to an archive, by which it is found."})


class SearchQuery(Waiting, Paging):
    """Which entities."""

    q = Text(LONGEST_NAME * 4, metadata={"description": "An id, a name or alias, or the beginning of a word in one."})
    identifier = Text(LONGEST_NAME * 4, metadata={"description": "`scheme:value`, or a value in any scheme."})


class TimeMapQuery(Waiting, Paging):
    """A part of the mementos of a state; the clocks go on into their addresses."""

    as_of = _day("The day in the world.")
    published_by = _day("Only what was certainly published by this day.")
    according_to = Text(LONGEST_NAME, metadata={"description": "Only what this entity says, or others say for it."})


class HistoryQuery(Waiting, Paging):
    """A part of the events of a claim."""


class VoteQuery(Clocks):
    """Which vote of a body: what it moves (all three), or its motion."""

    relation = Text(validate=validate.OneOf(sorted(RELATIONS)))
    subject = Text(LONGEST_NAME)
    object = Text(LONGEST_NAME)
    motion = Text(_LONGEST_MOTION)


class EventsQuery(Shape):
    """Which events."""

    type = Text(
        _LONGEST_LIST,
        metadata={
            "description": "Only events of these types, with commas between; without a version, of all its versions.",
            "examples": ["InvestmentClaimed,AcquisitionClaimed"],
        },
    )
    entity = Text(
        _LONGEST_LIST,
        metadata={
            "description": "Only events that concern one of these: ids with commas.",
            "examples": ["red-hat"],
        },
    )


class AtomQuery(EventsQuery):
    """Which feed for readers of feeds."""

    archive = Text(_LONGEST_TERM, metadata={"description": "Taken from a link to an archive, by which it is found."})


class FeedQuery(EventsQuery):
    """Which part of the feed, and in which of its forms."""

    last = Text(data_key="lastEventId", metadata={"description": "The id of the last event seen; else from the start."})
    since = Text(_LONGEST_TERM, metadata={"description": "In its place: only what was recorded after this instant."})
    limit = Count(1, LIMITS.page, metadata={"description": f"How many a page holds; {DEFAULT_LIMIT} if left out."})
    timeout = Count(
        0,
        LIMITS.long_poll,
        metadata={"description": "Of a page: where there is nothing new yet, wait for it so many milliseconds."},
    )
    until = Text(
        _LONGEST_TERM,
        metadata={"description": "Of pages and lines: up to this id of an event, log position or instant of RFC 3339."},
    )
    include = Text(
        validate=validate.OneOf((TEXTS,)),
        metadata={"description": "Of lines and event streams: also the texts that events refer to, before them."},
    )


class ReadinessQuery(Shape):
    """How current the answers have to be."""

    max_lag = Count(
        metadata={
            "description": "Of a follower: not ready when it is behind its leader by more than so many seconds."
            " Of a service that reads from a replica of its database: likewise, when that is."
        }
    )


class CheckpointQuery(Shape):
    """Which checkpoint."""

    size = Count(1, metadata={"description": "The one of so many events; the newest if left out."})


class InclusionQuery(Shape):
    """Which event, in which tree."""

    position = Count(1, required=True, metadata={"description": "The log position of the event."})
    size = Count(1, metadata={"description": "In the tree of so many events; of the newest checkpoint if left out."})


class ConsistencyQuery(Shape):
    """Which two trees."""

    from_ = Count(1, required=True, data_key="from", metadata={"description": "The size of the smaller tree."})
    to = Count(1, metadata={"description": "The size of the larger tree; of the newest checkpoint if left out."})


def wanted(query: Mapping[str, Any]) -> Wanted:
    """Which relations a question is about."""
    return Wanted(query.get("relation"), query.get("status"), query.get("include") == ENDED)
