"""The line that is logged of each request."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from service.request_log import Answered
from tests.http import examples
from tests.http.conftest import NewService, Service

KEY = "canary-key"


@pytest.fixture(scope="module")
def locked(new_service: NewService) -> Iterator[Service]:
    with new_service(admin_key=KEY) as service:
        yield service


class Told:
    """What was logged of requests."""

    def __init__(self, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level(logging.INFO, "service.request_log")
        self._caplog = caplog

    def last(self) -> Answered:
        found = [record.msg for record in self._caplog.records if isinstance(record.msg, Answered)]
        self._caplog.clear()
        (answered,) = found
        return answered


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> Told:
    return Told(caplog)


def bearer(key: str = KEY) -> dict[str, str]:
    return {"Authorization": f"Bearer {key}"}


def test_it_names_the_template_and_the_key_by_its_id(locked: Service, told: Told) -> None:
    with locked.put("/v1/entities/ant", examples.registration(), **bearer()) as answer:
        size = len(answer.data)
    line = told.last()
    assert line == Answered("PUT", "/v1/entities/<id>", 201, line.seconds, size, "admin")
    assert 0 < line.seconds < 60


def test_who_is_not_let_in_has_no_key(locked: Service, told: Told) -> None:
    for headers in ({}, bearer("canary-other")):
        locked.send("GET", "/v1/entities/ant", headers=headers).close()
        line = told.last()
        assert (line.status, line.key) == (401, None)
        assert "canary" not in str(line)


def test_an_address_that_is_none_is_not_told(locked: Service, told: Told) -> None:
    locked.send("GET", "/canary?key=canary", headers=bearer()).close()
    assert told.last()[:3] == ("GET", "unknown", 404)


def test_a_method_that_is_none_is_not_told(locked: Service, told: Told) -> None:
    locked.send("CANARY", "/v1/entities", headers=bearer()).close()
    assert told.last().method == "other"


def test_bytes_are_those_of_the_body_that_was_sent(locked: Service, told: Told) -> None:
    locked.put("/v1/entities/ant", examples.registration(), **bearer()).close()
    told.last()
    locked.catch_up()
    with locked.send("GET", "/v1/entities/ant/state", headers=bearer()) as answer:
        tag, size = answer.headers["ETag"], len(answer.data)
    assert told.last().bytes == size
    locked.send("HEAD", "/v1/entities/ant/state", headers=bearer()).close()
    assert told.last().bytes == 0
    locked.send("GET", "/v1/entities/ant/state", headers=bearer() | {"If-None-Match": tag}).close()
    assert told.last()[2:5:2] == (304, 0)
    with locked.send("GET", "/v1/feed", headers=bearer() | {"Accept": "application/x-ndjson"}) as answer:
        size = len(answer.data)
    assert told.last().bytes == size > 0
    with locked.send("GET", "/static/style.css", headers=bearer()) as answer:
        size = len(answer.data)
    assert told.last().bytes == size > 0


def test_a_line_of_what_went_wrong_names_the_request(
    locked: Service, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    from structlog.contextvars import get_contextvars

    from service.http import problems

    seen = []
    monkeypatch.setattr(problems._log, "error", lambda *_, **about: seen.append(get_contextvars()), raising=False)

    def fail(*_: object) -> None:
        raise RuntimeError("x")

    monkeypatch.setattr(type(locked.timeline), "projections", fail)
    answer = locked.send("GET", "/v1/projections", headers=bearer() | {"X_Request_Id": "mine-1"})
    assert answer.status_code == 500
    assert seen == [{"request_id": "mine-1"}]
