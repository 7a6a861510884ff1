"""compose.yaml: of the right form, closed by default, and its two logins are enough for what they are to do."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
import yaml

from service.db import connect
from service.embedded import EmbeddedServer, packaged_programs
from tests.cli.conftest import ROOT, Run
from tests.cli.test_serve import Start, get, ready
from tests.conftest import url_of
from tests.test_docs import settings_of_the_environment

TEXT = (ROOT / "compose.yaml").read_text()
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = ("migrate", "frenemies")
LEDGER = {"frenemies": ["erasures:/ledger"]}
"""What was erased is written down outside of the database."""
PASSWORDS = {"FRENEMIES_MIGRATE_PASSWORD": "mig'rate", "FRENEMIES_SERVICE_PASSWORD": "serve"}


def test_it_has_the_form_that_compose_wants() -> None:
    program = Path(sys.executable).with_name("check-jsonschema")
    check = [program, "--builtin-schema", "vendor.compose-spec", str(ROOT / "compose.yaml")]
    done = subprocess.run(check, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout


def test_no_secret_has_a_value_that_works_without_being_set() -> None:
    given = [
        (name, str(value))
        for service in SERVICES.values()
        for name, value in service.get("environment", {}).items()
        if re.search("PASSWORD|KEY|SECRET", name) or "://" in str(value)
    ]
    assert len(given) > 5
    for name, value in given:
        told = re.sub(r"\$\{[A-Z_]+:\?[^}]+\}", "", value)
        assert told in ("", "postgresql://frenemies_service@postgres/frenemies") or re.fullmatch(
            r"postgresql://\w+:@postgres/frenemies", told
        ), name
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?", TEXT))
    comment = TEXT.partition("name: frenemies")[0]
    assert not [name for name in wanted if name not in comment]


@pytest.mark.parametrize("name", OURS)
def test_the_service_may_write_nowhere_and_become_nobody(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert [place.partition(":")[0] for place in service["tmpfs"]] == ["/tmp"]  # noqa: S108
    assert service.get("volumes", []) == LEDGER.get(name, [])
    assert not {"privileged", "cap_add", "user", "devices", "network_mode"} & set(service)


def test_nothing_is_reached_from_other_machines_and_the_database_by_the_service_alone() -> None:
    ports = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert ports and not [port for port in ports if not port.startswith("127.0.0.1:")]
    assert "ports" not in SERVICES["postgres"]
    assert COMPOSE["networks"]["database"]["internal"] is True
    assert [name for name, one in SERVICES.items() if "database" in one["networks"]] == ["postgres", *OURS]


def test_the_login_that_serves_is_not_told_how_to_migrate() -> None:
    assert "MIGRATE" not in str(SERVICES["frenemies"]["environment"])
    assert SERVICES["frenemies"]["depends_on"] == {"migrate": {"condition": "service_completed_successfully"}}
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_every_setting_in_it_is_one() -> None:
    given = {name for name in OURS for name in SERVICES[name]["environment"]}
    assert given <= settings_of_the_environment()


def test_every_file_that_it_mounts_is_there() -> None:
    mounted = [
        volume.partition(":")[0]
        for service in SERVICES.values()
        for volume in service.get("volumes", [])
        if volume.startswith("./")
    ]
    assert len(mounted) > 4
    assert not [place for place in mounted if not (ROOT / place).exists()]


@pytest.mark.slow
def test_its_logins_migrate_serve_and_change_nothing_that_is_recorded(
    data_folder: Path, start_server: Callable[..., EmbeddedServer], run: Run, start: Start
) -> None:
    """Without passwords being asked for: the server is on a socket of its own."""
    server = start_server(data_folder)
    with connect(server.url) as connection:
        connection.execute("CREATE DATABASE frenemies")
    owner = url_of(server.url, "frenemies")
    psql = [
        packaged_programs().folder / "psql",
        "-v",
        "ON_ERROR_STOP=1",
        "-f",
        ROOT / "ops" / "postgres" / "logins.sql",
    ]
    subprocess.run([*psql, owner], env=os.environ | PASSWORDS, check=True, capture_output=True)
    migrating, serving = (f"{owner}&user={name}" for name in ("frenemies_migrate", "frenemies_service"))
    migrated = run("migrate", DATABASE_URL=serving, MIGRATE_URL=migrating)
    assert migrated.exit_code == 0, migrated.output
    program = start("serve", "--port", "0", "--metrics-port", "0", DATABASE_URL=serving)
    assert get(ready(program), "/readyz")[0] == 200
    with connect(serving) as connection:
        for change in ("UPDATE log.events SET position = 0", "DROP TABLE log.events", "CREATE ROLE other"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(change)
