"""The token of an answer: reading it from the query, and giving each answer its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask import g, request

from events.fold import RULES_VERSION
from service.http.body import read_query
from service.http.context import timeline
from service.http.errors import BadQuery
from service.intake.errors import Fault, Misshapen
from service.intake.fields import Shape
from service.intake.schemas import load
from service.timeline.entities import PERSON
from service.timeline.tokens import NAME, BadToken, Token, format_token, hash_of_path, parse_token, state_hash
from service.timeline.views import Clocks

_BESIDE = frozenset((NAME, "min_position"))
_NOT_ASKED = frozenset(("as_of", "published_by", "recorded_by", "according_to", "cursor", *_BESIDE))


@dataclass(frozen=True)
class Pin:
    """How firmly the point of an answer is given.

    `is_held`: the log position is given, so that the answer is a memento. `is_closed`: nothing can change the answer.
    """

    clocks: Clocks
    is_held: bool
    is_closed: bool


def read_question(shape: type[Shape]) -> dict[str, Any]:
    """The parameters of the query. A token is written out: its own parameters, its clocks, and itself as `token`.

    BadQuery when anything but `min_position` stands beside a token; BadToken when it belongs to another address.
    """
    given = read_query(shape, partial=NAME in request.args)
    if NAME not in given:
        return given
    more = [Fault(f"/{name}", "The token says this already.") for name in request.args if name not in _BESIDE]
    if more:
        raise BadQuery(more[0].detail, more[0].pointer, more)
    token = parse_token(given[NAME])
    token.demand_path(request.path)
    token.demand_epoch(timeline().epoch())
    if not timeline().has_position(token.position):
        raise BadToken("the log has no such position", NAME)
    try:
        asked = load(shape, token.parameters())
    except Misshapen as error:
        raise BadToken(error.detail, NAME) from None
    return asked | {NAME: token} | {name: given[name] for name in ("min_position",) if name in given}


def pinned(
    answer: dict[str, Any],
    clocks: Clocks,
    query: Mapping[str, Any],
    after: str | None = None,
    hash_of: Callable[[Mapping[str, Any]], bytes] = state_hash,
) -> dict[str, Any]:
    """The answer with its token and the hash of its state; where a token was given, whether the state is the same."""
    is_held = any(query.get(name) is not None for name in (NAME, "cursor", "recorded_by"))
    if is_held:
        _forget_today(answer)
    g.pin = Pin(clocks, is_held, _is_closed(query, clocks) and not _may_change(answer, clocks))
    found, given = hash_of(answer), query.get(NAME)
    epoch = timeline().recent_epoch()
    token = Token(
        epoch=epoch.bytes,
        rules=RULES_VERSION,
        path=hash_of_path(request.path),
        question=given.question if given else _question(query),
        as_of=clocks.as_of,
        published_by=clocks.published_by,
        position=clocks.position,
        records=timeline().count_records(clocks.position, epoch),
        according_to=clocks.according_to,
        after=after,
        state=found,
    )
    check = _check(given, found) if given else None
    return answer | {"token": format_token(token), "state_hash": found.hex(), "token_check": check}


def _question(query: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    asked = {name: value for name, value in request.args.items() if name not in _NOT_ASKED}
    if "limit" in query:
        asked["limit"] = str(query["limit"])
    return tuple(sorted(asked.items()))


def _check(given: Token, found: bytes) -> dict[str, Any]:
    why = None
    if given.state != found:
        why = "The rules are the same: something in it was erased since, or is held back by the read side."
        if given.rules != RULES_VERSION:
            why = f"The rules are of version {RULES_VERSION} now, and were of version {given.rules}."
    status = "same" if why is None else "changed"
    return {"status": status, "expected": given.state.hex(), "found": found.hex(), "why": why}


def _is_closed(query: Mapping[str, Any], clocks: Clocks) -> bool:
    """Whether all clocks are given, and that of recording by something that is over.

    An instant is over once something was recorded after it: until then a clock of the database that is behind ours
    could still put something at or before it.
    """
    if query.get(NAME) is not None or query.get("cursor") is not None:
        return True
    recorded_by = query.get("recorded_by")
    if recorded_by is None or query.get("as_of") is None:
        return False
    return bool(recorded_by.isdecimal()) or clocks.position < timeline().head()


def _may_change(answer: Mapping[str, Any], clocks: Clocks) -> bool:
    """Whether the answer tells what may have to be forgotten, or of an entity that was registered later."""
    entity = answer.get("entity", answer)
    if entity.get("kind") == PERSON or entity.get("last_changed", 0) > clocks.position or "sha256" in answer:
        return True
    claims = [claim for claim in answer.get("claims", ()) if isinstance(claim, Mapping)]
    if any(item["quote"] for claim in (answer, *claims) for item in claim.get("evidence", ())):
        return True
    names = answer.get("names")
    return isinstance(names, Mapping) and timeline().has_erasable_names(names)


def _forget_today(answer: dict[str, Any]) -> None:
    """Look-alikes are a hint about today."""
    entity = answer.get("entity", answer)
    if "possible_duplicates" in entity:
        entity["possible_duplicates"] = ()
