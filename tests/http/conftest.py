"""The application over a real database, and a client that checks every answer against the document of the API."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from jsonschema import Draft202012Validator
from werkzeug.test import TestResponse

from service.app import create_app
from service.bootstrap import build, projections
from service.http.context import EXTENSION, Surroundings
from service.http.openapi import document
from service.projections.together import Projectors
from service.settings import Limits, Settings
from service.timeline.timeline import Timeline
from tests.conftest import Servers
from tests.http import examples

PROBLEM = "application/problem+json"
PATIENT = Limits(request_deadline=60.0)
"""A busy machine is no failure. Tests of limits set their own."""


def strict(shape: Any) -> Any:
    """The schema, taking no property that it does not name."""
    if isinstance(shape, list):
        return [strict(item) for item in shape]
    if not isinstance(shape, dict):
        return shape
    made = {name: strict(value) for name, value in shape.items()}
    if isinstance(shape.get("properties"), dict) and shape.get("type") == "object":
        made.setdefault("additionalProperties", False)
    return made


class Contract:
    """What the document says of the answers."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._document = strict(document(app))

    def check(self, method: str, path: str, answer: TestResponse) -> None:
        """Fails when the answer is not in the document."""
        with self._app.test_request_context(path, method=method) as context:
            rule = context.request.url_rule
        if rule is None or method not in ("GET", "POST", "PUT", "PATCH", "DELETE"):
            return
        operations = self._document["paths"].get(re.sub("<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule))
        if operations is None:
            return
        response = operations[method.lower()]["responses"][str(answer.status_code)]
        if "$ref" in response:
            response = self._document["components"]["responses"][response["$ref"].split("/")[-1]]
        if "content" not in response:
            assert not answer.data
            return
        schema = response["content"][answer.content_type]["schema"]
        validator = Draft202012Validator({**schema, "components": self._document["components"]})
        is_json = answer.mimetype.endswith(("/json", "+json"))
        validator.validate(answer.get_json(force=True) if is_json else answer.text)


class Service:
    """The application, its timeline, and the projectors that follow only when they are told to."""

    def __init__(self, app: Flask, timeline: Timeline, projectors: Projectors) -> None:
        self.app = app
        self.timeline = timeline
        self.catch_up = projectors.catch_up
        self._contract = Contract(app)
        self._http = app.test_client()
        self._known: set[str] = set()

    def get(self, path: str, *, headers: Any = None, environ: Any = None, **query: Any) -> TestResponse:
        """The answer to a question, the read side having caught up."""
        self.catch_up()
        parameters = {name.rstrip("_"): value for name, value in query.items()}
        return self.send("GET", path, headers=headers, environ=environ, query_string=parameters or None)

    def post(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.send("POST", path, json=body, headers=headers)

    def put(self, path: str, body: Any, **headers: str) -> TestResponse:
        return self.send("PUT", path, json=body, headers=headers)

    def raw(
        self, path: str, data: bytes, content_type: str | None = "application/json", method: str = "POST", **more: Any
    ) -> TestResponse:
        """The answer to a body as it is."""
        return self.send(method, path, data=data, content_type=content_type, **more)

    def send(self, method: str, path: str, *, environ: Any = None, headers: Any = None, **more: Any) -> TestResponse:
        """The answer to any request. Header names are given with underscores."""
        named = {name.replace("_", "-"): value for name, value in (headers or {}).items()}
        answer = self._http.open(path, method=method, headers=named, environ_overrides=environ, **more)
        self._contract.check(method, path, answer)
        return answer

    def known(self, *companies: str) -> None:
        """Registers companies of the examples."""
        for company in companies:
            if company not in self._known:
                name = examples.COMPANIES.get(company, company)
                assert self.put(f"/v1/entities/{company}", examples.registration(name=name)).status_code < 300
                self._known.add(company)

    def article(self, **changes: Any) -> str:
        """The id of an article of the examples, registered."""
        answer = self.post("/v1/articles", examples.article(**changes))
        assert answer.status_code in (200, 201), answer.json
        return str(answer.json["id"])

    def claim(self, **changes: Any) -> str:
        """The id of a claim of the examples, recorded with all that it needs."""
        self.known(*examples.COMPANIES)
        if changes.get("article", examples.URL) == examples.URL:
            self.article()
        answer = self.post("/v1/claims", examples.claim(**changes))
        assert answer.status_code in (200, 201), answer.json
        return str(answer.json["id"])

    @contextmanager
    def nothing_recorded(self) -> Iterator[None]:
        """Fails when the log grew during the block."""
        before = self.timeline.head()
        yield
        assert self.timeline.head() == before, "something was recorded"


class NewService:
    """Makes services on databases of their own."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers

    @contextmanager
    def __call__(self, **settings: Any) -> Iterator[Service]:
        url = self._servers.migrated(18)
        chosen = replace(Settings(database_url=url, limits=PATIENT), **settings)
        services = build(chosen, url)
        with projections(chosen, url) as projectors:
            app = create_app(
                services.timeline, chosen, services.importer, services.subscriptions, services.keys,
                overview=services.overview,
            )  # fmt: skip
            yield Service(app, services.timeline, projectors)
        services.close()
        self._servers.drop(url)


@pytest.fixture(scope="session")
def new_service(servers: Servers) -> NewService:
    return NewService(servers)


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    """One service for the tests of a module: each works on things of its own, or repeats what is there."""
    with new_service() as made:
        yield made


@pytest.fixture
def own_service(new_service: NewService) -> Iterator[Service]:
    """A service with an empty log."""
    with new_service() as made:
        yield made


def surroundings_of(service: Service) -> Surroundings:
    """What the application works with."""
    found: Surroundings = service.app.extensions[EXTENSION]
    return found


Refused = Callable[..., dict[str, Any]]


def refused(answer: TestResponse, status: int, code: str = "", pointer: str | None = None) -> dict[str, Any]:
    """The problem of an answer, which has this status, code and pointer."""
    told: dict[str, Any] = answer.get_json(force=True)
    assert answer.status_code == status, told
    assert answer.content_type == PROBLEM
    assert told["status"] == status and told["type"].startswith("urn:frenemies:problem:")
    assert told["request_id"] == answer.headers["X-Request-Id"]
    if code:
        assert told["type"] == f"urn:frenemies:problem:{code}"
    if pointer is not None:
        assert pointer in [fault["pointer"] for fault in told["errors"]], told
    return told
