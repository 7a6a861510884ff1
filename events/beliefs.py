"""Beliefs: what was believed about a matter on every day, from one log position to the next change."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterable, Iterator
from functools import lru_cache
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from events.changes import Item
from events.courses import course
from events.facts import said_ends
from events.grounds import Conflict, Disputes, Excluded
from events.knowledge import Heard, Hearing
from events.lineage import Lineage, Link
from events.matters import (
    DISPUTES,
    LINEAGE,
    MARKET_FACT,
    POSITION,
    PROFILE,
    RELATION,
    ROUNDS,
    STANCE,
    VOTE,
    Account,
    Bearing,
    Matter,
    account,
)
from events.packing import (
    Pieces,
    Points,
    PositionPieces,
    RelationPieces,
    VotePieces,
    pack_position,
    pack_relation,
    pack_vote,
)
from events.positions import PositionState
from events.profile import Observation, ProfileItem
from events.relationships import RelationState
from events.rounds import Refs, Round
from events.stances import StancePoint
from events.temporal import AFTER_ALL
from events.votes import VoteState

MOST_BREAKS = 250
"""An answer that may change on more days is not kept: it is told from the claims when it is asked for.

To keep it costs each further claim as much as the days times the claims.
"""

MOST_PARTS = 100
"""Neither is the answer for a relation with more parts: each further claim would put all of them together again."""

MOST_BYTES = 256 << 10
"""Neither is one that takes more bytes: each further claim would write all of it again."""

MOST_DECODED, LONGEST_DECODED = 5_000, 16 << 10
"""How many beliefs are kept decoded, of at most how many bytes: the same ones are asked for over and over."""

Answer = (
    Disputes | Lineage | tuple[Round, ...] | RelationState | PositionState | VoteState | ProfileItem | Observation
    | tuple[StancePoint, ...] | None
)  # fmt: skip


class Told(Protocol):
    """A course in the form in which it is kept."""

    def at(self, day: int, /) -> Any:
        """The answer on one day."""

    def days(self) -> tuple[int, ...]:
        """The first day of each of its pieces; the first of all days among them."""


Form = TypeVar("Form", bound=Told)


class Belief(msgspec.Struct, Generic[Form], frozen=True, array_like=True):
    """What is believed about a matter: the answer on every day, or None where it is too long to be kept.

    `entities` are those that the matter is listed under, `refs` the first refs of the claims that the answers name.
    """

    entities: tuple[str, ...]
    refs: dict[str, str]
    told: Form | None

    def at(self, day: int) -> Any:
        """The answer on one day. LookupError where it is not kept."""
        if self.told is None:
            raise LookupError("this belief is not kept")
        return self.told.at(day)

    def stretch(self, day: int) -> tuple[int, int]:
        """The days around a day, from a first one until before a last one, on which the answer is the same.

        There are none where the belief is not kept: then the answer can change while the belief does not.
        """
        if self.told is None:
            return day, day
        days = self.told.days()
        following = bisect_right(days, day)
        return days[following - 1], days[following] if following < len(days) else AFTER_ALL


def belief(kind: str, account: Account, entities: Iterable[str], first_ref: Callable[[str], str | None]) -> Belief[Any]:
    """What the account of a matter of this kind comes to."""
    listed = tuple(sorted(entities))
    if kind == STANCE:
        points = account.at(AFTER_ALL)
        return _kept(listed, Points(points), claims_named(points), first_ref)
    breaks = account.breaks()
    if len(breaks) > MOST_BREAKS:
        return Belief(listed, {}, None)
    pieces = course(breaks, account.at)
    named = (claim for piece in pieces for claim in claims_named(piece.state))
    return _kept(listed, _PACKED.get(kind, Pieces)(pieces), named, first_ref)


def _kept(
    listed: tuple[str, ...], told: Told, named: Iterable[str], first_ref: Callable[[str], str | None]
) -> Belief[Any]:
    if len(_ENCODER.encode(told)) > MOST_BYTES:
        return Belief(listed, {}, None)
    return Belief(listed, _refs(named, first_ref), told)


def _refs(claims: Iterable[str], first_ref: Callable[[str], str | None]) -> dict[str, str]:
    refs = ((claim, first_ref(claim)) for claim in sorted(set(claims)))
    return {claim: ref for claim, ref in refs if ref is not None}


def belief_in(hearing: Hearing, matter: Matter, bearing: Bearing, refs: Refs) -> Belief[Any]:
    """What is believed about a matter, as what bears on it tells. `refs` gives the refs of a claim."""
    if matter.kind in (RELATION, POSITION) and _is_too_long(bearing.live):
        return Belief(tuple(sorted(bearing.entities)), {}, None)
    found = account(hearing, matter, bearing, refs)
    return belief(matter.kind, found, bearing.entities, lambda claim: next(iter(refs(claim)), None))


def _is_too_long(claims: Collection[Heard]) -> bool:
    """Whether it can be seen before they are put together: on each end that is spoken of the answer may change."""
    return len({heard.scope for heard in claims}) > MOST_PARTS or len(said_ends(claims)) > MOST_BREAKS


def encode_belief(found: Belief[Any]) -> bytes:
    """The stored form (MessagePack): the same belief has the same bytes."""
    return _ENCODER.encode(found)


def decode_belief(kind: str, stored: bytes) -> Belief[Any]:
    """The belief about a matter of this kind. It may be told to others as well: nothing in it is to be changed."""
    return _decoded(kind, stored) if len(stored) <= LONGEST_DECODED else _DECODERS[kind].decode(stored)


@lru_cache(MOST_DECODED)
def _decoded(kind: str, stored: bytes) -> Belief[Any]:
    found: Belief[Any] = _DECODERS[kind].decode(stored)
    return found


def decode_entities(stored: bytes) -> tuple[str, ...]:
    """The entities that the matter of a stored belief is listed under."""
    return _LISTED.decode(stored)[0]


def claims_named(answer: Answer | Item) -> Iterator[str]:
    """The claims that an answer or one item of it names; some of them more than once.

    They are those behind it, and those that it lists as opposed or excluded.
    """
    match answer:
        case None | str():
            return
        case RelationState():
            yield from answer.grounds.claims
            yield from claims_named(answer.disputes)
            for part in answer.parts:
                yield from part.grounds.claims
        case PositionState():
            yield from claims_named(answer.relation)
            for title in answer.titles:
                yield from title.grounds.claims
        case VoteState():
            yield from answer.grounds.claims
            yield from claims_named(answer.disputes)
        case Disputes():
            for conflict in answer.conflicts:
                for side in conflict.sides:
                    yield from side.claims
            for claim, _, by in answer.excluded:
                yield from (claim, by) if by else (claim,)
        case StancePoint() | ProfileItem() | Observation() | Link():
            yield from answer.grounds.claims
        case Conflict():
            yield from claims_named(Disputes(conflicts=(answer,)))
        case Excluded():
            yield from claims_named(Disputes(excluded=(answer,)))
        case Round():
            yield from claims_named((answer,))
        case Lineage():
            for link in (*answer.predecessors, *answer.successors):
                yield from link.grounds.claims
        case _:
            for item in answer:
                yield from item.grounds.claims
                if isinstance(item, Round):
                    for investor in item.investors:
                        yield from investor.grounds.claims


_ENCODER = msgspec.msgpack.Encoder()
_Decoder = msgspec.msgpack.Decoder
_DECODERS: dict[str, msgspec.msgpack.Decoder[Any]] = {
    DISPUTES: _Decoder(Belief[Pieces[Disputes]]),
    LINEAGE: _Decoder(Belief[Pieces[Lineage]]),
    ROUNDS: _Decoder(Belief[Pieces[tuple[Round, ...]]]),
    RELATION: _Decoder(Belief[RelationPieces]),
    POSITION: _Decoder(Belief[PositionPieces]),
    VOTE: _Decoder(Belief[VotePieces]),
    PROFILE: _Decoder(Belief[Pieces[ProfileItem | None]]),
    MARKET_FACT: _Decoder(Belief[Pieces[Observation | None]]),
    STANCE: _Decoder(Belief[Points]),
}
_LISTED = _Decoder(tuple[tuple[str, ...], msgspec.Raw, msgspec.Raw])
_PACKED: dict[str, Callable[[Any], Told]] = {
    RELATION: pack_relation,
    POSITION: pack_position,
    VOTE: pack_vote,
}
