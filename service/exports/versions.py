"""A version of a relation as one row of plain values, the same names and words as in answers."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import msgspec

from events.facts import CONTESTED, FactState
from events.relationships import PartState, RelationState
from events.temporal import AFTER_ALL, ANY_DAY, BEFORE_ALL, Bounds, format_bounds, format_day
from events.versions import Recorded, Version

Row = dict[str, Any]
_JSON = msgspec.json.Encoder(order="sorted")


def version_row(version: Version) -> Row:
    """The row of a version; of one that is not kept only whose it is and when it was so."""
    relation, subject, other = version.key
    return {
        "relation": relation,
        "subject": subject,
        "object": other,
        **_known("known_from", version.known_since),
        **_known("known_to", version.known_until),
        "valid_from": _date(version.valid_since),
        "valid_to": _date(version.valid_until),
        "is_kept": version.state is not None,
        **(_told(version.state) if version.state is not None else {}),
    }


def _told(state: RelationState) -> Row:
    return {
        "status": state.status,
        "contested": state.is_contested,
        **_dates("since", state.state.since),
        **_dates("until", state.state.until),
        **_dates("due", state.state.due),
        "planned_since": _date(state.state.planned_since),
        "attributes": _text(state.attributes),
        "parts": _text([_part(part) for part in state.parts]),
        "asserter_count": state.grounds.asserter_count,
        "claim_count": state.grounds.claim_count,
        "claims": state.grounds.claims,
        "conflict_count": state.disputes.conflict_count,
        "excluded_count": state.disputes.excluded_count,
        "supported_on": _date(state.supported_on),
    }


def _part(part: PartState) -> Row:
    return {
        "scope": part.scope,
        **_fact(part.state),
        "attributes": part.attributes,
        "asserter_count": part.grounds.asserter_count,
        "claim_count": part.grounds.claim_count,
        "claims": part.grounds.claims,
    }


def _fact(state: FactState) -> Row:
    return {
        "status": state.status,
        "contested": state.status == CONTESTED,
        "since": _range(state.since),
        "until": _range(state.until),
        "due": _range(state.due),
        "planned_since": None if state.planned_since is None else format_day(state.planned_since),
    }


def _known(name: str, recorded: Recorded | None) -> Row:
    position, instant = recorded or (None, None)
    return {f"{name}_position": position, name: instant}


def _dates(name: str, when: Bounds | None) -> Row:
    earliest, latest = when or (None, None)
    return {f"{name}_earliest": _date(earliest), f"{name}_latest": _date(latest)}


def _date(day: int | None) -> date | None:
    return None if day in (None, BEFORE_ALL, AFTER_ALL) else date.fromordinal(day)


def _range(when: Bounds | None) -> Mapping[str, str | None] | None:
    if when is None or when == ANY_DAY:
        return None
    return {"edtf": format_bounds(when), "earliest": format_day(when.earliest), "latest": format_day(when.latest)}


def _text(value: Any) -> str:
    return _JSON.encode(value).decode()
