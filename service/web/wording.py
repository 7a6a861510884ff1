"""What the words of claims mean, in plain English: dates, rules, voices, modality and standing."""

from __future__ import annotations

import re
from calendar import month_name
from collections.abc import Mapping
from typing import Any

from events.errors import InvalidDate
from events.rules import Rule, parse_rule
from events.temporal import Bounds, format_day, span_of
from service.web.blueprint import PAGES

KINDS = {
    "author": "the author",
    "headline": "the headline",
    "speaker": "a speaker",
    "collective": "several together",
    "press_release": "a press release",
    "unnamed_report": "a report that names nobody",
}
MODALITIES = {
    "done": ("it happened, or is so", "it did not happen, or is not so"),
    "ongoing": ("it is going on", "it is not going on"),
    "announced": ("it was announced", "it was announced that it is not so"),
    "scheduled": ("a day is set for it", "no day is set for it"),
    "planned": ("it is planned", "it is not planned"),
    "proposed": ("it is proposed", "it is not proposed"),
    "opinion": ("an opinion that it is so", "an opinion that it is not so"),
    "reported": ("it is reported to be so", "it is reported not to be so"),
    "denied": ("it is denied", "it is denied"),
}
EXCLUDED = {
    "corrected": "corrected",
    "superseded": "superseded",
    "retracted": "withdrawn",
    "headline": "a headline that its own article contradicts",
}
STANDINGS = {
    "live": "counts",
    "contested": "counts, and is contested",
    "corrected": "does not count: it was corrected",
    "superseded": "does not count: another claim took its place",
    "retracted": "does not count: it was withdrawn",
    "headline": "does not count: a headline that its own article contradicts",
}
RESPONSES = {
    "deny": "denied",
    "dispute": "disputed",
    "confirm": "confirmed",
    "contradict": "contradicted",
    "correct": "corrected",
    "retract": "withdrawn",
    "supersede": "superseded",
}
_CLASHES = {"clash": "claims of the same days that cannot all be right"}
_UNITS = {"days_before": "day", "days_after": "day", "months_before": "month", "years_before": "year"}
_WEB = re.compile("https?://", re.ASCII)


@PAGES.app_template_filter()
def days(when: Mapping[str, Any] | None) -> str:
    """The days that a range can mean, as {earliest, latest}."""
    if when is None:
        return "some day"
    first, last = when["earliest"], when["latest"]
    if first == last:
        return f"on {first}" if first else "some day"
    if first is None:
        return f"on {last} or before"
    return f"between {first} and {last}" if last else f"on {first} or after"


@PAGES.app_template_filter()
def edtf_words(edtf: str) -> str:
    """What an EDTF date of a claim means, its end with it; empty where it is one day and needs no words."""
    span = span_of(edtf)
    if span.until is None and format_day(span.start.earliest) == edtf:
        return ""
    start = days(_range(span.start))
    return start if span.until is None else f"{start}; over {days(_range(span.until))}"


@PAGES.app_template_filter()
def rule_words(time: Mapping[str, Any]) -> str:
    """How the date of a claim follows from its anchor."""
    try:
        rule = parse_rule(time["rule"])
    except InvalidDate:
        return str(time["rule"])
    return _rule_words(rule, time["anchor"] or "the day of publication")


@PAGES.app_template_filter()
def modality_words(claim: Mapping[str, Any]) -> str:
    """What a claim says of its matter: that it is so, planned, denied."""
    return MODALITIES[claim["modality"]][claim["polarity"] == "negative"]


@PAGES.app_template_filter()
def kind_words(kind: str) -> str:
    """By which kind of voice it is said."""
    return KINDS[kind]


@PAGES.app_template_filter()
def standing_words(standing: str) -> str:
    """Whether a claim counts."""
    return STANDINGS[standing]


@PAGES.app_template_filter()
def excluded_words(why: str) -> str:
    """Why a claim does not count."""
    return EXCLUDED[why]


@PAGES.app_template_filter()
def step_words(step: str) -> str:
    """A step of the chain through which a claim came, where it is no entity."""
    return KINDS.get(step, step)


@PAGES.app_template_filter()
def response_words(response: str) -> str:
    """What a response did to its target."""
    return RESPONSES[response]


@PAGES.app_template_filter()
def why_words(why: str) -> str:
    """Why a conflict is one."""
    kinds = why.split("+")
    return ", ".join(_CLASHES.get(kind) or RESPONSES[kind] for kind in kinds)


@PAGES.app_template_filter()
def spaced(word: str) -> str:
    """A word of the vocabulary, its parts set apart."""
    return word.replace("_", " ")


@PAGES.app_template_filter()
def web_address(url: str | None) -> str | None:
    """The address where it is one of the web and may be followed; None for any other."""
    return url if url is not None and _WEB.match(url) else None


@PAGES.app_template_filter()
def in_text(value: Any) -> str:
    """Any value of a record on one line."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case {"role": role, "entity": entity}:
            return f"{spaced(role)}: {entity}"
        case {"edtf": edtf}:
            rule = value.get("rule")
            return f"{edtf} ({rule} of {value.get('anchor')})" if rule else str(edtf)
        case dict():
            return "; ".join(f"{spaced(name)}: {in_text(item)}" for name, item in value.items())
        case list() | tuple():
            return ", ".join(map(in_text, value))
    return str(value)


def _range(when: Bounds) -> dict[str, str | None]:
    return {"earliest": format_day(when.earliest), "latest": format_day(when.latest)}


def _rule_words(rule: Rule, anchor: str) -> str:
    match rule.name:
        case "on_publication":
            return f"the day of publication, {anchor}"
        case "until_publication":
            return f"some day up to publication, {anchor}"
        case "from_publication":
            return f"some day from publication on, {anchor}"
        case "named_month":
            return f"the last {month_name[rule.number]} up to {anchor}"
        case "same_as":
            return f"the date of {rule.argument}"
    unit = _UNITS[rule.name] + ("" if rule.number == 1 else "s")
    return f"{rule.number} {unit} {'after' if rule.name == 'days_after' else 'before'} {anchor}"
