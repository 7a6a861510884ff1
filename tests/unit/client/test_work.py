"""A worker with a service that does as a test says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from threading import Event as Flag
from typing import Any

import msgspec
import pytest

from frenemies import Event, LeaseLost, Malformed, Refused, Unreachable, Work, work
from frenemies.errors import refusal

Wish = Mapping[str, Any]


def event(position: int) -> dict[str, Any]:
    return {
        "specversion": "1.0", "id": f"id-{position}", "source": "/v1/feed", "type": "io.frenemies.Noted.v1",
        "subject": f"thing/{position}", "time": "2026-11-22T12:00:00Z", "dataschema": "/v1/event-types/Noted.v1",
        "datacontenttype": "application/json", "sequence": str(position), "streamversion": 1, "data": {"id": "x"},
    }  # fmt: skip


class Service:
    """Gives so many events, one lease for each batch, and notes what it is told."""

    def __init__(self, *batches: int) -> None:
        self.told: list[tuple[str, Wish]] = []
        self.fail: Callable[[str, Wish], Exception | None] = lambda route, wish: None
        self.work = Work(self.say, most=10, seconds=30)
        self._batches = list(batches)
        self._position = 0

    def say(self, route: str, wish: Wish) -> bytes:
        self.told.append((route, wish))
        if (error := self.fail(route, wish)) is not None:
            raise error
        return self._leased() if route == "lease" else b"{}"

    def routes(self) -> list[tuple[str, list[str]]]:
        return [(route, wish["ids"]) for route, wish in self.told if route != "lease"]

    def _leased(self) -> bytes:
        count = self._batches.pop(0) if self._batches else 0
        if not count:
            self.work.close()
        positions = range(self._position + 1, self._position + count + 1)
        self._position += count
        deliveries = [{"attempt": 1, "event": event(position)} for position in positions]
        return msgspec.json.encode({"lease": f"lease-{self._position}", "seconds": 30, "deliveries": deliveries})


def lost(*places: int) -> Refused:
    errors = [{"pointer": f"/ids/{place}", "detail": "another one has it"} for place in places]
    return refusal(409, {"type": "urn:frenemies:problem:lease-lost", "title": "Lost.", "errors": errors})


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long it wanted to wait; it does not."""
    wanted: list[float] = []
    monkeypatch.setattr(work, "sleep", wanted.append)
    monkeypatch.setattr(work, "_IDLE", 0.0)
    return wanted


def test_each_event_is_handled_in_order_and_acknowledged() -> None:
    service, seen = Service(2, 1), []
    service.work.run(lambda one: seen.append(one.position))
    assert seen == [1, 2, 3]
    assert service.routes() == [("ack", ["id-1"]), ("ack", ["id-2"]), ("ack", ["id-3"])]
    assert [wish["lease"] for route, wish in service.told if route == "ack"] == ["lease-2", "lease-2", "lease-3"]


def test_an_event_whose_handler_raises_is_given_back_with_the_reason() -> None:
    service = Service(2)

    def handle(one: Event) -> None:
        if one.position == 1:
            raise ValueError("\0" + "ä" * 500)

    service.work.run(handle)
    assert service.routes() == [("nack", ["id-1"]), ("ack", ["id-2"])]
    (wish,) = [wish for route, wish in service.told if route == "nack"]
    assert wish["action"] == "retry" and "after" not in wish
    assert wish["reason"].startswith("ValueError(") and len(wish["reason"].encode()) <= 300


def test_a_task_is_settled_in_other_ways() -> None:
    service = Service(4)
    for task, settle in zip(service.work, ("retry", "park", "skip", "ack"), strict=False):
        assert (task.attempt, task.lease) == (1, "lease-4")
        if settle == "retry":
            task.retry(after=5.4, reason="later")
        else:
            getattr(task, settle)()
    told = [{name: value for name, value in wish.items() if name not in ("lease", "ids")} for _, wish in service.told]
    assert told[1:5] == [
        {"action": "retry", "after": 5, "reason": "later"}, {"action": "park"}, {"action": "skip"}, {},
    ]  # fmt: skip


def test_who_has_lost_an_event_is_told_and_a_running_handler_goes_on() -> None:
    service = Service(2, 1)
    service.fail = lambda route, wish: lost(0) if (route, wish.get("ids")) == ("ack", ["id-1"]) else None
    with pytest.raises(LeaseLost):
        next(service.work).ack()
    service.work.run(lambda one: None)
    assert service.routes() == [("ack", ["id-1"]), ("ack", ["id-2"]), ("ack", ["id-3"])]


@pytest.mark.parametrize("error", [Unreachable("gone"), refusal(503, {}), refusal(429, {})])
@pytest.mark.parametrize("route", ["lease", "ack"])
def test_a_service_that_does_not_answer_is_asked_again(
    route: str, error: Exception, quick: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    service, failures = Service(1), [error, error]
    closed = service.work._closed
    monkeypatch.setattr(closed, "wait", lambda seconds: quick.append(seconds) or closed.is_set())
    service.fail = lambda asked, wish: failures.pop() if asked == route and failures else None
    seen: list[int] = []
    service.work.run(lambda one: seen.append(one.position))
    assert seen == [1] and ("ack", ["id-1"]) in service.routes() and not failures
    assert len([seconds for seconds in quick if seconds > 0]) >= 2


def test_an_ack_that_never_gets_through_does_not_end_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    service, now = Service(1, 1), [0.0]
    monkeypatch.setattr(work, "monotonic", lambda: now[0])
    monkeypatch.setattr(work, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    service.fail = lambda route, wish: Unreachable("gone") if wish.get("ids") == ["id-1"] else None
    seen: list[int] = []
    service.work.run(lambda one: seen.append(one.position))
    assert seen == [1, 2] and now[0] < 30


@pytest.mark.parametrize("status", [401, 403, 404, 422])
def test_a_refusal_that_lasts_ends_the_work(status: int) -> None:
    service = Service(1)
    service.fail = lambda route, wish: refusal(status, {})
    with pytest.raises(Refused):
        service.work.run(lambda one: None)
    assert len(service.told) == 1


def test_an_answer_that_is_no_lease_is_malformed() -> None:
    with pytest.raises(Malformed):
        next(Work(lambda route, wish: b'{"id": 1}', 1, 1))


def test_what_was_not_handed_out_is_given_back_at_the_end() -> None:
    service = Service(3)
    with service.work:
        next(service.work).ack()
    assert service.routes() == [("ack", ["id-1"]), ("nack", ["id-2", "id-3"])]
    assert service.told[-1][1] == {"lease": "lease-3", "ids": ["id-2", "id-3"], "action": "release"}
    assert list(service.work) == []


def test_leases_are_extended_while_a_handler_works_and_what_is_lost_is_not_handed_out() -> None:
    service = Service(3)
    service.work._seconds = 0.03  # type: ignore[assignment]
    extended, seen = Flag(), []

    def fail(route: str, wish: Wish) -> Exception | None:
        if route != "extend":
            return None
        if "id-2" in wish["ids"]:
            return lost(wish["ids"].index("id-2"))
        extended.set()
        return None

    service.fail = fail

    def handle(one: Event) -> None:
        seen.append(one.position)
        assert extended.wait(20)

    service.work.run(handle)
    assert seen == [1, 3]
    asked = [ids for route, ids in service.routes() if route == "extend"]
    assert asked[:2] == [["id-1", "id-2", "id-3"], ["id-1", "id-3"]]


def test_a_task_that_is_let_go_of_is_not_kept() -> None:
    service = Service(2)
    first = next(service.work)
    next(service.work)
    with service.work._lock:
        assert service.work._present is not first
