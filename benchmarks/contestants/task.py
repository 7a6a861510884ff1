"""How a contestant's program is called: `python -m benchmarks.contestants.NAME TASK '{"parameter": ...}'`."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

Tasks = Mapping[str, Callable[..., dict[str, Any] | None]]


def perform(tasks: Tasks) -> None:
    """Does what the command line asks for, and writes what came of it as one line of JSON."""
    name, parameters = sys.argv[1:]
    said = tasks[name](**json.loads(parameters))
    sys.stdout.write(json.dumps(said) + "\n")
