"""What every address answers while the database is away: that it cannot be done now, and when to come back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from uuid import UUID

import pytest
from flask import Flask
from werkzeug.routing import Rule

from service.app import create_app
from service.bootstrap import build
from service.settings import Settings
from service.timeline.timeline import Timeline

AWAY = "postgresql://postgres@127.0.0.1:1/none"
GIVEN = {"id": str(UUID(int=1)), "number": 1, "position": "1"}
OTHER = "red-hat"
NEEDED = {"/v1/path": "from=a&to=b", "/v1/log/proofs/inclusion": "position=1", "/v1/log/proofs/consistency": "from=1"}


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    settings = replace(Settings(database_url=AWAY), pool_timeout=0.01)
    services = build(settings, AWAY)
    yield create_app(services.timeline, settings, services.importer, services.subscriptions, overview=services.overview)
    services.close()


def reading() -> list[Rule]:
    """Every address that can be read, known without a database."""
    none: Timeline = None  # type: ignore[assignment]
    rules = create_app(none, Settings()).url_map.iter_rules()
    return sorted((rule for rule in rules if "GET" in (rule.methods or ())), key=lambda rule: rule.rule)


@pytest.mark.parametrize("rule", reading(), ids=lambda rule: rule.rule)
def test_no_address_fails_otherwise_without_a_database(app: Flask, rule: Rule) -> None:
    given = {name: GIVEN.get(name, OTHER) for name in rule.arguments}
    with app.test_request_context():
        path = rule.build(given, append_unknown=False)
    assert path is not None
    answer = app.test_client().get(path[1], query_string=NEEDED.get(rule.rule))
    assert answer.status_code in (200, 303, 307, 308, 400, 404, 422, 503), answer.text
    if answer.status_code == 503:
        assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/entities/red-hat", {"kind": "company", "name": "Red Hat"}),
        ("POST", "/v1/articles", {"url": "https://example.org/a", "title": "A", "publisher": "p", "authors": [],
                                  "language": "en", "published": "2014-11-04"}),
        ("POST", "/v1/entities/red-hat/merge", {"into": "mirantis", "reason": "the same"}),
        ("POST", "/v1/subscriptions", {"url": "https://example.org/hook"}),
    ],
)  # fmt: skip
def test_nothing_is_recorded_without_a_database_and_that_is_told(
    app: Flask, method: str, path: str, body: dict[str, object]
) -> None:
    answer = app.test_client().open(path, method=method, json=body)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "1"), answer.text
