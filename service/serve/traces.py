"""Has a process send traces, where that is wanted."""

from __future__ import annotations

import structlog

from service import tracing
from service.settings import Settings

_log = structlog.get_logger(__name__)


def send_traces(settings: Settings, process: str) -> None:
    """From now on, by the settings. Call it after a fork. Without OpenTelemetry it says so, and nothing is sent."""
    if settings.traces is None:
        return
    try:
        from service.telemetry import OtelTracer, exporter_of, provider

        tracing.use(OtelTracer(provider(exporter_of(settings.traces), process)))
    except ImportError as error:
        _log.warning("traces are off: install frenemies[otel]", error=str(error))
