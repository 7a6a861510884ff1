"""`frenemies subscriptions`, from the database and from a running service."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from uuid import UUID, uuid4

import pytest

from service.bootstrap import build
from service.db import connect
from service.hooks.subscriptions import Subscription
from service.keys.scopes import ADMIN_ID
from service.settings import Settings
from tests.cli.conftest import Run

PARKED = """
INSERT INTO hooks.deliveries (subscription, position, edition, state, concerns, tries, due, attempts)
SELECT %s::uuid, position, 1, 'parked', '{a}', 10, now(),
    '[{"at": "2026-11-22T12:00:00Z", "result": "refused", "status": 500, "seconds": 0.1, "detail": "not taken"}]'
FROM generate_series(7, 9) AS position
"""
COMMANDS = [("list",), ("show", "ID"), ("parked", "ID")]
Serve = Callable[[Settings], str]


@pytest.fixture
def made(sample_url: str) -> Iterator[Subscription]:
    """A subscription with three events that were given up."""
    services = build(Settings(webhooks_loopback=True), sample_url)
    kept = services.subscriptions.create(
        ADMIN_ID, "http://127.0.0.1:9/hook", ["InvestmentClaimed"], ["red-hat"], description="Ours\x1b[2J"
    )
    with connect(sample_url) as connection:
        connection.execute(PARKED, [kept.subscription.id])
    yield kept.subscription
    services.close()


def asked(command: tuple[str, ...], name: UUID) -> tuple[str, ...]:
    return ("subscriptions", *(str(name) if part == "ID" else part for part in command))


def test_subscriptions_are_listed_with_where_they_are(on_sample: Run, made: Subscription) -> None:
    result = on_sample("subscriptions", "list")
    assert result.exit_code == 0, result.output
    header, line = result.stdout.strip().splitlines()
    for column in ("subscription", "state", "position", "pending", "parked", "url", "description"):
        assert column in header
    assert line.startswith(str(made.id)) and " active " in line and made.url in line
    assert "\x1b" not in result.stdout


def test_one_is_shown_line_by_line(on_sample: Run, made: Subscription) -> None:
    lines = on_sample("subscriptions", "show", str(made.id)).stdout.splitlines()
    assert f"url: {made.url}" in lines and "types: io.frenemies.InvestmentClaimed" in lines
    assert "entities: red-hat" in lines and "parked: 3" in lines
    assert not [line for line in lines if line.startswith("reason")]


def test_what_was_given_up_is_shown_with_why(on_sample: Run, made: Subscription) -> None:
    rows = on_sample("subscriptions", "parked", str(made.id)).stdout.strip().splitlines()[1:]
    assert [row.split()[0] for row in rows] == ["9", "8", "7"]
    assert all("refused" in row and "500" in row and "not taken" in row for row in rows)
    few = on_sample("subscriptions", "parked", str(made.id), "--limit", "2").stdout.strip().splitlines()[1:]
    assert few == rows[:2]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_as_json_it_is_the_answer_of_the_service_without_a_secret(
    on_sample: Run, run: Run, service_at: Serve, made: Subscription, command: tuple[str, ...]
) -> None:
    local = on_sample(*asked(command, made.id), "--json")
    remote = run(*asked(command, made.id), "--json", "--url", service_at(Settings()))
    assert json.loads(local.stdout) == json.loads(remote.stdout)
    assert "whsec" not in local.stdout


def test_where_there_is_nothing_that_is_said(on_sample: Run) -> None:
    assert on_sample("subscriptions", "list").stdout == "There are no subscriptions.\n"


def test_where_nothing_was_given_up_that_is_said(on_sample: Run, made: Subscription, sample_url: str) -> None:
    with connect(sample_url) as connection:
        connection.execute("DELETE FROM hooks.deliveries")
    assert on_sample("subscriptions", "parked", str(made.id)).stdout == "Nothing was given up.\n"


@pytest.mark.parametrize("command", COMMANDS[1:], ids=lambda command: command[0])
def test_an_id_that_is_unknown_or_none_is_refused(on_sample: Run, command: tuple[str, ...]) -> None:
    assert on_sample(*asked(command, uuid4())).exit_code == 3
    nonsense = on_sample("subscriptions", command[0], "../x")
    assert nonsense.exit_code in (2, 3) and nonsense.stderr.startswith("frenemies: ")


def test_a_service_with_a_key_is_asked_with_it(run: Run, service_at: Serve, made: Subscription) -> None:
    url = service_at(Settings(admin_key="k" * 32))
    refused = run("subscriptions", "list", "--url", url)
    assert refused.exit_code == 2 and "whsec" not in refused.output
    assert str(made.id) in run("subscriptions", "list", "--url", url, FRENEMIES_ADMIN_KEY="k" * 32).stdout
