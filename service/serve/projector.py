"""The projector as a process, with DATABASE_URL set.

There is one for each projection; that of the index also keeps the tree of the log, unless the log is taken over.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

from service.bootstrap import log_keeper, projection
from service.garbage import collect_rarely
from service.projections.catalog import PROJECTIONS
from service.projections.projection import Projection
from service.serve.loops import Loop, run_until_signal, settings_of_child
from service.serve.signals import Signals
from service.settings import Settings


def run(settings: Settings, url: str, chosen: Projection, among: Sequence[Projection] = PROJECTIONS) -> int:
    """Keeps tables and tree current until a signal ends it (0), or an error that is not the database's (1)."""
    with Signals() as signals, ExitStack() as keep:
        loops: list[Loop] = [keep.enter_context(projection(settings, url, chosen, among))[1]]
        if keeps_tree(chosen) and settings.follow is None:
            loops.append(keep.enter_context(log_keeper(settings, url))[1])
        return run_until_signal(signals, loops)


def keeps_tree(chosen: Projection) -> bool:
    """Whether the process of this projection keeps the tree, too."""
    return chosen == PROJECTIONS[0]


def main(chosen: Projection) -> int:
    """As `run`, in a child of the supervisor."""
    collect_rarely()
    return run(*settings_of_child(f"projector-{chosen.name}"), chosen)
