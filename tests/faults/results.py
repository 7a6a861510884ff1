"""What runs found, as a page for people. What a later run does not do again stays as the earlier one found it."""

from __future__ import annotations

import json
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
_NAME = "faults"
_HEAD = f"""# The fault run

Written by the runs themselves (`make faults` is the short form, `make soak` the long one). What is done, and how it is
judged: [decision 0072](decisions/0072-fault-run.md).

Machine: {cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}.
Everything ran on it at once: PostgreSQL (with `fsync` on), the service, its clients, and other work.

Times are seconds, those of appends milliseconds. "Writes" and "lag": how long after the fault was over until an append
was acknowledged, and until questions, pages, lines and streams knew all that was recorded before. "Red": until
`/readyz` said no. "Slowed": by which factor the start of a process took longer than the time that a core worked for it.
What is promised is multiplied by it, and by two, before it is judged.

"""
_COLUMNS = (
    "fault", "what was done", "form", "when", "commit", "s", "acknowledged", "unknown", "refused", "append p50", "p99",
    "longest", "red", "writes", "lag", "slowed", "answers", "verdict",
)  # fmt: skip
_MUTANTS = """
## Mutants
Each is a mistake put into the running service or its clients, for this run only: judges that did not find it would
prove nothing.

| mistake | when | commit | found by |
|---|---|---|---|
"""


@dataclass
class Result:
    """A line of the table."""

    fault: str
    what: str
    seconds: float = 0.0
    outcomes: Mapping[str, int] = field(default_factory=dict)
    appends: Sequence[float] = ()
    times: Mapping[str, float | None] = field(default_factory=dict)
    statuses: Mapping[int, int] = field(default_factory=dict)
    slowed: float = 1.0
    wrong: Sequence[str] = ()
    notes: list[str] = field(default_factory=list)


class Results:
    """The page of a folder, and the figures beside it; both are written anew with each thing that is added."""

    def __init__(self, form: str, folder: Path) -> None:
        self._form = form
        self._folder = folder
        self._figures = folder / f"{_NAME}.json"
        self._known: dict[str, dict[str, Any]] = {"faults": {}, "mutants": {}}
        if self._figures.exists():
            self._known = json.loads(self._figures.read_text())

    def add(self, result: Result) -> None:
        """What came of a fault."""
        self._keep("faults", result.fault, asdict(result) | {"form": self._form})

    def found(self, mistake: str, finding: str) -> None:
        """A mistake was put in, and a judge found it."""
        self._keep("mutants", mistake, {"finding": finding})

    def _keep(self, kind: str, name: str, what: dict[str, Any]) -> None:
        commit = _said("git", "rev-parse", "--short", "HEAD") or "unknown"
        self._known[kind][name] = what | {"when": f"{datetime.now(UTC):%Y-%m-%d}", "commit": commit}
        self._folder.mkdir(parents=True, exist_ok=True)
        self._figures.write_text(json.dumps(self._known, indent=1, sort_keys=True) + "\n")
        (self._folder / f"{_NAME}.md").write_text(page(json.loads(self._figures.read_text())))


def page(known: Mapping[str, Mapping[str, Any]]) -> str:
    """The page of what is known."""
    faults = sorted(known["faults"].values(), key=lambda one: int(one["fault"][1:]))
    text = _HEAD + f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}\n" + "".join(map(_line, faults))
    notes = [f"- {one['fault']}: {note}" for one in faults for note in one["notes"]]
    if notes:
        text += "\n" + "\n".join(notes) + "\n"
    if known["mutants"]:
        text += _MUTANTS
        for mistake, one in sorted(known["mutants"].items()):
            text += f"| {mistake} | {one['when']} | {one['commit']} | {one['finding']} |\n"
    return text


def _line(one: Mapping[str, Any]) -> str:
    cells = [
        one["fault"], one["what"], one["form"], one["when"], one["commit"], f"{one['seconds']:.0f}",
        *(f"{one['outcomes'].get(outcome, 0):,}" for outcome in ("ok", "info", "fail")),
        *([f"{1_000 * value:.0f}" for value in one["appends"]] or ["", "", ""]),
        *(_seconds(one["times"].get(name)) for name in ("red", "writes", "lag")),
        f"{one['slowed']:.1f}",
        ", ".join(f"{times:,} x {status}" for status, times in sorted(one["statuses"].items())),
        "; ".join(plainly(one["wrong"]).splitlines()) or "held",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |\n"


def _seconds(took: float | None) -> str:
    return "" if took is None else f"{took:.1f}"


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def plainly(wrong: Iterable[str], most: int = 10) -> str:
    """What was wrong, a line each."""
    found = list(wrong)
    return "\n".join(found[:most] + ([f"... and {len(found) - most} more"] if len(found) > most else []))
