"""Which server is asked, wherever it is asked from."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from service import asking
from service.ahead import ahead


def is_of_replica() -> bool:
    return asking.current() is not None


def test_only_within_a_question_a_replica_is_asked() -> None:
    assert not is_of_replica()
    with asking.of_replica(1.0):
        assert is_of_replica()
        with asking.aside():
            assert not is_of_replica()
        assert is_of_replica()
    assert not is_of_replica()


def test_a_question_waits_no_longer_than_either_limit() -> None:
    assert asking.patience(4.0) == 4.0
    with asking.of_replica(1.0):
        assert (asking.patience(4.0), asking.patience(0.5)) == (1.0, 0.5)
    with asking.of_replica(0.0):
        assert asking.patience(4.0) == 0


def test_another_thread_asks_the_primary_unless_the_question_is_carried_there() -> None:
    with ThreadPoolExecutor(1) as pool, asking.of_replica(1.0):
        assert not pool.submit(is_of_replica).result()
        assert pool.submit(asking.carried(is_of_replica)).result()
        assert not pool.submit(is_of_replica).result()


def places(count: int) -> Iterator[bool]:
    for _ in range(count):
        yield is_of_replica()


def test_what_is_found_later_is_asked_of_the_server_that_answered() -> None:
    with asking.of_replica(1.0):
        parts = asking.continued(places(3))
    seen = [(part, is_of_replica()) for part in parts]
    assert seen == [(True, False)] * 3
    assert list(asking.continued(places(2))) == [False, False]


def test_what_is_found_later_by_another_thread_is_so_too() -> None:
    with asking.of_replica(1.0):
        parts = asking.continued(ahead(places(4), 2))
    assert list(parts) == [True] * 4


def test_what_is_not_wanted_to_its_end_is_closed() -> None:
    closed = []

    def told() -> Iterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    with asking.of_replica(1.0):
        parts = asking.continued(told())
    assert next(parts) == 1
    parts.close()  # type: ignore[attr-defined]
    assert closed == [True]
