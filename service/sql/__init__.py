"""SQL under a name. A file holds queries that each start with `-- name: ...` and a line saying what they give."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from importlib import resources
from types import MappingProxyType

_HEADING = re.compile(r"^-- name: ([a-z_]+)\n(?=-- \S)", re.MULTILINE)


def parse_queries(text: str) -> Mapping[str, str]:
    """The queries of a file by name. ValueError for a file without names or with one name twice."""
    parts = _HEADING.split(text)[1:]
    names, bodies = parts[::2], parts[1::2]
    if not names or len(set(names)) != len(names):
        raise ValueError(f"the names of the queries are {names}")
    return MappingProxyType({name: body.strip() for name, body in zip(names, bodies, strict=True)})


@cache
def load_queries(file: str) -> Mapping[str, str]:
    """The queries of `file`.sql in this folder."""
    return parse_queries(resources.files(__package__).joinpath(f"{file}.sql").read_text("utf-8"))


def migrations() -> Iterator[tuple[str, str]]:
    """Name and text of each migration, in the order to apply them."""
    folder = resources.files(__package__).joinpath("migrations")
    for file in sorted(folder.iterdir(), key=lambda found: found.name):
        if file.name.endswith(".sql"):
            yield file.name, file.read_text("utf-8")
