"""What a key has to allow for a route, declared beside it. A route that declares nothing is not served."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from flask import Flask, Request

_NAME = "demands"


class Demand(NamedTuple):
    """The scopes that a key needs; without any, every good key will do. Where it `is_open` nobody needs one.

    `records`: what is wished for is recorded, or acts for what is, so that a follower leaves it to its leader.
    """

    scopes: tuple[str, ...] = ()
    is_open: bool = False
    records: bool = True


OPEN = Demand(is_open=True)
ANY_KEY = Demand()


class Undeclared(Exception):
    """Routes do not say what a key has to allow for them."""


def needs(*scopes: str, records: bool = True) -> Demand:
    """A key with all of these."""
    return Demand(scopes, records=records)


def declare(view: Callable[..., Any], demand: Demand, *methods: str) -> None:
    """Says what a key has to allow for a view, asked in one of these ways."""
    setattr(view, _NAME, getattr(view, _NAME, {}) | dict.fromkeys(methods, demand))


def demand_declared(app: Flask) -> None:
    """Undeclared, with their names, where there are routes that nobody has thought about."""
    missing = [
        f"{method} {rule.rule}"
        for rule in app.url_map.iter_rules()
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"})
        if method not in getattr(app.view_functions[rule.endpoint], _NAME, {})
    ]
    if missing:
        raise Undeclared(", ".join(missing))


def demanded(app: Flask, request: Request) -> Demand:
    """What a request needs. Only who has a key is told that an address is none, or takes no such method."""
    if request.url_rule is None:
        return ANY_KEY
    declared = getattr(app.view_functions[request.url_rule.endpoint], _NAME, {})
    if request.method == "OPTIONS":
        return OPEN if OPEN in declared.values() else ANY_KEY
    found: Demand = declared["GET" if request.method == "HEAD" else request.method]
    return found
