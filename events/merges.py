"""What is said with an answer for a merged entity: the one that goes on answers for it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from events.fold import Knowledge
from events.knowledge import survivors


class MergeNotice(NamedTuple):
    """An entity that was asked for and the one that goes on; `merge` and `position` are those of its own merge."""

    asked: str
    answered: str
    merge: str
    position: int


def merge_notices(knowledge: Knowledge, asked: Iterable[str], position: int) -> tuple[MergeNotice, ...]:
    """One notice for each of these entities that was merged at a log position, in the order asked for."""
    goes_on = survivors(knowledge, position)
    notices = []
    for name in dict.fromkeys(asked):
        record = knowledge.entities.get(name)
        merge = record.merge_at(position) if record else None
        if merge is not None:
            notices.append(MergeNotice(name, goes_on[name], merge.merge, merge.position))
    return tuple(notices)
