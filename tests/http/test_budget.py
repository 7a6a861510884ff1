"""What one request may cost: the time that it has, and the turns of those that read much (service/budget.py)."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from threading import Barrier, Event, current_thread
from time import monotonic
from typing import Any, NamedTuple

import pytest
from werkzeug.test import TestResponse

from service.errors import StreamConflict
from service.settings import Limits
from service.store.application import TimelineApplication
from service.store.postgres import PostgresStore
from service.timeline import loading
from service.timeline.timeline import ATTEMPTS
from tests.http import examples
from tests.http.conftest import NewService, Service, refused

HEAVY, LIGHT = "heavy", 3
LONGEST = 20.0
TIMELINE = "/v1/entities/red-hat/timeline"
LINES = {"Accept": "application/x-ndjson"}
ASKING_MUCH = [
    TIMELINE,
    "/v1/entities/red-hat/state?according_to=red-hat",
    "/v1/entities/red-hat/changes?from=2012-01-01&to=2014-01-01",
    "/v1/network?center=red-hat",
    "/v1/path?from=red-hat&to=mirantis",
    "/v1/periods",
    "/v1/beliefs",
]


@pytest.fixture(scope="module")
def eager(new_service: NewService) -> Iterator[Service]:
    """A service in which whoever reads more than three records needs one of two turns."""
    with new_service(limits=replace(Limits(), light=LIGHT, heavy=2, replays=1)) as made:
        made.claim()
        for year in range(2001, 2007):
            made.claim(time={"kind": "instant", "edtf": str(year)}, evidence={"summary": f"In {year}."})
        made.catch_up()
        yield made


class HeldUp(NamedTuple):
    """Requests that wait while they read much: `here` is passed when all of them do, `go_on` lets them."""

    here: Barrier
    go_on: Event


@contextmanager
def held_up(monkeypatch: pytest.MonkeyPatch, count: int) -> Iterator[HeldUp]:
    """So many requests, in threads that are named so."""
    read, held = PostgresStore.read_streams, HeldUp(Barrier(count + 1, timeout=LONGEST), Event())

    def waiting(store: PostgresStore, streams: Collection[str], **more: Any) -> Any:
        if len(streams) > LIGHT and current_thread().name.startswith(HEAVY) and not held.go_on.is_set():
            held.here.wait()
            assert held.go_on.wait(LONGEST)
        return read(store, streams, **more)

    monkeypatch.setattr(PostgresStore, "read_streams", waiting)
    try:
        yield held
    finally:
        held.go_on.set()


def with_pause(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """Has each part of the log take so long to be looked at."""
    readable = loading.readable
    monkeypatch.setattr(loading, "readable", lambda rows: Event().wait(seconds) or readable(rows))


def ask(service: Service, path: str, **headers: str) -> TestResponse:
    return service.app.test_client().get(path, headers=headers)


@pytest.mark.limit(name="light")
@pytest.mark.limit(name="heavy")
def test_so_many_that_read_much_are_answered_at_once_and_light_ones_all_the_while(
    eager: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert ask(eager, "/v1/entities/red-hat/state").status_code == 200
    with held_up(monkeypatch, 2) as held, ThreadPoolExecutor(2, HEAVY) as threads:
        under_way = [threads.submit(ask, eager, TIMELINE) for _ in range(2)]
        held.here.wait()
        for path in ASKING_MUCH:
            answer = ask(eager, path)
            refused(answer, 503, "too-many-questions")
            assert answer.headers["Retry-After"] == "1"
            assert "smaller limit" in answer.json["detail"]
        begun = monotonic()
        assert ask(eager, "/v1/entities/red-hat/state").status_code == 200
        assert ask(eager, "/v1/entities/red-hat").status_code == 200
        assert ask(eager, "/v1/feed").status_code == 200
        assert eager.put("/v1/entities/light", examples.registration()).status_code in (200, 201)
        assert monotonic() - begun < 5
        held.go_on.set()
        assert [one.result(LONGEST).status_code for one in under_way] == [200, 200]
    for path in ASKING_MUCH * 2:
        assert ask(eager, path).status_code == 200, path


@pytest.mark.limit(name="heavy")
@pytest.mark.parametrize("media", ["text/csv", "application/graphml+xml"])
def test_an_answer_that_is_written_while_it_is_found_holds_a_turn_until_it_is_sent(eager: Service, media: str) -> None:
    http = eager.app.test_client()
    for _ in range(3):
        open_ones = [http.get("/v1/network", headers={"Accept": media}, buffered=False) for _ in range(2)]
        assert [one.status_code for one in open_ones] == [200, 200]
        refused(ask(eager, "/v1/network", Accept=media), 503, "too-many-questions")
        refused(ask(eager, "/v1/feed", **LINES), 503, "too-many-questions")
        for one in open_ones:
            one.close()
    assert ask(eager, "/v1/network", Accept=media).status_code == 200


def test_replays_leave_turns_to_others(eager: Service) -> None:
    http = eager.app.test_client()
    with http.get("/v1/feed", headers=LINES, buffered=False) as replay:
        assert replay.status_code == 200
        refused(ask(eager, "/v1/feed", **LINES), 503, "too-many-replays")
        assert ask(eager, TIMELINE).status_code == 200
    assert ask(eager, "/v1/feed", **LINES).status_code == 200


def test_what_is_refused_for_another_reason_gives_its_turn_back(eager: Service) -> None:
    for _ in range(5):
        refused(ask(eager, f"{TIMELINE}?cursor=x"), 400)
        refused(ask(eager, "/v1/network?center=nobody"), 404)
    assert ask(eager, TIMELINE).status_code == 200


@pytest.mark.limit(name="request_deadline")
def test_a_request_ends_when_its_time_is_over_and_says_what_to_do(
    new_service: NewService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_service(limits=replace(Limits(), request_deadline=0.3)) as hasty:
        hasty.claim()
        hasty.catch_up()
        assert ask(hasty, TIMELINE).status_code == 200
        with_pause(monkeypatch, 0.4)
        answer = ask(hasty, TIMELINE)
        told = refused(answer, 503, "out-of-time")
        assert answer.headers["Retry-After"] == "1"
        assert "0.3 seconds" in told["detail"] and "smaller limit" in told["detail"]


def test_a_network_that_is_written_while_it_is_found_has_more_time(
    new_service: NewService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_service(limits=replace(Limits(), request_deadline=0.5)) as hasty:
        hasty.claim()
        hasty.catch_up()
        answer = hasty.app.test_client().get("/v1/network", headers=LINES, buffered=False)
        Event().wait(0.6)
        assert b'"count":1' in answer.get_data()


@pytest.mark.limit(name="fold_claims")
def test_a_question_that_is_too_expensive_is_refused_before_anything_is_read(
    new_service: NewService, monkeypatch: pytest.MonkeyPatch
) -> None:
    with new_service(limits=replace(Limits(), fold_claims=7)) as narrow:
        narrow.claim()
        for year in range(2001, 2007):
            narrow.claim(time={"kind": "instant", "edtf": str(year)}, evidence={"summary": f"In {year}."})
        narrow.catch_up()
        assert len(ask(narrow, TIMELINE).json["claims"]) == 7
        narrow.claim(time={"kind": "instant", "edtf": "2007"}, evidence={"summary": "In 2007."})
        narrow.catch_up()
        read, readable = [], loading.readable
        monkeypatch.setattr(loading, "readable", lambda rows: read.extend(rows) or readable(rows))
        for path in (TIMELINE, "/v1/entities/red-hat/changes?from=2012-01-01&to=2014-01-01"):
            told = refused(ask(narrow, path), 422, "query-too-expensive")
            assert "More than 7 claims" in told["detail"] and "smaller limit" in told["detail"]
        assert {row.stream.partition("-")[0] for row in read} <= {"entity"}


def losing(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Has every append lose against another one; the attempts."""
    tried: list[str] = []

    def lose(*_: object, **__: object) -> None:
        tried.append("again")
        raise StreamConflict("entity-racing", 0, 1)

    monkeypatch.setattr(TimelineApplication, "append", lose)
    return tried


def test_a_writer_that_always_loses_gives_up_after_so_many_attempts(
    eager: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = losing(monkeypatch)
    told = refused(eager.put("/v1/entities/racing", examples.registration()), 409, "conflict")
    assert "send it again" in told["detail"]
    assert len(tried) == ATTEMPTS


def test_a_writer_begins_no_attempt_after_its_time(new_service: NewService, monkeypatch: pytest.MonkeyPatch) -> None:
    with new_service(limits=replace(Limits(), request_deadline=0.0)) as hasty:
        tried = losing(monkeypatch)
        refused(hasty.put("/v1/entities/racing", examples.registration()), 409, "conflict")
        assert len(tried) == 1
