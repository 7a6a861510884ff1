"""What appends take and what comes of them, counted."""

from __future__ import annotations

from collections.abc import Callable
from time import perf_counter
from typing import TypeVar

from service import metrics, tracing
from service.errors import ServiceError
from service.store.protocol import Appended

Got = TypeVar("Got")


def measured(append: Callable[[], Appended]) -> Appended:
    """What the append gives or raises."""
    started = perf_counter()
    try:
        with tracing.part("append"):
            appended = append()
    except ServiceError as error:
        metrics.observe_append(perf_counter() - started, metrics.outcome_of(error), 0)
        raise
    outcome, events = (metrics.REPLAYED, 0) if appended.replayed else (metrics.DONE, appended.count)
    metrics.observe_append(perf_counter() - started, outcome, events)
    return appended


def measured_flush(callers: int, send: Callable[[], Got]) -> Got:
    """What one statement for that many callers gives or raises."""
    started = perf_counter()
    try:
        with tracing.part("flush", callers=callers):
            return send()
    finally:
        metrics.observe_flush(perf_counter() - started, callers)
