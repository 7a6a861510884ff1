"""`frenemies export`: what it writes, imported into an empty database, gives the same log and the same answers."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings

from events.event_types import LogCheckpointed
from service.app import create_app
from service.bootstrap import build, importer
from service.db import Database, connect
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from service.transfer import exporter, running
from service.transfer.exporter import Exporter
from service.transfer.lines import Size
from tests.cli.conftest import Run, count_events, projected
from tests.conftest import Servers
from tests.generating import generated
from tests.histories import histories
from tests.recorded import ME, Recorded
from tests.transferred import SAMPLE, article, claim, content_of, entity, imported, log_of, write

WRITER = "Ada Writer"
ON_PUBLICATION = {"kind": "instant", "edtf": "2014-01-03", "rule": "on_publication"}
RICH = [
    entity("acme"),
    entity("globex", aliases=["Globex Inc."], identifiers={"domain": "globex.example"}),
    entity("jo", kind="person", name="Jo Doe", aliases=["J. Doe"]),
    article(1, authors=[WRITER, "acme"], text="The text of it."),
    article(2, authors=[WRITER]),
    claim(1, 1, "acme", "globex", evidence={"summary": "s", "quote": {"exact": "of it", "prefix": "text "}}),
    claim(2, 2, "acme", "globex", time=ON_PUBLICATION),
    claim(1, 1, "acme", "globex", evidence={"summary": "again", "position": {"start": 3, "end": 9}}),
    claim(2, 2, "acme", "globex", ref="other-name", time=ON_PUBLICATION),
    {"record": "response", "response": "deny", "target": "c-1", "by": "c-2", "aspect": "the amount"},
    {"record": "correction", "of": "https://example.org/2", "changes": {"published": "2014-01-05"}, "reason": "typo"},
    {"record": "correction", "of": "https://example.org/1", "changes": {"authors": ["Bo Other"]}, "reason": "name"},
    {"record": "correction", "of": "c-1", "changes": {"modality": "announced"}, "reason": "read"},
    {"record": "retraction", "of": "c-2", "reason": "a slip", "article": "https://example.org/1"},
    {"record": "reinstatement", "of": "c-2", "reason": "no slip"},
    {"record": "rename", "of": "jo", "name": "Jo Roe", "since": "2015-05"},
    {"record": "merge", "of": "globex", "into": "acme", "reason": "one"},
    {"record": "unmerge", "of": "globex", "into": "acme", "reason": "two"},
]

Move = Callable[[str], str]


@pytest.fixture
def moved(servers: Servers, run: Run, tmp_path: Path) -> Any:
    """Exports one database and imports it into a new one."""
    made = []

    def move(url: str) -> str:
        file = tmp_path / f"export-{len(made)}.ndjson"
        assert run("export", "--output", str(file), DATABASE_URL=url).exit_code == 0
        made.append(servers.migrated(18))
        result = run("import", str(file), DATABASE_URL=made[-1])
        assert result.exit_code == 0, result.output
        return made[-1]

    yield move
    for url in made:
        servers.drop(url)


def contents(url: str) -> list[tuple[Any, ...]]:
    with Database(DatabaseSettings(url, pool_timeout=5.0)) as database:
        return content_of(PostgresStore(database), is_same_author=True)


def test_every_kind_of_record_comes_out_and_goes_in_again(database_url: str, tmp_path: Path, moved: Move) -> None:
    imported(database_url, write(tmp_path / "rich.ndjson", RICH))
    source = log_of(database_url)
    assert {"EvidenceAdded.v1", "ClaimRefAdded.v1", "ClaimRedated.v1"} <= {topic for _, _, topic, _ in source}
    target = moved(database_url)
    assert log_of(target) == source
    assert log_of(moved(target)) == source


def test_a_claim_that_is_named_long_after_keeps_its_quote(
    database_url: str, tmp_path: Path, moved: Move, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporter, "PAGE", 2)
    quoted = claim(1, 1, "a", "b", evidence={"summary": "s", "quote": {"exact": "these were the words"}})
    nameless = {name: value for name, value in quoted.items() if name != "ref"}
    records = [entity("a"), entity("b"), article(1), nameless, *(entity(f"e-{n}") for n in range(5)), quoted]
    imported(database_url, write(tmp_path / "f.ndjson", records))
    source = log_of(database_url)
    assert source[-1][2] == "ClaimRefAdded.v1"
    assert log_of(moved(database_url)) == source
    with connect(database_url) as connection:
        connection.execute("DELETE FROM log.texts")
    assert log_of(moved(database_url)) == log_of(database_url)


def test_the_sample_gives_the_same_answers(sample_url: str, moved: Move) -> None:
    target = moved(sample_url)
    assert [e for e in contents(target) if e[0].startswith("article")] == [
        e for e in contents(sample_url) if e[0].startswith("article")
    ]
    assert answers(target) == answers(sample_url)


def answers(url: str) -> dict[str, Any]:
    """Everything that is answered about the entities of a log, for the newest recorded_by."""
    with projected(url):
        services = build(Settings(), url)
        client = create_app(services.timeline, services.settings).test_client()
        names, following = [], "/v1/entities?limit=200"
        while following:
            page = client.get(following).json
            names += [found["id"] for found in page["entities"]]
            following = page["next"]
        told = {}
        for name in names:
            for question in (
                "state?as_of=2015-06-01&include=ended",
                f"state?according_to={name}",
                "timeline?limit=200",
            ):
                path = f"/v1/entities/{name}/{question}"
                told[path] = without_times(client.get(path).json)
        services.close()
    assert len(told) > 100
    return told


def without_times(value: Any) -> Any:
    """What is answered, but when it was recorded and by whom."""
    if isinstance(value, dict):
        return {k: without_times(v) for k, v in value.items() if k not in ("recorded_at", "recorder")}
    return [without_times(item) for item in value] if isinstance(value, list) else value


@settings(generated(10), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(history=histories())
def test_any_history_goes_through_export_and_import_unchanged(
    servers: Servers, tmp_path: Path, history: list[dict[str, Any]]
) -> None:
    recorded = Recorded(history)
    lines = write(tmp_path / "history.ndjson", list(Exporter(recorded.store).lines()))
    url = servers.migrated(18)
    try:
        importer(Settings(), url).record(lines, ME)
        with Database(DatabaseSettings(url, pool_timeout=5.0)) as database:
            store = PostgresStore(database)
            assert content_of(store) == content_of(recorded.store)
            assert authors(store) == authors(recorded.store)
    finally:
        servers.drop(url)


def authors(store: Any) -> list[Any]:
    return [e[3]["content"]["authors"] for e in content_of(store, is_same_author=True) if "authors" in str(e[3])]


def test_erased_texts_stay_erased_and_their_authors_the_same(database_url: str, tmp_path: Path, moved: Move) -> None:
    imported(database_url, write(tmp_path / "rich.ndjson", RICH))
    with connect(database_url) as connection:
        connection.execute("DELETE FROM log.texts")
    target = moved(database_url)
    with connect(target) as connection:
        assert connection.execute("SELECT count(*) FROM log.texts").fetchone() == (0,)
    same = [e for e in contents(database_url) if e[0].startswith("article")]
    moved_to = [e for e in contents(target) if e[0].startswith("article")]
    assert [e[3]["content"]["authors"] for e in moved_to] == [e[3]["content"]["authors"] for e in same]
    assert [e for e in log_of(target) if not e[0].startswith("article")] == [
        e for e in log_of(database_url) if not e[0].startswith("article")
    ]


def test_an_entity_put_back_to_what_it_was_is_exported_as_such(database_url: str, moved: Move) -> None:
    services = build(Settings(), database_url)
    client = create_app(services.timeline, services.settings).test_client()
    for name in ("One", "Two", "One"):
        assert client.put("/v1/entities/acme", json={"kind": "company", "name": name}).status_code < 300
    services.close()
    assert log_of(moved(database_url)) == log_of(database_url)


def test_a_slice_is_what_was_recorded_between_two_positions(on_sample: Run) -> None:
    whole = on_sample("export").stdout.splitlines()
    parts = [on_sample("export", "--to", "100"), on_sample("export", "--from", "101")]
    records = [line for part in parts for line in part.stdout.splitlines() if '"seal"' not in line]
    assert records == [line for line in whole if '"seal"' not in line]


def test_a_slice_that_ends_before_it_begins_is_wrong_usage(on_sample: Run) -> None:
    result = on_sample("export", "--from", "5", "--to", "2")
    assert (result.exit_code, result.stdout) == (2, "")
    assert result.stderr == "frenemies: --from 5 is behind --to 2.\n"


def test_the_file_appears_only_when_it_is_complete(on_sample: Run, tmp_path: Path) -> None:
    file = tmp_path / "out.ndjson"
    result = on_sample("export", "--output", str(file))
    assert result.exit_code == 0 and not list(tmp_path.glob("*.part"))
    assert json.loads(file.read_text().splitlines()[0])["record"] == "entity"


def test_a_seal_that_contradicts_itself_or_the_database_is_refused(
    on_database: Run, database_url: str, tmp_path: Path
) -> None:
    source = tmp_path / "rich.ndjson"
    imported(database_url, write(source, RICH))
    exported = on_database("export").stdout.splitlines()
    seal = next(json.loads(line) for line in exported if '"seal"' in line)
    before = count_events(database_url)
    for broken, pointer in (
        (seal | {"content": "Somebody Else"}, "/digest"),
        (seal | {"scope": "elsewhere"}, "/reference"),
        (seal | {"reference": "x"}, "/reference"),
        (seal | {"salt": "*"}, "/salt"),
        (seal | {"colour": "red"}, "/colour"),
        ({name: value for name, value in seal.items() if name != "salt"}, "/salt"),
    ):
        source.write_text(json.dumps(broken) + "\n")
        result = on_database("import", str(source))
        assert result.exit_code == 3 and f"(at {pointer})" in result.stderr, result.stderr
    assert count_events(database_url) == before


def seal(reference: str, content: str) -> dict[str, Any]:
    salt = b"0123456789abcdef"
    return {
        "record": "seal", "scope": "authors", "reference": reference, "content": content,
        "digest": hashlib.sha256(salt + content.encode()).hexdigest(), "salt": base64.b64encode(salt).decode(),
    }  # fmt: skip


def test_a_seal_of_other_words_puts_none_into_what_was_recorded_before(
    on_database: Run, database_url: str, tmp_path: Path
) -> None:
    imported(database_url, write(tmp_path / "a.ndjson", [article(1, authors=[WRITER])]))
    with connect(database_url) as connection:
        (reference,) = connection.execute("DELETE FROM log.texts RETURNING reference").fetchone() or ()
    forged = [seal(str(reference), "Mallory"), article(2, authors=["Mallory"])]
    imported(database_url, write(tmp_path / "b.ndjson", forged))
    exported = [json.loads(line) for line in on_database("export").stdout.splitlines()]
    told = [record["authors"] for record in exported if record["record"] == "article"]
    assert told == [[f"urn:uuid:{reference}"], ["Mallory"]]
    ids = [row[0].removeprefix("article-") for row in log_of(database_url)]
    with projected(database_url):
        services = build(Settings(), database_url)
        client = create_app(services.timeline, services.settings).test_client()
        answered = [client.get(f"/v1/articles/{name}").json["authors"] for name in ids]
        services.close()
    assert answered == [[], ["Mallory"]]


def test_a_seal_of_other_words_puts_none_into_the_history_of_a_claim(database_url: str, tmp_path: Path) -> None:
    def quoting(words: str) -> dict[str, Any]:
        return claim(1, 1, "a", "b", evidence={"summary": words, "quote": {"exact": words}})

    imported(database_url, write(tmp_path / "a.ndjson", [entity("a"), entity("b"), article(1), quoting("the words")]))
    with connect(database_url) as connection:
        reference, scope = connection.execute("DELETE FROM log.texts RETURNING reference, scope").fetchone() or ()
    forged = seal(str(reference), "other words") | {"scope": scope}
    imported(database_url, write(tmp_path / "b.ndjson", [forged, quoting("other words")]))
    with projected(database_url):
        services = build(Settings(), database_url)
        client = create_app(services.timeline, services.settings).test_client()
        history = client.get(f"/v1/claims/{scope.removeprefix('claim-')}/history").json
        services.close()
    assert len(history["events"]) == 2
    assert history["texts"] == {str(reference): None}


@pytest.mark.parametrize("between", [0, 20])
def test_one_reference_for_two_texts_is_refused_before_anything_is_recorded(
    on_database: Run, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, between: int
) -> None:
    monkeypatch.setattr(running, "ONE_APPEND", 6)
    monkeypatch.setattr(running, "USUAL", Size(5, 1_000_000))
    file, reference = tmp_path / "f.ndjson", str(uuid4())
    others = [entity(f"e-{n}") for n in range(between)]
    authors = [article(1, authors=["Jane"]), *others, seal(reference, "John"), article(2, authors=["John"])]
    write(file, [seal(reference, "Jane"), *authors])
    result = on_database("import", str(file))
    assert result.exit_code == 3, result.output
    assert f"{file}:{between + 3}:" in result.stderr and "(at /reference)" in result.stderr
    assert count_events(database_url) == 0


def test_an_author_who_is_known_keeps_the_seal_of_the_database(
    database_url: str, servers: Servers, tmp_path: Path
) -> None:
    other = servers.migrated(18)
    for url in (database_url, other):
        imported(url, write(tmp_path / "a.ndjson", [article(1, authors=[WRITER])]))
    with Database(DatabaseSettings(other, pool_timeout=5.0)) as database:
        lines = write(tmp_path / "b.ndjson", [*Exporter(PostgresStore(database)).lines(), article(2, authors=[WRITER])])
    imported(database_url, lines)
    first, second = [e[3]["content"]["authors"] for e in contents(database_url)]
    assert first == second
    servers.drop(other)


def test_the_sample_files_are_the_same_as_their_export(sample_url: str, on_sample: Run) -> None:
    """The export of what was written by hand tells the same things, with ids for names."""
    exported = [json.loads(line) for line in on_sample("export").stdout.splitlines()]
    written = [json.loads(line) for line in (SAMPLE / "five_articles.ndjson").read_text().splitlines()]
    kinds = [record["record"] for record in exported if record["record"] != "seal"]
    assert kinds == [{"response": "claim"}.get(record["record"], record["record"]) for record in written]


def test_checkpoints_of_the_log_are_passed_over() -> None:
    recorded = Recorded([entity("acme"), entity("globex")])
    before = list(Exporter(recorded.store).lines())
    mark = LogCheckpointed(
        originator_id="log-checkpoints", originator_version=1, recorder=ME, size=2, root="x", note="signed"
    )
    recorded.application.append([mark])
    assert recorded.store.head() == 3
    assert list(Exporter(recorded.store).lines()) == before
