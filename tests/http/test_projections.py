"""GET /v1/projections."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from service.app import create_app
from service.bootstrap import build, rebuild
from service.projections.indexing import INDEX
from service.projections.progress import Progress
from service.projections.rebuild import Wish
from service.settings import Settings
from tests.http.conftest import Service


def test_a_projection_is_told_with_its_position_and_lag(service: Service) -> None:
    service.known("ant")
    found = service.get("/v1/projections").json["projections"][0]
    assert (found["name"], found["version"], found["is_built"], found["parked"]) == ("index", INDEX.version, True, 0)
    assert (found["position"], found["lag"], found["lag_seconds"]) == (service.timeline.head(), 0, 0.0)
    service.put("/v1/entities/bee", {"kind": "company", "name": "Bee"})
    behind = service.send("GET", "/v1/projections").json["projections"][0]
    assert (behind["lag"], behind["lag_seconds"] > 0) == (1, True)


@pytest.fixture
def rebuilt_while_asked(database_url: str) -> Iterator[list[dict[str, object]]]:
    """What the service says of a rebuild in each of its phases, and after it."""
    settings = Settings()
    services = build(settings, database_url)
    client = create_app(services.timeline, settings, services.importer).test_client()
    told: list[dict[str, object]] = []

    def ask(_: Progress | None) -> None:
        told.append(client.get("/v1/projections").json["projections"][0]["rebuild"])

    rebuild(settings, database_url, INDEX, ask).run(Wish("ann", 1))
    ask(None)
    yield told
    services.close()


def test_a_rebuild_is_told_by_another_process_while_it_runs(rebuilt_while_asked: list[dict[str, object]]) -> None:
    *running, _, last = rebuilt_while_asked
    assert {told["phase"] for told in running} >= {"loading", "indexing"}
    assert all(told["is_running"] and told["started_by"] == "ann" for told in running)
    assert (last["phase"], last["is_running"], last["seconds_left"]) == ("done", False, None)


def test_the_time_left_of_the_whole_is_told_once_something_is_done(
    rebuilt_while_asked: list[dict[str, object]],
) -> None:
    *running, _, last = rebuilt_while_asked
    told = [one["whole_seconds_left"] for one in running if one["phase"] == "verifying"]
    assert told and all(isinstance(one, float) and one >= 0 for one in told)
    assert (running[0]["whole_seconds_left"], last["whole_seconds_left"]) == (None, None)
