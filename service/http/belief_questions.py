"""What a question about belief changes means. No web framework: the feed process is asked as well."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from events.effects import Key
from events.errors import Invalid
from events.matters import KINDS
from events.vocabulary import RELATIONS
from service.feeds.beliefs import SOURCE, BeliefFeed
from service.feeds.cursor import LOST, NAME, OtherEpoch
from service.http.believed import told
from service.http.errors import BadQuery
from service.http.query import EVIDENCE
from service.intake.errors import Fault
from service.timeline.beliefs import LAST_MATTER, BeliefChanges, Spot, Wanted

CHOOSING = ("entity", "relation", "matter")
"""What belief changes may be chosen by: one of these."""
_BEGINNINGS = {"last": NAME, "after": "after", "since": "since"}
_POSITION = re.compile("[0-9]+")


def wanted(query: Mapping[str, Any]) -> Wanted:
    """Which belief changes. BadQuery names the parameter."""
    given = [name for name in CHOOSING if name in query]
    if len(given) > 1:
        raise bad(given[1], f"It cannot be given beside {given[0]}: either of them says what is wanted.")
    return Wanted(
        entity=query.get("entity"),
        relation=_relation(query["relation"]) if "relation" in query else None,
        matter=_matter(query["matter"]) if "matter" in query else None,
        kinds=(query["kind"],) if "kind" in query else KINDS,
        with_evidence=query.get("include") == EVIDENCE,
    )


def belief_feed(query: Mapping[str, Any], changes: BeliefChanges, epoch: UUID) -> BeliefFeed:
    """The feed of the belief changes that are asked for. BadQuery names the parameter; Unknown is an entity."""
    chosen = wanted(query)
    changes.demand_known(chosen)
    return BeliefFeed(changes, epoch, chosen, told)


def beginning(query: Mapping[str, Any], changes: BeliefChanges, feed: BeliefFeed) -> Spot:
    """Behind which place a feed begins. BadCursor, OtherEpoch, or Invalid, which names the parameter."""
    given = [name for name in _BEGINNINGS if name in query]
    if len(given) > 1:
        raise Invalid(f"it cannot be given beside {_BEGINNINGS[given[0]]}", _BEGINNINGS[given[1]])
    if "last" in query:
        spot = feed.spot(query["last"])
        if changes.end().may_lack(spot.position):
            raise OtherEpoch(LOST, NAME, SOURCE)
        return spot
    if "since" in query and _POSITION.fullmatch(query["since"]):
        raise Invalid("it is an instant of RFC 3339; a log position goes by after", "since")
    position = changes.after(query[given[0]], given[0]) if given else 0
    return Spot(position, LAST_MATTER)


def bad(name: str, detail: str) -> BadQuery:
    """The refusal of a parameter."""
    return BadQuery(detail, f"/{name}", [Fault(f"/{name}", detail)])


def _relation(text: str) -> Key:
    parts = text.split("/")
    if len(parts) != 3 or parts[0] not in RELATIONS:
        raise bad("relation", f"It is NAME/SUBJECT/OBJECT, with one of these names: {', '.join(sorted(RELATIONS))}.")
    return parts[0], parts[1], parts[2]


def _matter(text: str) -> str:
    try:
        return str(UUID(text))
    except ValueError:
        raise bad("matter", "A matter goes by a UUID, as changes name it.") from None
