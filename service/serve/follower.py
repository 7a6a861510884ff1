"""The follower as a process, with DATABASE_URL and FRENEMIES_FOLLOW set."""

from __future__ import annotations

from service.bootstrap import follower
from service.serve.loops import run_until_signal, settings_of_child
from service.serve.signals import Signals


def main() -> int:
    """Follows until a signal ends it (0), or an error that is neither the database's nor the leader's (1)."""
    settings, url = settings_of_child("follower")
    with Signals() as signals, follower(settings, url) as (_, runner):
        return run_until_signal(signals, [runner])
