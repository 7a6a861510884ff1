"""What a subscriber asks for: where to begin, and which events."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from difflib import get_close_matches
from typing import Any, NamedTuple
from uuid import UUID

from events.errors import Invalid, InvalidDate, Unknown
from events.text import clean_id
from service.feeds.cursor import BadCursor, OtherEpoch, parse_cursor
from service.feeds.events import TYPE_PREFIX
from service.feeds.schemas import SHAPES
from service.keys.scopes import FEED_READ, STATE_READ
from service.timeline.clocks import parse_instant
from service.timeline.feed import Feed, Wanted

MOST_NAMED = 100
"""How many types, or entities, may be named."""
_SIMILAR = 0.5
_POSITION = re.compile("[0-9]{1,18}")
_CURSOR = re.compile("[A-Za-z0-9_-]{32}")


class Question(NamedTuple):
    """Which events: those wanted, after a position and, if one is set, up to another; with the texts or without."""

    after: int
    wanted: Wanted
    until: int | None
    with_texts: bool


def question(query: Mapping[str, Any], feed: Feed, epoch: UUID | None = None) -> Question:
    """What the parameters of a feed mean. BadCursor, OtherEpoch, Unknown, or Invalid, which name the parameter.

    Where the epoch is given, a question without filter or instant is answered without asking the database.
    """
    return Question(
        after=_beginning(query, feed, epoch),
        wanted=Wanted(_topics(query.get("type")), _entities(query.get("entity"), feed)),
        until=_end(query["until"], feed) if "until" in query else None,
        with_texts="include" in query,
    )


def scopes_of(query: Mapping[str, Any]) -> tuple[str, ...]:
    """What a key has to allow for these parameters of the feed of the log: the texts are no part of the log."""
    return (FEED_READ, STATE_READ) if "include" in query else (FEED_READ,)


def cursor_position(text: str, feed: Feed, epoch: UUID | None = None) -> int:
    """The position of a cursor. BadCursor, or OtherEpoch for one of an earlier life of the log.

    Where the epoch is given, nobody looks whether the log goes so far.
    """
    cursor = parse_cursor(text)
    if epoch is None:
        cursor.demand_there(feed.end())
    else:
        cursor.demand_epoch(epoch)
    return cursor.position


def topics_of(names: str, parameter: str = "type") -> frozenset[str]:
    """The topics that names of types mean, with commas between: with their version, or without for all versions."""
    return frozenset(topic for name in _listed(names, parameter) for topic in _topics_of(name, parameter))


def _beginning(query: Mapping[str, Any], feed: Feed, epoch: UUID | None) -> int:
    given = query.get("last")
    if "since" not in query:
        return 0 if given is None else cursor_position(given, feed, epoch)
    if given is not None:
        raise Invalid("it cannot be given beside lastEventId: either of them says where to begin", "since")
    return _at(query["since"], "since", feed.position_at)


def _end(text: str, feed: Feed) -> int:
    if _POSITION.fullmatch(text):
        return int(text)
    if _CURSOR.fullmatch(text):
        return _at_cursor(text, feed)
    return _at(text, "until", feed.position_at)


def _at_cursor(text: str, feed: Feed) -> int:
    try:
        return cursor_position(text, feed)
    except (BadCursor, OtherEpoch) as error:
        raise type(error)(error.detail, "until") from None


def _at(text: str, parameter: str, position_at: Callable[[datetime], int]) -> int:
    try:
        return position_at(parse_instant(text))
    except InvalidDate as error:
        hint = " (write + as %2B in an address)" if " " in text else ""
        raise InvalidDate(f"{error.detail}{hint}", parameter) from None


def _topics(names: str | None) -> frozenset[str] | None:
    return None if names is None else topics_of(names)


def _topics_of(name: str, parameter: str) -> list[str]:
    bare = name.removeprefix(TYPE_PREFIX)
    found = [topic for topic in SHAPES if bare in (topic, topic.rpartition(".")[0])]
    if not found:
        raise Invalid(f"there is no event type {name!r}{_similar(bare)}; /v1/event-types lists them", parameter)
    return found


def _similar(name: str) -> str:
    """The names of types that may have been meant."""
    names = {topic.rpartition(".")[0].lower(): topic.rpartition(".")[0] for topic in SHAPES}
    found = get_close_matches(name.lower(), names, cutoff=_SIMILAR)
    return f" (similar: {', '.join(names[one] for one in found)})" if found else ""


def _entities(names: str | None, feed: Feed) -> frozenset[str] | None:
    if names is None:
        return None
    return frozenset(_entity(name, feed) for name in _listed(names, "entity"))


def _entity(name: str, feed: Feed) -> str:
    cleaned = clean_id(name, "entity")
    if not feed.has_entity(cleaned):
        raise Unknown(f"there is no entity {name!r}", "entity")
    return cleaned


def _listed(names: str, parameter: str) -> list[str]:
    listed = names.split(",")
    if len(listed) > MOST_NAMED:
        raise Invalid(f"at most {MOST_NAMED} may be named", parameter)
    return listed
