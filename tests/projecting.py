"""Projectors at work beside a test."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Thread

from service.bootstrap import projection
from service.projections.catalog import PROJECTIONS
from service.projections.projection import Projection
from service.settings import Settings

_SECONDS_TO_END = 30.0


@contextmanager
def projecting(url: str, settings: Settings | None = None, among: Sequence[Projection] = PROJECTIONS) -> Iterator[None]:
    """All projections are kept current meanwhile, each by a loop of its own."""
    with ExitStack() as keep:
        runners = [keep.enter_context(projection(settings or Settings(), url, one, among))[1] for one in among]
        threads = [Thread(target=runner.run, daemon=True) for runner in runners]
        for thread in threads:
            thread.start()
        yield
        for runner in runners:
            runner.stop()
        for thread in threads:
            thread.join(_SECONDS_TO_END)
