"""`frenemies network --format` and `frenemies state --format`, from the database and from a running service."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from service.settings import Settings
from tests.cli.conftest import Run

NETWORK = ("network", "--as-of", "2014-11-04", "--format")
STATE = ("state", "red-hat", "--as-of", "2014-11-04", "--format")
Serve = Callable[[Settings], str]


@pytest.mark.parametrize(
    ("command", "begins"),
    [
        ((*NETWORK, "csv"), "relation,subject,subject_name,"),
        ((*NETWORK, "graphml"), '<?xml version="1.0" encoding="UTF-8"?>'),
        ((*NETWORK, "ftm"), '{"id":"adrian-ionel","schema":"Person"'),
        ((*NETWORK, "ndjson"), '{"relation":"holds_position"'),
        ((*STATE, "jsonld"), '{"@context":{'),
        ((*STATE, "ftm"), '{"id":"red-hat","schema":"Company"'),
    ],
    ids=" ".join,
)
def test_a_form_is_the_same_from_a_running_service(
    on_sample: Run, run: Run, service_at: Serve, command: tuple[str, ...], begins: str
) -> None:
    local = on_sample(*command)
    assert (local.exit_code, local.stderr) == (0, "")
    assert local.stdout.startswith(begins)
    url = service_at(Settings(admin_key="open sesame"))
    assert run(*command, "--url", url, FRENEMIES_ADMIN_KEY="open sesame").stdout_bytes == local.stdout_bytes


def test_parts_and_filters_are_handed_on(on_sample: Run) -> None:
    whole = on_sample(*NETWORK, "csv").stdout.splitlines()
    owned = on_sample(*NETWORK, "csv", "--center", "red-hat", "--relation", "owns").stdout.splitlines()
    assert len(whole) == 46
    assert {line.split(",")[0] for line in owned} == {"relation", "owns"}


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((*NETWORK, "csv", "--center", "nobody-knows"), 3, "nobody-knows"),
        ((*NETWORK, "csv", "--depth", "2"), 2, "center"),
        ((*NETWORK, "csv", "--json"), 2, "--json"),
        (("network", "--json", "--format", "csv"), 2, "--json"),
        ((*NETWORK, "xlsx"), 2, "graphml"),
        ((*STATE, "jsonld", "--relation", "loves"), 2, "/relation"),
        ((*STATE, "jsonld", "--json"), 2, "--json"),
        (("state", "red-hat", "--format", "ftm", "--token", "x", "--verify"), 2, "--format"),
    ],
)
def test_a_wrong_question_writes_nothing(on_sample: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
    result = on_sample(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr and "Traceback" not in result.stderr


def test_a_service_that_does_not_answer_is_said_so(run: Run) -> None:
    result = run(*NETWORK, "csv", "--url", "http://127.0.0.1:9")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "cannot be reached" in result.stderr


def test_an_answer_that_is_cut_off_is_a_failure(on_sample: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.exports.chapters.MOST_ENTITIES", 5)
    result = on_sample(*NETWORK, "graphml")
    assert result.exit_code == 4 and "</graphml>" not in result.stdout
    assert "at most 5 entities" in result.stderr
