"""Old stored shapes of events, brought up to date on reading: one pure step per event and version."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from events import shapes_v1
from events.event_types import DomainEvent

State = dict[str, Any]


def _identifiers_by_scheme(state: State) -> State:
    """Version 1 of an entity listed identifiers as `scheme:value`; since version 2 they are keyed by their scheme."""
    listed: list[str] = state["content"].get("identifiers", [])
    keyed = dict(item.split(":", 1) for item in listed)
    return state | {"content": state["content"] | {"identifiers": keyed}}


STEPS: Mapping[tuple[str, int], Callable[[State], State]] = MappingProxyType(
    {
        ("EntityRegistered", 1): _identifiers_by_scheme,
        ("EntityCorrected", 1): _identifiers_by_scheme,
    }
)

"""What lifts each old shape to the next one."""

OLD_SHAPES: Mapping[tuple[str, int], type[DomainEvent]] = MappingProxyType(
    {(shape.__name__, shape.shape): shape for shape in (shapes_v1.EntityRegistered, shapes_v1.EntityCorrected)}
)
"""What the data of each old shape was."""


def upcast(name: str, version: int, current: int, state: State) -> State:
    """The state of an event in its current shape, lifted step by step from `version`. The argument stays as it is."""
    for step in range(version, current):
        state = STEPS[name, step](state)
    return state
