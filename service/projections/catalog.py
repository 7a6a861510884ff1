"""The projections there are."""

from __future__ import annotations

from service.projections.indexing import INDEX
from service.projections.projection import Projection
from service.projections.states import STATES

PROJECTIONS: tuple[Projection, ...] = (INDEX, STATES)
"""Each comes after the one it follows, and the index is the first. Questions need all of them."""


def named(name: str) -> Projection:
    """The projection of a name. LookupError where there is none."""
    for projection in PROJECTIONS:
        if projection.name == name:
            return projection
    raise LookupError(f"there is no projection {name!r}")
