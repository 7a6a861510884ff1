"""What an event brings besides itself: keys of its stream, and links to other ones. It follows from the event alone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple
from uuid import UUID

from events.errors import InvalidDate
from events.event_types import ArticleRegistered, ClaimCorrected, Claimed, ClaimRefAdded, DomainEvent
from events.identity import article_stream, claim_stream
from events.rules import SAME_AS, parse_rule
from service.store.protocol import StreamKey, StreamLink

REF, SHA256 = "ref", "sha256"
ARTICLE, SAME_DATE = "article", "same_as"
_UUID = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_NIL = str(UUID(int=0))


class DatedBy(NamedTuple):
    """A claim takes its date from the one with a ref, in whose place the link names its stream."""

    source: str
    ref: str


def keys_of(event: DomainEvent) -> Iterator[StreamKey]:
    """The keys that an event gives to its stream. One that another stream has already stays with that one."""
    match event:
        case Claimed(ref=str(ref)) | ClaimRefAdded(ref=ref):
            yield StreamKey(REF, ref, event.originator_id)
        case ArticleRegistered(content=content) if content.sha256:
            yield StreamKey(SHA256, content.sha256, event.originator_id)


def links_of(event: DomainEvent) -> Iterator[StreamLink | DatedBy]:
    """What the stream of an event refers to by it."""
    match event:
        case Claimed(content=content):
            yield StreamLink(ARTICLE, event.originator_id, article_stream(content.article))
            yield from _dated_by(event.originator_id, content.time.rule)
        case ClaimCorrected(changes={"time": {"rule": str(rule)}}):
            yield from _dated_by(event.originator_id, rule)


def claim_of_rule(rule: str | None) -> str | None:
    """The id or the ref of the claim from which a rule takes the date; None where it takes it from none.

    InvalidDate for what looks like such a rule and is none.
    """
    if rule is None or not rule.startswith(f"{SAME_AS}("):
        return None
    return parse_rule(rule).argument


def is_uuid(text: str) -> bool:
    """Whether this is a UUID in its canonical form, and not the nil one."""
    return _UUID.fullmatch(text) is not None and text != _NIL


def _dated_by(stream: str, rule: str | None) -> Iterator[StreamLink | DatedBy]:
    try:
        named = claim_of_rule(rule)
    except InvalidDate:
        return
    if named is not None:
        yield StreamLink(SAME_DATE, stream, claim_stream(named)) if is_uuid(named) else DatedBy(stream, named)
