"""Clients that no one here wrote, sent on by the API; and what a filter tells while claims are recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

import httpx2
import pytest
import sseclient

from service.app import create_app
from service.bootstrap import Services, build
from service.settings import Settings
from service.store.protocol import Appended
from service.timeline.timeline import Timeline
from tests.feeding import FeedProcess, feeding, has_caught_up, is_at
from tests.recorded import ME, draft_of
from tests.serving import serving

KEY = {"Authorization": "Bearer the-key"}
Tell = Callable[..., Appended]


@contextmanager
def api_before(process: FeedProcess, url: str) -> Iterator[str]:
    """The address of an API that sends its clients on to the process."""
    settings = Settings(database_url=url, admin_key="the-key", feed_port=process.port, feed_secret=process.secret)
    services = build(settings, url)
    try:
        with serving(create_app(services.timeline, settings)) as base:
            yield base
    finally:
        services.close()


@pytest.fixture
def guarded(database_url: str) -> Iterator[FeedProcess]:
    with feeding(database_url, FRENEMIES_ADMIN_KEY="the-key") as process:
        yield process


@pytest.fixture
def base(guarded: FeedProcess, database_url: str) -> Iterator[str]:
    with api_before(guarded, database_url) as base:
        yield base


@pytest.mark.slow
def test_the_event_source_of_httpx2_follows_through_the_api(base: str, tell: Tell) -> None:
    tell(12)
    last = ""
    for begun in (0, 12, 18):
        with (
            httpx2.Client(follow_redirects=True, timeout=30) as client,
            client.sse(f"{base}/v1/feed", headers=KEY | ({"Last-Event-ID": last} if last else {})) as source,
        ):
            told = iter(source)
            seen = []
            for event in told:
                if event.event == "caught-up":
                    break
                seen.append(event)
            assert [int(json.loads(e.data)["sequence"]) for e in seen] == list(range(begun + 1, tell(0).head + 1))
            tell(3)
            seen += islice(told, 3)
            assert [e.event for e in seen] == ["message"] * len(seen)
            last = seen[-4].id if begun == 0 else seen[-1].id
            if begun == 0:
                assert json.loads(seen[-4].data)["sequence"] == "12"


@pytest.mark.slow
def test_sseclient_follows_through_the_api(base: str, tell: Tell) -> None:
    tell(5)
    headers = KEY | {"Accept": "text/event-stream"}
    with (
        httpx2.Client(follow_redirects=True, timeout=30) as client,
        client.stream("GET", f"{base}/v1/feed", headers=headers) as response,
    ):
        assert response.status_code == 200 and "ticket=" in str(response.url)
        told = sseclient.SSEClient(response.iter_bytes()).events()
        first = list(islice(told, 6))
        assert [event.event for event in first] == ["message"] * 5 + ["caught-up"]
        assert [json.loads(event.data)["id"] for event in first[:5]] == [event.id for event in first[:5]]
        assert first[5].id == first[4].id
        tell()
        assert json.loads(next(told).data)["sequence"] == "6"


@pytest.mark.slow
def test_a_ticket_lets_in_as_often_as_one_comes_and_only_for_its_question(base: str, guarded: FeedProcess) -> None:
    answer = httpx2.get(f"{base}/v1/feed?timeout=1", headers=KEY)
    where = httpx2.URL(answer.headers["location"])
    assert answer.status_code == 307 and where.port == guarded.port
    assert [httpx2.get(where).status_code for _ in range(2)] == [200, 200]
    assert httpx2.get(str(where).replace("timeout=1", "timeout=2")).status_code == 401
    assert httpx2.get(where.copy_with(query=b"timeout=1")).status_code == 401
    waited = httpx2.get(f"{base}/v1/feed?timeout=200", headers=KEY, follow_redirects=True)
    assert (waited.status_code, waited.json()) == (200, [])
    assert httpx2.get(f"{base}/v1/feed?timeout=200", follow_redirects=True).status_code == 401


ARTICLE = {
    "record": "article", "url": "https://a.example/", "title": "A", "publisher": "p", "authors": ["Ann Author"],
    "language": "en", "published": "2014-11-04",
}  # fmt: skip


def entity(name: str) -> dict[str, object]:
    return {"record": "entity", "id": name, "kind": "company", "name": name.title()}


def partnership(ref: str, *names: str) -> dict[str, object]:
    participants = [{"role": "partner", "entity": name} for name in names]
    return {
        "record": "claim", "ref": ref, "article": ARTICLE["url"], "type": "partnership", "attributes": {},
        "participants": participants, "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": f"201{ref[-1]}"}, "evidence": {"summary": f"They work together: {ref}."},
    }  # fmt: skip


def correction(ref: str, *names: str) -> dict[str, object]:
    changes = {"participants": [{"role": "partner", "entity": name} for name in names]}
    return {"record": "correction", "of": ref, "changes": changes, "reason": "It was another."}


def record(timeline: Timeline, *records: dict[str, object]) -> int:
    """The head of the log once they are recorded."""
    for one in records:
        timeline.record([draft_of(one)], recorder=ME)
    return timeline.head()


@pytest.mark.slow
def test_a_filter_tells_what_it_would_have_told_later(services: Services, process: FeedProcess) -> None:
    """A claim that is corrected to name somebody concerns them from then on."""
    timeline = services.timeline
    begun = record(timeline, *map(entity, ("ant", "bee", "cat")), ARTICLE, partnership("c-1", "ant", "bee"))
    with process.listen("entity=cat") as cat, process.listen("type=PartnershipClaimed") as claims:
        assert cat.until(has_caught_up).positions == [3]
        assert claims.until(has_caught_up).positions == [begun]
        second = record(timeline, partnership("c-2", "ant", "bee"))
        named = record(timeline, correction("c-1", "ant", "cat"))
        again = record(timeline, {"record": "retraction", "of": "c-1", "reason": "It never was."})
        record(timeline, correction("c-2", "bee", "ant"))
        third = record(timeline, partnership("c-3", "cat", "bee"))
        assert cat.until(is_at(third), 5).positions == [3, named, again, third]
        assert claims.until(is_at(third), 5).positions == [begun, second, third]
        for listener, query in ((cat, "entity=cat"), (claims, "type=PartnershipClaimed")):
            for message in listener.messages:
                rest = [position for position in listener.positions if position > message.position]
                with process.listen(query, Last_Event_ID=message.id) as later:
                    assert later.until(has_caught_up).positions == rest
        both = [named, again, third, begun, second]
        with process.listen("entity=cat&type=PartnershipClaimed,ClaimRetracted") as mixed:
            assert mixed.until(has_caught_up).positions == sorted({*both} - {begun, second, named})


@pytest.mark.slow
def test_the_texts_come_before_the_events_that_refer_to_them(services: Services, process: FeedProcess) -> None:
    timeline = services.timeline
    record(timeline, entity("ant"), entity("bee"), ARTICLE)
    with process.listen("include=texts") as listener, process.listen() as plain:
        head = record(
            timeline, partnership("c-1", "ant", "bee"), ARTICLE | {"url": "https://b.example/", "authors": ["Bo"]}
        )
        listener.until(has_caught_up)
        listener.until(is_at(head))
        plain.until(is_at(head))
        known: set[str] = set()
        for message in listener.messages:
            event = json.loads(message.data)
            if message.name == "texts":
                known |= {text["reference"] for text in event["data"]["texts"]}
            elif not message.name:
                authors = event["data"].get("content", {}).get("authors", [])
                assert {author["reference"] for author in authors} <= known
        assert len(known) >= 2
        assert [m.data for m in listener.messages if not m.name] == [m.data for m in plain.messages if not m.name]
        first = listener.named("texts")[0]
        with process.listen("include=texts", Last_Event_ID=first.id) as again:
            assert again.until(has_caught_up).positions == listener.positions
