"""What reaches the terminal."""

from __future__ import annotations

import io
import json
import sys

import pytest

from service.cli import output

HOSTILE = "\x1b[31mred\x07\x9b\u202egnp.exe\u2066\u200d\u2028\U000e0041"


@pytest.mark.case(number=64)
def test_case_64_control_characters_are_printed_as_escapes() -> None:
    """ANSI/OSC escapes in CLI output: printed as \\x1b."""
    shown = output.visible(HOSTILE)
    assert shown == r"\x1b[31mred\x07\x9b\u202egnp.exe\u2066\u200d\u2028\U000e0041"


def test_letters_of_any_script_stay_as_they_are() -> None:
    assert output.visible("Škoda 株式会社 Ελλάδα é") == "Škoda 株式会社 Ελλάδα é"


def test_json_is_escaped_and_still_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_json({"name": HOSTILE, "n": 1})
    written = capsys.readouterr().out
    assert json.loads(written) == {"name": HOSTILE, "n": 1}
    assert not [character for character in written if character != "\n" and not character.isprintable()]


def test_markup_in_data_is_not_taken_for_markup(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table("[bold]T[/bold]", ["[red]c[/red]"], [["[blink]x[/blink] :smile:"]])
    written = capsys.readouterr().out
    assert "[bold]T[/bold]" in written
    assert "[blink]x[/blink] :smile:" in written


def test_a_table_without_rows_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_table("Title", ["a"], [])
    assert capsys.readouterr().out == ""


def test_there_is_no_colour_without_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    output.print_line(output.status_cell("contested"))
    assert capsys.readouterr().out == "contested\n"


@pytest.mark.case(number=78)
def test_utf_8_is_written_whatever_the_locale(monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii", write_through=True))
    output.use_utf8()
    print("株", flush=True)  # noqa: T201
    assert raw.getvalue() == "株\n".encode()
