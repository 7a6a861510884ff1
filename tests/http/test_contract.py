"""The document of the API: it is the committed one, it is valid, and generated requests find no answer outside it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from service.app import create_app
from service.http.openapi import document, openapi_yaml
from service.settings import Settings
from service.timeline.timeline import Timeline
from tests.http.conftest import NewService, Service

ROOT = Path(__file__).parents[2]
# A request is slower than a history in memory.
EXAMPLES = max(10, int(os.environ.get("FRENEMIES_EXAMPLES", "25")) // 5)
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
APP = create_app(cast(Timeline, None), Settings())
schemathesis.serializer.alias("application/x-ndjson", "text/plain")


class Relay:
    """Hands requests on to the application under test, which is there only while tests run."""

    service: Service | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self.service is None:
            return APP(environ, start_response)
        self.service.catch_up()
        return self.service.app(environ, start_response)


RELAY = Relay()
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", RELAY)


@pytest.fixture(scope="module")
def _something_to_say(new_service: NewService) -> Iterator[None]:
    """A service behind the relay, with something recorded."""
    with new_service() as service:
        claim = service.claim()
        service.post(f"/v1/claims/{claim}/retraction", {"reason": "a slip"})
        RELAY.service = service
        yield
    RELAY.service = None


def test_committed_document_is_the_one_of_the_code() -> None:
    assert (ROOT / "openapi.yaml").read_text() == openapi_yaml(APP), "run `make openapi`"


def test_document_is_valid() -> None:
    OpenAPIV31SpecValidator(document(APP)).validate()


def test_every_route_is_in_the_document() -> None:
    documented = {(path, method) for path, item in document(APP)["paths"].items() for method in item}
    for rule in APP.url_map.iter_rules():
        path = re.sub("<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule)
        if rule.rule.startswith("/v1/") or rule.rule in ("/healthz", "/readyz"):
            assert {(path, m.lower()) for m in rule.methods - {"HEAD", "OPTIONS"}} <= documented


def test_document_is_served(service: Service) -> None:
    assert service.get("/openapi.json").json == document(APP)
    served = service.get("/openapi.yaml")
    assert (served.text, served.mimetype) == (openapi_yaml(APP), "application/yaml")
    assert "/v1/entities/{id}/state" in service.get("/docs").text


@pytest.mark.slow
@SCHEMA.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=list(HealthCheck),
    database=None,
)
def test_generated_requests_find_no_answer_outside_the_document(
    case: schemathesis.Case, _something_to_say: None
) -> None:
    case.validate_response(case.call(), checks=CHECKS)
