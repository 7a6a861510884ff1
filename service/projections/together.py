"""Several projectors worked by one process, one after the other."""

from __future__ import annotations

from collections.abc import Sequence

from service.projections.projector import BATCH, Projector


class Projectors:
    """Projectors of different projections, each after that of the one it follows."""

    def __init__(self, projectors: Sequence[Projector]) -> None:
        self._projectors = tuple(projectors)

    def position(self) -> int:
        """The last position handled by all."""
        return min(projector.position() for projector in self._projectors)

    def step(self, limit: int = BATCH) -> int:
        """Has each handle its next events, and gives the most that one has handled."""
        return max(projector.step(limit) for projector in self._projectors)

    def catch_up(self) -> int:
        """Has each handle everything there is, and gives the position that all have reached."""
        return min(projector.catch_up() for projector in self._projectors)
