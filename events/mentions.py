"""Whom and what a claim names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from events.values import ClaimContent


def entities_in(content: ClaimContent) -> Iterator[str]:
    """The entities that a claim names: participants, voices, and what a vote would join."""
    for participant in content.participants:
        yield participant.entity
    yield from content.asserted_by.agent
    yield from content.asserted_by.affiliation
    yield from entities_moved(content.attributes)


def entities_moved(attributes: Mapping[str, Any]) -> tuple[str, ...]:
    """The entities that a vote would join."""
    moves = attributes.get("moves")
    return (_id(moves["subject"]), _id(moves["object"])) if moves else ()


def responded_to(claim: str, attributes: Mapping[str, Any]) -> Iterator[str]:
    """The claims that a response is about or speaks for."""
    if "target" in attributes:
        yield from {_id(attributes[name]) for name in ("target", "by") if name in attributes} - {claim}


def _id(value: object) -> str:
    """An id among attributes, which a log from elsewhere may hold anything in. TypeError for what is none."""
    if not isinstance(value, str):
        raise TypeError(f"{value!r} is no id")
    return value
