"""A request as a trace: one of its own, or a part of that of the client."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from service import tracing
from service.telemetry import OtelTracer
from tests.http import examples
from tests.http.conftest import Service

ROOT = Path(__file__).parents[2]
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


class Traces:
    """What was exported."""

    def __init__(self, exporter: InMemorySpanExporter) -> None:
        self._exporter = exporter

    def forget(self) -> None:
        """As if nothing had been."""
        self._exporter.clear()

    def take(self) -> dict[str, ReadableSpan]:
        """The spans since the last call by name, of several the last one; all are of one trace."""
        spans: Sequence[ReadableSpan] = self._exporter.get_finished_spans()
        self.forget()
        assert len({span.context.trace_id for span in spans if span.context}) == 1
        return {span.name: span for span in spans}


@pytest.fixture
def traces() -> Iterator[Traces]:
    exporter, given = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    given.add_span_processor(SimpleSpanProcessor(exporter))
    tracing.use(OtelTracer(given))
    yield Traces(exporter)
    tracing.use(None)


def is_within(inner: ReadableSpan, outer: ReadableSpan) -> bool:
    return inner.parent is not None and outer.context is not None and inner.parent.span_id == outer.context.span_id


def test_a_recorded_entity_is_one_trace_with_the_append_inside(service: Service, traces: Traces) -> None:
    with service.put("/v1/entities/ant", examples.registration(), traceparent=f"00-{TRACE}-{PARENT}-01") as answer:
        assert answer.status_code == 201
    spans = traces.take()
    whole, append, flush, query = (spans[name] for name in ("PUT /v1/entities/<id>", "append", "flush", "query"))
    assert whole.parent is not None and whole.context is not None
    assert (f"{whole.parent.trace_id:032x}", f"{whole.parent.span_id:016x}") == (TRACE, PARENT)
    assert f"{whole.context.trace_id:032x}" == TRACE
    assert whole.kind is SpanKind.SERVER
    assert dict(whole.attributes or {}) == {
        "http.request.method": "PUT", "http.route": "/v1/entities/<id>", "http.response.status_code": 201
    }  # fmt: skip
    assert is_within(append, whole) and is_within(flush, append) and is_within(query, flush)
    assert dict(flush.attributes or {}) == {"callers": 1}


def test_a_question_tells_of_the_fold_and_of_nothing_that_was_asked(service: Service, traces: Traces) -> None:
    service.put("/v1/entities/ant", examples.registration()).close()
    service.catch_up()
    traces.forget()
    service.send("GET", "/v1/entities/ant/state?as_of=2014-01-01&according_to=canary").close()
    spans = traces.take()
    assert spans["GET /v1/entities/<id>/state"].parent is None
    assert {"fold", "query"} < set(spans)
    assert "canary" not in "".join(span.to_json() for span in spans.values())


def test_the_trace_of_a_request_is_named_in_its_lines(
    service: Service, traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    from service import request_log

    named: list[str | None] = []
    begin = request_log.begin
    monkeypatch.setattr(request_log, "begin", lambda own, trace: named.append(trace) or begin(own, trace))
    service.send("GET", "/healthz").close()
    (span,) = traces.take().values()
    assert span.context is not None
    assert named == [f"{span.context.trace_id:032x}"]


def test_what_fails_is_marked_with_its_class_and_tells_no_more(traces: Traces) -> None:
    with pytest.raises(LookupError), tracing.whole("work"), tracing.part("inner", size=3):
        raise LookupError("canary")
    spans = traces.take()
    assert [(one.status.status_code, one.status.description) for one in spans.values()] == [
        (StatusCode.ERROR, "LookupError")
    ] * 2
    assert "canary" not in "".join(span.to_json() for span in spans.values())


def test_a_part_of_nothing_is_not_told(traces: Traces) -> None:
    with tracing.part("query"), tracing.whole("work"):
        pass
    assert set(traces.take()) == {"work"}


def test_nothing_of_opentelemetry_is_loaded_where_no_traces_are_wanted() -> None:
    code = (
        "import sys, service.app, service.bootstrap, service.live.bootstrap, service.serve.supervisor;"
        "from service.serve.traces import send_traces; from service.settings import read_settings;"
        "send_traces(read_settings(), 'web');"
        "print(any(name.startswith('opentelemetry') for name in sys.modules))"
    )
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "False"
