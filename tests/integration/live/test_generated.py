"""Generated questions to the feed process find no answer outside of the document of the API, and none that failed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from http.client import HTTPConnection
from random import SystemRandom
from typing import cast
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, note, seed, settings
from hypothesis import strategies as st

from service.app import create_app
from service.cli.demo import load_sample
from service.feeds.cursor import format_cursor
from service.feeds.forms import ATOM, BATCH, EVENT_STREAM
from service.http import security
from service.http.openapi import document
from service.http.statuses import PROBLEM_JSON
from service.settings import Settings
from service.timeline.timeline import Timeline
from tests.conftest import Servers
from tests.feeding import LONGEST, FeedProcess, feeding

REQUESTS = int(os.environ.get("FRENEMIES_REQUESTS", "1000"))
SEED = int(os.environ.get("FRENEMIES_SEED", "0" if "CI" in os.environ else SystemRandom().randrange(1 << 32)))
DOCUMENT = document(create_app(cast(Timeline, None), Settings()))
PATHS = ("/v1/feed", "/v1/beliefs")
MEDIA = (BATCH, EVENT_STREAM)
CURSORS = ("lastEventId", "until", "cursor", "after")


def named(path: str) -> list[str]:
    """The parameters of the query."""
    return [one["name"] for one in DOCUMENT["paths"][path]["get"]["parameters"] if one.get("in") == "query"]


def values(name: str, cursors: list[str]) -> st.SearchStrategy[str]:
    """What may come for a parameter: what means something, mostly, or any text."""
    good = {
        "type": ("InvestmentClaimed", "io.frenemies.EntityRegistered.v1", "EntityRegistered,ClaimCorrected"),
        "entity": ("red-hat", "mirantis,red-hat", "nobody"),
        "relation": ("investor_of/red-hat/mirantis", "owns/red-hat/enovance"),
        "since": ("2020-01-01T00:00:00Z", "9999-12-31T23:59:59+14:00"),
        "limit": ("1", "200", "201", "-1", "1e3"),
        "timeout": ("0", "5"),
        "include": ("texts", "evidence"),
        "kind": ("relation", "vote"),
        **dict.fromkeys(CURSORS, (*cursors, "0", "5")),
    }
    # A page that is waited for takes as long as it was asked to.
    other = st.text(max_size=30) if name != "timeout" else st.text("x-. \u0661", max_size=5)
    return st.sampled_from(good[name]) | other if name in good else other


@st.composite
def questions(draw: st.DrawFn, cursors: list[str]) -> tuple[str, str, str, dict[str, str]]:
    """Method, path, query and headers."""
    path = draw(st.sampled_from(PATHS))
    names = draw(st.lists(st.sampled_from(named(path)), max_size=3, unique=draw(st.integers(0, 9)) > 0))
    query = urlencode([(name, draw(values(name, cursors))) for name in names], errors="surrogatepass")
    broken = draw(st.binary(max_size=8).map(quote)) if draw(st.integers(0, 9)) == 0 else ""
    headers = {"Accept": draw(st.sampled_from((*MEDIA, ATOM, "*/*", "text/event-stream;q=0", "x", ",;q=,")))}
    held = st.text(st.characters(codec="latin-1", categories=("L", "N", "P", "S")), max_size=40)
    for name in draw(st.sets(st.sampled_from(("Last-Event-ID", "Origin", "Authorization")), max_size=2)):
        headers[name] = draw(held | st.sampled_from(cursors)).strip()
    method = draw(st.sampled_from(("GET", "GET", "GET", "GET", "HEAD", "POST", "OPTIONS", "BREW")))
    return method, path, f"{query}{broken}", headers


@pytest.fixture
def sample(servers: Servers) -> Iterator[str]:
    """A database with the sample."""
    url = servers.migrated(18)
    load_sample(Settings(), url)
    yield url
    servers.drop(url)


def check(process: FeedProcess, method: str, path: str, query: str, headers: dict[str, str]) -> None:
    """Asks, and holds the answer against the document. A stream is left once it has begun."""
    link = HTTPConnection("127.0.0.1", process.port, timeout=LONGEST)
    try:
        link.request(method, f"{path}?{query}".rstrip("?"), headers=headers)
        answer = link.getresponse()
        media = answer.headers["Content-Type"]
        if method in ("GET", "HEAD"):
            documented = DOCUMENT["paths"][path]["get"]["responses"].keys() - {"307", "500"}
            assert str(answer.status) in documented
        else:
            assert answer.status == 405 and answer.headers["Allow"]
        assert media in (MEDIA if answer.status == 200 else (PROBLEM_JSON,))
        assert all(answer.headers[name] == value for name, value in security.ALWAYS.items())
        if answer.status != 200:
            told = json.loads(answer.read()) if method != "HEAD" else {}
            assert method == "HEAD" or told["status"] == answer.status and told["request_id"]
        elif media == BATCH and method != "HEAD":
            assert all(event["specversion"] == "1.0" for event in json.loads(answer.read()))
    finally:
        link.close()


@pytest.mark.slow
def test_generated_questions_find_no_answer_outside_the_document(
    sample: str, capfd: pytest.CaptureFixture[str]
) -> None:
    # Started here, since what is started by a fixture writes elsewhere than where `capfd` reads.
    with feeding(sample) as process:
        capfd.readouterr()
        ask_generated(process)
        assert not capfd.readouterr().err, "the process has warned of something"


def ask_generated(process: FeedProcess) -> None:
    """Asks what is generated."""
    cursors = [process.get("limit=1", path=path).json[0]["id"] for path in PATHS]
    cursors.append(format_cursor(UUID(int=5), 5))

    @seed(SEED)
    @settings(max_examples=REQUESTS // 5, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @given(questions(cursors))
    def ask(question: tuple[str, str, str, dict[str, str]]) -> None:
        note(f"FRENEMIES_SEED={SEED}")
        check(process, *question)

    ask()
