"""The shapes of the answers for all days."""

from __future__ import annotations

from service.http.answers import NAMES, NOTICES, PINNED, RANGE, VOTE
from service.http.query import STATUSES
from service.http.shapes import COUNT, DAY, FLAG, TEXT, Json, items, maybe, obj, one_of, ref

_DAYS: Json = {
    "from": maybe(DAY) | {"description": "The first day; null before all days."},
    "to": maybe(DAY) | {"description": "The first day behind it; null where it has no end."},
}

PERIOD_SCHEMAS: Json = {
    "Period": obj(
        "Days on all of which a relation is the same.",
        **_DAYS,
        status=one_of(*STATUSES),
        contested=FLAG,
        since=RANGE,
        until=RANGE,
        due=RANGE,
        planned_since=maybe(DAY),
    ),
    "VotePeriod": obj(
        "Days on all of which a vote is the same.",
        **_DAYS,
        status=VOTE["status"],
        when=RANGE,
        due=RANGE,
        missed=RANGE,
        outcomes=items(TEXT),
    ),
    "RelationPeriods": obj(
        "A relation on all days. Of one that changes on very many, counts and periods are null.",
        relation=TEXT,
        subject=TEXT,
        object=TEXT,
        claim_count=maybe(COUNT),
        supported_on=maybe(DAY),
        periods=maybe(items(ref("Period"), "In the order of days, without gaps.")),
    ),
    "VotePeriods": obj(
        "A vote on all days.",
        body=TEXT,
        moves=VOTE["moves"],
        motion=VOTE["motion"],
        motions=VOTE["motions"],
        claim_count=COUNT,
        periods=items(ref("VotePeriod"), "In the order of days, without gaps."),
    ),
    "Periods": obj(
        "Relations, votes and stances of some entities on all days.",
        nodes=items(ref("Node"), "The entities, by id."),
        relations=items(ref("RelationPeriods"), "Each under its subject."),
        votes=items(ref("VotePeriods")),
        stances=items(ref("Stance"), "In the order of time."),
        names=NAMES,
        **NOTICES,
        **PINNED,
    ),
}
