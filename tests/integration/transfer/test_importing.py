"""Imports beside others who record, and imports of any size."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

import pytest

from service.bootstrap import Services, build, importer, retractor
from service.db import connect
from service.intake.records import draft_of
from service.settings import Settings
from service.transfer import running
from service.transfer.importer import Listener
from service.transfer.lines import Lines, Size
from service.transfer.refusals import ImportRefused, ImportRunning
from service.transfer.registry import Registry
from service.transfer.running import RECORDING, Progress
from service.transfer.staging import Mark, Staging
from tests.conftest import Servers
from tests.recorded import ME
from tests.transferred import LONGEST, article, claim, entity, exported, imported, log_of, many, same_authors, write

ROOT = Path(__file__).parents[3]
MOST_MEMORY = 200 << 10
"""In KiB, as Linux tells it."""


@pytest.fixture(autouse=True)
def _small_batches(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches of a few lines, so that a short file has several."""
    monkeypatch.setattr(running, "ONE_APPEND", 6)
    monkeypatch.setattr(running, "USUAL", Size(5, 1_000_000))


@pytest.fixture
def others(database_url: str) -> Iterator[Services]:
    """Somebody else who records."""
    services = build(Settings(), database_url)
    yield services
    services.close()


Interfere = Callable[[Callable[[], None]], None]


@pytest.fixture
def before_recording(monkeypatch: pytest.MonkeyPatch) -> Interfere:
    """Has something happen between the validation of a file and its first append."""

    def interfere(act: Callable[[], None]) -> None:
        append, waiting = Staging.append, [act]

        def later(self: Staging, mark: Mark, name: Any) -> None:
            if waiting:
                waiting.pop()()
            append(self, mark, name)

        monkeypatch.setattr(Staging, "append", later)

    return interfere


def record(services: Services, *records: dict[str, Any]) -> None:
    services.timeline.record([draft_of(one) for one in records], recorder=ME)


RECORDS = [
    *(entity(f"e-{n}") for n in range(4)),
    article(1),
    *(claim(n, 1, f"e-{n % 4}", f"e-{(n + 1) % 4}", time={"kind": "instant", "edtf": f"20{n:02}"}) for n in range(12)),
]


def test_what_others_recorded_in_between_is_taken_into_account(
    database_url: str, tmp_path: Path, others: Services, before_recording: Interfere
) -> None:
    before_recording(lambda: record(others, RECORDS[1], RECORDS[4], *RECORDS[:4], RECORDS[7]))
    outcome = imported(database_url, write(tmp_path / "f.ndjson", RECORDS))
    assert (outcome.counts.recorded, outcome.counts.present) == (11, 6)
    assert len({e[:2] for e in log_of(database_url)}) == len(RECORDS)
    assert len(log_of(database_url)) == len(RECORDS)


def test_a_corrected_article_is_taken_into_account(
    database_url: str, tmp_path: Path, others: Services, before_recording: Interfere
) -> None:
    record(others, *RECORDS[:5])
    change = {"record": "correction", "of": RECORDS[4]["url"], "changes": {"published": "2015"}, "reason": "late"}
    before_recording(lambda: record(others, change))
    dated = claim(99, 1, "e-0", "e-1", time={"kind": "instant", "edtf": "2014-01-02", "rule": "on_publication"})
    with pytest.raises(ImportRefused) as refused:
        imported(database_url, write(tmp_path / "f.ndjson", [*RECORDS, dated]))
    assert refused.value.pointer == "/time/rule"


def test_a_refusal_after_the_validation_says_what_was_recorded(
    database_url: str, tmp_path: Path, others: Services, before_recording: Interfere
) -> None:
    record(others, *RECORDS[:5])
    before_recording(lambda: record(others, RECORDS[6] | {"ref": "c-9"}))
    with pytest.raises(ImportRefused) as refused:
        imported(database_url, write(tmp_path / "f.ndjson", RECORDS))
    (refusal,) = refused.value.refusals
    assert (refusal.line, refusal.pointer, refusal.code) == (15, "/ref", "conflict")
    assert refused.value.counts[:2] == (5, 5)
    with connect(database_url) as connection:
        found = connection.execute("SELECT id, state FROM log.imports").fetchall()
    assert found == [(refused.value.import_id, "refused")]


