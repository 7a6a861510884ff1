"""The follower as a process, with DATABASE_URL and FRENEMIES_FOLLOW set."""

from __future__ import annotations

from service.bootstrap import follower
from service.serve.loops import run_until_signal, settings_of_child
from service.serve.signals import Signals
from service.settings import Settings


def run(settings: Settings, url: str) -> int:
    """Follows until a signal ends it (0), or an error that is neither the database's nor the leader's (1)."""
    with Signals() as signals, follower(settings, url) as (_, runner):
        return run_until_signal(signals, [runner])


def main() -> int:
    """As `run`, in a child of the supervisor."""
    return run(*settings_of_child("follower"))
