"""Where processes keep their numbers, and what is made of them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from time import monotonic

import pytest
from prometheus_client import CollectorRegistry

from service import errors, metrics
from service.errors import ServiceError, StoreUnavailable
from service.projections.status import RebuildStatus
from service.projections.vitals import (
    DatabaseVitals,
    FollowersVitals,
    HookVitals,
    LogVitals,
    ProjectionVitals,
    TableVitals,
    Vitals,
)
from service.serve.metrics import Counted, Present
from service.slots import FOLDER, Slot, files_to_read

ROOT = Path(__file__).parents[2]
COUNTS = """
import sys
from service import metrics
metrics.begin("counting")
metrics.observe_append(0.002, metrics.DONE, 3)
metrics.CONNECTIONS_IN_USE.labels("pool").inc()
print("counted", flush=True)
sys.stdin.read()
"""
NOW = datetime(2026, 11, 21, tzinfo=UTC)
LOG = LogVitals(head=7, lock_waiting=2, lock_wait=0.5, lock_held=1.5)
DATABASE = DatabaseVitals(size=8_000, sessions=9, most_sessions=97)
HOOKS = HookVitals(active=1, paused=0, disabled=0, pending=3, leased=1, parked=2, overdue=6.5)
FOLLOWERS = FollowersVitals(count=2, lag_events=5, lag=1.25)
TABLES = TableVitals(position=5, lag_events=2, lag=3.0, parked=1, is_built=True)


def vitals(*projections: ProjectionVitals) -> Vitals:
    return Vitals(LOG, DATABASE, 4.5, projections, HOOKS, followers=FOLLOWERS)


@contextmanager
def counting(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has counted and goes on running."""
    process = subprocess.Popen(
        [sys.executable, "-c", COUNTS], cwd=ROOT, env={**os.environ, FOLDER: str(folder)}, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "counted\n"
    yield process
    process.communicate()


def told(folder: Path, name: str, **labels: str) -> float | None:
    registry = CollectorRegistry()
    registry.register(Counted(folder))
    return registry.get_sample_value(name, labels)


@pytest.mark.slow
def test_counts_outlive_processes_and_present_values_do_not(tmp_path: Path) -> None:
    with counting(tmp_path) as first, counting(tmp_path):
        assert told(tmp_path, "frenemies_events_appended_total") == 6
        assert told(tmp_path, "frenemies_connections_in_use", pool="pool") == 2
        first.send_signal(signal.SIGKILL)
        first.wait()
        assert told(tmp_path, "frenemies_events_appended_total") == 6
        assert told(tmp_path, "frenemies_append_seconds_count", outcome="done") == 2
        assert told(tmp_path, "frenemies_connections_in_use", pool="pool") == 1
    assert told(tmp_path, "frenemies_connections_in_use", pool="pool") is None


@pytest.mark.slow
def test_successors_take_the_places_of_the_killed_and_go_on_counting(tmp_path: Path) -> None:
    for killed in range(1, 4):
        with counting(tmp_path) as process:
            assert told(tmp_path, "frenemies_connections_in_use", pool="pool") == 1
            process.send_signal(signal.SIGKILL)
            process.wait()
        assert told(tmp_path, "frenemies_events_appended_total") == 3 * killed
    assert {path.stem.rpartition("_")[2] for path in tmp_path.glob("*.db")} == {"0"}


def test_no_two_have_one_place(tmp_path: Path) -> None:
    slots = [Slot(tmp_path) for _ in range(3)]
    assert [slot.number() for slot in slots] == ["0", "1", "2"]
    assert [slot.number() for slot in slots] == ["0", "1", "2"]


def test_a_forked_child_takes_a_place_of_its_own(tmp_path: Path) -> None:
    slot = Slot(tmp_path)
    assert slot.number() == "0"
    child = os.fork()
    if child == 0:
        os._exit(int(slot.number()))
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1
    assert slot.number() == "0"


def test_a_file_that_is_just_being_made_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "counter_0.db").touch()
    assert list(files_to_read(tmp_path)) == []


