"""How long the processes of a service have worked, by kind, from what the system says of each."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks.model import NotMeasured

_PARENT, _TIMES = 1, slice(11, 15)
"""Behind the name of the process: user and system, its own and of its children that have ended."""


class _Process(NamedTuple):
    parent: int
    seconds: float


def by_kind(roots: Mapping[str, int]) -> dict[str, float]:
    """Seconds of a core that each process has used, with all that it started, also where that has ended.

    NotMeasured when one of them is gone: another one is in its place then.
    """
    found = dict(_processes())
    children = defaultdict[int, list[int]](list)
    for process, about in found.items():
        children[about.parent].append(process)
    for kind, root in roots.items():
        if root not in found:
            raise NotMeasured(f"the process {kind} ended")
    return {kind: sum(found[one].seconds for one in _tree(root, children)) for kind, root in roots.items()}


def last_born(root: int) -> int:
    """The process in which the work is done: the child of the child of a server that has one of each."""
    parents = {about.parent: process for process, about in _processes()}
    while root in parents:
        root = parents[root]
    return root


def _tree(root: int, children: Mapping[int, list[int]]) -> Iterator[int]:
    yield root
    for child in children.get(root, ()):
        yield from _tree(child, children)


def _processes() -> Iterator[tuple[int, _Process]]:
    tick = os.sysconf("SC_CLK_TCK")
    for folder in Path("/proc").iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            said = (folder / "stat").read_text()
        except OSError:  # it has ended since
            continue
        fields = said.rpartition(")")[2].split()
        yield int(folder.name), _Process(int(fields[_PARENT]), sum(map(int, fields[_TIMES])) / tick)
