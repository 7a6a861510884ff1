"""What the contestants of the depth benchmark are told and asked is what the rules say."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from threading import Thread

import pytest

from benchmarks import facts, periods, questions, servers
from benchmarks.contestants import client
from benchmarks.model import NotMeasured
from benchmarks.plan import QUICK
from benchmarks.questions import Question
from benchmarks.recorded import Recorded
from benchmarks.world import DAYS, FIRST_DAY, World
from events.codec import decode
from events.envelope import RecordedEvent
from events.fold import fold
from events.knowledge import Point, hear
from events.network import Wanted
from events.relationships import RelationAccount
from service.http.render import relation

CLAIMS = 1_000
ASKED = Question("hot", "ant", 735_000, 12)
ANSWER = [("owns", "ant", "bee", '{"status": "holds", "since": null}'), ("owns", "ant", "cat", '{"status": "planned"}')]


@pytest.fixture(scope="module")
def world() -> World:
    return World(CLAIMS)


@pytest.fixture(scope="module")
def rows(world: World, tmp_path_factory: pytest.TempPathFactory) -> list[periods.Row]:
    file = tmp_path_factory.mktemp("told") / "told.ndjson"
    told = facts.write(world, file, [], CLAIMS)
    assert told == sum(world.story(number).is_relation for number in range(world.stories))
    return list(periods.rows(file))


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_what_is_told_of_relations_is_what_the_fold_answers(
    world: World, rows: list[periods.Row], share: float
) -> None:
    position = world.entities + int((world.records - world.entities) * share)
    hearing = hear(fold(_log(world, position)), Point(0, recorded_by=position))
    accounts = [RelationAccount(hearing, key) for key in hearing.about]
    random = Random(share)
    held = 0
    for day in (FIRST_DAY.toordinal() + random.randrange(DAYS + 700) for _ in range(15)):
        answered = {
            (entity, account.key, facts.told(relation(state))[1])
            for account in accounts
            if Wanted().takes(state := account.at(day))
            for entity in account.key[1:]
        }
        told = {
            (row.entity, row.key, row.fact)
            for row in rows
            if row.since <= day < row.until
            and row.position <= position
            and (row.until_position is None or position < row.until_position)
        }
        assert told == answered
        held += len(told)
    assert held > 100


def test_of_more_relations_than_may_be_told_those_of_some_entities_come_first(world: World, tmp_path: Path) -> None:
    asked = "company-1"
    mine = sum(
        asked in (story.first, story.second) for story in map(world.story, range(world.stories)) if story.is_relation
    )
    assert facts.write(world, tmp_path / "few.ndjson", [asked], mine + 3) == mine + 3
    with (tmp_path / "few.ndjson").open() as lines:
        keys = {tuple(json.loads(line)[0]) for line in lines}
    told = sum(asked in key for key in keys)
    assert 0 < told <= mine
    assert len(keys) <= mine + 3


def test_the_same_answer_has_the_same_digest_and_another_one_is_refused() -> None:
    question = replace(ASKED, digest=questions.digest_of(ANSWER))
    questions.demand_same(question, [(*row[:3], json.dumps(json.loads(row[3]), indent=1)) for row in ANSWER])
    for other in (ANSWER[:1], ANSWER[::-1], [ANSWER[0], ("owns", "ant", "cat", '{"status": "holds"}')]):
        with pytest.raises(ValueError, match="answer for ant on day 735000 at position 12"):
            questions.demand_same(question, other)


def test_questions_are_kept_by_kind(tmp_path: Path) -> None:
    file = tmp_path / "asked.json"
    questions.save(file, [ASKED])
    assert questions.load(str(file), "hot")[0].position == 12
    with pytest.raises(ValueError, match="no such question"):
        questions.load(str(file), "typical")


def test_without_mariadb_it_is_said_that_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servers, "_PLACES", str(tmp_path))
    assert not servers.has_mariadb()
    with pytest.raises(NotMeasured, match="not installed"), servers.mariadb(tmp_path):
        pass


def test_worlds_of_other_sizes_get_the_time_that_they_take() -> None:
    plan = QUICK.with_worlds((1_000_000, 10_000_000))
    assert plan.depth_claims == (1_000_000, 10_000_000)
    assert plan.minutes > QUICK.minutes + 300
    assert QUICK.with_worlds((1_000,)).patience == QUICK.patience


class _Answers(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = self.path.encode() * (1 if self.path == "/short" else 40_000)
        self.send_response(404 if self.path == "/missing" else 200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answers)
    server.daemon_threads = True
    server.block_on_close = False
    thread = Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_client_takes_whole_answers_and_no_others(port: int, tmp_path: Path) -> None:
    file = tmp_path / "answers.json"
    client.fetch(port, ["/short", "/long"], str(file))
    assert dict(questions.pages(str(file))) == {"/short": b"/short", "/long": b"/long" * 40_000}
    with pytest.raises(ValueError, match="404"):
        client.fetch(port, ["/missing"], str(file))
    plain = json.loads(file.read_text())
    file.write_text(json.dumps({"/short": plain["/long"]}))
    with pytest.raises(ValueError, match="6 bytes were answered, not 200000"):
        client.get(port, str(file), 1, 0.05, 0.0)


def _log(world: World, until: int) -> Iterator[RecordedEvent]:
    position = 0
    for append in Recorded(world).appends(500):
        for event in append.events:
            position += 1
            if position > until:
                return
            decoded = decode(event.topic, event.state, str(event.originator_id), event.originator_version)
            yield RecordedEvent(position, datetime(2026, 1, 1, tzinfo=UTC), decoded)
