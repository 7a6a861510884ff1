"""Writes the pages of docs/ that come from the code: `make docs`. A test compares them with the code."""

from __future__ import annotations

import json
import re
import sys
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
from events.event_types import ABOUT_THE_LOG, CLAIMED, EVENT_TYPES, Claimed, DomainEvent
from events.upcasting import OLD_SHAPES
from events.vocabulary import CLAIM_TYPES, ClaimType
from service import limits, metrics
from service.cli import cli
from service.errors import ServiceError
from service.feeds.schemas import SHAPES, event_schema, lift_of
from service.http.statuses import code_of, status_of

HERE = Path(__file__).parent
EVENT_SCHEMAS = HERE / "event-types"
REPORTS = HERE.parent / "service" / "overview" / "reports.json"
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
        "`GET /v1/event-types` lists all versions, and the folder `event-types` holds the JSON Schema of each.",
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
        "## The log itself",
        *_events(ABOUT_THE_LOG),
        "## Older versions",
        "",
        "| stored as | what lifts it to the next version | schema |",
        "|---|---|---|",
        *(f"| `{topic_of(old)}` | {lift_of(topic_of(old))} | {_schema_link(old)} |" for old in OLD_SHAPES.values()),
        "",
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
        "below; `errors[]` names what is wrong: `in` the body, the query, the path or a header, and where there",
        "(a JSON Pointer). Of shapes that are wrong it names all; of what is looked at after them (whether what is",
        "named is there, and the rules of the domain) the first.",
        "",
        "| code | status | means |",
        "|---|---|---|",
        *sorted({f"| `{code_of(error)}` | {status_of(error)} | {_doc(error)} |" for error in _errors()}),
        "",
        "Besides: `not-found` (404, no such address), `method-not-allowed` (405), `bad-request` (400), and",
        "`internal-error` (500), which is a fault of ours; the log has it under the `request_id`.",
    ]
    return "\n".join(lines) + "\n"


def metrics_page() -> str:
    """docs/metrics.md."""
    lines = [
        "# Metrics",
        "",
        "*Written by `make docs` from `service/metrics.py`.*",
        "",
        "`frenemies serve` tells Prometheus at `/metrics` on a port of its own (`--metrics-port`,",
        "`FRENEMIES_METRICS_PORT`): one process tells for all. What processes count survives them: a worker that is",
        "killed takes no count with it, and a restart of the service begins at zero. What is asked of the database is",
        "asked when somebody wants to know, for at most a second; without an answer only that is told. No label holds",
        "what somebody has sent. The port needs no key: it is for the same machine, or a network of your own.",
        "",
        "| metric | kind | labels | means |",
        "|---|---|---|---|",
        *(
            f"| `{name}` | {kind} | {', '.join(f'`{label}`' for label in labels)} | {meaning} |"
            for name, kind, labels, meaning in metrics.described()
        ),
        "",
        "A histogram `x` is told as `x_bucket`, `x_count` and `x_sum`.",
    ]
    return "\n".join(lines) + "\n"


def limits_page() -> str:
    """docs/limits.md."""
    lines = [
        "# Limits",
        "",
        "*Written by `make docs` from `service/limits.py`.*",
        "",
        "What a request may bring, ask for and take. Beyond a limit comes the answer that is named: 4xx says that the",
        "request has to change, 503 that the same request may be sent again after the seconds in `Retry-After`.",
        "Which of them can be set: [operations.md](operations.md#settings). All refusals: [errors.md](errors.md).",
        "",
        "## Recording",
        "",
        *_limits(limits.RECORDING),
        "",
        "## Reading",
        "",
        *_limits(limits.READING),
        "",
        "## Questions that need much reading",
        "",
        "A process answers as many requests at once as it has threads (8). A question that reads more than 1,000",
        "records or beliefs needs one of 4 turns, and so does every answer that is written while it is found: other",
        "questions find a thread all the same. Nobody waits for a turn. How much a question reads is known before it",
        "is read, so that a refusal costs little. With fewer threads (`FRENEMIES_THREADS`) there are as many turns:",
        "imports and questions with a turn can then take all threads.",
    ]
    return "\n".join(lines) + "\n"


