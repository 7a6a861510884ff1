"""Callers who come at the same time share the work, and each gets what is his."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager

import pytest

from service.errors import DeadlineExceeded
from service.store.grouping import Grouping

PATIENCE = 10.0


class Work:
    """Work that waits for a sign, and notes what it was given."""

    def __init__(self, most: int = 100) -> None:
        self.batches: list[list[int]] = []
        self.may_go_on = threading.Semaphore(0)
        self.begun = threading.Semaphore(0)
        self.grouping: Grouping[int, str] = Grouping(self, most)

    def __call__(self, items: Sequence[int]) -> list[str | BaseException]:
        self.batches.append(list(items))
        self.begun.release()
        assert self.may_go_on.acquire(timeout=PATIENCE)
        if 13 in items:
            raise RuntimeError("all of it failed")
        return [LookupError(str(item)) if item < 0 else f"did {item}" for item in items]


Submit = Callable[..., Future[str]]


@contextmanager
def at_work(work: Work) -> Iterator[tuple[Future[str], Submit]]:
    """While item 1 is being worked on, others can be submitted, each from a thread of its own and in this order."""
    with ThreadPoolExecutor(50) as pool:

        def submit(item: int, patience: float = PATIENCE) -> Future[str]:
            waiting = work.grouping.waiting
            future = pool.submit(work.grouping.submit, item, patience)
            while work.grouping.waiting == waiting and not future.done():
                threading.Event().wait(0.001)
            return future

        first = pool.submit(work.grouping.submit, 1, PATIENCE)
        assert work.begun.acquire(timeout=PATIENCE)
        yield first, submit


def test_who_is_alone_goes_straight_through() -> None:
    work = Work()
    work.may_go_on.release()
    assert work.grouping.submit(1, PATIENCE) == "did 1"
    assert work.batches == [[1]]


def test_who_comes_meanwhile_is_served_together_and_in_order() -> None:
    work = Work()
    with at_work(work) as (first, submit):
        others = [submit(item) for item in (2, 3, 4)]
        work.may_go_on.release(2)
        assert [future.result(PATIENCE) for future in (first, *others)] == ["did 1", "did 2", "did 3", "did 4"]
    assert work.batches == [[1], [2, 3, 4]]


def test_no_more_are_served_together_than_may_be() -> None:
    work = Work(most=2)
    with at_work(work) as (_, submit):
        futures = [submit(item) for item in (2, 3, 4, 5, 6)]
        work.may_go_on.release(4)
        assert [future.result(PATIENCE) for future in futures] == [f"did {item}" for item in (2, 3, 4, 5, 6)]
    assert work.batches == [[1], [2, 3], [4, 5], [6]]


def test_who_fails_fails_alone_and_a_failure_of_the_work_is_everybodys() -> None:
    work = Work(most=3)
    with at_work(work) as (_, submit):
        futures = [submit(item) for item in (2, -3, 4, 5, 13, 6)]
        work.may_go_on.release(3)
        assert futures[0].result(PATIENCE) == "did 2"
        with pytest.raises(LookupError, match="-3"):
            futures[1].result(PATIENCE)
        assert futures[2].result(PATIENCE) == "did 4"
        for future in futures[3:]:
            with pytest.raises(RuntimeError, match="all of it"):
                future.result(PATIENCE)
    work.may_go_on.release()
    assert work.grouping.submit(7, PATIENCE) == "did 7"


def test_who_waits_too_long_leaves_and_the_others_are_served() -> None:
    work = Work()
    with at_work(work) as (_, submit):
        hasty = submit(2, 0.05)
        with pytest.raises(DeadlineExceeded):
            hasty.result(PATIENCE)
        patient = submit(3)
        work.may_go_on.release(2)
        assert patient.result(PATIENCE) == "did 3"
    assert work.batches == [[1], [3]]


def test_many_callers_at_once_all_get_their_own() -> None:
    grouping: Grouping[int, int] = Grouping(lambda items: [item * 2 for item in items], 7)
    with ThreadPoolExecutor(16) as pool:
        found = list(pool.map(lambda item: grouping.submit(item, PATIENCE), range(5_000)))
    assert found == [item * 2 for item in range(5_000)]
