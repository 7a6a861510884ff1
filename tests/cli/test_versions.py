"""`frenemies versions`: the file, filtered by two conditions, says what the interface says at every point."""

from __future__ import annotations

import builtins
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from events import beliefs
from events.fold import RULES_VERSION
from service.app import create_app
from service.bootstrap import build, prepare, projections, version_reader
from service.db import Database, connect
from service.errors import NotBuilt
from service.exports import parquet
from service.projections.projection import schema_of
from service.projections.states import STATES
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from service.transfer.lines import Lines
from tests.cli.conftest import Run, projected
from tests.conftest import Servers
from tests.histories import histories, turning_days
from tests.recorded import Recorded
from tests.transferred import LONGEST, SAMPLE, article, claim, entity, imported, write

DAYS = ("0001-01-01", "2012-09-12", "2014-01-01", "2014-11-04", "2016-06-30", "9999-12-31")
COUNTS = ("asserter_count", "claim_count", "conflict_count", "excluded_count")
LATER = Lines("later reports", SAMPLE / "later_reports.ndjson", LONGEST)
Rows = list[dict[str, Any]]


def at(path: Path, day: str, position: int) -> Rows:
    """The rows of one point, found as the documentation says."""
    known = (pc.field("known_from_position") <= position) & (
        pc.field("known_to_position").is_null() | (pc.field("known_to_position") > position)
    )
    asked = date.fromisoformat(day)
    valid = (pc.field("valid_from").is_null() | (pc.field("valid_from") <= asked)) & (
        pc.field("valid_to").is_null() | (pc.field("valid_to") > asked)
    )
    return pq.read_table(path, filters=known & valid).to_pylist()


def told(rows: Rows, entity: str) -> Rows:
    """What rows say of an entity, in the words of the interface."""
    mine = [row for row in rows if entity in (row["subject"], row["object"])]
    return sorted(map(_told, mine), key=_place)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    assert row["is_kept"]
    found = {name: row[name] for name in ("relation", "subject", "object", "status", "contested", "claims", *COUNTS)}
    for name in ("since", "until", "due"):
        found[name] = [_iso(row[f"{name}_{end}"]) for end in ("earliest", "latest")]
    found |= {name: _iso(row[name]) for name in ("supported_on", "planned_since")}
    return found | {name: json.loads(row[name]) for name in ("attributes", "parts")}


def answered(client: FlaskClient, entity: str, day: str, position: int) -> tuple[str, Rows]:
    """Who answers for an entity, and what the interface says of its relations, in the words of rows."""
    path: str | None = f"/v1/entities/{entity}/state?as_of={day}&recorded_by={position}&include=ended&limit=200"
    relations: Rows = []
    answerer = entity
    while path is not None:
        page = client.get(path).json
        assert page is not None and "relations" in page, page
        relations, answerer, path = [*relations, *page["relations"]], page["entity"]["id"], page["next"]
    return answerer, sorted(map(_answered, relations), key=_place)


def _answered(relation: dict[str, Any]) -> dict[str, Any]:
    names = ("relation", "subject", "object", "status", "contested", "claims", "attributes", *COUNTS)
    found = {name: relation[name] for name in (*names, "supported_on", "planned_since")}
    for name in ("since", "until", "due"):
        found[name] = [(relation[name] or {}).get(end) for end in ("earliest", "latest")]
    left_out = ("asserted_by",)
    parts = [{name: value for name, value in part.items() if name not in left_out} for part in relation["parts"]]
    return found | {"parts": parts}


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _place(found: dict[str, Any]) -> tuple[str, str, str]:
    return found["relation"], found["subject"], found["object"]


def written(url: str, path: Path) -> int:
    """Writes the versions of a database whose read tables are complete; gives how many."""
    with version_reader(Settings(), url) as reader, path.open("wb") as file:
        return parquet.write(file, reader.versions(), {})


@pytest.fixture
def client(sample_url: str) -> Iterator[FlaskClient]:
    """Answers of the interface about the sample."""
    services = build(Settings(), sample_url)
    yield create_app(services.timeline, services.settings).test_client()
    services.close()


def entities_of(url: str) -> list[str]:
    with connect(url) as connection:
        found = connection.execute("SELECT DISTINCT split_part(stream, '-', 1), substr(stream, 8) FROM log.events")
        return sorted(name for category, name in found if category == "entity")


