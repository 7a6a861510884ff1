"""`frenemies changes`, from the database and from a running service."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from service.settings import Settings
from tests.cli.conftest import Run

YEAR = ("changes", "red-hat", "--from", "2014-01-01", "--to", "2015-01-01")
LOG = ("changes", "red-hat", "--axis", "recorded_by", "--from", "163", "--to", "204", "--as-of", "2014-12-31")
Serve = Callable[[Settings], str]


def line_of(output: str, start: str) -> str:
    return next(line for line in output.splitlines() if line.startswith(start))


def test_changes_are_shown_as_a_table_with_what_did_it(on_sample: Run) -> None:
    result = on_sample(*YEAR)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Red Hat  company red-hat\nalong as_of from 2014-01-01 to 2015-01-01\n")
    for column in ("what", "from", "to", "changed", "because of"):
        assert column in line_of(result.stdout, "what")
    bought = line_of(result.stdout, "owns  red-hat > enovance")
    assert bought.index("not_held") < bought.index("holds") < bought.index("status, since") < bought.index("000-09")


def test_along_the_log_what_is_new_is_called_so(on_sample: Run) -> None:
    shown = on_sample(*LOG).stdout
    assert "along recorded_by from 163 to 204\n" in shown
    assert " new " in line_of(shown, "owns  red-hat > enovance")
    turned = ("changes", "red-hat", "--axis", "recorded_by", "--from", "204", "--to", "163", "--as-of", "2014-12-31")
    assert " gone " in line_of(on_sample(*turned).stdout, "owns  red-hat > enovance")


def test_nothing_different_is_said(on_sample: Run) -> None:
    shown = on_sample("changes", "red-hat", "--from", "2014-01-01", "--to", "2014-01-01").stdout
    assert shown.endswith("Nothing is different.\n")


def test_changes_as_json_are_the_answer_of_the_service(on_sample: Run, run: Run, service_at: Serve) -> None:
    local = json.loads(on_sample(*LOG, "--json").stdout)
    remote = json.loads(run(*LOG, "--json", "--url", service_at(Settings())).stdout)
    assert local == remote
    assert local["axis"] == "recorded_by" and local["changes"]


def test_pages_are_put_together(on_sample: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = json.loads(on_sample(*LOG, "--json").stdout)
    monkeypatch.setattr("service.cli.source._PAGE", 3)
    found = json.loads(on_sample(*LOG, "--json").stdout)
    assert (found["changes"], found["refs"]) == (whole["changes"], whole["refs"])
    assert len(json.loads(on_sample(*LOG, "--json", "--limit", "4").stdout)["changes"]) == 4


def test_a_retraction_is_told(on_sample: Run) -> None:
    taken = {"record": "retraction", "of": "000-09", "reason": "not in the text"}
    assert on_sample("import", "-", input=json.dumps(taken)).exit_code == 0
    log = ("changes", "red-hat", "--axis", "recorded_by", "--from", "259", "--to", "260", "--as-of", "2014-12-31")
    assert "000-09 (retracted)" in line_of(on_sample(*log).stdout, "owns  red-hat > enovance")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("changes", "red-hat", "--from", "2014-01-01"), 2, "--to"),
        (("changes", "red-hat", "--to", "2014-01-01"), 2, "--from"),
        ((*YEAR, "--axis", "money"), 2, "axis"),
        ((*YEAR, "--as-of", "2014-01-01"), 2, "as_of"),
        (("changes", "red-hat", "--from", "yesterday", "--to", "2014-01-01"), 2, "yesterday"),
        (("changes", "red-hat", "--axis", "recorded_by", "--from", "1", "--to", "99999"), 2, "99999"),
        (("changes", "nobody-knows", "--from", "2014-01-01", "--to", "2014-01-01"), 3, "nobody-knows"),
    ],
)
def test_a_wrong_question_is_answered_with_a_reason(
    on_sample: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    result = on_sample(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr
