"""The attributes of a claim: their normal form, and what is refused."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from events.attributes import MOST_ATTRIBUTES, normal_attributes
from events.errors import Invalid, InvalidDate
from events.vocabulary import CLAIM_TYPES

MOVES = {"relation": "member_of", "subject": "ant", "object": "guild"}


def normal(claim_type: str = "investment", /, **attributes: Any) -> dict[str, Any]:
    return normal_attributes(CLAIM_TYPES[claim_type], attributes)


def refusal(claim_type: str = "investment", /, **attributes: Any) -> Invalid:
    with pytest.raises(Invalid) as refused:
        normal(claim_type, **attributes)
    return refused.value


def test_attributes_are_sorted_and_nulls_are_left_out() -> None:
    assert list(normal(round="A", note=None, amount=1)) == ["amount", "round"]


@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("text ", "text"),
        ("e\u0301", "\u00e9"),
        (True, True),
        (False, False),
        (7, "7"),
        (-7, "-7"),
        (Decimal("1.50"), "1.5"),
        (Decimal("1E+3"), "1000"),
        (Decimal("-0.0"), "0"),
        (10**20 - 1, "9" * 20),
        (["b", 2, True], ["b", "2", True]),
        (("a",), ["a"]),
        ([], []),
    ],
)
def test_a_free_attribute_is_a_text_a_number_a_truth_value_or_a_list(sent: Any, stored: Any) -> None:
    assert normal(note=sent) == {"note": stored}


@pytest.mark.parametrize("value", ["", "  ", {"a": 1}, [["a"]], [None], [("a",)], 1.5, b"bytes", ["ok", ""], [{}]])
def test_other_values_are_refused(value: Any) -> None:
    assert refusal(note=value).pointer.startswith("/attributes/note")


def test_the_place_within_a_list_is_told() -> None:
    assert refusal(note=["ok", ""]).pointer == "/attributes/note/1"


@pytest.mark.parametrize("name", ["Amount", "1st", "_x", "a-b", "a" * 65, ""])
def test_the_name_of_an_attribute_is_plain(name: str) -> None:
    assert refusal(**{name: "x"}).pointer == "/attributes"


@pytest.mark.limit(name="attributes")
def test_attributes_have_a_limit() -> None:
    assert len(normal(**{f"a{n}": "x" for n in range(MOST_ATTRIBUTES)})) == MOST_ATTRIBUTES
    assert "at most 100" in refusal(**{f"a{n}": "x" for n in range(MOST_ATTRIBUTES + 1)}).detail


@pytest.mark.parametrize("name", ["title", "scope", "motion", "wording", "kind", "platform"])
def test_what_must_be_a_text_is_no_number(name: str) -> None:
    assert refusal(**{name: 1}).detail == f"{name} is a text"


@pytest.mark.parametrize("value", ["100", 100, Decimal("100.0")])
def test_a_figure_may_be_a_text_or_a_number(value: Any) -> None:
    assert normal("market_fact", measure="staff", value=value)["value"] == "100"


@pytest.mark.parametrize(
    ("sent", "stored"),
    [("007", "7"), ("1.50", "1.5"), (10, "10"), ("-0", "0"), ("0.0001", "0.0001"), (Decimal("2E+1"), "20")],
)
def test_an_amount_is_a_decimal_in_its_shortest_form(sent: Any, stored: str) -> None:
    assert normal(amount=sent) == {"amount": stored}


@pytest.mark.parametrize(
    "value",
    [
        *("1e5", "1,000", "", "1.23456", ".5", "5.", "9" * 21, "1" * 20 + ".5", "½", "１"),
        *(True, 1.5, ["1"], None.__class__, 10**20, -(10**20), 10**5000),
        *(Decimal("NaN"), Decimal("Infinity"), Decimal("1E+999999"), Decimal("1E-999999"), Decimal("0.00001")),
        Decimal("1." + "0" * 50),
    ],
    ids=lambda value: repr(value)[:24] if not isinstance(value, int) else "integer",
)
def test_a_number_out_of_bounds_is_refused(value: Any) -> None:
    assert refusal(price=value).pointer == "/attributes/price"


def test_an_amount_may_not_be_negative() -> None:
    assert refusal(amount="-1").detail == "this may not be negative"


def test_a_stake_is_a_percentage() -> None:
    assert normal(stake="100") == {"stake": "100"}
    assert "from 0 to 100" in refusal(stake="100.1").detail
    assert "negative" in refusal(stake="-1").detail


@pytest.mark.parametrize(("name", "code"), [("currency", "USD"), ("currency", "DEM"), ("country", "DE")])
def test_codes_are_those_of_iso(name: str, code: str) -> None:
    assert normal(**{name: code}) == {name: code}
    assert "is not a" in refusal(**{name: code.lower()}).detail
    assert "is not a" in refusal(**{name: 1}).detail


def test_a_stage_is_one_of_those_known() -> None:
    assert normal(stage="closed") == {"stage": "closed"}
    assert refusal(stage="begun").detail.startswith("this is one of: admitted, agreed,")
    assert refusal(stage=["closed"]).pointer == "/attributes/stage"


def test_a_due_date_is_a_date() -> None:
    assert normal(due="2014-05/..") == {"due": "2014-05/.."}
    assert refusal(due=2014).detail == "a date is a text"
    refused = refusal(due="2014-13")
    assert (type(refused), refused.pointer) == (InvalidDate, "/attributes/due")


@pytest.mark.parametrize(
    ("moves", "place"),
    [
        ("member_of", "/attributes/moves"),
        ({"relation": "member_of", "subject": "ant"}, "/attributes/moves"),
        (MOVES | {"more": "x"}, "/attributes/moves"),
        (MOVES | {"subject": 1}, "/attributes/moves"),
        (MOVES | {"relation": "likes"}, "/attributes/moves/relation"),
        (MOVES | {"subject": "The Ant"}, "/attributes/moves/subject"),
        (MOVES | {"object": ""}, "/attributes/moves/object"),
        (MOVES | {"object": "ant"}, "/attributes/moves/object"),
    ],
)
def test_what_a_vote_moves_is_a_relation_between_two(moves: Any, place: str) -> None:
    assert refusal("governance_vote", moves=moves).pointer == place


def test_what_a_vote_moves_has_the_one_key_of_its_relation() -> None:
    sent = {"relation": "partner_of", "subject": "bee", "object": "ant"}
    assert normal("governance_vote", moves=sent)["moves"] == {
        "relation": "partner_of",
        "subject": "ant",
        "object": "bee",
    }


@pytest.mark.parametrize(
    ("kind", "attributes", "missing"),
    [
        ("governance_vote", {}, "motion or moves"),
        ("statement", {"wording": "x"}, "stance"),
        ("market_fact", {"measure": "staff"}, "value"),
        ("market_fact", {"value": "0"}, "measure"),
        ("response", {"response": "deny"}, "target"),
        ("statement", {"stance": None}, "stance"),
    ],
)
def test_what_a_type_needs_may_not_be_missing(kind: str, attributes: dict[str, Any], missing: str) -> None:
    assert refusal(kind, **attributes).detail == f"a claim of type {kind} needs the attribute {missing}"


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [("governance_vote", "outcome", "postponed"), ("governance_vote", "vote", "yes"), ("response", "response", "like")],
)
def test_attributes_with_few_values_take_no_others(kind: str, name: str, value: str) -> None:
    refused = refusal(kind, **{"motion": "m", "response": "deny", "target": "c", name: value})
    assert (refused.pointer, refused.detail[:16]) == (f"/attributes/{name}", "this is one of: ")
