"""The projector as a process: `python -m service.serve.projector`, with DATABASE_URL set."""

from __future__ import annotations

import sys
from threading import Thread

import structlog

from service.bootstrap import log_keeper, projection
from service.errors import SettingsError
from service.serve.logs import configure_logs
from service.serve.signals import Signals
from service.settings import Settings, read_settings

_SECONDS_TO_END = 5.0
_log = structlog.get_logger(__name__)


def run(settings: Settings, url: str) -> int:
    """Keeps read tables and tree current until a signal ends it (0), or an error that is not the database's (1)."""
    with Signals() as signals, projection(settings, url) as (_, runner), log_keeper(settings, url) as (_, keeping):
        loops = [
            Thread(target=runner.run, name="projector", daemon=True),
            Thread(target=keeping.run, name="keeper", daemon=True),
        ]
        for loop in loops:
            loop.start()
        while all(loop.is_alive() for loop in loops) and not signals.stopping:
            signals.wait(1.0)
        runner.stop()
        keeping.stop()
        for loop in loops:
            loop.join(_SECONDS_TO_END)
        return 0 if signals.stopping else 1


def main() -> int:
    """Runs on the database of the environment."""
    configure_logs()
    settings = read_settings()
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL is not set.")
    return run(settings, settings.database_url)


if __name__ == "__main__":
    sys.exit(main())
