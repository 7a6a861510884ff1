"""How often a process looks for garbage."""

from __future__ import annotations

import gc

_YOUNG, _OLDER, _OLD = 50_000, 20, 100


def collect_rarely() -> None:
    """Has the collector look less often: for a process that makes many objects, and few that refer to each other in a
    circle. What is there by now counts as kept for good.
    """
    gc.freeze()
    gc.set_threshold(_YOUNG, _OLDER, _OLD)
