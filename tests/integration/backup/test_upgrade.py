"""A database of an older version, with the data of that time, answers as it did.

`tests/data/upgrade` holds a backup of a database with the schema of migration 0009, recorded by the code of that time
(the sample, an entity renamed, a person), and what that code answered. Nobody edits either.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from service.app import create_app
from service.backup.archive import Archive
from service.backup.restoring import load
from service.bootstrap import build, log_reader, prepare, projections
from service.db import connect
from service.migrate import apply_missing, migrating
from service.settings import Settings
from service.tree.audit import Audit
from service.tree.notes import VerifierKey
from tests.conftest import Servers
from tests.integration.backup.conftest import quiet, restored, rows, written

pytestmark = pytest.mark.xdist_group("upgraded")
DATA = Path(__file__).parents[2] / "data" / "upgrade"
ANSWERS: dict[str, Any] = json.loads((DATA / "answers.json").read_text())


def old_database(url: str) -> None:
    """Makes of an empty database one of that time."""
    with (DATA / "schema-0009.zip").open("rb") as file, migrating(url) as connection:
        archive = Archive(file)
        apply_missing(connection, archive.manifest.migrations)
        load(connection, archive, quiet)


@pytest.fixture(scope="module", params=["migrated", "restored"])
def upgraded(request: pytest.FixtureRequest, servers: Servers) -> Iterator[str]:
    """The database of that time in the schema of now, and the read side built."""
    with ExitStack() as keep:
        url = servers.empty(18)
        keep.callback(servers.drop, url)
        if request.param == "migrated":
            old_database(url)
            assert prepare(Settings(), url).applied[0] == "0010_snapshots.sql"
        else:
            newest = ANSWERS["/v1/log/checkpoint?size=272"]
            assert restored((DATA / "schema-0009.zip").read_bytes(), url, newest).is_same
        with projections(Settings(), url) as projectors:
            projectors.catch_up()
        yield url


def get(url: str, path: str) -> Any:
    services = build(Settings(database_url=url), url)
    try:
        answer = create_app(services.timeline, services.settings).test_client().get(path)
    finally:
        services.close()
    assert answer.status_code == 200, answer.text
    return answer.get_json(force=True) if "json" in answer.mimetype else answer.text


def holds(now: Any, then: Any, place: str = "") -> list[str]:
    """Where an answer lacks what it told then; it may tell more, and needs to name only whom it tells of."""
    if place == "/names" and isinstance(then, dict):
        return [f"{place}/{name}" for name in now.keys() & then.keys() if now[name] != then[name]]
    if isinstance(then, dict) and isinstance(now, dict):
        return [
            fault for name, told in then.items() for fault in holds(now.get(name, "nothing"), told, f"{place}/{name}")
        ]
    if isinstance(then, list) and isinstance(now, list) and len(now) == len(then):
        return [
            fault
            for index, pair in enumerate(zip(now, then, strict=True))
            for fault in holds(*pair, f"{place}/{index}")
        ]
    return [] if now == then else [f"{place}: {then!r:.60} > {now!r:.60}"]


@pytest.mark.parametrize("path", ANSWERS)
def test_it_answers_as_it_did(upgraded: str, path: str) -> None:
    left_out = ("/token", "/state_hash")
    faults = [fault for fault in holds(get(upgraded, path), ANSWERS[path]) if not fault.startswith(left_out)]
    assert not faults


@pytest.mark.parametrize("path", [path for path, then in ANSWERS.items() if "token" in then])
def test_its_tokens_are_read(upgraded: str, path: str) -> None:
    then = ANSWERS[path]
    told = get(upgraded, f"{urlsplit(path).path}?token={then['token']}")
    assert told["position"] == then["position"]
    assert told["token_check"]["status"] == "same" or "The rules are of version" in told["token_check"]["why"]


def test_its_log_and_its_checkpoints_are_whole(upgraded: str) -> None:
    with log_reader(Settings(), upgraded) as reader:
        keys = [VerifierKey.parse(key) for key, _ in reader.verifier_keys()]
        result = Audit(reader, keys).run(lambda done, total: None)
    assert (result.finding, result.head, result.checkpoints) == (None, 273, 2)


def test_events_of_older_shapes_are_read(servers: Servers) -> None:
    """Stored with keys and all as the code of that time did."""
    told = json.loads((DATA.parent / "events" / "v1" / "EntityRegistered.v1.json").read_text())
    state = json.dumps(told["state"]).encode()
    url = servers.empty(18)
    try:
        old_database(url)
        with connect(url) as connection:
            connection.execute(
                "SELECT log.append(ARRAY['entity-ant'], ARRAY[1], ARRAY[%s], ARRAY[%b]::bytea[],"
                + 16 * " '{}',"
                + " NULL, NULL, NULL)",
                [told["topic"], state],
            )
        prepare(Settings(), url)
        with projections(Settings(), url) as projectors:
            projectors.catch_up()
        assert get(url, "/v1/entities/ant")["identifiers"] == {"domain": "redhat.com", "url": "https://redhat.com/"}
        (event,) = get(url, "/v1/feed?entity=ant")
        assert event["type"] == "io.frenemies.EntityRegistered.v1"
        assert event["data"].items() >= told["state"].items()
    finally:
        servers.drop(url)


def test_what_was_recorded_is_not_recorded_again(upgraded: str) -> None:
    """Keys, links and answered requests of that time still count."""
    services = build(Settings(database_url=upgraded), upgraded)
    try:
        client = create_app(services.timeline, services.settings).test_client()
        before = services.timeline.head()
        again = client.post(
            "/v1/entities/mirantis/rename",
            data=b'{"name":"Mirantis Inc","since":"2015-01-01"}',
            content_type="application/json",
            headers={"Idempotency-Key": "k-1"},
        )
        assert (again.status_code, again.json["position"]) == (201, 272)
        person = {
            "kind": "person",
            "name": "Jane Roe",
            "aliases": ["J. Roe"],
            "identifiers": {"wikidata": "Q999999991"},
        }
        assert client.put("/v1/entities/jane-roe", json=person).status_code == 200
        assert services.timeline.head() == before
    finally:
        services.close()


def test_a_database_is_backed_up_before_it_is_migrated(empty_database_url: str) -> None:
    """By the new version, so that there is a way back."""
    old_database(empty_database_url)
    manifest = Archive(io.BytesIO(written(empty_database_url))).manifest
    assert list(manifest.migrations)[-1] == "0009_rebuild_time_left.sql"
    assert "hooks.subscriptions" not in [part.table for part in manifest.parts]
    with (DATA / "schema-0009.zip").open("rb") as file:
        then = Archive(file).manifest
    assert [(part.table, part.sha256) for part in manifest.parts] == [(part.table, part.sha256) for part in then.parts]
    assert rows(empty_database_url, "log.epoch")["log.epoch"][0][1] == then.epoch
