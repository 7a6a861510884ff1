"""Every answer of the application carries the same headers for browsers, by every route, with every method."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from werkzeug.datastructures import Headers

from service.http.security import ALWAYS, NOTHING, POLICY, policy_of_page
from tests.http import examples
from tests.http.conftest import NewService, Service

KEY = {"Authorization": "Bearer key"}
FEED = "http://localhost:8001"
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE")


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    with new_service(admin_key="key", feed_port=8001, feed_secret="s" * 64) as made:
        made.put("/v1/entities/red-hat", examples.registration(), **KEY)
        made.catch_up()
        yield made


def demand_guarded(headers: Headers, is_page: bool, what: object) -> None:
    """Each header once, with its one value."""
    for name, value in ALWAYS.items():
        assert headers.getlist(name) == [value], what
    assert headers.getlist(POLICY) == [policy_of_page(FEED) if is_page else NOTHING], what
    assert not any(name.lower().startswith(("access-control-", "server", "x-powered")) for name in dict(headers))
    for cookie in headers.getlist("Set-Cookie"):
        assert is_page and "HttpOnly" in cookie and "SameSite=Lax" in cookie, what
    kept = headers["Cache-Control"]
    assert "no-store" in kept or "no-cache" in kept or "private" in kept, what


@pytest.mark.parametrize("given", [{}, KEY], ids=["without the key", "with the key"])
def test_every_route_is_guarded_with_every_method(service: Service, given: dict[str, str]) -> None:
    client = service.app.test_client()
    seen = set()
    for rule in service.app.url_map.iter_rules():
        path = rule.rule.replace("<path:filename>", "style.css").replace("<", "").replace(">", "")
        for method in METHODS:
            answer = client.open(path, method=method, headers=given)
            is_page = rule.endpoint.startswith("pages.") and method in (rule.methods or ())
            demand_guarded(answer.headers, is_page, (method, path, answer.status_code))
            seen.add(answer.status_code)
            answer.close()
    assert {200, 303, 401} <= seen if not given else {200, 404, 405, 415, 422} <= seen


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/entities/red-hat", {"Accept-Datetime": "Thu, 04 Sep 2014 12:30:00 GMT"}, 302),
        ("/v1/feed", {"Accept": "text/event-stream"}, 307),
        ("/v1/feed", {"Accept": "application/x-ndjson"}, 200),
        ("/v1/network", {"Accept": "text/csv"}, 200),
        ("/v1/nothing", {}, 404),
        ("/static/nothing", {}, 404),
        (f"/{'x' * 9_000}", {}, 414),
        ("/v1/feed", {"Last-Event-ID": "x"}, 400),
    ],
)  # fmt: skip
def test_answers_of_every_kind_are_guarded(service: Service, path: str, headers: dict[str, str], status: int) -> None:
    answer = service.app.test_client().get(path, headers=KEY | headers)
    assert answer.status_code == status
    demand_guarded(answer.headers, False, path)
    answer.close()


def test_an_answer_that_the_client_has_is_guarded_too(service: Service) -> None:
    client = service.app.test_client()
    for path in ("/v1/entities/red-hat", "/static/style.css", "/openapi.json"):
        tag = client.get(path, headers=KEY).headers["ETag"]
        again = client.get(path, headers=KEY | {"If-None-Match": tag})
        assert again.status_code == 304
        demand_guarded(again.headers, False, path)
