"""How far a long command is: a bar on a terminal, else a line every few seconds."""

from __future__ import annotations

import sys
from time import monotonic
from types import TracebackType
from typing import Self

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from service.cli.output import cell, visible

PAUSE = 5.0
"""Seconds between two lines where standard error is no terminal; what takes less says nothing."""


class Bar:
    """Shows on standard error what is being done, how far it is, how fast, and the time left.

    `each_phase`: where there is no terminal, also a line at the beginning of each phase.
    """

    def __init__(self, name: str, *, each_phase: bool = False) -> None:
        self._name = name
        self._each_phase = each_phase
        self._phase = self._said = ""
        self._began = self._told = monotonic()
        self._first = 0
        self._bar: Progress | None = None
        self._task: TaskID | None = None
        if sys.stderr.isatty():
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[rate]}"),
                TimeRemainingColumn(),
                TextColumn("{task.fields[to_the_end]}"),
                console=Console(stderr=True, markup=False, emoji=False, highlight=False),
                transient=True,
            )

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def show(self, phase: str, done: int, total: int, whole_left: float | None = None) -> None:
        """Takes in how far it is: what is being done, how much of it, of how much (0 where nobody knows).

        `whole_left`: the seconds left of all phases, where they can be told.
        """
        now = monotonic()
        begins = phase != self._phase
        if begins:
            self._phase, self._first, self._began = phase, done, now
            self._begin(phase, done, total)
        rate = (done - self._first) / max(now - self._began, 0.001)
        if self._bar is not None and self._task is not None:
            shown, to_the_end = f"{rate:,.0f}/s" if rate else "", _to_the_end(whole_left)
            self._bar.update(self._task, completed=done, total=total or None, rate=shown, to_the_end=to_the_end)
        elif now - self._told >= PAUSE or (begins and self._each_phase):
            self._tell(now, _said(phase, done, total, rate, whole_left))

    def _tell(self, now: float, said: str) -> None:
        """Writes a line; the same one is not written twice."""
        self._told = now
        if said != self._said:
            self._said = said
            click.echo(f"frenemies: {visible(self._name)}: {said}", err=True)

    def _begin(self, phase: str, done: int, total: int) -> None:
        if self._bar is None:
            return
        if self._task is not None:
            self._bar.remove_task(self._task)
        description = cell(f"{self._name}: {phase}").plain
        self._task = self._bar.add_task(description, total=total or None, completed=done, rate="", to_the_end="")


def _said(phase: str, done: int, total: int, rate: float, whole_left: float | None) -> str:
    parts = [phase]
    if total:
        parts += [f"{done:,} of {total:,}", f"{rate:,.0f}/s"]
        parts += [f"{(total - done) / rate:,.0f} s left"] if rate else []
    return ", ".join(filter(None, [*parts, _to_the_end(whole_left)]))


def _to_the_end(seconds: float | None) -> str:
    return "" if seconds is None else f"{seconds:,.0f} s to the end"
