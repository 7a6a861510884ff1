"""Rigs with a mistake in them: the judges are worth as much as they find of these."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic

from tests.faults.results import ROOT
from tests.faults.rig import Rig
from tests.faults.server import Server
from tests.faults.trial import Trial

RATE = 60.0
LONGEST = 60.0
_FOLDER = Path(__file__).parent / "mutants"


def environment(mistake: str) -> dict[str, str]:
    """What puts a mistake of `mutants/sitecustomize.py` into all processes of a service."""
    return {"PYTHONPATH": f"{_FOLDER}:{ROOT}", "FAULTS_MISTAKE": mistake}


@contextmanager
def mutant(
    server: Server, name: str, folder: Path, prepared: Callable[[str], None] = lambda _: None, **rig: object
) -> Iterator[Trial]:
    """A service with a mistake, on a database of its own in which `prepared` may have put it."""
    url = server.database(name, "migrated")
    prepared(url)
    with Rig(url, folder, rate=RATE, **rig) as made:  # type: ignore[arg-type]
        yield Trial(made, name, name)


def until_found(trial: Trial, judge: str, look: Callable[[], list[str]] | None = None) -> str:
    """What a judge finds; fails where it finds nothing in time."""
    deadline = monotonic() + LONGEST
    while True:
        trial.goes_on(20)
        found = [one for one in (look or trial.wrong_so_far)() if one.startswith(judge)]
        if found:
            return found[0]
        assert monotonic() < deadline, f"{judge} finds nothing"
