"""The Python client with a running service."""

from __future__ import annotations

import json
import os
import random
import re
import signal
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from threading import Thread
from time import monotonic
from typing import Any

import pytest

import service
from frenemies import CAUGHT_UP, EVENT, Client, Event, FeedLines, NotAuthorized, Refused
from service.db import connect
from service.settings import Settings
from tests.cli.conftest import LONGEST, ROOT, Program, Run

Serve = Callable[[Settings], str]
Start = Callable[..., Program]
SAMPLE = Path(service.__file__).parent / "sample" / "five_articles.ndjson"
LAST = 259
INVESTMENT = ("investor_of", "red-hat", "mirantis")


@pytest.fixture
def sample(service_at: Serve) -> Iterator[Client]:
    """A client of a service with the sample."""
    with Client(service_at(Settings())) as client:
        yield client


@pytest.fixture
def served(start: Start, sample_url: str) -> tuple[Program, str]:
    """The sample served by all its processes, and the address."""
    program = start("serve", "--port", "0", DATABASE_URL=sample_url)
    return program, program.line_with("Frenemies is ready on ").rpartition(" ")[2].strip()


def company(name: str) -> bytes:
    return json.dumps({"record": "entity", "id": name, "kind": "company", "name": name}).encode()


def log_of(url: str) -> list[tuple[int, str]]:
    with connect(url) as connection:
        rows = connection.execute("SELECT position, stream FROM log.events ORDER BY position")
        return [(int(position), str(stream)) for position, stream in rows]


def places(events: Iterable[Event]) -> list[tuple[int, str]]:
    return [(event.position, f"{event.category}-{event.about}") for event in events]


def test_the_state_of_a_company_has_its_relations_with_their_dates(sample: Client) -> None:
    state = sample.state("mirantis", as_of="2014-11-04")
    [investment] = [one for one in state.relations if (one.relation, one.subject) == INVESTMENT[:2]]
    assert (investment.object, investment.status) == ("mirantis", "holds")
    assert investment.since is not None and investment.since.edtf == "2013"
    assert (state.position, state.clocks.as_of, state.entity.name) == (LAST, "2014-11-04", "Mirantis")
    assert sample.state("mirantis", token=state.token).relations == state.relations
    assert state == sample.state("mirantis", as_of="2014-11-04", recorded_by=LAST)


