"""The catalogue of bad input and the table of limits: each case and each limit has a test that names it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from service.limits import LIMITS
from service.settings import DatabaseSettings, Limits

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parents[1]
CASES = range(1, 84)
"""Those of the design (reliability, section 3). What is told of them elsewhere than in tests: docs/decisions/0074."""
NO_LIMITS = {"url", "pool_size"}
"""Fields of the settings of a database that bound nothing for those who ask."""


class Marked(NamedTuple):
    """A test, and what one of its marks says: `@pytest.mark.case(number=1)`."""

    test: str
    mark: str
    argument: str
    value: object


@cache
def all_tests() -> dict[str, list[Marked]]:
    """All tests of the tree, with their marks for cases and limits."""
    found: dict[str, list[Marked]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                found[f"{path.relative_to(TESTS)}::{node.name}"] = list(_marks(node))
    return found


def marked(mark: str, argument: str) -> set[object]:
    """What tests are marked with."""
    found = [one for marks in all_tests().values() for one in marks if one.mark == mark]
    assert {one.argument for one in found} == {argument}, "a mark names its argument, so that it can be chosen by it"
    return {one.value for one in found}


def _marks(test: ast.FunctionDef) -> Iterator[Marked]:
    if any(ast.unparse(one) == "pytest.mark.soak" for one in test.decorator_list):
        return  # that it is met is to be known from every run
    for one in test.decorator_list:
        match one:
            case ast.Call(
                func=ast.Attribute(value=ast.Attribute(attr="mark"), attr=("case" | "limit") as mark),
                keywords=[ast.keyword(arg=str(argument), value=ast.Constant(value))],
            ):
                yield Marked(test.name, mark, argument, value)


def test_every_case_of_the_catalogue_has_a_test() -> None:
    assert set(CASES) - marked("case", "number") == set()


def test_no_test_names_a_case_that_is_not_there() -> None:
    assert marked("case", "number") - set(CASES) == set()


def test_a_test_with_a_case_in_its_name_is_marked_with_it() -> None:
    for test, marks in all_tests().items():
        number = re.search("::test_case_([0-9]+)_", test)
        assert number is None or int(number[1]) in [one.value for one in marks], test


def test_every_limit_that_can_be_set_is_in_the_table() -> None:
    settable = {field.name for kind in (Limits, DatabaseSettings) for field in fields(kind)} - NO_LIMITS
    assert settable - {limit.name for limit in LIMITS} == set()


def test_every_limit_of_the_table_has_a_test_at_it_and_beyond_it() -> None:
    tested = marked("limit", "name")
    assert {limit.name for limit in LIMITS} - tested == set()
    assert tested - {limit.name for limit in LIMITS} == set()
