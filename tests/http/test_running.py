"""/healthz, /readyz, and what every answer carries."""

from __future__ import annotations

import re
from typing import cast

import pytest

from service import metrics
from service.app import create_app
from service.errors import OutcomeUnknown, ServiceError, StoreError, StoreFull, StoreUnavailable
from service.settings import Settings
from service.timeline.timeline import Readiness, Timeline
from tests.http.conftest import Service, refused


def test_health_and_readiness(service: Service) -> None:
    service.known("red-hat")
    assert service.get("/healthz").json == {"status": "ok"}
    head = service.timeline.head()
    told = {
        "ready": True,
        "reason": "",
        "position": head,
        "head": head,
        "parked": 0,
        "following": None,
        "replica": None,
    }
    assert service.get("/readyz").json == told
    assert service.get("/readyz?max_lag=0").json == told


class Broken:
    """A timeline whose database is gone."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def readiness(self) -> Readiness:
        return Readiness(False, "The event store cannot be reached.", 0, 0, 0)

    def clocks(self, **_: object) -> None:
        raise self._error


def broken(error: Exception) -> Service:
    timeline = cast(Timeline, Broken(error))

    class Still:
        def catch_up(self) -> int:
            return 0

    return Service(create_app(timeline, Settings()), timeline, Still())  # type: ignore[arg-type]


def test_not_ready_is_503(service: Service) -> None:
    told = refused(broken(ServiceError()).get("/readyz"), 503, "not-ready")
    assert told["detail"] == "The event store cannot be reached."


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (StoreUnavailable("host=10.0.0.1 secret"), 503, "store-unavailable"),
        (OutcomeUnknown("secret"), 503, "outcome-unknown"),
        (StoreFull("secret"), 507, "store-full"),
        (StoreError("SELECT secret"), 500, "internal-error"),
        (RuntimeError("secret"), 500, "internal-error"),
        (RecursionError("secret"), 500, "internal-error"),
    ],
)
def test_failures_tell_nothing_of_the_inside(error: Exception, status: int, code: str) -> None:
    app = broken(error).app
    answer = app.test_client().get("/v1/entities/red-hat/state")
    refused(answer, status, code)
    assert "secret" not in answer.text and ("Retry-After" in answer.headers) == (status == 503)


@pytest.mark.parametrize(
    "path", ["/", "/healthz", "/v1/feed", "/v1/nothing", "/static/style.css", "/docs", "/openapi.yaml"]
)
def test_every_answer_is_guarded(service: Service, path: str) -> None:
    headers = service.get(path).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert re.fullmatch("[0-9a-f]{32}", headers["X-Request-Id"])


def test_request_id_of_the_client_is_kept_when_it_is_harmless(service: Service) -> None:
    assert service.get("/healthz", headers={"X_Request_Id": "abc-1"}).headers["X-Request-Id"] == "abc-1"
    for harmful in ("a b", "x" * 129, "<script>", ""):
        assert service.get("/healthz", headers={"X_Request_Id": harmful}).headers["X-Request-Id"] != harmful


@pytest.mark.parametrize(
    ("method", "path", "labels"),
    [
        ("GET", "/v1/entities/canary/state", ("/v1/entities/<id>/state", "GET", "404")),
        ("HEAD", "/healthz", ("/healthz", "HEAD", "200")),
        ("DELETE", "/healthz", ("unknown", "DELETE", "405")),
        ("CANARY", "/canary", ("unknown", "other", "404")),
        ("GET", "/healthz?canary=1", ("/healthz", "GET", "422")),
    ],
)
def test_requests_are_counted_without_what_was_sent(
    service: Service, method: str, path: str, labels: tuple[str, str, str]
) -> None:
    named = dict(zip(("route", "method", "status"), labels, strict=True))

    def count() -> float:
        return metrics.REGISTRY.get_sample_value("frenemies_request_seconds_count", named) or 0.0

    before = count()
    service.app.test_client().open(path, method=method)
    assert count() == before + 1


def test_failures_are_counted_too() -> None:
    named = {"route": "/v1/entities/<id>/state", "method": "GET", "status": "500"}
    before = metrics.REGISTRY.get_sample_value("frenemies_request_seconds_count", named) or 0.0
    broken(RuntimeError()).app.test_client().get("/v1/entities/red-hat/state")
    assert metrics.REGISTRY.get_sample_value("frenemies_request_seconds_count", named) == before + 1
