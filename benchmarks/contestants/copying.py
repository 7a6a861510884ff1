"""A follower: takes over the log of a running service."""

from __future__ import annotations

from dataclasses import replace
from threading import Event, Thread
from typing import Any

from benchmarks.contestants.task import perform
from benchmarks.load import once
from service.bootstrap import follower
from service.db import connect
from service.settings import Settings

LOOK_SECONDS = 0.01


def take_over(url: str, leader: str, events: int) -> dict[str, Any]:
    """The whole log of a leader, checked as ever, into an empty one."""
    with follower(replace(Settings(), follow=leader), url) as (made, runner), connect(url) as connection:
        made.begin()
        thread, pause = Thread(target=runner.run, daemon=True), Event()

        def work() -> None:
            thread.start()
            while connection.execute("SELECT max(position) FROM log.events").fetchone() != (events,):
                pause.wait(LOOK_SECONDS)

        said = once(events, work)
        runner.stop()
        thread.join()
        return said


if __name__ == "__main__":
    perform({"take_over": take_over})
