"""How far behind a service may be for /readyz to say yes: at the limit it does, beyond it does not."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import NoReturn
from uuid import UUID

import pytest

from service.errors import StoreUnavailable
from service.http import running
from service.replica.standing import Standing, State
from service.serve.health import Health, health
from service.store.following import Following
from service.timeline.timeline import LONGEST_LAG
from tests.http import examples
from tests.http.conftest import NewService, Service, refused
from tests.serving import serving

LIMIT = 7.5
TICK = timedelta(microseconds=1)


@pytest.fixture(scope="module")
def limited(new_service: NewService) -> Iterator[Service]:
    with new_service(ready_lag=LIMIT) as service:
        yield service


def seconds_behind(service: Service, seconds: float, monkeypatch: pytest.MonkeyPatch, more: timedelta) -> None:
    """Something was recorded, has not been taken in, and that was so long ago."""
    service.catch_up()
    name = f"ant-{service.timeline.head()}"
    service.put(f"/v1/entities/{name}", examples.registration())
    recorded_at = service.timeline.feed.page(service.timeline.head() - 1, 1).records[0].recorded_at
    monkeypatch.setattr(service.timeline, "_now", lambda: recorded_at + timedelta(seconds=seconds) + more)


def follow(
    service: Service, lag: float, monkeypatch: pytest.MonkeyPatch, was_even: bool = True, is_halted: bool = False
) -> None:
    service.catch_up()
    head = service.timeline.head()
    told = Following(
        "https://leader.example.org", head, head + 3, lag, head, None, is_halted, (), UUID(int=1), was_even
    )
    monkeypatch.setattr(service.timeline, "_following", lambda: told)


def test_a_read_side_at_the_limit_is_ready(limited: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds_behind(limited, LIMIT, monkeypatch, timedelta())
    assert limited.send("GET", "/readyz").status_code == 200


def test_a_read_side_beyond_the_limit_is_not(limited: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds_behind(limited, LIMIT, monkeypatch, TICK)
    told = refused(limited.send("GET", "/readyz"), 503, "not-ready")
    assert told["detail"] == "The read side does not follow the log."
    limited.catch_up()
    assert limited.send("GET", "/readyz").status_code == 200


def test_without_a_limit_that_is_set_it_is_ten_seconds(own_service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    seconds_behind(own_service, LONGEST_LAG, monkeypatch, timedelta())
    assert own_service.send("GET", "/readyz").status_code == 200
    seconds_behind(own_service, LONGEST_LAG, monkeypatch, TICK)
    assert own_service.send("GET", "/readyz").status_code == 503
    assert LONGEST_LAG == 10


def test_a_follower_at_the_limit_is_ready_and_beyond_it_is_not(
    limited: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    follow(limited, LIMIT, monkeypatch)
    assert limited.send("GET", "/readyz").json["following"]["lag_seconds"] == LIMIT
    follow(limited, LIMIT + 0.1, monkeypatch)
    told = refused(limited.send("GET", "/readyz"), 503, "not-ready")
    assert told["detail"] == "It is 7.6 s behind https://leader.example.org."
    assert told["following"]["lag_events"] == 3


def test_a_follower_without_a_limit_answers_as_well_when_its_leader_is_gone(
    own_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_service.put("/v1/entities/ant", examples.registration())
    follow(own_service, 86_400.0, monkeypatch)
    assert own_service.send("GET", "/readyz").status_code == 200
    assert own_service.send("GET", "/readyz?max_lag=86399").status_code == 503


def test_a_follower_that_has_only_begun_is_not_ready_for_who_wants_one_that_is_current(
    own_service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    own_service.put("/v1/entities/ant", examples.registration())
    follow(own_service, 0.1, monkeypatch, was_even=False)
    told = refused(own_service.send("GET", "/readyz?max_lag=3600"), 503, "not-ready")
    assert told["detail"] == "It has not had all of https://leader.example.org yet."
    assert own_service.send("GET", "/readyz").status_code == 200


def behind(seconds: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """Questions are answered from a replica that is so late."""
    monkeypatch.setattr(running, "_standing", lambda: Standing(State.BEHIND, 1, 3, seconds))


@pytest.mark.parametrize(
    ("lag", "was_even", "is_halted"), [(LIMIT + 1, True, False), (0.0, False, False), (0.0, True, True)]
)
def test_a_follower_that_is_late_or_halted_is_not_given_up(
    limited: Service, monkeypatch: pytest.MonkeyPatch, lag: float, was_even: bool, is_halted: bool
) -> None:
    follow(limited, lag, monkeypatch, was_even, is_halted)
    with serving(limited.app) as base:
        assert health(base) is Health.CATCHING_UP


def test_a_service_whose_replica_is_late_is_not_given_up(limited: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    limited.catch_up()
    behind(LIMIT + 1, monkeypatch)
    with serving(limited.app) as base:
        assert health(base) is Health.CATCHING_UP
        behind(LIMIT, monkeypatch)
        assert health(base) is Health.READY


def test_a_service_without_its_database_or_without_an_answer_is_given_up(
    limited: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away() -> NoReturn:
        raise StoreUnavailable

    behind(LIMIT + 1, monkeypatch)
    monkeypatch.setattr(limited.timeline, "head", away)
    with serving(limited.app) as base:
        assert health(base) is Health.SILENT
    assert health(base) is Health.SILENT
