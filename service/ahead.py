"""What takes long to make, made by another thread while what was made before is used."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import TypeVar

from service import asking

Item = TypeVar("Item")


def ahead(items: Iterator[Item], most: int) -> Iterator[Item]:
    """The items in their order, of which up to `most` are made ahead. What making one raises is raised in its place.

    They are made in one thread, which asks the server that the caller asks (see `service.asking`). It has come to its
    end when this has, also where this is closed before.
    """
    pool = ThreadPoolExecutor(1, "ahead")
    following = asking.carried(_following)
    try:
        made = deque(pool.submit(following, items) for _ in range(most))
        while found := made.popleft().result():
            made.append(pool.submit(following, items))
            yield from found
    finally:
        pool.shutdown(cancel_futures=True)


def _following(items: Iterator[Item]) -> list[Item]:
    """The next item, if there is one more."""
    return list(islice(items, 1))
