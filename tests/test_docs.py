"""What exists is documented, and what the documentation names exists."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from pathlib import Path
from types import ModuleType

import click
import pytest

from events import errors as domain_errors
from events.event_types import EVENT_TYPES
from service import settings
from service.cli import cli
from service.http import statuses

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
OPERATIONS = (DOCS / "operations.md").read_text()
README = (ROOT / "README.md").read_text()
PAGES = [*sorted(DOCS.rglob("*.md")), *sorted(ROOT.glob("*.md"))]


def generator() -> ModuleType:
    """docs/generate.py."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def error_codes() -> set[str]:
    """The codes of all refusals that have one."""
    found, waiting = set(), [domain_errors.DomainError]
    while waiting:
        error = waiting.pop()
        waiting += error.__subclasses__()
        found.add(error.code)
    others = {statuses.code_of(error) for error in statuses.STATUSES}
    return (found | others) - {domain_errors.DomainError.code}


def settings_of_the_environment() -> set[str]:
    """The variables that the settings and the command line read."""
    read = set(re.findall(r'"([A-Z]+_[A-Z_]+)"', Path(settings.__file__).read_text()))
    options = [option for command in cli.commands.values() for option in command.params]
    return read | {str(option.envvar) for option in options if option.envvar}


@pytest.mark.parametrize("page", ["event-types.md", "cli.md", "errors.md", "metrics.md", "limits.md"])
def test_pages_made_from_the_code_are_up_to_date(page: str) -> None:
    assert generator().PAGES[page]() == (DOCS / page).read_text(), "run: make docs"


def test_the_schemas_of_events_are_those_of_the_code() -> None:
    committed = {file.name: file.read_text("utf-8") for file in (DOCS / "event-types").iterdir()}
    assert committed == generator().event_schemas(), "run: make docs"


def test_what_an_operator_is_shown_of_the_reports_is_what_their_pages_say() -> None:
    assert generator().REPORTS.read_text("utf-8") == generator().reports(), "run: make docs"


def test_no_event_has_changed_its_shape_without_a_new_version() -> None:
    made = generator()
    assert not made.changed_shapes(), "\n".join(map(made.add_a_version, made.changed_shapes()))


def test_every_event_type_is_documented() -> None:
    text = (DOCS / "event-types.md").read_text()
    assert not [event.__name__ for event in EVENT_TYPES if f"{event.__name__}.v{event.shape}" not in text]


def test_every_command_and_option_is_documented() -> None:
    text = (DOCS / "cli.md").read_text()
    for name, command in cli.commands.items():
        assert f"\n## {name}\n" in text
        section = text.split(f"\n## {name}\n")[1].split("\n## ")[0]
        named = [option.opts[0] for option in command.params if isinstance(option, click.Option)]
        assert not [option for option in named if option not in section]


def test_every_command_and_option_says_what_it_does() -> None:
    for name, command in cli.commands.items():
        assert command.help, name
        assert not [o.name for o in command.params if isinstance(o, click.Option) and not o.help], name


def test_every_setting_is_documented() -> None:
    assert not [name for name in settings_of_the_environment() if f"| `{name}` |" not in OPERATIONS]


def test_no_setting_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r"^\| `([A-Z_]+)` \|", OPERATIONS, re.MULTILINE)) <= settings_of_the_environment()


def test_every_refusal_is_documented() -> None:
    text = (DOCS / "errors.md").read_text()
    assert not [code for code in sorted(error_codes()) if f"| `{code}` |" not in text]


def test_every_decision_has_a_title_with_its_number() -> None:
    for page in sorted((DOCS / "decisions").glob("*.md")):
        assert page.read_text().startswith(f"# {int(page.name[:4])}. "), page.name


def test_links_lead_somewhere() -> None:
    links = [(page, target) for page in PAGES for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text())]
    assert not [f"{page.name}: {target}" for page, target in links if not (page.parent / target).exists()]


def test_commands_of_the_readme_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"\bmake ([a-z-]+)", README))
    assert {"demo", "test"} <= named <= targets
    commands = set(re.findall(r"^\$ (?:\.venv/bin/)?frenemies ([a-z]+)", README, re.MULTILINE))
    assert commands
    assert commands <= set(cli.commands)


def test_the_first_two_commands_of_the_readme_are_the_demo_and_the_tests() -> None:
    assert re.findall(r"\bmake [a-z-]+", README)[:2] == ["make demo", "make test"]


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(
        ["/usr/bin/env", "make", "--no-print-directory"],
        cwd=ROOT, env={"PATH": os.environ["PATH"]}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    phony = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert phony is not None
    assert set(re.findall(r"make ([a-z-]+)", listed)) == set(phony[1].split())


def test_documents_name_no_place_of_one_machine() -> None:
    for page in PAGES:
        text = page.read_text()
        assert not re.search(r"(?<![\w.])/(home|root|work|tmp|Users)/\w", text), page.name
