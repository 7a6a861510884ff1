"""Tokens: a question, its point of the clocks and a hash of what was answered, as one opaque text.

A token is base64url (RFC 4648, without padding) of a check sum and a MessagePack array. It is no secret and no proof of
who made it: whoever makes one up gets the answer at the point that it names, and is told that the hash differs.
"""

from __future__ import annotations

import binascii
import hashlib
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec

from events.errors import DomainError
from events.temporal import FIRST_DAY, LAST_DAY, format_day

NAME = "token"
LONGEST_TOKEN = 7_000
VERSION = 1
_SUM_BYTES, _PATH_BYTES, _HASH_BYTES = 8, 16, 32
_LARGEST = 2**53 - 1

Question = tuple[tuple[str, str], ...]
"""The parameters of a question apart from the clocks, by name, in the order of names."""


class BadToken(DomainError):
    """The token is none of this service, or belongs to another question."""

    code = "bad-token"
    part = "query"


class TokenOfOtherEpoch(DomainError):
    """The token belongs to an earlier life of the log."""

    code = "token-of-other-epoch"
    part = "query"


class Token(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """What a token pins.

    `records` is how many of the events up to `position` are records, which an export holds. `after` is the key behind
    which the page of the answer begins. `rules` is the version of the rules that gave the state with the hash `state`.
    """

    epoch: bytes
    rules: int
    path: bytes
    question: Question
    as_of: int
    published_by: int | None
    position: int
    records: int
    according_to: str | None
    after: str | None
    state: bytes
    version: int = VERSION

    def demand_path(self, path: str) -> None:
        """BadToken when the token belongs to another address."""
        if self.path != hash_of_path(path):
            raise BadToken("this token belongs to another address", NAME)

    def demand_epoch(self, epoch: UUID) -> None:
        """TokenOfOtherEpoch when the log is not the one whose positions the token counts."""
        if self.epoch != epoch.bytes:
            raise TokenOfOtherEpoch("the log was restored since: the position of the token means something else", NAME)

    def parameters(self) -> dict[str, str]:
        """The parameters that the token stands for, apart from the page."""
        given = {
            "as_of": format_day(self.as_of),
            "published_by": None if self.published_by is None else format_day(self.published_by),
            "recorded_by": str(self.position),
            "according_to": self.according_to,
        }
        return dict(self.question) | {name: value for name, value in given.items() if value is not None}


def format_token(token: Token) -> str:
    """The text of a token: the same token has one text."""
    raw = msgspec.msgpack.encode(token)
    return urlsafe_b64encode(_sum_of(raw) + raw).decode().rstrip("=")


def parse_token(text: str) -> Token:
    """What a token pins. BadToken for what was never handed out, or was changed on the way."""
    try:
        raw = urlsafe_b64decode(text.encode("ascii") + b"=" * (-len(text) % 4))
        token = msgspec.msgpack.decode(raw[_SUM_BYTES:], type=Token)
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise BadToken("this is not a token of the service", NAME) from None
    if len(text) > LONGEST_TOKEN or not _is_possible(token) or format_token(token) != text:
        raise BadToken("this is not a token of the service, or it was changed on the way", NAME)
    return token


def hash_of_path(path: str) -> bytes:
    """What a token keeps of the address that it belongs to."""
    return hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest()[:_PATH_BYTES]


def state_hash(answer: Mapping[str, Any]) -> bytes:
    """The SHA-256 of the answered state as canonical JSON: keys sorted by code point, no spaces, UTF-8 unescaped."""
    return hashlib.sha256(msgspec.json.encode(answered_state(answer), order="sorted")).digest()


def answered_state(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The part of an answer that any installation with the same records gives as well.

    Left out are the point of the clocks and what is made of it, what the store counts (versions, positions, instants,
    recorders), what an entity is called beside its claims, hints about today, and which fields are empty by an erasure.
    """
    state = _record(answer, _ENVELOPE | _COUNTED)
    if "entity" in state:
        state["entity"] = _entity(state["entity"], int(answer["position"]))
    if state.get("claims") and isinstance(state["claims"][0], Mapping):
        state["claims"] = [_claim(claim) for claim in state["claims"]]
    return _claim(state)


_ENVELOPE = frozenset(
    (
        "position",
        "clocks",
        "points",
        "token",
        "token_check",
        "state_hash",
        "next",
        "names",
        "notices",
        "possible_duplicates",
    )
)
_COUNTED = frozenset(("version", "last_changed", "recorded_at", "recorder", "recorded_at_position", "erased"))


def _record(item: Mapping[str, Any], left_out: frozenset[str] = _COUNTED) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name not in left_out}


def _entity(entity: Mapping[str, Any], position: int) -> dict[str, Any]:
    """An entity; of one registered after the position only its id was known."""
    if entity["last_changed"] > position:
        return {"id": entity["id"]}
    return _record(entity, _COUNTED | {"possible_duplicates"})


def _claim(claim: Mapping[str, Any]) -> dict[str, Any]:
    kept = _record(claim)
    return kept | {"evidence": [_record(item) for item in kept["evidence"]]} if "evidence" in kept else kept


def _sum_of(raw: bytes) -> bytes:
    return hashlib.sha256(raw).digest()[:_SUM_BYTES]


def _is_possible(token: Token) -> bool:
    days = [token.as_of, token.as_of if token.published_by is None else token.published_by]
    return (
        token.version == VERSION
        and (len(token.epoch), len(token.path), len(token.state)) == (16, _PATH_BYTES, _HASH_BYTES)
        and all(FIRST_DAY <= day <= LAST_DAY for day in days)
        and 0 <= token.records <= token.position <= _LARGEST
        and 0 <= token.rules <= _LARGEST
    )
