"""No text takes long, whoever looks at it: every expression of the code, and every check that texts come to."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import chain
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

import pytest

import events
import frenemies
import service
from events.errors import DomainError
from events.identity import canonical_url
from events.rules import parse_rule
from events.temporal import parse_day, parse_edtf, parse_published
from events.text import clean_id, clean_name, clean_text, folded, skeleton
from service.feeds.cursor import parse_cursor
from service.timeline.clocks import parse_instant
from service.timeline.tokens import parse_token

LENGTH = 65_536
SECONDS = 0.05
"""Of the processor, so that a busy machine makes nobody slow."""
LITERAL = re.compile(r"(?<!\\)[A-Za-z0-9 .,:;/_+%~\"'<=@-]")
METHODS = {"match", "fullmatch", "search", "sub", "split", "findall", "finditer"}


def modules() -> Iterator[ModuleType]:
    """All of ours that can be imported."""
    for package in (events, frenemies, service):
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith(("__main__", "wsgi", "asgi", "_config")):
                yield importlib.import_module(found.name)


class Use(NamedTuple):
    """A regular expression, and the method by which it is asked."""

    pattern: str
    method: str


@cache
def uses() -> dict[Use, str]:
    """The regular expressions of the code as they are used, and where each of them stands."""
    found: dict[Use, str] = {}
    for module in modules():
        source = Path(str(module.__file__)).read_text()
        for name, value in vars(module).items():
            if isinstance(value, re.Pattern) and isinstance(value.pattern, str):
                for method in METHODS.intersection(re.findall(rf"\b{name}\.(\w+)", source)):
                    found.setdefault(Use(value.pattern, method), f"{module.__name__}.{name}")
        for node in ast.walk(ast.parse(source)):
            match node:
                case ast.Call(
                    func=ast.Attribute(value=ast.Name(id="re"), attr=str(method)), args=[ast.Constant(str(text)), *_]
                ) if method in METHODS:
                    found.setdefault(Use(text, method), f"{module.__name__}:{node.lineno}")
    return found


def hostile(letters: str = "") -> Iterator[str]:
    """Long texts of these letters and some others, alone and in pairs, which end in something else."""
    own = sorted(set(letters))
    bits = [*own, *"a0-. ", *(f"{one}{other}" for one in own[:5] for other in own[:5] if one != other)]
    for bit in dict.fromkeys(bits):
        for end in "!", "\0":
            yield (bit * LENGTH)[: LENGTH - 1] + end


def slow(work: Callable[[str], object], texts: Iterator[str]) -> list[str]:
    """The texts that take too long, each given a second chance."""
    return [text[:20] for text in texts if _seconds(work, text) > SECONDS and _seconds(work, text) > SECONDS]


def _seconds(work: Callable[[str], object], text: str) -> float:
    begun = time.thread_time()
    with suppress(DomainError, ValueError):
        work(text)
    return time.thread_time() - begun


def asking(use: Use) -> Callable[[str], object]:
    """What asks the expression about a text."""
    compiled = re.compile(use.pattern)
    if use.method == "sub":
        return lambda text: compiled.sub("", text)
    asked: Callable[[str], object] = getattr(compiled, use.method)
    return asked if use.method != "finditer" else lambda text: list(compiled.finditer(text))


@pytest.mark.slow
def test_the_expressions_of_the_code_are_found() -> None:
    places = set(uses().values())
    assert {"events.text._ENTITY_ID", "service.timeline.clocks._INSTANT"} <= places
    assert len(places) > 30


def test_an_expression_that_takes_long_would_be_noticed() -> None:
    assert slow(asking(Use("(?:a?a)+b", "fullmatch")), iter(["a" * 30 + "!"]))


@pytest.mark.slow
@pytest.mark.case(number=59)
def test_case_59_no_expression_takes_long() -> None:
    """ReDoS text on every validator (`aaaa...!` 64 KiB): < 50 ms, no nested quantifiers"""
    found = {
        place: texts
        for use, place in uses().items()
        if (texts := slow(asking(use), hostile("".join(LITERAL.findall(use.pattern)))))
    }
    assert found == {}


CHECKS: list[Callable[[str], object]] = [
    clean_text,
    clean_name,
    clean_id,
    folded,
    skeleton,
    canonical_url,
    parse_edtf,
    parse_published,
    parse_day,
    parse_rule,
    parse_instant,
    parse_cursor,
    parse_token,
]


@pytest.mark.case(number=59)
@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_case_59_no_check_of_a_text_takes_long(check: Callable[[str], object]) -> None:
    """ReDoS text on every validator (`aaaa...!` 64 KiB): < 50 ms"""
    known = [
        "2014-01-01/" * 6_000,
        "[2014..2015]," * 5_000,
        "http://" + "a." * 32_000,
        "e\u0301" * 30_000,
        "http://" + "\u00e9" * 2_000,
    ]
    assert slow(check, chain(hostile("aT:/[%=("), known)) == []
