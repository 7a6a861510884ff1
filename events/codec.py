"""Events to stored topic and state, and back.

A topic is a registered name with the version of the shape (`InvestmentClaimed.v1`), never a path to code. The state is
JSON in UTF-8. Stream and version are columns of the store and not part of the state.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import msgspec

from events.event_types import EVENT_TYPES, DomainEvent
from events.upcasting import upcast

_REGISTRY: Mapping[str, type[DomainEvent]] = MappingProxyType({cls.__name__: cls for cls in EVENT_TYPES})


class UnreadableEvent(Exception):
    """A stored event cannot be read: unknown name, newer version, or a state of another shape."""


def topic_of(event_type: type[DomainEvent]) -> str:
    """The topic under which events of this class are stored now."""
    return f"{event_type.__name__}.v{event_type.shape}"


def state_of(event: DomainEvent) -> dict[str, Any]:
    """The content of an event as plain data, without its stream and version."""
    state: dict[str, Any] = msgspec.to_builtins(event)
    del state["originator_id"], state["originator_version"]
    return state


_DECODERS = {topic_of(cls): msgspec.json.Decoder(cls) for cls in EVENT_TYPES}


def encode(event: DomainEvent) -> tuple[str, bytes]:
    """Topic and state of an event. Equal events give equal bytes."""
    return topic_of(type(event)), msgspec.json.encode(state_of(event), order="sorted")


def decode(topic: str, state: bytes, stream: str, version: int) -> DomainEvent:
    """The event that was stored; older shapes are lifted. UnreadableEvent names the stream and version."""
    try:
        decoder = _DECODERS.get(topic)
        if decoder is not None:
            return decoder.decode(_placed(state, stream, version))
        return _decode_older(topic, state, stream, version)
    except (ValueError, KeyError, TypeError) as error:
        raise UnreadableEvent(f"{stream}@{version}: {topic} cannot be read: {error}") from error


def _placed(state: bytes, stream: str, version: int) -> bytes:
    """The state with stream and version as its last members: of members with one name, the last one counts."""
    return b'%b,"originator_id":%b,"originator_version":%d}' % (state[:-1], msgspec.json.encode(stream), version)


def _decode_older(topic: str, state: bytes, stream: str, version: int) -> DomainEvent:
    name, _, shape = topic.rpartition(".v")
    event_type = _REGISTRY.get(name)
    if event_type is None or not shape.isdecimal() or not 1 <= int(shape) < event_type.shape:
        raise UnreadableEvent(f"{stream}@{version}: there is no event {topic!r}")
    plain = upcast(name, int(shape), event_type.shape, msgspec.json.decode(state))
    return msgspec.convert({**plain, "originator_id": stream, "originator_version": version}, event_type)
