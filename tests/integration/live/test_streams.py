"""The feed process as its clients meet it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import ExitStack
from time import monotonic
from uuid import UUID, uuid4

import pytest

from service.feeds.cursor import format_cursor
from service.store.postgres import PostgresStore
from service.store.protocol import Appended
from tests.feeding import Answer, FeedProcess, feeding, has_caught_up, is_at, wait_until

ELSEWHERE = UUID("b7e3a1d2-4c5f-4a6b-8c7d-9e0f1a2b3c4d")
PROBLEM = "application/problem+json"
BATCH = "application/cloudevents-batch+json"
KEY = {"Authorization": "Bearer the-key"}

Tell = Callable[..., Appended]


def demand_problem(answer: Answer, status: int, code: str) -> None:
    told = answer.json
    assert (answer.status, answer.headers["content-type"]) == (status, PROBLEM), answer
    assert told["type"] == f"urn:frenemies:problem:{code}" and told["status"] == status
    assert told["request_id"] == answer.headers["x-request-id"]


def test_from_the_beginning_everything_comes_once_in_order_and_then_what_is_new(
    process: FeedProcess, tell: Tell
) -> None:
    tell(700)
    with process.listen() as listener:
        assert listener.status == 200 and listener.headers["content-type"] == "text/event-stream"
        assert listener.headers["cache-control"] == "no-cache, no-transform"
        listener.until(has_caught_up)
        assert listener.positions == list(range(1, 701)) and listener.messages[-1].position == 700
        for position in (701, 702):
            begun = monotonic()
            tell()
            listener.until(is_at(position))
            assert monotonic() - begun < 1
        assert [one.name for one in listener.messages[-3:]] == ["caught-up", "", ""]
        for message in listener.messages[:700]:
            assert json.loads(message.data)["id"] == message.id


def test_every_cursor_leads_on_by_header_and_by_parameter(process: FeedProcess, tell: Tell) -> None:
    tell(20)
    with process.listen() as listener:
        cursors = {m.position: m.id for m in listener.until(has_caught_up).messages}
    tell(5)
    for position, cursor in cursors.items():
        for query, headers in ((f"lastEventId={cursor}", {}), ("", {"Last_Event_ID": cursor})):
            with process.listen(query, **headers) as again:
                again.until(has_caught_up)
                assert again.positions == list(range(position + 1, 26))
        assert [int(e["sequence"]) for e in process.get(f"lastEventId={cursor}").json] == [*range(position + 1, 26)]


def test_the_header_counts_more_than_the_parameter(process: FeedProcess, tell: Tell) -> None:
    tell(9)
    first = process.get("limit=3").json[-1]["id"]
    last = process.get("limit=7").json[-1]["id"]
    with process.listen(f"lastEventId={first}", Last_Event_ID=last) as listener:
        assert listener.until(has_caught_up).positions == [8, 9]


def test_a_stream_and_pages_tell_the_same_bytes(process: FeedProcess, tell: Tell) -> None:
    tell(40)
    with process.listen() as listener:
        listener.until(has_caught_up)
    page = process.get("limit=200")
    assert page.headers["content-type"] == BATCH
    assert page.body == b"[" + b",".join(m.data.encode() for m in listener.messages if not m.name) + b"]"


def test_a_long_poll_is_answered_as_soon_as_something_comes(process: FeedProcess, tell: Tell) -> None:
    tell(2)
    last = process.get().json[-1]["id"]
    with ExitStack() as keep:
        from concurrent.futures import ThreadPoolExecutor

        waiting = keep.enter_context(ThreadPoolExecutor(1)).submit(process.get, f"lastEventId={last}&timeout=20000")
        wait_until(lambda: process.counted("frenemies_streams") == 1)
        begun = monotonic()
        tell(3)
        answer = waiting.result(10)
        assert monotonic() - begun < 1
    assert [int(event["sequence"]) for event in answer.json] == [3, 4, 5]


def test_a_long_poll_without_news_is_an_empty_page_from_which_to_go_on(process: FeedProcess, tell: Tell) -> None:
    tell(2)
    last = process.get().json[-1]["id"]
    begun = monotonic()
    answer = process.get(f"lastEventId={last}&timeout=300")
    assert answer.json == [] and 0.25 < monotonic() - begun < 5
    assert answer.headers["link"] == f'</v1/feed?lastEventId={last}&limit=100&timeout=300>; rel="next"'


def test_a_long_poll_for_other_events_ends_with_a_checkpoint(process: FeedProcess, tell: Tell) -> None:
    tell(7)
    (told,) = process.get("type=ClaimRetracted&timeout=200").json
    assert (told["type"], told["sequence"]) == ("io.frenemies.feed.Checkpoint.v1", "7")
    assert process.get(f"type=ClaimRetracted&timeout=200&lastEventId={told['id']}").json == []


def test_a_page_holds_no_more_than_its_limit(process: FeedProcess, tell: Tell) -> None:
    tell(9)
    last, seen = "", []
    while page := process.get(f"limit=4{last}").json:
        assert len(page) <= 4
        seen += [int(event["sequence"]) for event in page]
        last = f"&lastEventId={page[-1]['id']}"
    assert seen == list(range(1, 10))


@pytest.mark.parametrize(
    ("query", "stream", "status", "code"),
    [
        ("lastEventId=x", True, 400, "bad-cursor"),
        ("lastEventId=x", False, 400, "bad-cursor"),
        (f"lastEventId={format_cursor(ELSEWHERE, 1)}", True, 410, "other-epoch"),
        (f"lastEventId={format_cursor(ELSEWHERE, 1)}", False, 410, "other-epoch"),
        ("limit=5", True, 422, "invalid"),
        ("timeout=5", True, 422, "invalid"),
        ("until=5", True, 422, "invalid"),
        ("until=5", False, 422, "invalid"),
        ("include=texts", False, 422, "invalid"),
        ("limit=0", False, 422, "bad-query"),
        ("nothing=0", True, 422, "bad-query"),
        ("type=Nothing", True, 422, "invalid"),
        ("entity=nobody", True, 404, "unknown"),
        ("since=yesterday", True, 422, "invalid-date"),
        ("type=%ff", True, 400, "malformed-url"),
        ("&".join(f"a{n}=1" for n in range(200)), True, 400, "malformed-url"),
    ],
)
def test_what_cannot_be_asked_is_refused(shared: FeedProcess, query: str, stream: bool, status: int, code: str) -> None:
    demand_problem(shared.get(query, **({"Accept": "text/event-stream"} if stream else {})), status, code)


def test_a_cursor_of_another_log_says_where_to_begin_again(shared: FeedProcess) -> None:
    answer = shared.get(Last_Event_ID=format_cursor(uuid4(), 1), Accept="text/event-stream")
    assert answer.json["resync"] == "/v1/feed" and answer.headers["link"] == '</v1/feed>; rel="start"'


@pytest.mark.case(number=55)
@pytest.mark.parametrize("length", [33, 1_000, 8_000])
def test_case_55_a_long_last_event_id(shared: FeedProcess, length: int) -> None:
    """Last-Event-ID not a cursor, 10 kB long: 400"""
    demand_problem(shared.get(Last_Event_ID="A" * length, Accept="text/event-stream"), 400, "bad-cursor")


@pytest.mark.case(number=55)
def test_case_55_one_that_is_longer_than_a_header_may_be(shared: FeedProcess) -> None:
    """Last-Event-ID not a cursor, 10 kB long: 400"""
    assert shared.get(Last_Event_ID="A" * 10_000, Accept="text/event-stream").status == 400


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_only_questions_are_taken(shared: FeedProcess, method: str) -> None:
    answer = shared.get(method=method)
    demand_problem(answer, 405, "method-not-allowed")
    assert answer.headers["allow"] == "GET, HEAD"


def test_an_address_where_there_is_nothing(shared: FeedProcess) -> None:
    demand_problem(shared.get(path="/v1/nothing"), 404, "unknown")


@pytest.mark.parametrize("accept", ["*/*", "text/event-stream"])
def test_a_head_is_a_head_and_does_not_stay(shared: FeedProcess, accept: str) -> None:
    answer = shared.get("timeout=20000" if accept == "*/*" else "", method="HEAD", Accept=accept)
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == (BATCH if accept == "*/*" else accept)
    wait_until(lambda: shared.counted("frenemies_streams") == 0)


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest) -> FeedProcess:
    """A process for those who need no events."""
    servers = request.getfixturevalue("servers")
    keep = ExitStack()
    request.addfinalizer(keep.close)
    url = servers.migrated(18)
    keep.callback(servers.drop, url)
    return keep.enter_context(feeding(url))


@pytest.fixture(scope="module")
def guarded(request: pytest.FixtureRequest) -> FeedProcess:
    """A process that wants a key, and takes few streams."""
    servers = request.getfixturevalue("servers")
    keep = ExitStack()
    request.addfinalizer(keep.close)
    url = servers.migrated(18)
    keep.callback(servers.drop, url)
    limits = {"FRENEMIES_STREAMS_A_KEY": "2", "FRENEMIES_STREAMS": "3"}
    return keep.enter_context(feeding(url, FRENEMIES_ADMIN_KEY="the-key", **limits))


def test_without_key_or_ticket_nobody_is_let_in(guarded: FeedProcess) -> None:
    for query in ("", "ticket=", "ticket=1.2", guarded.ticketed("limit=1") + "0", guarded.ticketed("limit=1")[1:]):
        answer = guarded.get(query)
        demand_problem(answer, 401, "not-authorized")
        assert "www-authenticate" in answer.headers and "access-control-allow-origin" not in answer.headers
    demand_problem(guarded.get(Authorization="Bearer other"), 401, "not-authorized")
    assert guarded.get(path="/healthz").status == 200


def test_only_whom_the_api_has_sent_may_come_from_another_page(guarded: FeedProcess) -> None:
    origin = "https://page.example"
    sent = guarded.get(guarded.ticketed("limit=1"), Origin=origin)
    assert (sent.status, sent.headers["access-control-allow-origin"]) == (200, origin)
    with_key = guarded.get("limit=1", Origin=origin, **KEY)
    assert with_key.status == 200 and "access-control-allow-origin" not in with_key.headers
    refused = guarded.get(guarded.ticketed("limit=1000"), Origin=origin)
    assert (refused.status, refused.headers["access-control-allow-origin"]) == (422, origin)


@pytest.mark.limit(name="streams_a_key")
def test_a_key_has_so_many_streams_and_a_closed_one_makes_room(guarded: FeedProcess) -> None:
    for _ in range(3):
        with guarded.listen(**KEY) as one, guarded.listen(guarded.ticketed("")) as two:
            assert (one.status, two.status) == (200, 200)
            refused = guarded.get(Accept="text/event-stream", **KEY)
            demand_problem(refused, 503, "too-many-streams")
            assert refused.headers["retry-after"] == "1"
            demand_problem(guarded.get("timeout=1000", **KEY), 503, "too-many-streams")
        wait_until(lambda: guarded.counted("frenemies_streams") == 0)


@pytest.mark.limit(name="streams")
@pytest.mark.case(number=80)
@pytest.mark.slow
def test_a_process_has_so_many_streams(database_url: str, store: PostgresStore) -> None:
    with feeding(database_url, FRENEMIES_STREAMS="3") as process, ExitStack() as keep:
        for _ in range(3):
            keep.enter_context(process.listen()).until(has_caught_up)
        demand_problem(process.get(Accept="text/event-stream"), 503, "too-many-streams")
