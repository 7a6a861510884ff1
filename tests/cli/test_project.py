"""`frenemies project`: status, rebuild, verify, cancel, and what is parked."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial

import pytest

from service.bootstrap import prepare, projection_status, projections
from service.db import connect
from service.projections.catalog import PROJECTIONS
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.settings import Settings
from tests.cli.conftest import Run, count_events
from tests.integration.projections.stories import BOTH

SCHEMA = schema_of(INDEX)


def damage(url: str, statement: str) -> None:
    with connect(url) as connection:
        connection.execute(f"SET search_path TO {SCHEMA}")
        connection.execute(statement.encode())


@pytest.fixture
def poisoned_url(sample_url: str) -> str:
    """The sample with an event that cannot be read."""
    with projections(Settings(), sample_url) as projectors:
        with connect(sample_url) as connection:
            connection.execute(
                "INSERT INTO log.events"
                " SELECT max(position) + 1, 'entity-bad', 1, 'NobodyKnows.v1', '{}', clock_timestamp() FROM log.events"
            )
        projectors.catch_up()
    return sample_url


def test_status_tells_position_and_lag(on_sample: Run, sample_url: str) -> None:
    result = on_sample("project", "status", "--json")
    found = json.loads(result.stdout)["projections"][0]
    head = count_events(sample_url)
    assert (found["name"], found["version"]) == ("index", INDEX.version)
    assert (found["position"], found["head"], found["lag"]) == (head, head, 0)
    assert (found["is_built"], found["parked"], found["rebuild"]) == (True, 0, None)
    told = on_sample("project", "status").stdout
    assert f"index version {INDEX.version}: complete, at {head} of {head}" in told


def test_status_asks_a_running_service(
    run: Run, on_sample: Run, sample_url: str, service_at: Callable[[Settings], str]
) -> None:
    url = service_at(Settings(admin_key="open sesame"))
    asked = ("project", "status", "--url", url)
    local = on_sample("project", "status").stdout
    assert (run(*asked, FRENEMIES_ADMIN_KEY="open sesame").stdout, f"index version {INDEX.version}" in local) == (
        local,
        True,
    )
    assert run(*asked).exit_code == 2
    assert run("project", "status", "--url", "http://127.0.0.1:1").exit_code == 4


def test_status_tells_the_time_left_of_the_phase_and_of_the_whole(on_sample: Run, sample_url: str) -> None:
    with connect(sample_url) as running:
        running.execute(f"SELECT pg_advisory_lock(73102712, hashtext('{SCHEMA}'))")
        running.execute(
            "INSERT INTO projections.rebuilds (schema, phase, started_by, done, total, rate, whole_seconds_left)"
            f" VALUES ('{SCHEMA}', 'indexing', 'ann', 5, 10, 0.5, 61.2)"
        )
        told = on_sample("project", "status").stdout
    assert "rebuild: indexing, by ann since" in told
    assert "5 of 10 at 0/s, 10 s left, 61 s to the end" in told
    found = json.loads(on_sample("project", "status", "--json").stdout)["projections"][0]
    assert (found["rebuild"]["phase"], found["rebuild"]["whole_seconds_left"]) == ("interrupted", None)


def test_rebuild_tells_its_phases_and_puts_the_new_tables_in_place(on_sample: Run, sample_url: str) -> None:
    result = on_sample("project", "rebuild", "--workers", "1")
    assert result.exit_code == 0, result.output
    assert "they agreed with the live view and a sample of the log" in result.stdout
    for phase in ("loading", "indexing", "verifying", "done"):
        assert phase in result.stderr
    rebuilt = json.loads(on_sample("project", "status", "--json").stdout)["projections"][0]["rebuild"]
    assert (rebuilt["phase"], rebuilt["is_running"]) == ("done", False)


def test_rebuild_names_what_differs_switches_nothing_and_ends_with_3(on_sample: Run, sample_url: str) -> None:
    damage(sample_url, "DELETE FROM claim_articles WHERE ctid = (SELECT min(ctid) FROM claim_articles)")
    result = on_sample("project", "rebuild", "--workers", "1")
    assert result.exit_code == 3
    assert "claim_articles (" in result.stderr
    assert f"only in {SCHEMA}_next" in result.stderr
    assert "Nothing was switched." in result.stderr
    again = on_sample("project", "rebuild", "--workers", "1", "--despite-live")
    assert again.exit_code == 0, again.output
    assert "index: the live view had been different: claim_articles" in again.stdout


def test_verify_ends_with_0_or_names_what_is_wrong(on_sample: Run, sample_url: str) -> None:
    assert on_sample("project", "verify").exit_code == 0
    damage(sample_url, "UPDATE entities SET kind = 'wrong'")
    result = on_sample("project", "verify")
    assert result.exit_code == 3
    assert "entities" in result.stderr
    whole = on_sample("project", "verify", "--whole")
    assert whole.exit_code == 3
    assert "The live tables are as they were." in whole.stderr
    assert on_sample("project", "rebuild", "--workers", "1").exit_code == 3
    kept = on_sample("project", "verify", "--whole")
    assert (kept.exit_code, "`project rebuild --anew` begins from the start" in kept.stderr) == (3, True)


def test_there_is_nothing_to_cancel_when_no_rebuild_runs(on_sample: Run) -> None:
    result = on_sample("project", "cancel")
    assert (result.exit_code, result.stderr) == (3, "frenemies: No rebuild is running.\n")


def test_a_second_rebuild_is_refused_with_who_runs_the_first(on_sample: Run, sample_url: str) -> None:
    with connect(sample_url) as running:
        running.execute(f"SELECT pg_advisory_lock(73102712, hashtext('{SCHEMA}'))")
        running.execute(f"INSERT INTO projections.rebuilds VALUES ('{SCHEMA}', 'loading', 'ann')")
        result = on_sample("project", "rebuild")
        assert result.exit_code == 4
        assert "By ann since" in result.stderr
        assert on_sample("project", "cancel").exit_code == 0
        assert running.execute("SELECT is_to_end FROM projections.rebuilds").fetchall() == [(True,)]


def test_parked_events_are_listed_retried_and_skipped(run: Run, poisoned_url: str) -> None:
    listed = run("project", "parked", DATABASE_URL=poisoned_url)
    assert "entity-bad" in listed.stdout
    assert "NobodyKnows.v1" in listed.stdout
    retried = run("project", "parked", "retry", "entity-bad", "--reason", "try", DATABASE_URL=poisoned_url)
    assert retried.exit_code == 3
    assert "entity-bad is held back again" in retried.stderr
    skipped = run(
        "project", "parked", "skip", "entity-bad", "--reason", "junk", "--by", "ann", DATABASE_URL=poisoned_url
    )
    outcomes = "".join(f"{one.name}: entity-bad: left out as a whole.\n" for one in PROJECTIONS)
    assert (skipped.exit_code, skipped.stdout) == (0, outcomes)
    listing = ("project", "parked", "list", "--json", "--projection", "index")
    told = json.loads(run(*listing, DATABASE_URL=poisoned_url).stdout)
    assert told["parked"] == []
    assert [(act["act"], act["reason"]) for act in told["acts"]] == [("skip", "junk"), ("retry", "try")]
    assert told["acts"][0]["done_by"] == "ann"


def test_a_stream_that_is_not_held_back_is_refused(on_sample: Run) -> None:
    result = on_sample("project", "parked", "skip", "entity-red-hat", "--reason", "why not")
    assert result.exit_code == 3
    assert "entity-red-hat" in result.stderr


@pytest.mark.parametrize("arguments", [("rebuild", "--workers", "0"), ("parked", "skip", "entity-bad"), ("nothing",)])
def test_wrong_usage_ends_with_2(on_sample: Run, arguments: tuple[str, ...]) -> None:
    assert on_sample("project", *arguments).exit_code == 2


def test_a_database_out_of_reach_ends_with_4(run: Run) -> None:
    assert run("project", "status", DATABASE_URL="postgresql:///x?host=/nowhere").exit_code == 4


@pytest.fixture
def both(monkeypatch: pytest.MonkeyPatch, sample_url: str) -> str:
    """The sample with a second projection that has taken it in, and that the commands know of."""
    monkeypatch.setattr("service.cli.projections.PROJECTIONS", BOTH)
    monkeypatch.setattr("service.cli.project.projection_status", partial(projection_status, among=BOTH))
    prepare(Settings(), sample_url, BOTH)
    with projections(Settings(), sample_url, BOTH) as projectors:
        projectors.catch_up()
    return sample_url


def test_every_projection_is_told_verified_and_rebuilt_the_followed_one_first(on_sample: Run, both: str) -> None:
    head = count_events(both)
    told = on_sample("project", "status").stdout
    assert f"index version {INDEX.version}: complete, at {head} of {head}" in told
    assert f"following version 1: complete, at {head} of {head}" in told
    verified = [f"{name}: a sample agrees with the log at position {head}." for name in ("index", "following")]
    assert on_sample("project", "verify").stdout.splitlines() == verified
    rebuilt = on_sample("project", "rebuild", "--workers", "1")
    assert rebuilt.exit_code == 0, rebuilt.output
    assert [line.split(":")[0] for line in rebuilt.stdout.splitlines()] == ["index", "following"]
    assert "rebuild of following: catching up" in rebuilt.stderr


def test_one_projection_may_be_chosen(on_sample: Run, both: str) -> None:
    assert on_sample("project", "verify", "--projection", "index").stdout.startswith("index: a sample agrees")
    assert on_sample("project", "rebuild", "--projection", "index", "--workers", "1").stdout.count("\n") == 1
    found = json.loads(on_sample("project", "status", "--json").stdout)["projections"]
    assert [(one["name"], one["rebuild"] is None) for one in found] == [("index", False), ("following", True)]
    assert on_sample("project", "verify", "--projection", "outdex").exit_code == 2


def test_nothing_is_built_on_what_was_not_switched(on_sample: Run, both: str) -> None:
    damage(both, "DELETE FROM claim_articles WHERE ctid = (SELECT min(ctid) FROM claim_articles)")
    result = on_sample("project", "rebuild", "--workers", "1")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "index: claim_articles (" in result.stderr
    assert "following" not in result.stderr


def test_a_parked_stream_is_settled_in_each_projection_that_holds_it_back(
    on_sample: Run, both: str, poisoned_url: str
) -> None:
    with projections(Settings(), both, BOTH) as projectors:
        projectors.catch_up()
    listed = json.loads(on_sample("project", "parked", "list", "--json").stdout)["parked"]
    assert [(one["projection"], one["stream"]) for one in listed] == [
        ("index", "entity-bad"),
        ("following", "entity-bad"),
    ]
    skipped = on_sample("project", "parked", "skip", "entity-bad", "--reason", "junk")
    assert skipped.stdout == "index: entity-bad: left out as a whole.\nfollowing: entity-bad: left out as a whole.\n"
    acts = json.loads(on_sample("project", "parked", "list", "--json").stdout)["acts"]
    assert [act["projection"] for act in acts] == ["following", "index"]
