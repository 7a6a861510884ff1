"""`frenemies state --token`: the same answer again, and computed anew from an export."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from service.bootstrap import log_keeper
from service.settings import Settings
from service.timeline.tokens import format_token, parse_token
from service.tree.keys import new_signer
from tests.cli.conftest import Run, projected

ASKED = ("--as-of", "2014-11-04", "--published-by", "2014-11-10", "--include-ended")


@pytest.fixture
def token(on_sample: Run) -> str:
    """The token of a state of the sample."""
    result = on_sample("state", "red-hat", *ASKED, "--json")
    assert result.exit_code == 0, result.output
    return str(json.loads(result.stdout)["token"])


@pytest.fixture
def export(on_sample: Run, tmp_path: Path) -> Path:
    """The records of the sample."""
    file = tmp_path / "export.ndjson"
    assert on_sample("export", "--output", str(file)).exit_code == 0
    return file


def changed(token: str, **fields: Any) -> str:
    return format_token(replace(parse_token(token), **fields))


def test_a_token_shows_the_same_answer(on_sample: Run, token: str) -> None:
    first = json.loads(on_sample("state", "red-hat", *ASKED, "--json").stdout)
    again = json.loads(on_sample("state", "red-hat", "--token", token, "--json").stdout)
    assert again["relations"] == first["relations"] and again["token"] == token
    assert "The same answer as then" in on_sample("state", "red-hat", "--token", token).stdout


def test_an_answer_that_became_another_is_said_to(on_sample: Run, token: str) -> None:
    shown = on_sample("state", "red-hat", "--token", changed(token, state=bytes(32)))
    assert shown.exit_code == 0 and "Not the answer of then" in shown.stdout


def test_records_of_a_file_give_the_same_without_any_database(run: Run, token: str, export: Path) -> None:
    result = run("state", "red-hat", "--token", token, "--verify", "--log", str(export))
    assert (result.exit_code, result.stdout) == (0, f"same: {parse_token(token).state.hex()}\n"), result.output


def test_records_of_the_database_give_the_same(on_sample: Run, token: str) -> None:
    result = on_sample("state", "red-hat", "--token", token, "--verify")
    assert result.exit_code == 0 and result.stdout.startswith("same: "), result.output


def test_later_records_in_the_file_do_not_matter(on_sample: Run, run: Run, tmp_path: Path) -> None:
    early = on_sample("state", "red-hat", "--as-of", "2014-11-04", "--recorded-by", "200", "--json")
    token = json.loads(early.stdout)["token"]
    for last in ([], ["--to", "200"]):
        file = tmp_path / "part.ndjson"
        assert on_sample("export", "--output", str(file), *last).exit_code == 0
        assert run("state", "red-hat", "--token", token, "--verify", "--log", str(file)).exit_code == 0


def test_checkpoints_of_the_log_are_no_records(run: Run, sample_url: str, tmp_path: Path) -> None:
    settings = Settings(log_key=new_signer("example.org/log").secret())
    with log_keeper(settings, sample_url) as (keeper, _):
        keeper.catch_up()
        assert keeper.sign()
    file = tmp_path / "more.ndjson"
    file.write_text('{"record": "entity", "id": "newcomer", "kind": "company", "name": "Newcomer"}\n')
    assert run("import", str(file), DATABASE_URL=sample_url).exit_code == 0
    with projected(sample_url):
        answer = json.loads(run("state", "newcomer", "--json", DATABASE_URL=sample_url).stdout)
    pinned = parse_token(answer["token"])
    assert pinned.records == pinned.position - 1
    result = run("state", "newcomer", "--token", answer["token"], "--verify", DATABASE_URL=sample_url)
    assert result.exit_code == 0, result.output


def test_changed_records_differ(run: Run, token: str, export: Path) -> None:
    lines = [json.loads(line) for line in export.read_text().splitlines()]
    for line in lines:
        if line["record"] == "claim":
            line["polarity"] = "negative" if line["polarity"] == "positive" else "positive"
    kept = [line for line in lines if line["record"] not in ("response", "retraction", "correction")]
    claims = [line for line in kept if line["record"] != "claim" or line["type"] != "response"]
    padding = [{"record": "entity", "id": f"e-{n}", "kind": "company", "name": f"E {n}"} for n in range(len(lines))]
    export.write_text("".join(json.dumps(line) + "\n" for line in [*claims, *padding]))
    result = run("state", "red-hat", "--token", token, "--verify", "--log", str(export))
    assert result.exit_code == 3 and result.stdout.startswith("differs: "), result.output


def test_a_part_of_the_records_is_refused(run: Run, token: str, export: Path) -> None:
    lines = export.read_text().splitlines(keepends=True)
    export.write_text("".join(lines[:100]))
    result = run("state", "red-hat", "--token", token, "--verify", "--log", str(export))
    assert result.exit_code == 3 and "the token was made after" in result.stderr


def test_a_file_that_is_no_export_is_refused(run: Run, token: str, tmp_path: Path) -> None:
    file = tmp_path / "other.txt"
    file.write_text("not JSON\n")
    result = run("state", "red-hat", "--token", token, "--verify", "--log", str(file))
    assert result.exit_code == 3 and "line 1" in result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--verify",),
        ("--log", "FILE"),
        ("--token", "TOKEN", "--log", "FILE"),
        ("--token", "TOKEN", "--as-of", "2014-01-01"),
        ("--token", "TOKEN", "--include-ended"),
        ("--token", "TOKEN", "--verify", "--url", "http://127.0.0.1:1"),
        ("--token", "nonsense"),
        ("--token", "nonsense", "--verify"),
    ],
)
def test_wrong_usage(on_sample: Run, token: str, export: Path, arguments: tuple[str, ...]) -> None:
    filled = [{"TOKEN": token, "FILE": str(export)}.get(part, part) for part in arguments]
    assert on_sample("state", "red-hat", *filled).exit_code == 2


def test_a_token_of_another_entity_is_wrong_usage(on_sample: Run, token: str) -> None:
    for more in ((), ("--verify",)):
        assert on_sample("state", "vmware", "--token", token, *more).exit_code == 2


def test_a_token_of_another_log_is_refused(on_sample: Run, token: str) -> None:
    other = changed(token, epoch=bytes(16))
    assert on_sample("state", "red-hat", "--token", other, "--verify").exit_code == 3
    assert on_sample("state", "red-hat", "--token", other).exit_code == 3


def test_a_running_service_takes_tokens_too(
    run: Run, service_at: Callable[[Settings], str], sample_url: str, token: str
) -> None:
    url = service_at(Settings(database_url=sample_url))
    given = json.loads(run("state", "red-hat", *ASKED, "--json", "--url", url).stdout)["token"]
    assert "The same answer as then" in run("state", "red-hat", "--token", given, "--url", url).stdout
