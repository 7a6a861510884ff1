"""Spans by OpenTelemetry (the extra `otel`). Imported only where traces are wanted."""

from __future__ import annotations

from contextvars import Token
from types import TracebackType
from typing import Any, Self

from opentelemetry import context, trace
from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter, SpanExporter
from opentelemetry.trace import SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from service import tracing
from service.settings import CONSOLE
from service.tracing import NOTHING, About, Span

PATIENCE = 2.0
"""Seconds in which a collector has to take what it is sent, with all attempts: at its end a process waits for that."""
_SERVICE, _UNNAMED = "frenemies", "unknown_service"
_PARENTS = TraceContextTextMapPropagator()


def exporter_of(traces: str) -> SpanExporter:
    """What sends spans to a collector, or writes each as a line to stdout. What it needs it reads from `OTEL_...`."""
    if traces == CONSOLE:
        return ConsoleSpanExporter(formatter=lambda span: span.to_json(indent=None) + "\n")
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

    return OTLPSpanExporter(timeout=PATIENCE)


def provider(exporter: SpanExporter, process: str) -> TracerProvider:
    """Gathers spans of a process and hands them on each few seconds, and at its end."""
    resource = Resource.create({"frenemies.process": process})
    if str(resource.attributes.get(SERVICE_NAME, _UNNAMED)).startswith(_UNNAMED):
        resource = resource.merge(Resource({SERVICE_NAME: _SERVICE}))
    made = TracerProvider(resource=resource)
    made.add_span_processor(BatchSpanProcessor(exporter))
    return made


class OtelTracer:
    """Makes spans of OpenTelemetry."""

    def __init__(self, given: TracerProvider) -> None:
        self._tracer = given.get_tracer(tracing.__name__)

    def whole(self, name: str, parent: str | None, about: dict[str, About]) -> Span:
        """See `service.tracing.whole`; the answer to a request is that of a server."""
        if parent is None:
            return self._span(name, Context(), SpanKind.INTERNAL, about)
        return self._span(name, _PARENTS.extract({"traceparent": parent}, Context()), SpanKind.SERVER, about)

    def part(self, name: str, about: dict[str, About]) -> Span:
        """See `service.tracing.part`."""
        if not trace.get_current_span().is_recording():
            return NOTHING
        return self._span(name, context.get_current(), SpanKind.INTERNAL, about)

    def _span(self, name: str, within: Context, kind: SpanKind, about: dict[str, About]) -> Span:
        return _OtelSpan(self._tracer.start_span(name, within, kind, dict(about)))


class _OtelSpan:
    """The present span of its thread, for the time of the block."""

    def __init__(self, span: trace.Span) -> None:
        self._span = span
        self._before: Token[Any] | None = None
        self.trace_id: str | None = trace.format_trace_id(span.get_span_context().trace_id)

    def note(self, **about: About) -> None:
        """Says something of it."""
        self._span.set_attributes(dict(about))

    def __enter__(self) -> Self:
        self._before = context.attach(trace.set_span_in_context(self._span))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, found: TracebackType | None
    ) -> None:
        if kind is not None:
            self._span.set_status(Status(StatusCode.ERROR, kind.__name__))
        self._span.end()
        if self._before is not None:
            context.detach(self._before)
