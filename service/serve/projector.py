"""The projector as a process: `python -m service.serve.projector NAME`, with DATABASE_URL set.

There is one for each projection; that of the index also keeps the tree of the log.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from threading import Thread
from typing import Protocol

import structlog

from service.bootstrap import log_keeper, projection
from service.errors import SettingsError
from service.projections.catalog import PROJECTIONS, named
from service.projections.projection import Projection
from service.serve.logs import configure_logs
from service.serve.signals import Signals
from service.settings import Settings, read_settings

_SECONDS_TO_END = 5.0
_log = structlog.get_logger(__name__)


class Loop(Protocol):
    """What runs until it is stopped from another thread."""

    def run(self) -> None:
        """Works until stopped."""
        ...

    def stop(self) -> None:
        """Ends `run` soon."""
        ...


def run(settings: Settings, url: str, chosen: Projection, among: Sequence[Projection] = PROJECTIONS) -> int:
    """Keeps tables and tree current until a signal ends it (0), or an error that is not the database's (1)."""
    with Signals() as signals, ExitStack() as keep:
        runners: list[Loop] = [keep.enter_context(projection(settings, url, chosen, among))[1]]
        if keeps_tree(chosen):
            runners.append(keep.enter_context(log_keeper(settings, url))[1])
        loops = [Thread(target=runner.run, name=type(runner).__name__, daemon=True) for runner in runners]
        for loop in loops:
            loop.start()
        while all(loop.is_alive() for loop in loops) and not signals.stopping:
            signals.wait(1.0)
        for runner in runners:
            runner.stop()
        for loop in loops:
            loop.join(_SECONDS_TO_END)
        return 0 if signals.stopping else 1


def keeps_tree(chosen: Projection) -> bool:
    """Whether the process of this projection keeps the tree, too."""
    return chosen == PROJECTIONS[0]


def main(name: str) -> int:
    """Runs the projector of that name on the database of the environment."""
    configure_logs()
    settings = read_settings()
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL is not set.")
    return run(settings, settings.database_url, named(name))


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