def reports() -> str:
    """service/overview/reports.json: what an operator is shown of docs/benchmarks.md and docs/faults.md."""
    benchmarks, faults = ((HERE / name).read_text("utf-8") for name in ("benchmarks.md", "faults.md"))
    run = re.search(r"^([0-9-]{10}), the (\w+) form", benchmarks, re.MULTILINE)
    if run is None:
        sys.exit("docs/benchmarks.md does not say when it was written.")
    (commit,) = (row["which"] for row in _rows(benchmarks, what="what", which="which") if row["what"] == "commit")
    bars = _rows(benchmarks, what="what", measured="measured", least="at least", aim="aim", verdict="")
    done = _rows(
        faults, fault="fault", what="what was done", form="form", when="when", commit="commit", verdict="verdict"
    )
    mistakes = _rows(faults, mistake="mistake", when="when", commit="commit", found_by="found by")
    found = {
        "benchmarks": {"when": run[1], "form": run[2], "commit": commit, "bars": list(bars)},
        "faults": {
            "faults": list(done),
            "promises": re.findall(r"^- (F[0-9]+: .*)$", faults, re.MULTILINE),
            "mistakes": list(mistakes),
        },
    }
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def event_schemas() -> dict[str, str]:
    """The files in docs/event-types/, by name."""
    return {f"{topic}.json": json.dumps(event_schema(topic), indent=1, ensure_ascii=False) + "\n" for topic in SHAPES}


def changed_shapes() -> list[str]:
    """The topics whose shape is another one than the file of it says. Words may change, shapes may not."""
    return [
        Path(name).stem
        for name, text in event_schemas().items()
        if (file := EVENT_SCHEMAS / name).exists()
        and _without_words(json.loads(file.read_text("utf-8"))) != _without_words(json.loads(text))
    ]


def add_a_version(topic: str) -> str:
    """What to do about a shape that has changed."""
    name, _, version = topic.rpartition(".v")
    following = int(version) + 1
    return (
        f"{topic} is stored in another shape than before: add a version. Set `shape` of {name} to {following}, keep the"
        f" old class in events/shapes_v{version}.py and OLD_SHAPES, add a step to STEPS in events/upcasting.py, and a"
        f" stored event to tests/data/events/v{following}."
    )


PAGES = {
    "event-types.md": event_types, "cli.md": command_line, "errors.md": refusals, "metrics.md": metrics_page,
    "limits.md": limits_page,
}  # fmt: skip


def _rows(page: str, **columns: str) -> Iterator[dict[str, str]]:
    """Some columns of a table of a page, by names of our own: of the first one that begins with the first two."""
    lines = iter(page.splitlines())
    first = f"| {' | '.join([*columns.values()][:2])} |"
    head = next((line for line in lines if line.startswith(first)), None)
    if head is None:
        sys.exit(f"There is no table that begins with {first}")
    next(lines)
    for line in lines:
        if not line.startswith("|"):
            return
        row = dict(zip(_cells(head), _cells(line), strict=True))
        yield {name: row[column] for name, column in columns.items()}


def _cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip().strip("|").split("|")]


def _schema_link(event: type[DomainEvent]) -> str:
    return f"[JSON Schema](event-types/{topic_of(event)}.json)"


def _without_words(schema: Any) -> Any:
    """A schema without what is only there to be read. (A property with such a name has a schema, no word.)"""
    if isinstance(schema, list):
        return [_without_words(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: _without_words(value)
        for name, value in schema.items()
        if isinstance(value, dict) or name not in ("description", "$comment", "deprecated")
    }


def _errors() -> Iterator[type[Exception]]:
    """All errors that have an answer of their own."""
    waiting: list[type[Exception]] = [DomainError, ServiceError]
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        is_named = error.__module__.startswith(("events.", "service.")) and not error.__name__.startswith("_")
        if is_named and status_of(error) != 500:
            yield error


def _limits(table: typing.Iterable[limits.Limit]) -> Iterator[str]:
    yield from ("| limit on | value | beyond it | instead |", "|---|---|---|---|")
    yield from (f"| {one.bounds} | {one.value} | {one.beyond} | {one.instead} |" for one in table)


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


def main() -> None:
    """Writes everything; but where the shape of an event has changed without a new version, it says so and ends."""
    changed = changed_shapes()
    if changed:
        sys.exit("\n".join(map(add_a_version, changed)))
    for name, page in PAGES.items():
        HERE.joinpath(name).write_text(page(), encoding="utf-8")
    EVENT_SCHEMAS.mkdir(exist_ok=True)
    for name, text in event_schemas().items():
        EVENT_SCHEMAS.joinpath(name).write_text(text, encoding="utf-8")
    REPORTS.write_text(reports(), encoding="utf-8")


if __name__ == "__main__":
    main()