def test_two_conditions_give_every_state_of_the_sample(
    on_sample: Run, sample_url: str, client: FlaskClient, tmp_path: Path
) -> None:
    path = tmp_path / "relations.parquet"
    imported(sample_url, LATER)
    result = on_sample("versions", "--output", str(path))
    assert (result.exit_code, result.stderr) == (0, "")
    head = int((pq.read_schema(path).metadata)[b"frenemies.position"])
    assert result.stdout == f"{pq.read_metadata(path).num_rows:,} versions, recorded by position {head}\n"
    compared = 0
    for position in (1, head // 3, head - 20, head):
        for day in DAYS:
            rows = at(path, day, position)
            assert len({_place(row) for row in rows}) == len(rows)
            for name in entities_of(sample_url):
                answerer, expected = answered(client, name, day, position)
                assert told(rows, answerer) == expected
                compared += len(expected)
    assert compared > 1_000


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_two_conditions_give_every_state_of_any_history(servers: Servers, tmp_path: Path, data: st.DataObject) -> None:
    history = data.draw(histories())
    url, path = servers.migrated(18), tmp_path / "history.parquet"
    with Database(DatabaseSettings(url, pool_timeout=5.0)) as database:
        Recorded(history, PostgresStore(database))
    with projected(url):
        written(url, path)
    services = build(Settings(), url)
    client = create_app(services.timeline, services.settings).test_client()
    days, positions = st.sampled_from(turning_days(history)), st.integers(1, services.timeline.head())
    for _ in range(6):
        day, position = data.draw(days), data.draw(positions)
        rows = at(path, day, position)
        for name in entities_of(url):
            answerer, expected = answered(client, name, day, position)
            assert told(rows, answerer) == expected
    services.close()
    servers.drop(url)


def test_the_versions_of_a_relation_follow_each_other_without_gaps_or_overlaps(on_sample: Run, tmp_path: Path) -> None:
    path = tmp_path / "relations.parquet"
    on_sample("versions", "--output", str(path))
    known: dict[Any, dict[int, Rows]] = {}
    for row in pq.read_table(path).to_pylist():
        known.setdefault(_place(row), {}).setdefault(row["known_from_position"], []).append(row)
    assert len(known) > 50
    for versions in known.values():
        for position, rows in versions.items():
            assert len({(row["known_to_position"], row["known_from"], row["known_to"]) for row in rows}) == 1
            until = rows[0]["known_to_position"]
            assert until is None or until > position
            assert [row["valid_to"] for row in rows] == [*(row["valid_from"] for row in rows[1:]), None]
            assert rows[0]["valid_from"] is None
        untils = [rows[0]["known_to_position"] for _, rows in sorted(versions.items())]
        assert untils[:-1] == sorted(versions)[1:]


def test_the_file_says_of_which_log_and_position_it_is(on_sample: Run, sample_url: str, tmp_path: Path) -> None:
    path = tmp_path / "relations.parquet"
    on_sample("versions", "--output", str(path))
    said = {name.decode(): value.decode() for name, value in pq.read_schema(path).metadata.items()}
    with connect(sample_url) as connection:
        row = connection.execute(
            "SELECT epoch::text, position, recorded_at FROM log.epoch, log.events ORDER BY position DESC LIMIT 1"
        ).fetchone()
    assert row is not None
    assert said["frenemies.log_epoch"] == row[0]
    assert said["frenemies.log_head"] == said["frenemies.position"] == str(row[1])
    assert said["frenemies.recorded_at"] == row[2].isoformat()
    assert said["frenemies.rules_version"] == str(RULES_VERSION)
    assert said["frenemies.service_version"] and said["frenemies.format"] == "1"


def test_what_is_recorded_and_taken_in_meanwhile_is_not_in_it(sample_url: str, tmp_path: Path) -> None:
    path = tmp_path / "relations.parquet"
    alone = written(sample_url, path)
    with version_reader(Settings(), sample_url) as reader, path.open("wb") as file:
        imported(sample_url, LATER)
        with projected(sample_url):
            pass
        assert parquet.write(file, reader.versions(), {}) == alone
        position = reader.reached.position
    assert pc.max(pq.read_table(path)["known_from_position"]).as_py() <= position
    assert written(sample_url, path) > alone


def test_what_the_tables_have_not_taken_in_is_not_in_it(database_url: str, tmp_path: Path) -> None:
    path = tmp_path / "relations.parquet"
    imported(database_url, write(tmp_path / "a.ndjson", [entity("a"), entity("b"), article(1), claim(1, 1, "a", "b")]))
    with projections(Settings(), database_url) as projectors:
        projectors.catch_up()
    imported(database_url, write(tmp_path / "b.ndjson", [claim(2, 1, "a", "b", modality="denied")]))
    with version_reader(Settings(), database_url) as reader, path.open("wb") as file:
        assert (reader.reached.position, reader.reached.log_head) == (4, 5)
        parquet.write(file, reader.versions(), {})
    assert pc.unique(pq.read_table(path)["known_to_position"]).to_pylist() == [None]


def test_a_relation_that_no_claim_speaks_of_any_more_has_no_version(
    on_database: Run, database_url: str, tmp_path: Path
) -> None:
    retracted = {"record": "retraction", "of": "c-1", "reason": "a slip"}
    reinstated = {"record": "reinstatement", "of": "c-1", "reason": "no slip"}
    records = [entity("a"), entity("b"), article(1), claim(1, 1, "a", "b"), retracted, entity("c"), reinstated]
    imported(database_url, write(tmp_path / "a.ndjson", records))
    path = tmp_path / "relations.parquet"
    assert on_database("versions", "--output", str(path)).exit_code == 0
    known = {(row["known_from_position"], row["known_to_position"]) for row in pq.read_table(path).to_pylist()}
    assert known == {(4, 5), (7, None)}


def test_what_changes_on_too_many_days_has_one_row_without_a_status(
    on_database: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beliefs, "MOST_BREAKS", 0)
    role = {"holder": "jo", "organization": "a"}
    position = claim(2, 1, "a", "b", type="position", attributes={"title": "chair"})
    position["participants"] = [{"role": role, "entity": name} for role, name in role.items()]
    records = [entity("a"), entity("b"), entity("jo", kind="person"), article(1), claim(1, 1, "a", "b"), position]
    imported(database_url, write(tmp_path / "a.ndjson", records))
    path = tmp_path / "relations.parquet"
    assert on_database("versions", "--output", str(path)).exit_code == 0
    rows = sorted(pq.read_table(path).to_pylist(), key=_place)
    assert [_place(row) for row in rows] == [("holds_position", "jo", "a"), ("partner_of", "a", "b")]
    empty = set(parquet.SCHEMA.names[parquet.SCHEMA.names.index("status") :])
    for row in rows:
        assert (row["is_kept"], row["valid_from"], row["valid_to"], row["known_to"]) == (False, None, None, None)
        assert {row[name] for name in empty} == {None}


@pytest.mark.parametrize(("limit", "most"), [("MOST_ROWS", 1), ("MOST_BYTES", 1)])
def test_a_group_of_rows_is_written_before_the_next_is_made(
    sample_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, limit: str, most: int
) -> None:
    monkeypatch.setattr(parquet, "_BATCH", 50)
    monkeypatch.setattr(parquet, limit, most)
    path, made, most_ahead = tmp_path / "relations.parquet", 0, 0
    with version_reader(Settings(), sample_url) as reader, path.open("wb") as file:

        def counted() -> Iterator[Any]:
            nonlocal made, most_ahead
            written_before = 0
            for version in reader.versions():
                made += 1
                if file.tell() > written_before:
                    written_before, most_ahead = file.tell(), max(most_ahead, made)
                    made = 0
                yield version

        rows = parquet.write(file, counted(), {})
    found = pq.read_metadata(path)
    assert [found.row_group(n).num_rows for n in range(found.num_row_groups - 1)] == [50] * (rows // 50)
    assert most_ahead <= 51


def test_an_empty_log_gives_a_file_without_rows(on_database: Run, tmp_path: Path) -> None:
    path = tmp_path / "relations.parquet"
    assert on_database("versions", "--output", str(path)).stdout == "0 versions, recorded by position 0\n"
    table = pq.read_table(path)
    assert (table.num_rows, table.schema.names) == (0, parquet.SCHEMA.names)


def test_without_pyarrow_it_says_what_to_install(
    on_sample: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    importing = builtins.__import__

    def without(name: str, *more: Any, **others: Any) -> Any:
        if name.split(".")[0] == "pyarrow" or name == "service.exports" and "parquet" in (more[2] or ()):
            raise ModuleNotFoundError("No module named 'pyarrow'", name="pyarrow")
        return importing(name, *more, **others)

    monkeypatch.setattr(builtins, "__import__", without)
    path = tmp_path / "relations.parquet"
    result = on_sample("versions", "--output", str(path))
    assert (result.exit_code, result.stdout) == (4, "")
    assert "pyarrow" in result.stderr and "frenemies[parquet]" in result.stderr
    assert not list(tmp_path.glob("relations*"))


@pytest.mark.parametrize(
    ("arguments", "says"), [((), "--output"), (("--output", "x.parquet", "--url", "http://localhost"), "--url")]
)
def test_wrong_usage_is_said_so(on_sample: Run, arguments: tuple[str, ...], says: str) -> None:
    result = on_sample("versions", *arguments)
    assert result.exit_code == 2 and says in result.stderr


@pytest.mark.parametrize("command", ["versions", "export"])
def test_a_file_that_cannot_be_written_is_said_so(on_sample: Run, tmp_path: Path, command: str) -> None:
    path = tmp_path / "nowhere" / "relations.parquet"
    result = on_sample(command, "--output", str(path))
    assert (result.exit_code, result.stdout) == (4, "")
    assert f"{path} cannot be written" in result.stderr


def test_tables_that_were_never_complete_are_no_answer(empty_database_url: str) -> None:
    prepare(Settings(), empty_database_url)
    with Database(DatabaseSettings(empty_database_url, pool_timeout=5.0)) as database:
        Recorded([entity("a")], PostgresStore(database))
    with connect(empty_database_url) as connection:
        connection.execute(f"UPDATE {schema_of(STATES)}.checkpoint SET built_at = NULL")  # noqa: S608
    with pytest.raises(NotBuilt), version_reader(Settings(), empty_database_url):
        pass
