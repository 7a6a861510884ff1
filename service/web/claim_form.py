"""The fields of a claim as they are typed, and the data that they give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from events.errors import DomainError, InvalidDate
from events.rules import SAME_AS, parse_rule, resolve
from events.validation import MOST_PARTICIPANTS
from events.values import ClaimContent, ClaimTime
from service.intake.errors import Fault
from service.web.choices import CHOICES, MOVES, MOVES_PARTS
from service.web.forms import filled, listed
from service.web.names import entity_named

PEOPLE, MORE, ATTRIBUTES = "/participants", "/more", "/attributes"
ROWS: Mapping[str, tuple[str, ...]] = {PEOPLE: ("role", "entity"), MORE: ("name", "value")}
"""Fields that come in rows, with the parts of a row; what is typed into the last of them makes it one."""
VOICE = ("kind", "agent", "affiliation", "chain")
FIELDS = frozenset(
    (
        *("/type", "/modality", "/polarity", "/ref", "/reason", "/article", PEOPLE, ATTRIBUTES),
        *("/asserted_by", *(f"/asserted_by/{name}" for name in VOICE)),
        *("/time", "/time/kind", "/time/edtf", "/time/expression", "/time/anchor", "/time/rule", "/time/argument"),
        f"{ATTRIBUTES}/{MOVES}",
        *("/evidence", "/evidence/position", "/evidence/summary", "/evidence/position/start", "/evidence/position/end"),
        "/evidence/quote/exact",
    )
)
_ROW = re.compile(r"(/participants|/more)/([0-9]{1,3})/(?:role|entity|name|value)")
_ROWS_OFFERED = MOST_PARTICIPANTS


def compacted(given: Mapping[str, str]) -> dict[str, str]:
    """What was typed, the rows in which nothing is typed left out and the others counted anew."""
    kept = {name: value for name, value in given.items() if not _ROW.fullmatch(name)}
    for group, parts in ROWS.items():
        numbers = sorted({int(match[2]) for name in given if (match := _ROW.fullmatch(name)) and match[1] == group})
        rows = [[given.get(f"{group}/{number}/{part}", "") for part in parts] for number in numbers]
        full = (row for row in rows if row[-1].strip() or (group == MORE and row[0].strip()))
        for index, row in enumerate(full):
            kept |= {f"{group}/{index}/{part}": value for part, value in zip(parts, row, strict=True)}
    return kept


def rows(given: Mapping[str, str], group: str) -> list[dict[str, str]]:
    """The rows of a group that were typed, in order; `given` is compacted."""
    parts = ROWS[group]
    found: list[dict[str, str]] = []
    while any(f"{group}/{len(found)}/{part}" in given for part in parts):
        found.append({part: given.get(f"{group}/{len(found)}/{part}", "") for part in parts})
    return found


def rows_shown(given: Mapping[str, str], type_: str, is_more_wanted: bool) -> dict[str, list[dict[str, str]]]:
    """The rows to show: those typed, those that the type still asks for, and more where more are wanted."""
    people, more = rows(given, PEOPLE), rows(given, MORE)
    offered = [{"role": role, "entity": ""} for role in CHOICES[type_].missing([row["role"] for row in people])]
    extra = [{"role": "", "entity": ""}] * (3 if is_more_wanted or not offered else 0)
    blank = [{"name": "", "value": ""}] * (3 if is_more_wanted else 1)
    return {PEOPLE: people + (offered + extra)[: max(_ROWS_OFFERED - len(people), 0)], MORE: more + blank}


class ClaimReader:
    """Reads what was typed about a claim. `faults` is what is wrong with it already, before it has a shape."""

    def __init__(self, given: Mapping[str, str], known: Mapping[str, Any] | None = None) -> None:
        """`known` are attributes that stay as they are unless something else was typed."""
        self._given = given
        self._known = known or {}
        self.faults: list[Fault] = []

    def said(self, published: str | None = None) -> dict[str, Any]:
        """The data of what a claim says, without article and evidence. `published` is what its rule counts from."""
        return filled(
            {
                "type": self._text("/type"),
                "participants": [
                    filled({"role": row["role"].strip(), "entity": self._entity(row["entity"], f"{PEOPLE}/{n}/entity")})
                    for n, row in enumerate(rows(self._given, PEOPLE))
                ],
                "asserted_by": self.voice("/asserted_by"),
                "modality": self._text("/modality"),
                "polarity": self._text("/polarity"),
                "time": self._time(published),
            }
        ) | {"attributes": self._attributes()}

    def voice(self, place: str) -> dict[str, Any]:
        """Who says it."""
        named = {
            name: [
                self._entity(one, f"{place}/{name}/{n}") for n, one in enumerate(listed(self._text(f"{place}/{name}")))
            ]
            for name in ("agent", "affiliation")
        }
        return filled({"kind": self._text(f"{place}/kind"), **named, "chain": listed(self._text(f"{place}/chain"))})

    def _text(self, name: str) -> str:
        return self._given.get(name, "").strip()

    def _attributes(self) -> dict[str, Any]:
        offered = CHOICES[self._text("/type")].attributes if self._text("/type") in CHOICES else ()
        typed = {name: self._text(f"{ATTRIBUTES}/{name}") for name in offered if name != MOVES}
        for index, row in enumerate(rows(self._given, MORE)):
            name = row["name"].strip()
            if typed.get(name):
                self.faults.append(Fault(f"{MORE}/{index}/name", "Given twice."))
            typed[name] = row["value"].strip()
            if not name or not typed[name]:
                self.faults.append(Fault(f"{MORE}/{index}/value", "An attribute has a name and a value."))
        made = {name: self._as_known(name, value) for name, value in typed.items() if value}
        return made | filled({MOVES: self._moves() if MOVES in offered else None})

    def _as_known(self, name: str, value: str) -> Any:
        known = self._known.get(name)
        return known if known is not None and shown(known) == value else value

    def _moves(self) -> dict[str, str]:
        place = f"{ATTRIBUTES}/{MOVES}"
        typed = {part: self._text(f"{place}/{part}") for part in MOVES_PARTS}
        ends = {part: self._entity(typed[part], f"{place}/{part}") for part in MOVES_PARTS[1:]}
        return filled(typed | ends)

    def _time(self, published: str | None) -> dict[str, Any]:
        time = {name: self._text(f"/time/{name}") for name in ("kind", "edtf", "expression", "anchor")}
        rule, argument = self._text("/time/rule"), self._text("/time/argument")
        whole = f"{rule}({argument})" if rule and argument else rule
        if not time["edtf"] and whole:
            time["edtf"] = _date_of(whole, time["anchor"] or published or "")
        return filled(time | {"rule": whole})

    def _entity(self, text: str, place: str) -> str:
        try:
            return entity_named(text.strip(), place)
        except DomainError as error:
            self.faults.append(Fault(error.pointer, error.detail))
            return text.strip()


def typed_of(content: ClaimContent) -> dict[str, str]:
    """What would be typed to say what a claim says."""
    given = {"/type": content.type, "/modality": content.modality, "/polarity": content.polarity}
    for index, participant in enumerate(content.participants):
        given |= {f"{PEOPLE}/{index}/role": participant.role, f"{PEOPLE}/{index}/entity": participant.entity}
    given |= {f"/asserted_by/{name}": _joined(getattr(content.asserted_by, name)) for name in VOICE}
    return given | dict(_typed_attributes(content)) | _typed_time(content.time)


def shown(value: Any) -> str:
    """The value of an attribute as it stands in a field."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _typed_attributes(content: ClaimContent) -> Iterator[tuple[str, str]]:
    offered, number = CHOICES[content.type].attributes, 0
    for name, value in content.attributes.items():
        if name == MOVES and name in offered:
            yield from ((f"{ATTRIBUTES}/{MOVES}/{part}", value[part]) for part in MOVES_PARTS)
        elif name in offered:
            yield f"{ATTRIBUTES}/{name}", shown(value)
        else:
            yield from ((f"{MORE}/{number}/name", name), (f"{MORE}/{number}/value", shown(value)))
            number += 1


def _typed_time(time: ClaimTime) -> dict[str, str]:
    rule = parse_rule(time.rule) if time.rule else None
    return {
        "/time/kind": time.kind,
        "/time/edtf": time.edtf,
        "/time/expression": time.expression or "",
        "/time/anchor": time.anchor or "",
        "/time/rule": rule.name if rule else "",
        "/time/argument": rule.argument if rule else "",
    }


def _joined(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else ", ".join(value)


def _date_of(rule: str, anchor: str) -> str:
    """The date that a rule gives; empty where it gives none, which is refused later and with the reason."""
    try:
        parsed = parse_rule(rule)
        return "" if parsed.name == SAME_AS else resolve(parsed, anchor)
    except InvalidDate:
        return ""
