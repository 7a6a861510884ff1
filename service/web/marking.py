"""A text with the places of claims in it marked; places may overlap, lie in each other, or be the same."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import NamedTuple


class Place(NamedTuple):
    """Where a claim is made, in code points, the end not included; `number` tells claims apart for a reader.

    `is_first`: the first of the places of its claim.
    """

    start: int
    end: int
    number: int
    claim: str
    is_first: bool = True


class Piece(NamedTuple):
    """Some text with the same claims on all of it; it is a link to the narrowest of them.

    `opening` are the places that begin with it, `closing` those that end with it.
    """

    text: str
    depth: int
    narrowest: Place | None
    opening: tuple[Place, ...]
    closing: tuple[Place, ...]


def marked(text: str, places: Collection[Place]) -> Iterator[Piece]:
    """The text in pieces, in order; a place that runs over its end is cut there, one beyond it is left out."""
    inside = sorted(place._replace(end=min(place.end, len(text))) for place in places if place.start < len(text))
    cuts = sorted({0, len(text), *(cut for place in inside for cut in place[:2])})
    waiting, active = inside[::-1], list[Place]()
    for start, end in zip(cuts, cuts[1:], strict=False):
        opening = []
        while waiting and waiting[-1].start == start:
            opening.append(waiting.pop())
        active += opening
        yield Piece(
            text[start:end],
            len(active),
            min(active, key=lambda place: (place.end - place.start, place.number), default=None),
            tuple(opening),
            tuple(sorted((place for place in active if place.end == end), key=lambda place: place.number)),
        )
        active = [place for place in active if place.end > end]
