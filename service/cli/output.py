"""Writing answers: UTF-8 whatever the locale, control characters made visible, colour only on a terminal."""

from __future__ import annotations

import json
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console
from rich.table import Table
from rich.text import Text

_NARROWEST = 100
_WIDTHS = {"since": 10, "until": 10, "due": 10, "when": 10}
STYLES = {
    "holds": "green",
    "possibly": "yellow",
    "planned": "cyan",
    "contested": "bold red",
    "ended": "dim",
    "not_held": "dim",
    "unknown": "dim",
}


def use_utf8() -> None:
    """Has both streams write UTF-8, also where the locale says otherwise."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(encoding="utf-8", errors="backslashreplace")


def visible(text: object) -> str:
    """The text with everything that would steer a terminal written as an escape."""
    return "".join(map(_visible, str(text)))


def _visible(character: str) -> str:
    if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    code = ord(character)
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def cell(text: object, style: str = "") -> Text:
    """A cell of a table; what stands in it is never taken for markup."""
    return Text(visible(text), style=style)


def status_cell(status: str) -> Text:
    """A status, coloured on a terminal."""
    return cell(status, STYLES.get(status, ""))


def print_json(answer: Any) -> None:
    """An answer for programs. Escaped to ASCII where a terminal could be steered; the JSON says the same."""
    click.echo(json_safe(json.dumps(answer, ensure_ascii=False, indent=2)))


def json_safe(text: str) -> str:
    """JSON with everything that would steer a terminal written as an escape; it says the same."""
    return "".join(map(_json_safe, text))


def _json_safe(character: str) -> str:
    if character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp"):
        return character
    units = character.encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{units[i]:02x}{units[i + 1]:02x}" for i in range(0, len(units), 2))


def print_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[Text | str]]) -> None:
    """A table with a heading, without columns that are empty; nothing at all when it has no rows."""
    cells = [[item if isinstance(item, Text) else cell(item) for item in row] for row in rows]
    kept = [index for index in range(len(columns)) if any(row[index].plain for row in cells)]
    if not cells:
        return
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold", show_edge=False)
    for index in kept:
        name = columns[index]
        table.add_column(name, overflow="fold", no_wrap=name == "status", min_width=_WIDTHS.get(name))
    for row in cells:
        table.add_row(*(row[index] for index in kept))
    click.echo()
    if title:
        _print(cell(title, "bold underline"))
    _print(table)


def print_line(text: Text | str) -> None:
    """One line."""
    _print(text if isinstance(text, Text) else cell(text))


def _print(item: Text | Table) -> None:
    width = None if sys.stdout.isatty() else max(shutil.get_terminal_size((160, 24)).columns, _NARROWEST)
    console = Console(width=width, highlight=False, markup=False, emoji=False, legacy_windows=False)
    with console.capture() as captured:
        console.print(item)
    click.echo("\n".join(line.rstrip() for line in captured.get().split("\n")), nl=False)
