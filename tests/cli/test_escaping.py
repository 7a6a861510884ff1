"""Whatever a recorder writes, no command and no line of a log steers the terminal that shows it."""

from __future__ import annotations

import json
import logging
import unicodedata
from collections.abc import Iterator

import pytest

from service.app import create_app
from service.bootstrap import build, projections
from service.serve import logs
from service.settings import Settings
from tests.cli.conftest import Run
from tests.conftest import Servers
from tests.hostile import NAMES, STEERING, packed
from tests.http.conftest import Service
from tests.world import World

STEERED = next(packed(STEERING, 1_000))
OTHERS = " ".join(NAMES.values())
ON = ("--as-of", "2014-12-01")
COMMANDS = {
    "state": ("state", "x-one", *ON, "--include-ended"),
    "state of a board": ("state", "x-board", *ON),
    "state as JSON": ("state", "x-one", *ON, "--json"),
    "relation": ("relation", "owns", "x-one", "x-two", *ON),
    "timeline": ("timeline", "x-one"),
    "changes": ("changes", "x-one", "--from", "2001-01-01", "--to", "2020-01-01"),
    "beliefs": ("beliefs", "x-one"),
    "network": ("network", *ON),
    "path": ("path", "x-two", "x-person", *ON),
    "frenemies": ("frenemies", *ON),
    "feed": ("feed",),
    "subscriptions": ("subscriptions", "list"),
}


@pytest.fixture(scope="module")
def url(servers: Servers) -> Iterator[str]:
    """A database with a world of texts that would steer a terminal."""
    url = servers.migrated(18)
    settings = Settings(database_url=url, webhooks_loopback=True)
    services = build(settings, url)
    with projections(settings, url) as projectors:
        app = create_app(services.timeline, settings, services.importer, services.subscriptions)
        service = Service(app, services.timeline, projectors)
        World(service, "x", next(packed(NAMES)), f"{STEERED} {OTHERS}")
        hook = {"url": "http://127.0.0.1:9/", "description": STEERED}
        assert service.post("/v1/subscriptions", hook).status_code == 201
        service.catch_up()
    services.close()
    yield url
    servers.drop(url)


def steers(text: str) -> set[str]:
    return {one for one in text if one not in "\n\r" and unicodedata.category(one) in ("Cc", "Cf", "Cs", "Zl", "Zp")}


@pytest.mark.parametrize("name", COMMANDS)
def test_no_command_steers_a_terminal(run: Run, url: str, name: str) -> None:
    done = run(*COMMANDS[name], DATABASE_URL=url)
    assert done.exit_code == 0, done.output
    assert not steers(done.output) and done.output.strip()


@pytest.mark.parametrize("brief", [True, False])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_no_line_of_a_log_steers_a_terminal(monkeypatch: pytest.MonkeyPatch, brief: bool, is_terminal: bool) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: is_terminal, raising=False)
    formatter = logs.formatter(brief=brief)
    record = logging.LogRecord("x", logging.WARNING, "x", 1, {"event": "not served", "path": STEERED}, None, None)
    record._logger, record._name = None, "warning"  # type: ignore[attr-defined]
    line = formatter.format(record)
    own = {"\x1b"} if is_terminal and not brief else set()
    assert not steers(line) - own and "\x1b]" not in line and "\n" not in line
    if not (brief or is_terminal):
        assert json.loads(line)["path"] == STEERED
