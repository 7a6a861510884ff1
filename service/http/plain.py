"""What all answers are made with: plain data, days as ISO text, uncertain dates as {edtf, earliest, latest}.

No web framework: the feed process makes its answers with it as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from events.merges import MergeNotice
from events.temporal import AFTER_ALL, BEFORE_ALL, Bounds, format_bounds, format_day
from service.timeline.views import Clocks

Answer = dict[str, Any]


def day(ordinal: int | None) -> str | None:
    """`YYYY-MM-DD`, or null where there is no day."""
    return None if ordinal is None else format_day(ordinal)


def bounds(when: Bounds | None) -> Answer | None:
    """The range of a date; null where it has no bound at all."""
    if when is None or when == (BEFORE_ALL, AFTER_ALL):
        return None
    return {"edtf": format_bounds(when), "earliest": format_day(when.earliest), "latest": format_day(when.latest)}


def enveloped(
    answer: Answer,
    clocks: Clocks,
    refs: Mapping[str, str] | None = None,
    notices: Iterable[MergeNotice] | None = None,
) -> Answer:
    """The answer with its point of the clocks, the refs of its claims, and notices of merges."""
    if notices is not None:
        answer["notices"] = [{"kind": "merged", **notice._asdict()} for notice in notices]
    if refs is not None:
        answer["refs"] = refs
    answer["position"] = clocks.position
    answer["clocks"] = clocks_answer(clocks)
    return answer


def clocks_answer(clocks: Clocks) -> Answer:
    """A point of the clocks."""
    return {
        "as_of": day(clocks.as_of),
        "published_by": day(clocks.published_by),
        "recorded_by": {"position": clocks.position, "recorded_at": clocks.recorded_at},
        "according_to": clocks.according_to,
    }


def named(answer: Answer, refs: Mapping[str, str]) -> dict[str, str]:
    """The refs of the claims that an answer names, in the order of their ids."""
    return {claim: refs[claim] for claim in sorted(refs.keys() & set(_texts(answer)))}


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for item in value.values():
            yield from _texts(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