def test_a_file_of_one_append_is_recorded_as_a_whole_whatever_others_do(
    database_url: str, tmp_path: Path, others: Services, before_recording: Interfere
) -> None:
    record(others, *RECORDS[:5])
    before_recording(lambda: record(others, RECORDS[6] | {"ref": "c-3"}))
    before = len(log_of(database_url))
    with pytest.raises(ImportRefused):
        imported(database_url, write(tmp_path / "f.ndjson", RECORDS[5:10]))
    assert len(log_of(database_url)) == before + 1


def test_later_lines_see_what_earlier_ones_would_record(database_url: str, tmp_path: Path) -> None:
    records = [
        *RECORDS,
        {"record": "correction", "of": "c-1", "changes": {"modality": "announced"}, "reason": "read"},
        {"record": "correction", "of": RECORDS[4]["url"], "changes": {"title": "Other"}, "reason": "typo"},
        {"record": "retraction", "of": "c-0", "reason": "a slip"},
        RECORDS[0],
        RECORDS[5],
        {"record": "reinstatement", "of": "c-0", "reason": "no slip"},
    ]
    outcome = imported(database_url, write(tmp_path / "f.ndjson", records))
    assert (outcome.counts.recorded, outcome.counts.present) == (len(RECORDS) + 4, 2)


def test_an_author_has_one_seal_in_all_batches(database_url: str, tmp_path: Path) -> None:
    imported(database_url, write(tmp_path / "f.ndjson", [article(n, authors=["Ada Writer"]) for n in range(30)]))
    with connect(database_url) as connection:
        assert connection.execute("SELECT count(*) FROM log.texts").fetchone() == (1,)


def test_a_quote_that_is_there_is_not_sealed_again(database_url: str, tmp_path: Path) -> None:
    quoted = claim(1, 1, "ant", "bee", evidence={"summary": "s", "quote": {"exact": "the words"}})
    records = [entity("ant"), entity("bee"), article(1), quoted]
    imported(database_url, write(tmp_path / "f.ndjson", records))
    again = write(tmp_path / "again.ndjson", [*records, entity("cat")])
    outcome = imported(database_url, again)
    assert (outcome.counts.recorded, outcome.counts.present) == (1, 4)
    outcome = importer(Settings(), database_url).record_good(again, ME, lambda *_: None)
    assert (outcome.counts.recorded, outcome.counts.present) == (0, 5)


def test_a_claim_of_ids_is_found_wherever_it_is(database_url: str, tmp_path: Path) -> None:
    imported(database_url, write(tmp_path / "a.ndjson", RECORDS))
    with connect(database_url) as connection:
        rows = connection.execute("SELECT stream FROM log.events WHERE stream LIKE 'claim-%'").fetchall()
    ids = [stream.removeprefix("claim-") for (stream,) in rows]
    slips = [{"record": "retraction", "of": name, "reason": "a slip"} for name in ids]
    assert imported(database_url, write(tmp_path / "b.ndjson", slips)).counts.recorded == len(ids)


class Stopped(Exception):
    """An import was interrupted by the test."""


def interrupted(url: str, lines: Lines, at: int) -> None:
    """Records a file up to some line."""

    def stop(reached: Progress) -> None:
        if reached.phase == RECORDING and reached.line >= at:
            raise Stopped

    with pytest.raises(Stopped):
        importer(Settings(), url).record(lines, ME, Listener(progress=stop))


@pytest.mark.parametrize("is_erased", [False, True])
@pytest.mark.parametrize("padding", [0, 4])
def test_an_import_that_goes_on_knows_the_seals_of_the_lines_before(
    database_url: str, servers: Servers, tmp_path: Path, is_erased: bool, padding: int
) -> None:
    """With padding, the seal is the last line of a batch and its first article the first line of the next."""
    source, others = servers.migrated(18), [entity(f"e-{n}") for n in range(12)]
    records = [
        *others[:padding],
        article(1, authors=["Ada Writer"]),
        *others[padding:],
        article(2, authors=["Ada Writer"]),
    ]
    imported(source, write(tmp_path / "f.ndjson", records))
    if is_erased:
        with connect(source) as connection:
            connection.execute("DELETE FROM log.texts")
    lines = exported(source, tmp_path / "export.ndjson")
    interrupted(database_url, lines, 5)
    assert 0 < len(log_of(database_url)) < len(records)
    imported(database_url, lines)
    assert same_authors(database_url) == same_authors(source)
    servers.drop(source)


