"""The refusals of the domain: a title, a stable name, a place."""

from __future__ import annotations

import pytest

from events.errors import Conflict, DomainError, Invalid, InvalidDate, StaleVersion, TooMany, Unknown, UnknownReference

CODES = {
    DomainError: "domain-error",
    Invalid: "invalid",
    InvalidDate: "invalid-date",
    TooMany: "too-many",
    Unknown: "unknown",
    UnknownReference: "unknown-reference",
    Conflict: "conflict",
    StaleVersion: "stale-version",
}


@pytest.mark.parametrize(("error", "code"), CODES.items(), ids=CODES.values())
def test_each_refusal_has_a_title_and_a_code(error: type[DomainError], code: str) -> None:
    refusal = error("the detail", "/place")
    assert (refusal.code, refusal.detail, refusal.pointer, str(refusal)) == (code, "the detail", "/place", "the detail")
    assert refusal.title.endswith(".") and "\n" not in refusal.title


def test_a_refusal_without_a_docstring_has_no_title() -> None:
    class Bare(DomainError): ...

    assert Bare("x").title == ""


def test_a_place_can_be_given_from_further_outside() -> None:
    refusal = InvalidDate("no such day", "/edtf").at("/claims/3/time")
    assert (type(refusal), refusal.detail, refusal.pointer) == (InvalidDate, "no such day", "/claims/3/time/edtf")
