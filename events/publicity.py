"""Publicity: by which day of publication a matter is told of, and by which everything about it is told."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from events.temporal import AFTER_ALL, BEFORE_ALL, Bounds


class Publicity(NamedTuple):
    """Before `first` nothing that bears on a matter is public; from `last` on all is, and it is what is believed.

    As published by a day in between, something of its own may be told of it.
    """

    first: int
    last: int


UNSURE = Publicity(BEFORE_ALL, AFTER_ALL)
"""Of a matter on which something bore that does so no more, or rests on several articles: on some day it may count."""
SILENT = Publicity(BEFORE_ALL, BEFORE_ALL)
"""Of a matter on which nothing bears."""


def publicity(published: Collection[Bounds]) -> Publicity:
    """That of a matter on which claims bear, each of an article published then; responses to them among them."""
    if not published:
        return SILENT
    return Publicity(min(when.latest for when in published), max(when.latest for when in published))
