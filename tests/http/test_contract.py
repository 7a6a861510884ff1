"""The document of the API: it is the committed one, it is valid, and generated requests find no answer outside it.

Requests are generated for each operation: the boundary cases of its parameters, one by one, and random ones besides.
Half of them name things that exist. FRENEMIES_REQUESTS says how many random ones there are in all, FRENEMIES_SEED draws
the same ones again; the seed of a failure is told with it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from random import SystemRandom
from typing import Any, ClassVar, cast
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, note, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import FlakyStrategyDefinition
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import AcceptedNegativeData, Failure
from schemathesis.specs.openapi.checks import (
    allow_header_conformance,
    content_type_conformance,
    ensure_resource_availability,
    missing_required_header,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
    use_after_free,
)

from service.app import create_app
from service.http.openapi import document, openapi_yaml
from service.settings import Settings
from service.timeline.timeline import Timeline
from tests.http.conftest import NewService, Service
from tests.http.known import Known

ROOT = Path(__file__).parents[2]
REQUESTS = int(os.environ.get("FRENEMIES_REQUESTS", "1000"))
SEED = int(os.environ.get("FRENEMIES_SEED", "0" if "CI" in os.environ else SystemRandom().randrange(1 << 32)))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    negative_data_rejection,
    unsupported_method,
    allow_header_conformance,
    missing_required_header,
    use_after_free,
    ensure_resource_availability,
]
APP = create_app(cast(Timeline, None), Settings())
OPERATIONS = sum(len(item) for item in document(APP)["paths"].values())
SAME = {"deadline": None, "database": None, "suppress_health_check": list(HealthCheck)}
LINES = "application/x-ndjson"
schemathesis.serializer.alias(LINES, "text/plain")


class Relay:
    """Hands requests on to the application under test, which is there only while tests run.

    It ends every answer, as servers do: a client of tests leaves that to the garbage collector, and until then an
    import or a replay keeps one of the few turns that there are.
    """

    service: Service | None = None

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if self.service is None:
            return APP(environ, start_response)
        self.service.catch_up()
        answer = self.service.app(environ, start_response)
        try:
            return list(answer)
        finally:
            answer.close()  # type: ignore[attr-defined]


RELAY = Relay()
KNOWN = Known()
SCHEMA = schemathesis.openapi.from_wsgi("/openapi.json", RELAY)
SCHEMA.config.checks.negative_data_rejection.expected_statuses = ["4xx"]


@SCHEMA.hook
def filter_failure(
    _: schemathesis.HookContext, failure: Failure, case: schemathesis.Case, response: schemathesis.Response
) -> bool:
    """An address that is too long is refused before it is looked at, and what was drawn for lines is sent as text."""
    is_text_again = case.media_type == LINES and not isinstance(case.body, str)
    return response.status_code != 414 and not (is_text_again and isinstance(failure, AcceptedNegativeData))


@SCHEMA.hook
def flatmap_case(_: schemathesis.HookContext, case: schemathesis.Case) -> st.SearchStrategy[schemathesis.Case]:
    """Some of the requests name what there is."""
    return KNOWN.named_in(case)


@pytest.fixture(scope="module")
def _something_to_say(new_service: NewService) -> Iterator[None]:
    """A service behind the relay, with something recorded."""
    with new_service(webhooks_loopback=True, feed_port=8001, feed_secret="s" * 64) as service:
        KNOWN.fill(service)
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


class Chain(SCHEMA.as_state_machine()):  # type: ignore[misc]
    """What one request makes, the next ones ask for, change and delete."""

    failures: ClassVar[list[str]] = []

    def validate_response(self, response: schemathesis.Response, case: schemathesis.Case, *_: Any, **__: Any) -> None:
        try:
            case.validate_response(response, checks=CHECKS, recorder=self.recorder)
        except BaseException as failure:
            self.failures.append(f"FRENEMIES_SEED={SEED}: {failure}")
            raise


@pytest.mark.slow
def test_what_was_made_is_there_until_it_is_deleted(_something_to_say: None) -> None:
    most = settings(max_examples=2, stateful_step_count=25, phases=[Phase.generate], **SAME)
    for number in range(max(1, REQUESTS // 125)):
        # The service remembers: the same steps once more find more than before, which Hypothesis takes for a fault.
        with suppress(FlakyStrategyDefinition):
            seed(SEED + number)(Chain).run(settings=most)
        assert not Chain.failures, Chain.failures[0]


@pytest.mark.slow
@SCHEMA.parametrize()
@seed(SEED)
@settings(max_examples=max(1, REQUESTS // OPERATIONS), **SAME)
def test_generated_requests_find_no_answer_outside_the_document(
    case: schemathesis.Case, _something_to_say: None
) -> None:
    note(f"FRENEMIES_SEED={SEED}")
    case.validate_response(case.call(), checks=CHECKS)
