"""The look at public lists of vulnerabilities: what is found fails the build, what cannot be asked does not."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

PROGRAM = Path(__file__).parents[2] / ".ci" / "audit.py"
GOOD = {"name": "click", "version": "8.5.1", "vulns": []}
BAD = {"name": "jinja2", "version": "2.10", "vulns": [{"id": "PYSEC-2019-217", "fix_versions": ["2.10.1"]}]}
UNKNOWN = {"name": "ours", "skip_reason": "Dependency not found on PyPI and could not be audited: ours (1)"}


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def told(*packages: dict[str, Any]) -> str:
    return json.dumps({"dependencies": packages, "fixes": []})


def test_nothing_known_is_good_news(audit: ModuleType) -> None:
    assert audit.verdict("f", 0, told(GOOD), "") == (["f: 1 packages looked up, 0 vulnerabilities known"], False)


def test_one_that_is_known_is_named_and_fails(audit: ModuleType) -> None:
    lines, is_bad = audit.verdict("f", 1, told(GOOD, BAD, UNKNOWN), "Found 1 known vulnerability")
    assert is_bad
    assert lines[0] == "VULNERABLE: jinja2 2.10: PYSEC-2019-217, mended by 2.10.1"


def test_what_the_list_does_not_know_is_said_not_to_have_been_looked_up(audit: ModuleType) -> None:
    lines, is_bad = audit.verdict("f", 0, told(UNKNOWN), "")
    assert not is_bad
    assert lines == [
        "NOT AUDITED: 1 of 1 packages of f: ours", "f: 0 packages looked up, 0 vulnerabilities known"
    ]  # fmt: skip


@pytest.mark.parametrize("output", ["", "Traceback", "[]", "{}", '{"dependencies": null}'])
def test_without_an_answer_it_says_so_and_does_not_fail(audit: ModuleType, output: str) -> None:
    (line,), is_bad = audit.verdict("f", 1, output, "Traceback\nConnectionError: no such host\n")
    assert not is_bad
    assert line == "NOT AUDITED: f: no list of vulnerabilities could be asked (ConnectionError: no such host)"


def test_one_bad_file_of_several_fails(
    audit: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = {"a": (0, told(GOOD), ""), "b": (1, told(BAD), ""), "c": (1, "", "down")}
    monkeypatch.setattr(audit, "looked_up", answers.__getitem__)
    assert audit.main("abc") == 1
    assert audit.main("ac") == 0
    assert capsys.readouterr().out.count("NOT AUDITED: c") == 2
