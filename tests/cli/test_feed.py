"""`frenemies feed`, from the database and from a running service."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator

import pytest

from service.cli import feed_source
from service.feeds.cursor import parse_cursor
from service.settings import Settings
from tests.cli.conftest import LONGEST, Program, Run

Serve = Callable[[Settings], str]
Ask = Callable[..., object]
LAST = 259
HOSTILE = "\x1b[2J\x9b31m\u202e株"
CLAIM = {
    "record": "claim",
    "article": "https://example.org/hostile",
    "type": "competition",
    "participants": [{"role": "competitor", "entity": "red-hat"}, {"role": "competitor", "entity": "fico"}],
    "attributes": {},
    "asserted_by": {"kind": "author"},
    "modality": "ongoing",
    "polarity": "positive",
    "time": {"kind": "instant", "edtf": "2016"},
    "evidence": {"summary": HOSTILE},
}
ARTICLE = {
    "record": "article",
    "url": "https://example.org/hostile",
    "title": "Hostile",
    "publisher": "p",
    "authors": [],
    "language": "en",
    "published": "2016-01-01",
}
COMPANY = {"record": "entity", "id": "newcomer", "kind": "company", "name": "Newcomer"}


@pytest.fixture(params=["database", "service"])
def ask(request: pytest.FixtureRequest, on_sample: Run, run: Run, service_at: Serve) -> Run:
    """Runs a command on the sample, either way."""
    if request.param == "database":
        return on_sample
    base = service_at(Settings())
    return lambda *arguments, **more: run(*arguments, "--url", base, **more)


def positions(output: str) -> list[int]:
    return [int(json.loads(line)["sequence"]) for line in output.splitlines()]


def test_events_are_shown_line_by_line_for_people(ask: Run) -> None:
    result = ask("feed")
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert [int(line.split()[0]) for line in lines[:-1]] == list(range(1, LAST + 1))
    assert lines[0].split()[3:] == ["EntityRegistered", "entity/red-hat", "Red", "Hat"]
    (investment,) = [line for line in lines if line.startswith("    166 ")]
    assert "InvestmentClaimed" in investment and "red-hat, mirantis: In the year before" in investment
    assert lines[-1].startswith("Go on with --after ")
    assert parse_cursor(lines[-1].split()[-1]).position == LAST


def test_as_json_each_event_is_a_line_and_the_same_from_both(on_sample: Run, run: Run, service_at: Serve) -> None:
    local = on_sample("feed", "--json").stdout
    assert local == run("feed", "--json", "--url", service_at(Settings())).stdout
    assert positions(local) == list(range(1, LAST + 1))
    assert json.loads(local.splitlines()[0])["type"] == "io.frenemies.EntityRegistered.v2"


def test_it_goes_on_after_a_cursor_and_ends_at_a_point(ask: Run) -> None:
    cursor = json.loads(ask("feed", "--json", "--until", "200").stdout.splitlines()[-1])["id"]
    assert positions(ask("feed", "--json", "--after", cursor).stdout) == list(range(201, LAST + 1))
    assert positions(ask("feed", "--json", "--after", cursor, "--until", "203").stdout) == [201, 202, 203]
    assert ask("feed", "--after", cursor, "--until", "200").stdout == "There are no such events.\n"
    assert positions(ask("feed", "--json", "--since", "2000-01-01T00:00:00Z").stdout)[0] == 1


def test_types_and_entities_choose_and_the_cursor_is_behind_all_that_was_looked_at(ask: Run) -> None:
    chosen = ask("feed", "--type", "InvestmentClaimed", "--type", "AcquisitionClaimed.v1", "--entity", "mirantis")
    lines = chosen.stdout.splitlines()
    assert lines[:-1] and all("Investment" in line or "Acquisition" in line for line in lines[:-1])
    assert parse_cursor(lines[-1].split()[-1]).position == LAST


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("--after", "nonsense"), 2, "--after: this is not a cursor"),
        (("--after", "A" * 32), 3, "--after: the cursor is of another log"),
        (("--type", "Nonsense"), 2, "--type: there is no event type 'Nonsense'; "),
        (("--type", "investment"), 2, "--type: there is no event type 'investment' (similar: InvestmentClaimed"),
        (("--entity", "nobody-knows"), 3, "--entity: there is no entity 'nobody-knows'"),
        (("--entity", "Red Hat"), 2, "--entity: an id consists of"),
        (("--since", "yesterday"), 2, "--since: 'yesterday'"),
        (("--until", "someday"), 2, "--until: 'someday'"),
        (("--until", "A" * 32), 3, "--until: the cursor is of another log"),
        (("--after", "A" * 32, "--since", "2000-01-01T00:00:00Z"), 2, "together"),
        (("--follow", "--until", "5"), 2, "together"),
    ],
)
def test_a_wrong_question_is_answered_with_a_reason(ask: Run, arguments: tuple[str, ...], code: int, says: str) -> None:
    result = ask("feed", *arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert result.stderr.count(says) == 1
    assert result.stderr.count(says.rpartition(": ")[2]) == 1, "it is told once"
    assert "Go on" not in result.stderr


def test_a_service_that_is_not_there_or_wants_a_key_is_told(
    run: Run, service_at: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_source, "_PATIENCE", 0.1)
    away = run("feed", "--url", "http://127.0.0.1:9")
    assert away.exit_code == 4 and "cannot be reached" in away.stderr
    base = service_at(Settings(admin_key="canary"))
    for given, wanted in ({}, "a key"), ({"FRENEMIES_ADMIN_KEY": "another"}, "another key"):
        refused = run("feed", "--url", base, **given)
        assert refused.exit_code == 2
        assert f"frenemies: The service wants {wanted}: set FRENEMIES_KEY" in refused.stderr
    assert run("feed", "--url", base, FRENEMIES_ADMIN_KEY="canary").exit_code == 0
    assert run("feed", "--url", "frenemies.example").exit_code == 2


def test_what_would_steer_a_terminal_is_written_as_an_escape(ask: Run, on_sample: Run) -> None:
    assert on_sample("import", "-", input=f"{json.dumps(ARTICLE)}\n{json.dumps(CLAIM)}").exit_code == 0
    options = ("feed", "--entity", "fico", "--type", "CompetitionClaimed")
    assert r"red-hat, fico: \x1b[2J\x9b31m\u202e株" in ask(*options).stdout
    told = ask(*options, "--json").stdout
    assert json.loads(told)["data"]["evidence"]["summary"] == HOSTILE
    assert not [character for character in told if character != "\n" and not character.isprintable()]


def events_of(program: Program) -> Iterator[int]:
    assert program.process.stdout is not None
    for line in program.process.stdout:
        yield int(json.loads(line)["sequence"])


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_followed_database_tells_what_is_recorded_and_who_ends_it_how_to_go_on(
    start: Callable[..., Program], on_sample: Run, sample_url: str, number: int, code: int
) -> None:
    program = start("feed", "--follow", "--json", DATABASE_URL=sample_url)
    events = events_of(program)
    assert [next(events) for _ in range(LAST)] == list(range(1, LAST + 1))
    assert on_sample("import", "-", input=json.dumps(COMPANY)).exit_code == 0
    assert next(events) == LAST + 1
    assert program.end(number) == code
    told = program.log.read_text().splitlines()[-1]
    assert told.startswith("frenemies: Go on with --after ")
    assert parse_cursor(told.split()[-1]).position == LAST + 1


@pytest.mark.slow
def test_a_followed_service_tells_what_is_recorded_also_after_its_processes_were_killed(
    start: Callable[..., Program], on_sample: Run, sample_url: str
) -> None:
    served = start("serve", "--port", "0", DATABASE_URL=sample_url)
    base = served.line_with("Frenemies is ready on ").rpartition(" ")[2].strip()
    program = start("feed", "--follow", "--json", "--url", base)
    events = events_of(program)
    assert [next(events) for _ in range(LAST)] == list(range(1, LAST + 1))
    for number in range(3):
        os.kill(served.children()["feed"], signal.SIGKILL)
        entity = {"record": "entity", "id": f"e-{number}", "kind": "company", "name": f"E{number}"}
        assert on_sample("import", "-", input=json.dumps(entity)).exit_code == 0
        assert next(events) == LAST + 1 + number
    assert program.end(signal.SIGTERM) == 143
    assert parse_cursor(program.log.read_text().split()[-1]).position == LAST + 3


@pytest.mark.slow
@pytest.mark.parametrize(("arguments", "read"), [((), 2), (("--follow",), 2), (("--follow",), LAST)])
def test_a_reader_that_leaves_ends_it_also_when_nothing_comes_and_is_told_how_to_go_on(
    start: Callable[..., Program], sample_url: str, arguments: tuple[str, ...], read: int
) -> None:
    program = start("feed", "--json", *arguments, DATABASE_URL=sample_url)
    events = events_of(program)
    assert [next(events) for _ in range(read)] == list(range(1, read + 1))
    assert program.process.stdout is not None
    program.process.stdout.close()
    assert program.process.wait(LONGEST) == 0
    told = program.log.read_text().splitlines()[-1]
    assert told.startswith("frenemies: Go on with --after and the id of the last event that was read")


def test_a_service_is_left_alone_when_the_reader_leaves(start: Callable[..., Program], service_at: Serve) -> None:
    program = start("feed", "--json", "--url", service_at(Settings()))
    events = events_of(program)
    assert next(events) == 1
    assert program.process.stdout is not None
    program.process.stdout.close()
    assert program.process.wait(LONGEST) == 0
    (told,) = program.log.read_text().splitlines()
    assert told.startswith("frenemies: Go on with --after ")
