"""Which entities of the network a question is about, and how they are shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from service.http.errors import BadQuery
from service.http.plain import Answer
from service.intake.errors import Fault
from service.timeline.views import NodeView


def demand_one_scope(query: Mapping[str, Any]) -> None:
    """BadQuery where parameters stand together that mean different questions."""
    if "center" in query and "entities" in query:
        raise _fault("/entities", "Given beside `center`; ask for one of the two.")
    if "depth" in query and "center" not in query:
        raise _fault("/depth", "There is no depth without a `center`.")


def nodes(found: Iterable[NodeView]) -> list[Answer]:
    """Entities of a network."""
    return [{"id": node.id, "kind": node.kind, "name": node.name} for node in found]


def _fault(pointer: str, detail: str) -> BadQuery:
    return BadQuery(detail, pointer, [Fault(pointer, detail)])
