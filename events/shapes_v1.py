"""Shapes of version 1 that have newer ones since, as they were. Stored events have them, so nothing here changes.

Old events are lifted as plain data (`upcasting`); these classes say what that data is, and the catalogue shows them.
"""

from __future__ import annotations

from events.event_types import DomainEvent
from events.values import Text, Value


class EntityContent(Value, frozen=True):
    """What is known about an entity; the names of a person are sealed, identifiers are listed as `scheme:value`."""

    kind: str
    name: Text
    aliases: tuple[Text, ...] = ()
    identifiers: tuple[str, ...] = ()


class EntityRegistered(DomainEvent, frozen=True, kw_only=True):
    """An entity was entered."""

    content: EntityContent


class EntityCorrected(DomainEvent, frozen=True, kw_only=True):
    """Name, aliases or identifiers of an entity were put right: it had always been so."""

    content: EntityContent
