"""What the fault run and the benchmarks found, as the pages of docs/ told it when this version was made."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import Any

import msgspec


@cache
def reports() -> dict[str, Any]:
    """The tables of docs/faults.md and docs/benchmarks.md: `make docs` writes them into this package."""
    found: dict[str, Any] = msgspec.json.decode(resources.files(__package__).joinpath("reports.json").read_bytes())
    return found
