"""Writes the pages of docs/ that come from the code: `make docs`. A test compares them with the code."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from events import values
from events.codec import topic_of
from events.errors import DomainError
from events.event_types import CLAIMED, EVENT_TYPES, Claimed, DomainEvent
from events.vocabulary import CLAIM_TYPES, ClaimType
from service.cli import cli
from service.errors import ServiceError
from service.http.problems import code_of, status_of

HERE = Path(__file__).parent
WIDTH = 100


def event_types() -> str:
    """docs/event-types.md."""
    lines = [
        "# Event types",
        "",
        "*Written by `make docs` from `events/event_types.py`.*",
        "",
        "An event is stored under its name and the version of its shape. The state is JSON; fields at their",
        "default are left out. Stored events are never rewritten: when a shape changes, its version grows and",
        "`events/upcasting.py` lifts older ones on reading. Every event also carries `recorder`: who put it in.",
        "",
        "## Entities and articles",
        *_events(event for event in EVENT_TYPES if event.__name__.startswith(("Entity", "Article"))),
        "## Claims: one event for each type",
        "",
        f"All of them have these fields. {_doc(Claimed)}",
        "",
        *_fields(Claimed),
        "| event | claim type | what is said | roles | relation |",
        "|---|---|---|---|---|",
        *(_claim_row(CLAIM_TYPES[name], event) for name, event in CLAIMED.items()),
        "",
        "## What happens to a claim afterwards",
        *_events(event for event in EVENT_TYPES if event.__name__.startswith(("Claim", "Evidence"))),
        "## Values",
        *_values(),
    ]
    return "\n".join(lines).replace("\n\n\n", "\n\n").rstrip() + "\n"


def command_line() -> str:
    """docs/cli.md."""
    parts = ["# Command line", "", "*Written by `make docs` from `service/cli/`.*", "", *_help("frenemies", cli)]
    for name, command in sorted(cli.commands.items()):
        parts += ["", f"## {name}", "", *_help(f"frenemies {name}", command)]
    return "\n".join(parts) + "\n"


def refusals() -> str:
    """docs/errors.md."""
    lines = [
        "# Refusals",
        "",
        "*Written by `make docs` from the classes of errors and the table in `service/http/problems.py`.*",
        "",
        "Every refusal is `application/problem+json` (RFC 9457). Its `type` is `urn:frenemies:problem:` and the code",
        "below; `errors[]` names each thing that is wrong: `in` the body, the query, the path or a header, and where",
        "there (a JSON Pointer).",
        "",
        "| code | status | means |",
        "|---|---|---|",
        *sorted(f"| `{code_of(error)}` | {status_of(error)} | {_doc(error)} |" for error in _errors()),
        "",
        "Besides: `not-found` (404, no such address), `method-not-allowed` (405), `bad-request` (400), and",
        "`internal-error` (500), which is a fault of ours; the log has it under the `request_id`.",
    ]
    return "\n".join(lines) + "\n"


PAGES = {"event-types.md": event_types, "cli.md": command_line, "errors.md": refusals}


def _errors() -> Iterator[type[Exception]]:
    """All errors that have an answer of their own."""
    waiting: list[type[Exception]] = [DomainError, ServiceError]
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        is_named = error.__module__.startswith(("events.", "service.")) and not error.__name__.startswith("_")
        if is_named and status_of(error) != 500:
            yield error


def _help(name: str, command: click.Command) -> list[str]:
    context = click.Context(
        command,
        info_name=name,
        terminal_width=WIDTH,
        max_content_width=WIDTH,
        help_option_names=cli.context_settings["help_option_names"],
    )
    return ["```", *(line.rstrip() for line in command.get_help(context).splitlines()), "```"]


def _events(events: typing.Iterable[type[DomainEvent]]) -> Iterator[str]:
    for event in events:
        yield from ("", f"### {topic_of(event)}", "", _doc(event), "", *_fields(event))


def _values() -> Iterator[str]:
    for value in vars(values).values():
        if isinstance(value, type) and issubclass(value, values.Value) and value is not values.Value:
            yield from ("", f"### {value.__name__}", "", _doc(value), "", *_fields(value))


def _claim_row(claim_type: ClaimType, event: type[DomainEvent]) -> str:
    relation = f"`{claim_type.about.relation}`" if claim_type.about else ""
    roles = ", ".join(claim_type.roles)
    return f"| `{topic_of(event)}` | {claim_type.name} | {_doc(event)} | {roles} | {relation} |"


def _fields(struct: type[Any]) -> list[str]:
    rows = [
        f"| `{field.name}` | {_type(field.type)} | {'' if field.required else 'optional'} |"
        for field in msgspec.structs.fields(struct)
        if field.name not in ("originator_id", "originator_version", "recorder")
    ]
    return ["| field | type | |", "|---|---|---|", *rows, ""]


def _type(annotation: Any) -> str:
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_type(one) for one in arguments if one is not type(None))
    if origin is tuple:
        return f"list of {_type(arguments[0])}"
    if origin is dict:
        return "object" if arguments[1] is Any else f"object of {_type(arguments[1])}"
    if isinstance(annotation, type) and issubclass(annotation, msgspec.Struct):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return {str: "text", int: "integer", bool: "true or false"}.get(annotation, str(annotation))


def _doc(thing: type[Any]) -> str:
    return " ".join((thing.__doc__ or "").split())


if __name__ == "__main__":
    for name, page in PAGES.items():
        HERE.joinpath(name).write_text(page(), encoding="utf-8")
