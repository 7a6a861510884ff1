"""What the pages show is what the commands print."""

from __future__ import annotations

import re
import shlex
from itertools import count
from pathlib import Path

import pytest

from service.cli.demo import FIVE_ARTICLES, LATER_REPORTS, load_sample
from service.settings import Settings
from tests.cli.conftest import ROOT, Run

DEMO = "demo --no-serve --later"


def shown(page: Path) -> list[tuple[str, str]]:
    """Each command of the program on a page, and the output below it."""
    blocks = re.findall(r"^```\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)
    parts = [part for block in blocks for part in re.split(r"^(?=\$ )", block, flags=re.MULTILINE)]
    return [
        (command.removeprefix("$ frenemies "), output)
        for part in parts
        if part.startswith("$ frenemies ")
        for command, _, output in [part.partition("\n")]
    ]


@pytest.mark.parametrize("page", ["README.md", "docs/as-of.md"])
def test_a_page_shows_what_the_commands_print(
    page: str, on_sample: Run, sample_url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    commands = shown(ROOT / page)
    assert commands
    for command, expected in commands:
        if command == DEMO:
            load_sample(Settings(), sample_url, [FIVE_ARTICLES, LATER_REPORTS])
            printed = capsys.readouterr().out
        else:
            arguments, _, most = command.partition(" | head -")
            result = on_sample(*shlex.split(arguments))
            assert result.exit_code == 0, f"{command}: {result.output}"
            printed = "".join(line for line, _ in zip(result.stdout.splitlines(True), _up_to(most), strict=False))
        if expected.endswith("...\n"):
            expected, printed = expected.removesuffix("...\n"), printed[: len(expected) - len("...\n")]
        assert printed == expected, command


def _up_to(most: str) -> count[int] | range:
    return range(int(most)) if most else count()