def test_an_import_is_not_taken_back_while_it_is_recorded(
    database_url: str, tmp_path: Path, others: Services, before_recording: Interfere
) -> None:
    refused = []

    def take_back() -> None:
        name = importer(Settings(), database_url).listed()[0].id
        with pytest.raises(ImportRunning) as error:
            retractor(others).take_back(name, "wrong file", ME)
        refused.append(error.value)

    before_recording(take_back)
    outcome = imported(database_url, write(tmp_path / "f.ndjson", RECORDS))
    assert (outcome.counts.recorded, len(refused)) == (len(RECORDS), 1)
    assert outcome.import_id is not None
    assert retractor(others).take_back(outcome.import_id, "wrong file", ME).retracted == 12


def test_an_import_is_not_recorded_while_it_is_taken_back(database_url: str, tmp_path: Path, others: Services) -> None:
    lines, registry = write(tmp_path / "f.ndjson", RECORDS), Registry(others.database)
    name = imported(database_url, lines).import_id
    assert name is not None
    with registry.alone(registry.find(name)), pytest.raises(ImportRunning):
        imported(database_url, lines)
    assert imported(database_url, lines).counts.present == len(RECORDS)


def test_names_of_any_length_in_refused_lines_are_not_kept(database_url: str, tmp_path: Path) -> None:
    lines = write(tmp_path / "f.ndjson", [{"record": "claim", "ref": f"{n} {'r' * 1_000_000}"} for n in range(30)])
    tracemalloc.start()
    try:
        counts = importer(Settings(), database_url).record_good(lines, ME, lambda *_: None).counts
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert counts.refused == 30
    assert most < 20_000_000


@pytest.mark.slow
def test_a_writer_gets_its_turn_during_an_import(
    database_url: str, tmp_path: Path, others: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "USUAL", Size(1_000, 2 << 20))
    lines, ended, seconds = write(tmp_path / "many.ndjson", many(8_000)), Event(), list[float]()

    def write_on() -> None:
        while not ended.is_set():
            began = monotonic()
            record(others, entity(f"live-{len(seconds)}"))
            seconds.append(monotonic() - began)

    writer = Thread(target=write_on)
    writer.start()
    outcome = imported(database_url, lines)
    ended.set()
    writer.join()
    assert outcome.counts.recorded > 8_000
    assert len(seconds) > 50
    assert sorted(seconds)[int(len(seconds) * 0.99)] < 1.0


def memory_of_import(url: str, file: Path, log: Path) -> int:
    """The most memory that the program and its reader took together, in KiB."""
    most: dict[str, int] = {}
    with log.open("wb") as told:
        process = subprocess.Popen(
            [sys.executable, "-c", "from service.cli import main; main()", "import", str(file)],
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": url},
            stdout=told,
            stderr=told,
        )
    while process.poll() is None:
        with suppress(OSError, StopIteration), suppress(subprocess.TimeoutExpired):
            children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            for one in (str(process.pid), *children):
                status = Path(f"/proc/{one}/status").read_text().splitlines()
                most[one] = int(next(line for line in status if line.startswith("VmHWM")).split()[1])
            process.wait(0.05)
    assert process.returncode == 0, log.read_text()
    assert len(most) > 1, "the reader was not seen"
    return sum(most.values())


@pytest.mark.case(number=76)
@pytest.mark.slow
def test_memory_stays_below_200_mb_with_many_lines(database_url: str, tmp_path: Path) -> None:
    lines = write(tmp_path / "many.ndjson", many(40_000, entities=5_000))
    assert memory_of_import(database_url, lines.path, tmp_path / "log") < MOST_MEMORY


@pytest.mark.case(number=76)
@pytest.mark.slow
def test_memory_stays_below_200_mb_with_long_lines(database_url: str, tmp_path: Path) -> None:
    text = "x" * (LONGEST // 2 - 100)
    lines = write(tmp_path / "long.ndjson", [article(n, text=f"{n} {text}") for n in range(150)])
    assert memory_of_import(database_url, lines.path, tmp_path / "log") < MOST_MEMORY


@pytest.mark.soak
def test_memory_stays_below_200_mb_with_a_million_lines(database_url: str, tmp_path: Path) -> None:
    lines = write(tmp_path / "many.ndjson", many(900_000, entities=20_000))
    assert memory_of_import(database_url, lines.path, tmp_path / "log") < MOST_MEMORY


def test_an_import_goes_on_when_its_connection_is_lost(
    database_url: str, tmp_path: Path, before_recording: Interfere
) -> None:
    def cut() -> None:
        with connect(database_url) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'frenemies-import' AND datname = current_database()"
            )

    before_recording(cut)
    outcome = imported(database_url, write(tmp_path / "f.ndjson", RECORDS))
    assert outcome.counts.recorded == len(RECORDS)
    assert len(log_of(database_url)) == len(RECORDS)
