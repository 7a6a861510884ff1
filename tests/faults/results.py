"""What a run found, as a page for people."""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[2]
_HEAD = """# The fault run

Written by the run itself ({command}). What is done, and how it is judged:
[decision 0072](decisions/0072-fault-run.md).

{when}, commit {commit}, {machine}.
Everything ran on it at once: PostgreSQL (with `fsync` on), the service, its clients, and other work.
Times are seconds, those of appends milliseconds. "Writes" and "lag": how long after the fault was over until an append
was acknowledged, and until questions, pages, lines and streams knew all that was recorded before. "Red": until
`/readyz` said no. "Slowed": by which factor the start of a process took longer than the time that a core worked for it.
What is promised is multiplied by it, and by two, before it is judged.

{columns}
"""
_COLUMNS = (
    "fault", "what was done", "s", "acknowledged", "unknown", "refused", "append p50", "p99", "longest", "red",
    "writes", "lag", "slowed", "answers", "verdict",
)  # fmt: skip
_MUTANTS = """
## Mutants
Each is a mistake put into the running service or its clients, for this run only: judges that did not find it would
prove nothing.

| mistake | found by |
|---|---|
"""


_FAULTS, _MISTAKES = 14, 6


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
    """All lines of a run."""

    def __init__(self, command: str) -> None:
        self._command = command
        self.faults: list[Result] = []
        self.mutants: list[tuple[str, str]] = []

    def found(self, mistake: str, finding: str) -> None:
        """A mistake was put in, and a judge found it."""
        self.mutants.append((mistake, finding))

    @property
    def is_whole(self) -> bool:
        """Whether every fault was tried, and every mistake found."""
        return (len(self.faults), len(self.mutants)) == (_FAULTS, _MISTAKES)

    def write(self, path: Path) -> None:
        """Writes the page."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(self.text())

    def text(self) -> str:
        """The page."""
        page = _HEAD.format(
            command=self._command,
            when=f"{datetime.now(UTC):%Y-%m-%d}",
            commit=_said("git", "rev-parse", "--short", "HEAD") or "unknown",
            machine=_machine(),
            columns=f"| {' | '.join(_COLUMNS)} |\n|{'---|' * len(_COLUMNS)}",
        )
        page += "".join(map(_line, self.faults))
        notes = [f"- {one.fault}: {note}" for one in self.faults for note in one.notes]
        if notes:
            page += "\n" + "\n".join(notes) + "\n"
        if self.mutants:
            page += _MUTANTS + "".join(f"| {name} | {found} |\n" for name, found in self.mutants)
        return page


def _line(one: Result) -> str:
    appends = [f"{1_000 * value:.0f}" for value in one.appends] or ["", "", ""]
    times = [_seconds(one.times, name) for name in ("red", "writes", "lag")]
    answers = ", ".join(f"{times:,} x {status}" for status, times in sorted(one.statuses.items()))
    counted = [f"{one.outcomes.get(outcome, 0):,}" for outcome in ("ok", "info", "fail")]
    verdict = "held" if not one.wrong else "; ".join(one.wrong)
    slowed = f"{one.slowed:.1f}"
    cells = [one.fault, one.what, f"{one.seconds:.0f}", *counted, *appends, *times, slowed, answers, verdict]
    return f"| {' | '.join(cells)} |\n"


def _seconds(times: Mapping[str, float | None], name: str) -> str:
    found = times.get(name)
    return "" if found is None else f"{found:.1f}"


def _machine() -> str:
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def _said(*command: str) -> str:
    try:
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()
    except FileNotFoundError:
        return ""


def plainly(wrong: Iterable[str], most: int = 10) -> str:
    """What was wrong, a line each."""
    found = list(wrong)
    return "\n".join(found[:most] + ([f"... and {len(found) - most} more"] if len(found) > most else []))