def test_a_file_that_is_gone_when_it_is_looked_at_is_left_out(tmp_path: Path) -> None:
    (tmp_path / "gauge_livesum_1.db").symlink_to(tmp_path / "gone")
    assert list(files_to_read(tmp_path)) == []


def test_every_way_in_which_an_append_can_end_has_one_word() -> None:
    refusals: list[tuple[Exception, str]] = [
        (errors.StreamConflict("s", 1, 2), "conflict"),
        (errors.GuardFailed("s", 1, 2), "conflict"),
        (errors.KeyTaken("url", "k", "s"), "conflict"),
        (errors.RequestMismatch("k"), "refused"),
        (errors.Unstorable(), "refused"),
        (errors.OutcomeUnknown(), "unknown"),
        (errors.StoreUnavailable(), "unavailable"),
        (errors.StoreFull(), "unavailable"),
        (errors.DeadlineExceeded(), "timeout"),
        (errors.StoreError(), "failed"),
    ]
    assert [metrics.outcome_of(error) for error, _ in refusals] == [word for _, word in refusals]
    assert {word for _, word in refusals} | {metrics.DONE, metrics.REPLAYED} == set(metrics.OUTCOMES)


def values_of(present: Present) -> dict[str, float]:
    return {sample.name: sample.value for metric in present.collect() for sample in metric.samples}


def test_what_the_database_tells_is_told() -> None:
    values = values_of(Present(lambda: vitals(ProjectionVitals("index", TABLES, None))))
    assert values["frenemies_database_up"] == 1
    assert values["frenemies_log_head"] == 7
    assert values["frenemies_append_lock_held_seconds"] == 1.5
    assert values["frenemies_projection_lag_events"] == 2
    assert values["frenemies_log_unsigned_seconds"] == 4.5
    assert values["frenemies_database_bytes"] == 8_000
    assert (values["frenemies_database_sessions"], values["frenemies_database_sessions_limit"]) == (9, 97)
    assert values["frenemies_deliveries_overdue_seconds"] == 6.5
    followers = [values[f"frenemies_followers{name}"] for name in ("", "_lag_events", "_lag_seconds")]
    assert followers == [2, 5, 1.25]


def test_a_rebuild_tells_how_far_it_is_and_how_long_it_takes() -> None:
    rebuild = RebuildStatus("loading", "ada", NOW, NOW, 400, 1_000, 200.0, 7.5, False, "", True)
    values = values_of(Present(lambda: vitals(ProjectionVitals("index", TABLES, rebuild))))
    names = ("running", "done", "total", "left_seconds", "whole_left_seconds")
    assert [values[f"frenemies_rebuild_{name}"] for name in names] == [1, 400, 1_000, 3, 7.5]


def test_what_may_not_be_known_or_is_not_there_is_left_out() -> None:
    hidden = LogVitals(head=7, lock_waiting=0, lock_wait=0.0, lock_held=None)
    values = values_of(Present(lambda: Vitals(hidden, DATABASE, None, (ProjectionVitals("index", None, None),))))
    assert "frenemies_log_unsigned_seconds" not in values
    assert "frenemies_append_lock_held_seconds" not in values
    assert "frenemies_projection_position" not in values
    assert values["frenemies_projection_built"] == 0


@pytest.mark.parametrize("error", [StoreUnavailable(), ServiceError()])
def test_a_database_that_refuses_is_told_as_down(error: Exception) -> None:
    def read() -> Vitals:
        raise error

    values = values_of(Present(read))
    assert values["frenemies_database_up"] == 0
    assert "frenemies_log_head" not in values


@pytest.mark.slow
def test_a_database_that_says_nothing_is_asked_once_and_not_waited_for() -> None:
    answer, asked = threading.Event(), []

    def read() -> Vitals:
        asked.append(1)
        answer.wait(20)
        return vitals(ProjectionVitals("index", TABLES, None))

    present, begun = Present(read), monotonic()
    assert values_of(present)["frenemies_database_up"] == 0
    assert monotonic() - begun < 2
    assert values_of(present)["frenemies_database_up"] == 0
    assert len(asked) == 1
    answer.set()
    assert values_of(present)["frenemies_database_up"] == 1
