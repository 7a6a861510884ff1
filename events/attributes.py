"""The attributes of a claim: their one normal form, and what is refused."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from events.codes import COUNTRIES, CURRENCIES
from events.errors import DomainError, Invalid
from events.temporal import parse_edtf
from events.text import clean_id, clean_text
from events.values import Attributes
from events.vocabulary import RELATIONS, STAGES, ClaimType, relation_key

MOST_ATTRIBUTES = 100
_NAME = re.compile("[a-z][a-z0-9_]{0,63}")
_DECIMAL = re.compile(r"-?[0-9]{1,20}(?:\.[0-9]{1,4})?")
_DIGITS = 20
_TOO_LARGE = 10**20
_TEXTUAL = frozenset(
    (
        "title",
        "level",
        "version",
        "release",
        "term",
        "round",
        "change",
        "platform",
        "market",
        "motion",
        "stance",
    )
    + (
        "wording",
        "aspect",
        "measure",
        "target",
        "by",
        "scope",
        "condition",
        "activity",
        "headquarters",
        "licence",
        "kind",
    )
)


def normal_attributes(claim_type: ClaimType, attributes: Attributes) -> Attributes:
    """The attributes in normal form: sorted, nulls left out, numbers as decimal text, relations with one key.

    Invalid, with the place, for what the type does not take.
    """
    if len(attributes) > MOST_ATTRIBUTES:
        raise Invalid(f"a claim has at most {MOST_ATTRIBUTES} attributes", "/attributes")
    normal = {}
    for name in sorted(attributes):
        if attributes[name] is None:
            continue
        pointer = f"/attributes/{name}"
        if not _NAME.fullmatch(name):
            raise Invalid("the name of an attribute is made of lower-case letters, digits and _", "/attributes")
        normal[name] = _normal(claim_type, name, attributes[name], pointer)
    for needed in claim_type.required:
        if not any(name in normal for name in needed.split("|")):
            raise Invalid(
                f"a claim of type {claim_type.name} needs the attribute {needed.replace('|', ' or ')}", "/attributes"
            )
    return normal


def _normal(claim_type: ClaimType, name: str, value: Any, pointer: str) -> Any:
    if name in claim_type.values:
        return _one_of(claim_type.values[name], value, pointer)
    special = _SPECIAL.get(name)
    if special is not None:
        return special(value, pointer)
    if name in _TEXTUAL and not isinstance(value, str):
        raise Invalid(f"{name} is a text", pointer)
    return _plain(value, pointer)


def _plain(value: Any, pointer: str) -> Any:
    """Text, truth, number, or a list of these."""
    if isinstance(value, list | tuple):
        if any(isinstance(item, list | tuple) or item is None for item in value):
            raise Invalid("a list holds texts, numbers or truth values", pointer)
        return [_plain(item, f"{pointer}/{index}") for index, item in enumerate(value)]
    if isinstance(value, bool):
        return value
    if isinstance(value, int | Decimal):
        return _decimal(value, pointer)
    if isinstance(value, str):
        text = clean_text(value, pointer).strip()
        if not text:
            raise Invalid("an attribute may not be empty; leave it out", pointer)
        return text
    raise Invalid("an attribute is a text, a number, a truth value or a list of these", pointer)


def _decimal(value: Any, pointer: str) -> str:
    """A number as its shortest text: at most 20 digits, 4 of them behind the point; no exponent, no minus zero."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal | str):
        raise Invalid("this is a number", pointer)
    text = value if isinstance(value, str) else format(Decimal(value), "f") if _is_small(value) else ""
    if not _DECIMAL.fullmatch(text) or sum(char.isdigit() for char in text) > _DIGITS:
        raise Invalid("a number has at most 20 digits, at most 4 of them behind the point", pointer)
    number = Decimal(text)
    return format(number.normalize(), "f") if number else "0"


def _is_small(value: int | Decimal) -> bool:
    """Whether writing the number out is bounded work."""
    if isinstance(value, int):
        return abs(value) < _TOO_LARGE
    return value.is_finite() and abs(value.adjusted()) <= _DIGITS and len(value.as_tuple().digits) <= 2 * _DIGITS


def _not_negative(value: Any, pointer: str) -> str:
    number = _decimal(value, pointer)
    if number.startswith("-"):
        raise Invalid("this may not be negative", pointer)
    return number


def _percentage(value: Any, pointer: str) -> str:
    number = _not_negative(value, pointer)
    if Decimal(number) > 100:
        raise Invalid("a stake is a percentage from 0 to 100", pointer)
    return number


def _one_of(known: Any, value: Any, pointer: str) -> str:
    if not isinstance(value, str) or value not in known:
        raise Invalid(f"this is one of: {', '.join(sorted(known))}", pointer)
    return value


def _code(known: frozenset[str], what: str) -> Callable[[Any, str], str]:
    def check(value: Any, pointer: str) -> str:
        if not isinstance(value, str) or value not in known:
            raise Invalid(f"{value!r} is not {what}", pointer)
        return value

    return check


def _edtf(value: Any, pointer: str) -> str:
    if not isinstance(value, str):
        raise Invalid("a date is a text", pointer)
    try:
        return parse_edtf(value).text
    except DomainError as error:
        raise error.at(pointer) from None


def _moves(value: Any, pointer: str) -> dict[str, str]:
    """The relation that a vote would open."""
    if not isinstance(value, dict) or set(value) != {"relation", "subject", "object"}:
        raise Invalid("moves is an object with relation, subject and object", pointer)
    if any(not isinstance(part, str) for part in value.values()):
        raise Invalid("relation, subject and object are texts", pointer)
    if value["relation"] not in RELATIONS:
        raise Invalid(f"a relation is one of: {', '.join(sorted(RELATIONS))}", f"{pointer}/relation")
    subject = clean_id(value["subject"], f"{pointer}/subject")
    other = clean_id(value["object"], f"{pointer}/object")
    if subject == other:
        raise Invalid("an entity has no relation with itself", f"{pointer}/object")
    relation, subject, other = relation_key(value["relation"], subject, other)
    return {"relation": relation, "subject": subject, "object": other}


_SPECIAL: dict[str, Callable[[Any, str], Any]] = {
    "amount": _not_negative,
    "price": _not_negative,
    "stake": _percentage,
    "currency": _code(CURRENCIES, "a currency code of ISO 4217"),
    "country": _code(COUNTRIES, "a country code of ISO 3166-1"),
    "stage": lambda value, pointer: _one_of(STAGES, value, pointer),
    "due": _edtf,
    "moves": _moves,
}
