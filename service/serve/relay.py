"""The relay as a process, with DATABASE_URL and FRENEMIES_RELAY set."""

from __future__ import annotations

from collections.abc import Mapping

from service.jetstream.bootstrap import relay
from service.serve.child import Child
from service.serve.loops import run_until_signal, settings_of_child
from service.serve.signals import Signals
from service.settings import Settings


def main() -> int:
    """Relays until a signal ends it (0), or an error that is neither the database's nor that of NATS (1)."""
    settings, url = settings_of_child("relay")
    with Signals() as signals, relay(settings, url) as (_, runner):
        return run_until_signal(signals, [runner])


def relay_child(environment: Mapping[str, str], settings: Settings) -> Child:
    """The process that publishes the log; it alone finds in its environment what is in the address of NATS."""
    own = {
        "FRENEMIES_RELAY": settings.relay or "",
        "FRENEMIES_RELAY_REPLICAS": str(settings.relay_replicas),
    }
    return Child("relay", main, {**environment, **own})
