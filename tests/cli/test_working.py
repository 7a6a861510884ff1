"""Workers of the Python client that share a subscription of a running service, whose processes are killed meanwhile."""

from __future__ import annotations

import os
import signal
from collections import defaultdict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

import httpx2
import pytest

from frenemies import Client, Event, Work
from tests.cli.conftest import ROOT, Program
from tests.feeding import wait_until

LAST = 259
"""The last position of the sample."""
Start = Callable[..., Program]


class Team:
    """Three workers, each with a client of its own, and what they did in the order in which they did it."""

    def __init__(self, base: str, **wish: Any) -> None:
        self.base = base
        asked = httpx2.post(f"{base}/v1/subscriptions", json={"mode": "pull", "after": "start", **wish}, timeout=10)
        self.id = asked.raise_for_status().json()["id"]
        self.done: list[Event] = []
        self.failing: set[int] = set()
        self._lock = Lock()
        self._works: list[Work] = []

    def work(self) -> None:
        """Until `end`."""
        with Client(self.base) as client, client.work(self.id, most=4, seconds=3) as work:
            with self._lock:
                self._works.append(work)
            work.run(self._handle)

    def end(self) -> None:
        for work in self._works:
            work.close()

    def told(self) -> dict[str, Any]:
        """The subscription; nothing while the service does not answer."""
        with suppress(httpx2.HTTPError):
            answer = httpx2.get(f"{self.base}/v1/subscriptions/{self.id}", timeout=10)
            return dict(answer.json()) if answer.is_success else {}
        return {}

    def is_done(self) -> bool:
        told = self.told()
        return told.get("position") == LAST and told.get("pending") == 0

    def _handle(self, event: Event) -> None:
        with self._lock:
            if event.position in self.failing:
                self.failing.discard(event.position)
                raise ValueError("not this time")
            self.done.append(event)


@pytest.fixture
def served(start: Start, sample_url: str) -> tuple[Program, str]:
    """The sample served by all its processes, and the address."""
    program = start("serve", "--port", "0", "--workers", "2", DATABASE_URL=sample_url)
    return program, program.line_with("Frenemies is ready on ").rpartition(" ")[2].strip()


def kill_workers(program: Program) -> None:
    """All processes that answer requests; others take their place."""
    arbiter = program.children()["web"]
    for worker in Path(f"/proc/{arbiter}/task/{arbiter}/children").read_text().split():
        with suppress(ProcessLookupError):
            os.kill(int(worker), signal.SIGKILL)


@pytest.mark.slow
def test_workers_share_the_sample_while_the_service_is_killed(served: tuple[Program, str]) -> None:
    program, base = served
    team = Team(base)
    with ThreadPoolExecutor(3) as pool:
        working = [pool.submit(team.work) for _ in range(3)]
        for count in (40, 100, 160):
            wait_until(lambda count=count: len(team.done) > count)  # type: ignore[misc]
            kill_workers(program)
        wait_until(team.is_done, 120)
        team.end()
        for one in working:
            one.result(30)
    assert {event.position for event in team.done} == set(range(1, LAST + 1))
    reached: dict[str, int] = defaultdict(int)
    for event in team.done:
        assert event.stream_version in (reached[event.subject], reached[event.subject] + 1)
        reached[event.subject] = event.stream_version


@pytest.mark.slow
def test_what_a_handler_fails_at_is_given_back_and_can_be_replayed(served: tuple[Program, str]) -> None:
    _, base = served
    team = Team(base, types=["InvestmentClaimed"])
    team.failing = set(range(1, LAST + 1))
    with ThreadPoolExecutor(1) as pool:
        working = pool.submit(team.work)
        wait_until(lambda: (told := team.told()) and told["position"] == LAST and told["leased"] == 0)
        wait_until(lambda: _replayed_to_the_end(team))
        team.end()
        working.result(30)
    assert team.done and {event.name for event in team.done} == {"InvestmentClaimed"}


@pytest.mark.slow
def test_the_worker_of_the_documentation_works(served: tuple[Program, str]) -> None:
    _, base = served
    team = Team(base)
    page = (ROOT / "docs/pull.md").read_text()
    program: dict[str, Any] = {"URL": base}
    exec(page.partition("```python\n")[2].partition("```")[0], program)  # noqa: S102
    printed, seen = program["handle"], []

    def handle(event: Event) -> None:
        printed(event)
        seen.append(event.position)
        if len(seen) == LAST:
            raise SystemExit

    program["handle"] = handle
    with pytest.raises(SystemExit):
        program["work"](team.id)
    assert sorted(seen) == list(range(1, LAST + 1))


def _replayed_to_the_end(team: Team) -> bool:
    httpx2.post(f"{team.base}/v1/subscriptions/{team.id}/replay").raise_for_status()
    return team.is_done()
