"""Items made ahead come in their order, and no thread outlives them."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, enumerate

import pytest

from service.ahead import ahead

PATIENCE = 10.0


def threads() -> list[str]:
    return [thread.name for thread in enumerate() if thread.name.startswith("ahead")]


@pytest.mark.parametrize("most", [1, 2, 5])
@pytest.mark.parametrize("count", [0, 1, 2, 7])
def test_they_come_in_order_and_none_is_left_out(count: int, most: int) -> None:
    assert list(ahead(iter(range(count)), most)) == list(range(count))
    assert not threads()


def test_so_many_are_made_before_they_are_asked_for() -> None:
    made, third = [], Event()

    def making() -> Iterator[int]:
        for number in range(10):
            made.append(number)
            if number == 2:
                third.set()
            yield number

    items = ahead(making(), 2)
    assert next(items) == 0
    assert third.wait(PATIENCE)
    assert made == [0, 1, 2]
    items.close()  # type: ignore[attr-defined]
    assert made == [0, 1, 2]
    assert not threads()


def test_what_making_one_raises_is_raised_in_its_place() -> None:
    def making() -> Iterator[int]:
        yield 1
        raise LookupError("the second")

    items = ahead(making(), 2)
    assert next(items) == 1
    with pytest.raises(LookupError, match="the second"):
        next(items)
    assert not threads()