def test_a_state_of_many_pages_is_put_together(sample: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = sample.state("red-hat", include="ended")
    monkeypatch.setattr("frenemies.calls._PAGE", 2)
    pages = sample.state("red-hat", include="ended")
    assert len(whole.relations) > 4
    assert (pages.relations, pages.votes, pages.refs) == (whole.relations, whole.votes, whole.refs)


def test_one_relation_is_asked_for_by_its_ends(sample: Client) -> None:
    relation = sample.relation(*INVESTMENT, as_of="2014-11-04")
    assert (relation.status, relation.position) == ("holds", LAST)
    assert sample.relation(*INVESTMENT, as_of="2009-01-01").status != "holds"


def test_claims_come_in_the_order_of_when_they_were_so(sample: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    claims = list(sample.timeline("mirantis", first="2013-01-01", last="2014-12-31"))
    assert "investment" in {claim.type for claim in claims}
    assert sample.claim(claims[0].id, recorded_by=LAST) == claims[0]
    assert claims[0].id in sample.article(claims[0].article).claims
    monkeypatch.setattr("frenemies.calls._PAGE", 1)
    assert list(sample.timeline("mirantis", first="2013-01-01", last="2014-12-31")) == claims


def test_the_other_questions_are_answered(sample: Client) -> None:
    changes = sample.changes("mirantis", "2010-01-01", "2014-12-31")
    assert changes.changes and (changes.axis, changes.points["to"].as_of) == ("as_of", "2014-12-31")
    network = sample.network(center="red-hat", depth=2, as_of="2014-11-04")
    assert {edge.subject for edge in network.edges} <= {node.id for node in network.nodes}
    assert sample.path("red-hat", "vmware", as_of="2014-11-04").found
    assert all(len(pair.entities) == 2 for pair in sample.frenemies(as_of="2014-11-04").pairs)
    assert next(sample.beliefs(entity="vmware", kind="vote")).kind == "vote"
    assert sample.entity("red-hat") in list(sample.entities("Red Hat"))


def test_a_refusal_says_why(sample: Client) -> None:
    with pytest.raises(Refused, match="nobody-knows") as caught:
        sample.state("nobody-knows")
    assert (caught.value.status, caught.value.code) == (404, "unknown")
    with pytest.raises(Refused) as caught:
        sample.state("red-hat", as_of="someday")
    assert caught.value.errors[0]["pointer"] == "/as_of"


def test_history_comes_in_the_order_of_the_log_with_its_texts(sample: Client, sample_url: str) -> None:
    events = sample.events(texts=True)
    assert places(events) == log_of(sample_url)
    assert events.caught_up
    assert "Paul Cormier" in {text.content for text in events.texts.values()}
    chosen = sample.events(entities=["mirantis"], types=["InvestmentClaimed"])
    assert {event.name for event in chosen} == {"InvestmentClaimed"}
    assert chosen.cursor == events.cursor


@pytest.mark.slow
def test_a_follower_reads_its_own_writes_and_wakes_up_when_it_is_closed(served: tuple[Program, str]) -> None:
    with Client(served[1]) as client, client.events(follow=True) as events:
        assert [event.position for event in islice(events, LAST)] == list(range(1, LAST + 1))
        assert client.import_lines([company("newcomer")])["recorded"] == 1
        event = next(event for event in events if event.about == "newcomer")
        assert client.state("newcomer", min_position=event.position).entity.name == "newcomer"
        reader = Thread(target=lambda: list(events))
        reader.start()
        begun = monotonic()
        events.close()
        reader.join(LONGEST)
        assert not reader.is_alive() and monotonic() - begun < 5


@pytest.mark.slow
def test_recording_again_is_no_harm(served: tuple[Program, str]) -> None:
    claims = [json.loads(line) for line in SAMPLE.read_text().splitlines() if '"record": "claim"' in line]
    first = {name: value for name, value in claims[0].items() if name != "record"}
    with Client(served[1]) as client:
        article = next(iter(client.timeline(first["participants"][0]["entity"]))).article
        changed = first | {"article": article, "ref": "mine", "attributes": {}, "evidence": {"summary": "anew"}}
        [written] = client.record([changed])
        [again] = client.record([changed])
        assert (written.created, again.created) == (True, False)
        assert again.id == written.id
        assert client.claim(written.id, min_position=written.position).refs == ["mine"]


@pytest.mark.slow
def test_the_key_opens_reading_and_following(start: Start, sample_url: str) -> None:
    program = start("serve", "--port", "0", DATABASE_URL=sample_url, FRENEMIES_ADMIN_KEY="canary-key")
    base = program.line_with("Frenemies is ready on ").rpartition(" ")[2].strip()
    with Client(base, "canary-key") as client, client.feed_lines(follow=True) as lists:
        lines = (line for lines in lists for line in lines)
        assert [line.kind for line in islice(lines, LAST)] == [EVENT] * LAST
        told = (line.kind for line in lines if line.kind == CAUGHT_UP)
        assert list(islice(told, 2)) == [CAUGHT_UP] * 2, "of the history, and of the stream"
    with Client(base, "another") as client, pytest.raises(NotAuthorized):
        next(client.events(follow=True))


@pytest.mark.slow
def test_nothing_is_missed_or_doubled_while_processes_are_killed_and_readers_come_back(
    served: tuple[Program, str], sample_url: str, on_sample: Run
) -> None:
    program, base = served
    chance = random.Random(6)
    read: list[tuple[int, str]] = []
    cursor = None
    with Client(base) as client:
        for number in range(6):
            lines = b"\n".join(company(f"e-{number}-{one}") for one in range(20))
            assert on_sample("import", "-", input=lines).exit_code == 0
            there = LAST + 20 * (number + 1)
            with client.events(cursor, follow=True) as events:
                read += places(islice(events, chance.randint(1, there - len(read))))
                os.kill(program.children()[chance.choice(("web", "feed"))], signal.SIGKILL)
                read += places(islice(events, chance.randint(0, there - len(read))))
                cursor = events.cursor
        read += places(client.events(cursor))
    assert len(read) >= there
    assert read == log_of(sample_url)[: len(read)]


class Ending(Client):
    """Ends with the log where one would follow it for ever."""

    def feed_lines(self, *arguments: Any, follow: bool = False, **more: Any) -> FeedLines:
        return super().feed_lines(*arguments, **more)


@pytest.mark.slow
def test_the_examples_of_the_documentation_run_and_run_again(
    served: tuple[Program, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("frenemies.Client", Ending)
    examples = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "client.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(examples) == 7
    for _ in range(2):
        names: dict[str, Any] = {"URL": served[1]}
        for example in examples:
            exec(example, names)  # noqa: S102
        found = names["database"].execute("SELECT entities FROM investments").fetchall()
        assert ("red-hat, mirantis",) in found
        assert names["last_cursor"]() is not None
    printed = capsys.readouterr().out
    assert "InvestmentClaimed" in printed and "investor_of red-hat mirantis holds 2013" in printed and "Acme" in printed
