"""The key: everything but health and documentation needs it, once there is one."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest

from tests.http import examples
from tests.http.conftest import NewService, Service, refused

KEY = "k-0123456789\u00e9"


@pytest.fixture(scope="module")
def locked(new_service: NewService) -> Iterator[Service]:
    with new_service(admin_key=KEY, rate_wrong_keys=0) as service:
        yield service


def bearer(key: str = KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}".encode().decode("latin-1")}


def test_the_key_opens_and_is_recorded(locked: Service) -> None:
    answer = locked.put("/v1/entities/red-hat", examples.registration(), **bearer())
    assert answer.status_code == 201
    event = locked.get("/v1/feed", headers=bearer()).json[0]
    assert event["data"]["recorder"] == {"key": "admin"}


@pytest.mark.case(number=73)
@pytest.mark.parametrize("value", [None, "", "Bearer", "Bearer ", f"Bearer {KEY}x", KEY, f"Basic {KEY}", "Bearer k"])
def test_case_73_no_key_or_a_bad_one(locked: Service, value: str | None) -> None:
    """No key, bad key, revoked, read key on write, key in query string: 401"""
    headers = {} if value is None else {"Authorization": value.encode().decode("latin-1")}
    for path in ("/v1/feed", "/v1/entities/red-hat/state", "/v1/nothing"):
        answer = locked.get(path, headers=headers)
        refused(answer, 401, "not-authorized")
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    with locked.nothing_recorded():
        refused(locked.put("/v1/entities/x", examples.registration(), **headers), 401, "not-authorized")
        refused(locked.raw("/v1/claims", b"x" * (6 << 20), headers=headers), 401, "not-authorized")


@pytest.mark.parametrize(
    "path",
    ["/", "/entity/red-hat", "/relation/owns/a/b", "/claim/a-1", "/changes", "/beliefs", "/frenemies", "/record"],
)
def test_every_page_refuses_a_wrong_password(locked: Service, path: str) -> None:
    answer = locked.get(path, headers={"Authorization": f"Basic {b64encode(b'me:wrong').decode()}"})
    assert (answer.status_code, answer.mimetype) == (401, "text/html")
    assert 'role="alert"' in answer.text and "red-hat" not in answer.text


@pytest.mark.case(number=73)
def test_case_73_key_in_the_query(locked: Service) -> None:
    """No key, bad key, revoked, read key on write, key in query string: 401"""
    for name in ("key", "token", "access_token", "Authorization"):
        refused(locked.get("/v1/feed", **{name: KEY}), 401, "not-authorized")


@pytest.mark.parametrize(
    "path", ["/healthz", "/readyz", "/docs", "/openapi.yaml", "/openapi.json", "/static/style.css"]
)
def test_some_paths_are_open(locked: Service, path: str) -> None:
    assert locked.get(path).status_code == 200


def test_the_key_may_be_sent_as_a_password_to_the_pages_and_to_read(locked: Service) -> None:
    password = {"Authorization": f"Basic {b64encode(f'me:{KEY}'.encode()).decode()}"}
    assert locked.get("/", headers=password).status_code == 200
    assert locked.get("/", headers=bearer()).status_code == 200
    assert locked.get("/v1/periods", headers=password).status_code == 200
    refused(locked.put("/v1/entities/x", examples.registration(), **password), 401, "not-authorized")
    for wrong in ("Basic !!!", f"Basic {b64encode(b'me').decode()}", f"Basic {b64encode(bytes([255])).decode()}"):
        assert locked.get("/", headers={"Authorization": wrong}).status_code == 401


def test_every_route_under_v1_needs_the_key(locked: Service) -> None:
    for rule in locked.app.url_map.iter_rules():
        if rule.rule.startswith("/v1/"):
            path = rule.rule.replace("<", "").replace(">", "")
            for method in rule.methods or ():
                assert locked.app.test_client().open(path, method=method).status_code == 401
