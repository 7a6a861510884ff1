"""The event sourcing library's application on our store and our codec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from eventsourcing.application import Application
from eventsourcing.domain import DomainEventProtocol
from eventsourcing.persistence import ApplicationRecorder, JSONTranscoder, Mapper, StoredEvent
from eventsourcing.utils import Environment, EnvType

from service.store.protocol import (
    NO_COUNTS,
    NO_GUARDS,
    Appended,
    ErasableText,
    EventStore,
    LinkCounts,
    Request,
    StreamKey,
    StreamLink,
)
from service.store.recorder import recorder_for


class Codec(Protocol):
    """How an event becomes a topic and a state, and back; the module `events.codec` is one."""

    def encode(self, event: Any, /) -> tuple[str, bytes]:
        """Topic and state of an event."""
        ...

    def decode(self, topic: str, state: bytes, stream: str, version: int, /) -> Any:
        """The event of a topic and a state."""
        ...


class RegistryMapper(Mapper[str]):
    """Maps events by a registry of names; a stored topic is never taken for the path of a class."""

    def __init__(self, codec: Codec) -> None:
        super().__init__(JSONTranscoder())
        self._codec = codec

    def to_stored_event(self, domain_event: DomainEventProtocol[str]) -> StoredEvent:
        """The event as it is stored."""
        topic, state = self._codec.encode(domain_event)
        return StoredEvent(domain_event.originator_id, domain_event.originator_version, topic, state)

    def to_domain_event(self, stored_event: StoredEvent) -> DomainEventProtocol[str]:
        """The event that was stored."""
        event: DomainEventProtocol[str] = self._codec.decode(
            stored_event.topic, stored_event.state, str(stored_event.originator_id), stored_event.originator_version
        )
        return event


class TimelineApplication(Application[str]):
    """Application and repository of the library, one stream per entity, article and claim.

    `save` passes what else it is given (guards, keys, links, texts, request) on to `EventStore.append`; `append` does
    the same and tells what came of it.
    """

    name = "timeline"

    def __init__(self, store: EventStore, codec: Codec) -> None:
        self.store = store
        self._codec = codec
        super().__init__()

    def append(
        self,
        events: Sequence[DomainEventProtocol[str]],
        *,
        guards: Mapping[str, int] = NO_GUARDS,
        link_counts: LinkCounts = NO_COUNTS,
        keys: Sequence[StreamKey] = (),
        links: Sequence[StreamLink] = (),
        texts: Sequence[ErasableText] = (),
        request: Request | None = None,
    ) -> Appended:
        """Encodes and appends events; see `EventStore.append`."""
        stored = [self.mapper.to_stored_event(event) for event in events]
        return self.store.append(
            stored, guards=guards, link_counts=link_counts, keys=keys, links=links, texts=texts, request=request
        )

    def construct_env(self, name: str, env: EnvType | None = None) -> Environment:
        """No settings of the library are taken from the environment."""
        return Environment(name, dict(env or {}))

    def construct_mapper(self) -> Mapper[str]:
        """The mapper with our codec."""
        return RegistryMapper(self._codec)

    def construct_recorder(self) -> ApplicationRecorder:
        """The recorder on our store."""
        return recorder_for(self.store)
