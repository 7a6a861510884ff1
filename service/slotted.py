"""Numbers of the Prometheus client that move: from memory, where they are when the code is loaded, to files.

The client settles for good where the numbers of a process are when its code is loaded. Ours is loaded before the fork,
and only after it is there a process that counts.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from prometheus_client import values

from service.slots import Slot


class Number:
    """What the client takes for a number (its `values.MutexValue`), in the present place."""

    _place: Any = values.MutexValue
    _made: list[Number] = []  # noqa: RUF012 - of all of them

    def __init__(self, *what: Any, **how: Any) -> None:
        self._what, self._how = what, how
        self._move()
        self._made.append(self)

    def _move(self) -> None:
        kept = self._place(*self._what, **self._how)
        self.inc, self.set, self.get = kept.inc, kept.set, kept.get
        self.set_exemplar, self.get_exemplar = kept.set_exemplar, kept.get_exemplar


def keep_numbers_in(folder: Path) -> None:
    """From now on the numbers of this process are in files there, each beginning with what its place held before.

    The environment has to name the folder, too (`service.slots.FOLDER`).
    """
    Number._place = values.MultiProcessValue(Slot(folder).number)  # type: ignore[no-untyped-call]
    for number in Number._made:
        number._move()
