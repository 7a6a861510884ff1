"""What is remembered of entities between questions, for as long as nothing more is recorded about any."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from typing import Any, TypeVar

from service.projections.index import Mark

Value = TypeVar("Value")
MOST = 50_000
"""How much is remembered of each kind; then it begins anew."""


class Memory:
    """What was found of entities, by kind and id.

    A mark says up to where the index has taken in what is recorded about entities: what was found under one mark stays
    so until there is another one. What came in since is younger than any position that is answered for.
    Safe to use from many threads: another one may empty it at any moment. None is no value.
    """

    def __init__(self) -> None:
        self._kept: tuple[Mark | None, dict[str, dict[str, Any]]] = None, {}

    def recall(
        self,
        mark: Mark | None,
        kind: str,
        ids: Collection[str],
        find: Callable[[Collection[str]], Mapping[str, Value]],
        may_keep: Callable[[Value], bool] = lambda _: True,
    ) -> dict[str, Value]:
        """What there is of these entities; what is not remembered is found, and kept where it may be."""
        if mark is None:
            return dict(find(ids))
        known = self._of(mark)[kind]
        found: dict[str, Value] = {name: value for name in ids if (value := known.get(name)) is not None}
        missing = [name for name in ids if name not in found]
        if missing:
            fresh = find(missing)
            found.update(fresh)
            if len(known) + len(fresh) > MOST:
                known.clear()
            known.update((name, value) for name, value in fresh.items() if may_keep(value))
        return found

    def _of(self, mark: Mark) -> dict[str, dict[str, Any]]:
        """What is kept under a mark. Whoever has found something under an older one keeps it there, out of use."""
        before, kept = self._kept
        if before != mark:
            kept = defaultdict(dict)
            self._kept = mark, kept
        return kept
