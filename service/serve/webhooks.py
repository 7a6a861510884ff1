"""The sender of webhooks as a process, with DATABASE_URL set."""

from __future__ import annotations

from service.bootstrap import webhook_sender
from service.serve.loops import run_until_signal, settings_of_child
from service.serve.signals import Signals


def main() -> int:
    """Sends until a signal ends it (0), or an error that is not the database's (1)."""
    settings, url = settings_of_child("webhooks")
    with Signals() as signals, webhook_sender(settings, url) as (_, runner):
        return run_until_signal(signals, [runner])
