"""The feed as the client reads it: everything once and in order, whatever happens to the link."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from itertools import islice

import httpx2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frenemies import (
    CAUGHT_UP,
    CHECKPOINT,
    Client,
    EpochChanged,
    Event,
    Gap,
    Malformed,
    NotAuthorized,
    Refused,
    Unreachable,
)
from service.feeds import forms
from tests.unit.client.service import (
    BASE,
    BEGINNING,
    Service,
    checkpoint,
    cursor,
    event,
    lines,
    marker,
    problem,
    stream,
    streamed,
    texts,
)

CUTS = st.lists(st.tuples(st.integers(0, 3_000), st.integers(1, 700)), max_size=5)
without_waits = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def positions(events: object) -> list[int]:
    return [one.position for one in events]  # type: ignore[attr-defined]


class Breaking(Service):
    """Every answer breaks off where it is told to, and comes in blocks of a size; behind those it is whole."""

    def __init__(self, size: int, cuts: list[tuple[int, int]]) -> None:
        super().__init__(size)
        self.cuts = cuts

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        whole = super().__call__(request)
        if not self.cuts:
            return whole
        cut, size = self.cuts.pop()
        body = whole.read()
        told = {"Content-Type": whole.headers["Content-Type"]}

        def blocks() -> object:
            for begin in range(0, min(cut, len(body)), size):
                yield body[begin : min(begin + size, cut)]
            raise httpx2.ReadError("cut")

        return httpx2.Response(200, content=blocks(), headers=told)  # type: ignore[arg-type]


def test_an_event_says_what_was_recorded_and_keeps_its_bytes() -> None:
    [first] = Service(1).client().events()
    assert first == Event(
        id=cursor(1),
        type="io.frenemies.EntityRegistered.v1",
        subject="entity/e1",
        time=BEGINNING + timedelta(seconds=1),
        position=1,
        stream_version=1,
        dataschema="/v1/event-types/EntityRegistered.v1",
        data={"id": "e1", "content": {"name": "\u2028 \n é 1"}},
        raw=event(1),
    )
    assert (first.name, first.version, first.category, first.about) == ("EntityRegistered", 1, "entity", "e1")


@without_waits
@given(CUTS)
def test_history_comes_once_and_in_order_wherever_the_link_breaks(cuts: list[tuple[int, int]]) -> None:
    events = Breaking(7, cuts).client().events()
    assert [one.raw for one in events] == [event(position) for position in range(1, 8)]
    assert events.cursor == cursor(7)
    assert events.caught_up


@without_waits
@given(CUTS)
def test_a_stream_comes_once_and_in_order_wherever_the_link_breaks(cuts: list[tuple[int, int]]) -> None:
    service = Breaking(2, [])
    with service.client().events(follow=True) as events:
        assert positions(islice(events, 2)) == [1, 2]
        service.size, service.cuts = 9, cuts
        assert [one.raw for one in islice(events, 7)] == [event(position) for position in range(3, 10)]


def test_a_history_without_its_checkpoint_goes_on(pauses: list[float]) -> None:
    service = Service(5, lines(event(1), event(2)), lines(event(3)))
    assert positions(service.client().events()) == [1, 2, 3, 4, 5]
    assert [service.after(request) for request in service.asked] == [0, 2, 3]
    assert all(0 < pause < 1 for pause in pauses)


def test_an_iteration_goes_on_weeks_later_from_its_cursor() -> None:
    service = Service(5)
    events = service.client().events()
    assert positions(islice(events, 3)) == [1, 2, 3]
    assert positions(service.client().events(events.cursor)) == [4, 5]
    assert positions(service.client().events(cursor(5))) == []


@pytest.mark.parametrize("told", [(1, 3), (1, 2, 2), (1, 2, 1), (2,)])
def test_events_that_are_missing_or_come_twice_are_a_gap(told: tuple[int, ...]) -> None:
    events = Service(5, lines(*map(event, told))).client().events()
    with pytest.raises(Gap) as caught:
        list(events)
    last = told[-2] if len(told) > 1 else 0
    assert (caught.value.after, caught.value.found) == (last, told[-1])
    assert str(last) in str(caught.value) and str(told[-1]) in str(caught.value)


def test_what_came_before_a_gap_is_handed_out() -> None:
    events = Service(5, lines(event(1), event(2), event(4))).client().events()
    assert positions(islice(events, 2)) == [1, 2]
    with pytest.raises(Gap):
        next(events)
    assert events.cursor == cursor(2)


def test_a_gap_behind_a_kept_cursor_is_found() -> None:
    with pytest.raises(Gap, match="after position 3 came 5"):
        list(Service(5, lines(event(5))).client().events(cursor(3)))


def test_events_missing_before_a_checkpoint_are_a_gap() -> None:
    with pytest.raises(Gap, match="after position 2 came 4"):
        list(Service(5, lines(event(1), event(2), checkpoint(4))).client().events())


def test_events_missing_where_a_stream_begins_are_a_gap() -> None:
    service = Service(2)
    events = service.client().events(follow=True)
    assert positions(islice(events, 2)) == [1, 2]
    service.answers = [stream(streamed(4))]
    with pytest.raises(Gap, match="after position 2 came 4"):
        next(events)


def test_chosen_events_need_not_follow_each_other_and_checkpoints_move_the_cursor() -> None:
    service = Service(5, lines(event(2), event(4), checkpoint(90)))
    events = service.client().events(types=["EntityRegistered"], entities=["e2", "e4"])
    assert positions(events) == [2, 4]
    assert events.cursor == cursor(90)
    assert dict(service.asked[0].url.params) == {"type": "EntityRegistered", "entity": "e2,e4"}


def test_chosen_events_that_come_twice_are_a_gap() -> None:
    with pytest.raises(Gap, match="after position 4 came 2"):
        list(Service(5, lines(event(4), event(2))).client().events(types=["EntityRegistered"]))


def test_what_is_asked_for_since_an_instant_goes_on_from_its_first_event() -> None:
    service = Service(6, lines(event(4), event(5)))
    assert positions(service.client().events(since=datetime(2026, 11, 20, tzinfo=UTC))) == [4, 5, 6]
    assert [dict(request.url.params) for request in service.asked] == [
        {"since": "2026-11-20T00:00:00+00:00"},
        {"lastEventId": cursor(5)},
    ]


def test_an_instant_without_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="offset"):
        list(Service().client().events(since=datetime(2026, 11, 20)))  # noqa: DTZ001


@pytest.mark.parametrize("asked", [{"follow": True, "until": 5}, {"after": cursor(1), "since": "2026-11-20T00:00:00Z"}])
def test_what_contradicts_itself_is_refused(asked: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="give"):
        Service().client().events(**asked)  # type: ignore[arg-type]


def test_an_end_is_asked_for_and_is_not_the_end_of_the_log() -> None:
    service = Service(5, lines(event(1), event(2), checkpoint(2)))
    events = service.client().events(until=2)
    assert positions(events) == [1, 2]
    assert service.asked[0].url.params["until"] == "2"
    assert not events.caught_up


def test_history_is_followed_by_what_comes_as_a_stream() -> None:
    service = Service(2)
    events = service.client().events(follow=True)
    assert positions(islice(events, 2)) == [1, 2]
    service.size = 4
    assert positions(islice(events, 2)) == [3, 4]
    assert [request.headers["Accept"] for request in service.asked] == [forms.NDJSON, forms.EVENT_STREAM]
    assert service.after(service.asked[1]) == 2
    assert events.caught_up


@pytest.mark.parametrize("size", [1, len(event(1)) + 1, 2 * len(event(1)) + 2, 10_000])
def test_with_the_last_event_of_history_it_has_caught_up(size: int) -> None:
    service = Service(2, lines(event(1), event(2), checkpoint(2), size=size))
    events = service.client().events(follow=True)
    assert [(next(events).position, events.caught_up) for _ in range(2)] == [(1, False), (2, True)]


def test_a_link_that_breaks_after_every_event_still_gets_on() -> None:
    length = len(event(1)) + 1
    service = Service(4, *[lines(event(number), event(number + 1), cut=length + 5) for number in range(1, 4)])
    assert positions(service.client().events()) == [1, 2, 3, 4]


def test_markers_of_a_stream_say_how_far_it_is() -> None:
    told = stream(marker("checkpoint", 50), forms.HEARTBEAT, marker("caught-up", 60))
    service = Service(0, lines(checkpoint(7)), told)
    reading = service.client().feed_lines(types=["EntityRegistered"], follow=True)
    came = [line for lines in islice(reading, 3) for line in lines]
    assert [(line.kind, line.position) for line in came] == [(CAUGHT_UP, 7), (CHECKPOINT, 50), (CAUGHT_UP, 60)]
    assert reading.cursor == cursor(60)
    assert reading.caught_up


def test_a_heartbeat_is_a_sign_of_life() -> None:
    service = Service(0, lines(checkpoint(0)), stream(forms.HEARTBEAT * 3, size=len(forms.HEARTBEAT)))
    reading = service.client().feed_lines(follow=True)
    assert [line.kind for line in next(line for line in reading if line)] == [CAUGHT_UP]
    assert next(reading) == []


def test_it_has_not_caught_up_after_a_break_until_it_is_told_so() -> None:
    service = Service(3, lines(checkpoint(0)), stream(streamed(1)), stream(streamed(2)))
    events = service.client().events(follow=True)
    assert [(next(events).position, events.caught_up) for _ in range(3)] == [(1, True), (2, False), (3, True)]


def test_an_ended_stream_is_asked_for_again(pauses: list[float]) -> None:
    service = Service(1, lines(event(1), checkpoint(1)), stream(streamed(2), forms.ending("restart"), streamed(9)))
    service.size = 3
    events = service.client().events(follow=True)
    assert positions(islice(events, 3)) == [1, 2, 3]
    assert service.after(service.asked[2]) == 2
    assert len(pauses) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 429])
def test_a_service_that_is_overloaded_or_restarts_is_asked_again(pauses: list[float], status: int) -> None:
    service = Service(2, problem(status, "too-many-replays"), httpx2.ConnectError("refused"))
    assert positions(service.client().events()) == [1, 2]
    assert len(pauses) == 2
    assert (pauses[0] >= 7) == (status in (429, 503)), "Retry-After"


def test_waits_grow_and_differ_and_begin_anew_with_the_next_event(pauses: list[float]) -> None:
    service = Service(3, *[httpx2.ConnectError("refused")] * 9, lines(event(1)), httpx2.ConnectError("refused"))
    assert positions(service.client().events(patience=1_000)) == [1, 2, 3]
    assert pauses[8] > 15 > 1 > pauses[0]
    assert max(pauses) <= 30
    assert pauses[9] < 0.5
    assert len(set(pauses)) == len(pauses)


def test_it_gives_up_without_patience_and_the_cursor_stays() -> None:
    service = Service(3, lines(event(1)), *[httpx2.ConnectError("refused")] * 99)
    events = service.client().events(patience=0.1)
    assert next(events).position == 1
    with pytest.raises(Unreachable):
        next(events)
    assert events.cursor == cursor(1)


def test_who_gives_up_knows_when_the_service_wants_to_be_asked_again() -> None:
    with pytest.raises(Unreachable) as told:
        list(Service(3, problem(429, "quota-exceeded")).client().events(patience=0))
    assert told.value.retry_after == 7


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [(401, "not-authorized", NotAuthorized), (410, "other-epoch", EpochChanged), (503, "no-feed-process", Refused),
     (422, "invalid", Refused), (400, "bad-cursor", Refused)],
)  # fmt: skip
def test_refusals_are_told_and_not_tried_again(status: int, code: str, kind: type[Refused]) -> None:
    fault = {"in": "query", "pointer": "/type", "detail": "no such type"}
    service = Service(3, problem(status, code, resync="/v1/feed", errors=[fault]))
    with pytest.raises(kind) as caught:
        list(service.client().events(patience=1_000))
    refused = caught.value
    assert (refused.status, refused.code, refused.title, refused.detail) == (status, code, "No.", "Not so.")
    assert refused.errors == [fault]
    assert str(refused) == "No. Not so.; /type: no such type"
    assert not isinstance(refused, EpochChanged) or refused.resync == "/v1/feed"
    assert len(service.asked) == 1


@pytest.mark.parametrize(
    "answer",
    [httpx2.Response(200, text="<html>"), lines(b"<html>"), lines(b'{"type":"x","id":"y"}'), lines(b"[]")],
    ids=["other media", "no JSON", "no position", "no object"],
)
def test_what_is_no_feed_is_told(answer: httpx2.Response) -> None:
    with pytest.raises(Malformed):
        list(Service(1, answer).client().events())


def test_what_a_later_service_adds_is_passed_over() -> None:
    grown = event(1)[:-1] + b',"traceparent":"00-0","more":{"a":[1]}}'
    unknown = checkpoint(1).replace(b"Checkpoint", b"Weather")
    service = Service(2, lines(grown, unknown, event(2), checkpoint(2)))
    assert positions(service.client().events()) == [1, 2]
    streaming = Service(2, lines(checkpoint(0)), stream(marker("weather", 1), b"id: x\nfoo: bar\n\n", streamed(1)))
    assert positions(islice(streaming.client().events(follow=True), 1)) == [1]


def test_texts_are_those_that_the_event_refers_to() -> None:
    told = (texts(0, "a", "b"), event(1), event(2), texts(2, "c"), event(3), checkpoint(3))
    service = Service(3, lines(*told))
    events = service.client().events(texts=True)
    seen = {one.position: set(events.texts) for one in events}
    assert seen == {1: {"r-a", "r-b"}, 2: {"r-a", "r-b"}, 3: {"r-c"}}
    assert events.texts["r-c"].content == "c"
    assert service.asked[0].url.params["include"] == "texts"


def test_data_that_is_no_line_of_json_comes_as_bytes() -> None:
    odd = event(1).partition(b',"data":')[0] + b',"data_base64":"AP8="}'
    [one] = Service(1, lines(odd, checkpoint(1))).client().events()
    assert one.data == b"\x00\xff"


@pytest.mark.parametrize(
    ("url", "encoding"),
    [(BASE, "identity"), ("http://localhost:1", "identity"), ("http://[::1]:1", "identity"),
     ("https://frenemies.example", "gzip")],
)  # fmt: skip
def test_history_is_compressed_unless_it_stays_on_the_machine(url: str, encoding: str) -> None:
    service = Service(1)
    assert positions(service.client(url).events()) == [1]
    assert service.asked[0].headers["Accept-Encoding"] == encoding


def test_the_key_goes_to_the_service_and_not_to_where_it_sends_on() -> None:
    moved = httpx2.Response(307, headers={"Location": "http://127.0.0.1:8001/v1/feed?ticket=t"})
    service = Service(1, lines(event(1), checkpoint(1)), moved, stream(streamed(2)))
    events = service.client(key="secret").events(follow=True)
    assert positions(islice(events, 2)) == [1, 2]
    assert [request.headers.get("Authorization") for request in service.asked] == ["Bearer secret"] * 2 + [None]
    assert service.asked[2].url.port == 8001


@pytest.mark.parametrize("url", ["", "frenemies.example", "ftp://frenemies.example", "http://"])
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        Client(url)


def test_a_closed_iteration_ends_and_tells_how_far_it_came() -> None:
    events = Service(5).client().events(follow=True)
    assert next(events).position == 1
    events.close()
    assert list(events) == []
    assert events.cursor == cursor(1)


def test_an_event_that_cannot_be_read_is_not_passed_over() -> None:
    broken = event(2).replace(b'"streamversion":1', b'"streamversion":"one"')
    service = Service(3, lines(event(1), broken, event(3), checkpoint(3)))
    with service.client() as client, client.events() as events:
        assert next(events).position == 1
        for _ in range(2):
            with pytest.raises(Malformed):
                next(events)
        assert events.cursor == cursor(1)


def test_what_is_too_deep_to_be_read_is_told() -> None:
    deep = event(2).replace(b'"content":{', b'"content":{"deep":%b%b,' % (b"[" * 100_000, b"]" * 100_000))
    with Service(3, lines(event(1), deep, checkpoint(2))).client() as client, pytest.raises(Malformed):
        list(client.events())


def test_a_date_to_come_back_at_that_is_none_does_not_matter(pauses: list[float]) -> None:
    for told in ("Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "soon", "-1"):
        busy = httpx2.Response(503, headers={"Retry-After": told})
        with Service(3, busy).client() as client:
            assert [one.position for one in client.events()] == [1, 2, 3]
    assert max(pauses) <= 30


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_compressed_history_that_is_cut_off_goes_on(share: float) -> None:
    whole = gzip.compress(forms.lines([*map(event, range(1, 200)), checkpoint(199)]))
    headers = {"Content-Type": forms.NDJSON, "Content-Encoding": "gzip"}
    packed = httpx2.Response(200, content=iter([whole[: int(len(whole) * share)]]), headers=headers)
    with Service(199, packed).client() as client:
        assert [one.position for one in client.events()] == list(range(1, 200))


def test_another_life_of_the_log_ends_the_iteration_in_its_middle() -> None:
    gone = problem(410, "other-epoch", resync="/v1/feed")
    with Service(5, lines(event(1), event(2)), gone).client() as client, client.events(follow=True) as events:
        assert [one.position for one in islice(events, 2)] == [1, 2]
        with pytest.raises(EpochChanged) as raised:
            next(events)
        assert raised.value.resync == "/v1/feed"
        assert events.cursor == cursor(2)


def test_a_service_that_sends_on_in_a_circle_is_told() -> None:
    circle = [httpx2.Response(307, headers={"Location": "/v1/feed"}) for _ in range(50)]
    with Service(5, *circle).client() as client, pytest.raises(Malformed, match="redirects"):
        next(client.events(follow=True))


def test_an_instant_is_asked_for_again_where_the_link_broke_before_the_first_event() -> None:
    service = Service(3, lines(event(1), cut=5), problem(503, "starting"))
    with service.client() as client:
        assert [one.position for one in client.events(since=BEGINNING)] == [1, 2, 3]
    assert [request.url.params.get("since") for request in service.asked] == [BEGINNING.isoformat()] * 3
