"""Reading ahead: what comes next is made by another thread while the caller works on what came before."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from queue import Empty, Full, Queue
from threading import Event, Thread
from typing import TypeVar

Item = TypeVar("Item")
_SLICE = 0.1
_END = object()


@contextmanager
def ahead(items: Iterable[Item], most: int, quiet: float, end: Callable[[], None]) -> Iterator[Iterator[Item | None]]:
    """The items, of which `most` are made ahead; None each time that nothing came for `quiet` seconds.

    `end` has to make the iteration of the items end, from any thread. What they raise is raised to the caller.
    """
    made: Queue[object] = Queue(most)
    ended = Event()

    def put(item: object) -> None:
        while not ended.is_set():
            try:
                return made.put(item, timeout=_SLICE)
            except Full:
                continue

    def make() -> None:
        try:
            for item in items:
                put(item)
                if ended.is_set():
                    return
            put(_END)
        except BaseException as error:  # noqa: BLE001 - it is raised to the caller
            put(error)

    thread = Thread(target=make, name="reading-ahead", daemon=True)
    thread.start()
    try:
        yield _taken(made, quiet)
    finally:
        ended.set()
        end()
        thread.join()


def _taken(made: Queue[object], quiet: float) -> Iterator[Item | None]:
    while True:
        try:
            item = made.get(timeout=quiet)
        except Empty:
            yield None
            continue
        if item is _END:
            return
        if isinstance(item, BaseException):
            raise item
        yield item  # type: ignore[misc]
