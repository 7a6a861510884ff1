"""`frenemies keys`, and what a service does with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from time import monotonic
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from click.testing import Result

from service.bootstrap import has_keys
from service.cli.keys import end_of
from service.serve.address import demand_guard
from service.serve.errors import NotGuarded
from service.settings import Settings
from tests.cli.conftest import Program, Run
from tests.cli.test_serve import ready, wait_until

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
START, SECONDS = "frn_", 5.0
Serve = Callable[[Settings], str]
Start = Callable[..., Program]


def created(run: Run, *options: str) -> str:
    """The secret of a new key."""
    result = run("keys", "create", "tester", *options, "--quiet")
    assert result.exit_code == 0, result.output
    return result.stdout.strip()


def listed(result: Result) -> list[dict[str, object]]:
    keys: list[dict[str, object]] = json.loads(result.stdout)["keys"]
    return keys


def status(base: str, path: str, key: str | None = None) -> int:
    request = Request(base + path, headers={"Authorization": f"Bearer {key}"} if key else {})  # noqa: S310
    try:
        with urlopen(request, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except HTTPError as error:
        return error.code


def test_a_key_is_shown_once_with_what_it_allows(on_database: Run) -> None:
    result = on_database("keys", "create", "Reports\x1b[2J?", "--scope", "state:read")
    assert result.exit_code == 3 and "\x1b" not in result.output
    result = on_database(
        "keys", "create", "Reports", "--scope", "state:read", "--scope", "feed:read", "--expires", "90d"
    )
    assert result.exit_code == 0, result.output
    said, secret = result.stdout.splitlines()
    assert secret.startswith(START) and secret[4:14] in said
    assert "Reports" in said and "state:read, feed:read" in said and "until 20" in said
    assert secret[15:] not in on_database("keys", "list").output + on_database("keys", "list", "--json").output


def test_in_a_script_there_is_nothing_but_the_key(on_database: Run) -> None:
    quiet = on_database("keys", "create", "a", "--scope", "admin", "--quiet")
    assert quiet.stdout.count("\n") == 1 and quiet.stdout.startswith(START) and not quiet.stderr
    made = json.loads(on_database("keys", "create", "a", "--scope", "admin", "--json").stdout)
    assert made["key"].startswith(f"frn_{made['id']}_")
    assert (made["name"], made["scopes"], made["state"], made["expires_at"]) == ("a", ["admin"], "active", None)


def test_keys_are_listed_and_revoked(on_database: Run) -> None:
    assert on_database("keys", "list").stdout == "There are no keys.\n"
    first, second = (created(on_database, "--scope", "admin")[4:14] for _ in range(2))
    result = on_database("keys", "revoke", first)
    assert (result.exit_code, result.stdout) == (0, f"The key {first} of tester is revoked.\n")
    assert [(one["id"], one["state"]) for one in listed(on_database("keys", "list", "--json"))] == [
        (first, "revoked"), (second, "active"),
    ]  # fmt: skip
    table = on_database("keys", "list").stdout
    assert first in table and "revoked" in table and "admin" in table
    assert json.loads(on_database("keys", "revoke", second, "--json").stdout)["state"] == "revoked"


def test_a_key_that_is_none_is_not_there(on_database: Run) -> None:
    for name in ("aaaaaaaaaa", "", "x" * 100, "a\x00b"):
        result = on_database("keys", "revoke", name)
        assert result.exit_code == 3 and result.stderr.startswith("frenemies: "), name


@pytest.mark.parametrize(
    "options", [
        (), ("--scope", "all"), ("--scope", "admin", "--expires", "tomorrow"), ("--scope", "admin", "--expires", "0d"),
        ("--scope", "admin", "--expires", "2020-01-01"), ("--scope", "admin", "--expires", "9999d"),
    ],
)  # fmt: skip
def test_what_cannot_be_understood_is_wrong_usage(on_database: Run, options: tuple[str, ...]) -> None:
    result = on_database("keys", "create", "a", *options)
    assert result.exit_code == 2 and START not in result.output
    assert on_database("keys", "list").stdout == "There are no keys.\n"


@pytest.mark.parametrize(
    ("text", "end"), [
        ("1d", NOW + timedelta(days=1)), ("90d", NOW + timedelta(days=90)),
        ("2026-11-22", datetime(2026, 11, 23, tzinfo=UTC)), ("2027-01-31", datetime(2027, 2, 1, tzinfo=UTC)),
    ],
)  # fmt: skip
def test_a_key_ends_after_days_or_with_a_day(text: str, end: datetime) -> None:
    assert end_of(text, NOW) == end


@pytest.mark.parametrize(
    "text",
    ["", "90", "d", "-1d", "1.5d", "00d", "99999d", "2026-11-21", "2026-02-30", "2026-11", "9999-12-31", "\u0661d"],
)
def test_an_end_that_is_none_is_refused(text: str) -> None:
    with pytest.raises((ValueError, OverflowError)):
        end_of(text, NOW)


def test_commands_that_ask_a_service_show_their_key(run: Run, on_sample: Run, service_at: Serve) -> None:
    reader, follower = created(on_sample, "--scope", "state:read"), created(on_sample, "--scope", "feed:read")
    url = service_at(Settings())
    asked = ("state", "red-hat", "--url", url)
    none = run(*asked)
    assert none.exit_code == 2 and "FRENEMIES_KEY" in none.stderr
    assert run(*asked, FRENEMIES_KEY=reader).exit_code == 0
    assert run(*asked, FRENEMIES_KEY=reader, FRENEMIES_ADMIN_KEY="other").exit_code == 0
    assert run(*asked, FRENEMIES_ADMIN_KEY=reader).exit_code == 0
    wrong = run(*asked, FRENEMIES_KEY=follower)
    assert wrong.exit_code == 2 and "state:read" in wrong.stderr
    assert run("feed", "--url", url, FRENEMIES_KEY=follower).exit_code == 0
    assert on_sample("state", "red-hat").exit_code == 0, "who has the database needs no key"


def test_off_loopback_it_starts_with_keys_and_not_without(run: Run, database_url: str) -> None:
    refused = run("serve", "--host", "0.0.0.0", "--port", "0", DATABASE_URL=database_url)
    assert refused.exit_code == 2 and "frenemies keys create" in refused.stderr
    exposed = Settings(host="0.0.0.0")  # noqa: S104
    with pytest.raises(NotGuarded):
        demand_guard(exposed, lambda: has_keys(exposed, database_url))
    created(lambda *arguments: run(*arguments, DATABASE_URL=database_url), "--scope", "feed:read")
    demand_guard(exposed, lambda: has_keys(exposed, database_url))
    demand_guard(replace(exposed, admin_key="x"), lambda: False)
    demand_guard(Settings(), lambda: False)


def test_a_database_that_is_not_prepared_is_told_so(run: Run, empty_database_url: str) -> None:
    for arguments in (("create", "a", "--scope", "admin"), ("list",), ("revoke", "aaaaaaaaaa")):
        result = run("keys", *arguments, DATABASE_URL=empty_database_url)
        assert result.exit_code == 4 and "frenemies migrate" in result.stderr


@pytest.mark.slow
def test_a_running_service_wants_a_key_as_soon_as_there_is_one_and_a_revoked_one_is_of_no_use(
    start: Start, run: Run, empty_database_url: str
) -> None:
    def on(*arguments: str) -> Result:
        return run(*arguments, DATABASE_URL=empty_database_url)

    program = start(
        "serve", "--port", "0", "--metrics-port", "0", DATABASE_URL=empty_database_url, FRENEMIES_RATE_REFUSED="0"
    )
    base = ready(program)
    assert status(base, "/v1/entities") == 200
    begun = monotonic()
    key = created(on, "--scope", "state:read")
    assert (status(base, "/v1/entities", key), status(base, "/v1/feed", key)) == (200, 403)
    wait_until(lambda: {status(base, "/v1/entities") for _ in range(8)} == {401})
    assert monotonic() - begun < SECONDS
    assert status(base, "/readyz") == 200
    begun = monotonic()
    assert on("keys", "revoke", key[4:14]).exit_code == 0
    wait_until(lambda: {status(base, "/v1/entities", key) for _ in range(8)} == {401})
    assert monotonic() - begun < SECONDS
    assert program.end() == 0
    assert key[15:] not in program.log.read_text()
