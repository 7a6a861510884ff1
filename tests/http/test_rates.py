"""How often a key may ask, and how often wrong keys may come: at the limit, and one over it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
from werkzeug.test import TestResponse

from service import metrics
from service.http.openapi import document
from service.keys.scopes import FEED_READ, STATE_READ
from tests.http.conftest import NewService, Service, refused, surroundings_of
from tests.keyed import bearer, issued

LIMITED = ("RateLimit-Policy", "RateLimit")


@pytest.fixture
def limited(new_service: NewService) -> Iterator[Service]:
    """Grants each key four requests a minute, and an address three wrong keys."""
    with new_service(admin_key="the-admin-key", rate=4, rate_wrong_keys=3) as service:
        yield service


def ask(service: Service, headers: Mapping[str, str], path: str = "/v1/entities", method: str = "GET") -> TestResponse:
    return service.send(method, path, headers=dict(headers), environ={"REMOTE_ADDR": "192.0.2.1"})


def test_a_key_is_told_its_quota_and_refused_one_over_it(limited: Service) -> None:
    admin = bearer("the-admin-key")
    left = [ask(limited, admin).headers["RateLimit"] for _ in range(4)]
    assert left == [f'"requests";r={count};t={60 - 15 * count}' for count in (3, 2, 1, 0)]
    answer = ask(limited, admin)
    told = refused(answer, 429, "quota-exceeded")
    assert answer.headers["RateLimit-Policy"] == '"requests";q=4;w=60'
    assert answer.headers["RateLimit"].startswith('"requests";r=0;t=')
    assert int(answer.headers["Retry-After"]) == told["retry_after"] in (14, 15)
    assert ask(limited, admin, "/").status_code == 429, "pages count as well"


def test_each_key_has_a_quota_of_its_own(limited: Service) -> None:
    url = surroundings_of(limited).settings.database_url or ""
    first, other = issued(url, STATE_READ), issued(url, STATE_READ)
    assert [ask(limited, bearer(first)).status_code for _ in range(5)] == [200] * 4 + [429]
    assert ask(limited, bearer(other)).status_code == 200


def test_every_way_to_ask_counts_and_so_does_what_is_refused(limited: Service) -> None:
    key = bearer(issued(surroundings_of(limited).settings.database_url or "", FEED_READ))
    asked = (("HEAD", "/v1/feed"), ("OPTIONS", "/v1/feed"), ("PUT", "/v1/entities/x"), ("GET", "/v1/nothing"))
    answers = [ask(limited, key, path, method) for method, path in asked]
    assert [answer.status_code for answer in answers] == [200, 200, 403, 404]
    assert all(name in answer.headers for answer in answers for name in LIMITED)
    assert ask(limited, key, "/v1/feed").status_code == 429


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/docs", "/openapi.yaml", "/static/style.css", "/login"])
def test_what_is_open_is_not_limited(limited: Service, path: str) -> None:
    for _ in range(6):
        answer = ask(limited, bearer("the-admin-key"), path)
        assert answer.status_code < 400 and not any(name in answer.headers for name in LIMITED)
    assert ask(limited, bearer("the-admin-key")).headers["RateLimit"].startswith('"requests";r=3')


def test_where_no_key_is_needed_nothing_is_limited(new_service: NewService) -> None:
    with new_service(rate=1, rate_wrong_keys=1) as service:
        for headers in ({}, bearer("anything"), {}, bearer("anything")):
            answer = ask(service, headers)
            assert answer.status_code == 200 and not any(name in answer.headers for name in LIMITED)


def test_keys_cannot_be_tried_out(limited: Service) -> None:
    guesses = [ask(limited, bearer(f"guess {number}")) for number in range(4)]
    assert [answer.status_code for answer in guesses] == [401, 401, 401, 429]
    assert guesses[0].headers["RateLimit"].startswith('"wrong-keys";r=2')
    told = refused(guesses[3], 429, "quota-exceeded")
    assert int(guesses[3].headers["Retry-After"]) == told["retry_after"] >= 1
    assert ask(limited, bearer("the-admin-key")).status_code == 429, "it might have been a good guess"
    for headers in ({"Authorization": "Basic bWU6d3Jvbmc="}, {"Authorization": "nonsense"}):
        assert ask(limited, headers).status_code == 429


def test_a_good_key_from_the_same_address_is_not_affected(limited: Service) -> None:
    key = issued(surroundings_of(limited).settings.database_url or "", STATE_READ)
    for _ in range(5):
        ask(limited, bearer(key.secret[:-1] + "-"))
    assert ask(limited, bearer(key.secret[:-1] + "-")).status_code == 429
    assert ask(limited, bearer(key)).status_code == 200
    assert ask(limited, {}).status_code == 401
    elsewhere = limited.send("GET", "/v1/entities", headers=bearer("guess"), environ={"REMOTE_ADDR": "192.0.2.2"})
    assert elsewhere.status_code == 401


def test_who_is_turned_away_is_counted_by_the_reason(limited: Service) -> None:
    def counted(code: str) -> float:
        return metrics.REGISTRY.get_sample_value("frenemies_requests_refused_total", {"code": code}) or 0.0

    before = {code: counted(code) for code in metrics.AT_THE_DOOR}
    key = bearer(issued(surroundings_of(limited).settings.database_url or "", FEED_READ))
    ask(limited, {})
    for _ in range(5):
        ask(limited, key)
    limited.send("POST", "/login", headers={"Sec-Fetch-Site": "cross-site"}, data={})
    risen = {code: counted(code) - before[code] for code in metrics.AT_THE_DOOR}
    assert risen == {"not-authorized": 1, "forbidden": 4, "quota-exceeded": 1, "from-another-site": 1}


def test_the_document_names_the_quota_at_every_operation_that_wants_a_key(limited: Service) -> None:
    operations = [
        one for path in document(limited.app)["paths"].values() for one in path.values() if "responses" in one
    ]
    assert len(operations) > 50
    for operation in operations:
        assert ("429" in operation["responses"]) == bool(operation["security"]), operation["operationId"]
