"""Forms: what was typed, what of it is refused, and beside which field that is shown.

A field is named by the JSON Pointer of what it gives, so that the place of a refusal is the name of a field.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

import msgspec
from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from events.errors import DomainError
from service.errors import ReadSideBehind, ServiceError
from service.http import writing
from service.http.body import while_it_comes
from service.http.context import limits, timeline
from service.http.errors import TooLarge, UnsupportedMedia
from service.http.replicas import await_there
from service.http.statuses import detail_of, status_of
from service.intake import strict_json
from service.intake.errors import Fault, Misshapen
from service.intake.fields import Shape
from service.intake.schemas import load
from service.timeline.drafts import Draft
from service.timeline.views import Written
from service.web.blueprint import page

_MEDIA = ("application/x-www-form-urlencoded", "multipart/form-data")
_STEP = "step"
"""The name of the buttons of a form; the one that records has no value."""
MARK = "mark"
"""The name of the field that says for which login the form was made; it is nothing that was typed."""


_PLAINLY = {
    "Missing data for required field.": "This is needed.",
    "Not a valid integer.": "This is a whole number.",
    "Field may not be null.": "This is needed.",
}
"""What the shapes say of a field, for people."""


@dataclass(frozen=True)
class Form:
    """What was typed, by the names of the fields. A fault outside of all of them is shown at the top only."""

    given: Mapping[str, str]
    fields: Collection[str] = ()
    title: str = ""
    detail: str = ""
    faults: tuple[Fault, ...] = ()

    @property
    def step(self) -> str:
        """The button that was pressed; empty for the one that records."""
        return self.given.get(_STEP, "")

    def value(self, name: str, otherwise: str = "") -> str:
        """What was typed into a field."""
        return self.given.get(name, otherwise)

    def wrong(self, name: str) -> list[str]:
        """What is wrong with a field."""
        return [fault.detail for fault in self.faults if self.place(fault.pointer) == name]

    def place(self, pointer: str) -> str:
        """The field, or group of fields, beside which a fault is shown; empty where there is none."""
        holders = [name for name in {*self.fields, *self.given} if f"{pointer}/".startswith(f"{name}/")]
        return max(holders, key=len, default="")

    @staticmethod
    def label(pointer: str) -> str:
        """A place in words, with what comes in rows counted from one."""
        steps = (str(int(step) + 1) if step.isdecimal() else step for step in pointer.split("/"))
        return " ".join(steps).replace("_", " ").strip()

    def refused(self, error: DomainError | ServiceError) -> Form:
        """The form with why it was refused."""
        given = getattr(error, "faults", None) or [Fault(getattr(error, "pointer", ""), detail_of(error))]
        faults = tuple(Fault(pointer, _for_people(detail)) for pointer, detail in given if pointer)
        return replace(self, title=error.title, detail="" if faults else detail_of(error), faults=faults)


def sent(most: int | None = None) -> dict[str, str]:
    """The fields of a form that was sent, their lines as they were typed. UnsupportedMedia, TooLarge.

    `most`: how many bytes it may have, if not those of an article.
    """
    if request.mimetype not in _MEDIA:
        raise UnsupportedMedia(f"a form is sent as {' or '.join(_MEDIA)}")
    most = most or limits().article_body
    # One more than allowed: a longer form without a length is cut off there without a word.
    request.max_content_length = most + 1
    request.max_form_memory_size = most
    try:
        with while_it_comes():
            is_too_large = len(request.get_data()) > most
        given = {} if is_too_large else request.form
    except RequestEntityTooLarge:
        is_too_large, given = True, {}
    if is_too_large:
        raise TooLarge(f"a form has at most {most} bytes")
    return {name: value.replace("\r\n", "\n") for name, value in given.items() if name != MARK}


def loaded(shape: type[Shape], data: Mapping[str, Any], faults: Iterable[Fault] = ()) -> dict[str, Any]:
    """The fields of an object made from a form, through the same door as JSON. Misshapen with all faults."""
    found = list(faults)
    fields: dict[str, Any] = {}
    try:
        fields = load(shape, strict_json.parse(msgspec.json.encode(data), limits().json_depth))
    except Misshapen as error:
        found += error.faults
    if found:
        raise Misshapen(found[0].detail, found[0].pointer, found)
    return fields


def filled(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields without those in which there is nothing."""
    return {name: value for name, value in fields.items() if value not in ("", None, [], {})}


def lines(text: str) -> list[str]:
    """The lines of a text in which there is something."""
    return [line.strip() for line in text.splitlines() if line.strip()]


def listed(text: str) -> list[str]:
    """What stands between commas, or on lines of its own."""
    return [item.strip() for item in re.split("[,\n]", text) if item.strip()]


def recorded(draft: Draft, expected: int | None = None) -> Written:
    """Records a draft and waits, up to a limit, until the pages can show it."""
    outcome = writing.record([draft], expected)
    # It is recorded all the same; the page that shows it says how far the read side is.
    with suppress(ReadSideBehind):
        timeline().clocks(min_position=outcome.position)
    await_there(outcome.position)
    return outcome.items[0]


def refusal(template: str, form: Form, error: DomainError | ServiceError, **around: Any) -> Response:
    """The form again, with what was typed, and why it was refused."""
    return page(template, status_of(type(error)), form=form.refused(error), **around)


def _for_people(detail: str) -> str:
    """A refusal as a sentence."""
    plain = _PLAINLY.get(detail, detail)
    is_word = plain.partition(" ")[0].isalpha()
    return f"{plain[:1].upper() if is_word else plain[:1]}{plain[1:].removesuffix('.')}."
