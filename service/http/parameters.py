"""The parameters of a query, checked against a shape. No web framework: the feed process reads them so as well."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from service.feeds.cursor import NAME
from service.http.errors import BadQuery
from service.intake.errors import Fault, Misshapen
from service.intake.fields import Shape
from service.intake.schemas import load


def once(given: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Each parameter with its value. BadQuery for one that is given more than once."""
    twice = [Fault(f"/{name}", "Given more than once.") for name, values in given.items() if len(values) > 1]
    if twice:
        raise BadQuery(twice[0].detail, twice[0].pointer, twice)
    return {name: values[0] for name, values in given.items()}


def resumed(given: Mapping[str, str], last: str | None) -> dict[str, str]:
    """Parameters of a feed with the last id of a header, which counts more than where they say to begin."""
    if not last:
        return dict(given)
    return {name: value for name, value in given.items() if name not in ("since", "after")} | {NAME: last}


def parsed(shape: type[Shape], given: Mapping[str, str], partial: bool = False) -> dict[str, Any]:
    """What parameters mean. BadQuery with every fault; if partial, none is needed."""
    try:
        return dict(_loaded(shape, tuple(given.items()), partial))
    except Misshapen as error:
        raise BadQuery(error.detail, error.pointer, error.faults) from None


@lru_cache(500)
def _loaded(shape: type[Shape], given: tuple[tuple[str, str], ...], partial: bool) -> dict[str, Any]:
    """The same question comes over and over again."""
    return load(shape, dict(given), partial)
