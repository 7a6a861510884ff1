"""Keys at the feed process: what each may ask there, and that a stream ends with its key and for no other reason."""

from __future__ import annotations

import socket
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import timedelta
from time import monotonic

import pytest
from eventsourcing.persistence import StoredEvent

from service.keys.issuing import Issued
from service.keys.scopes import ADMIN, FEED_READ, SCOPES, STATE_READ
from service.store.postgres import PostgresStore
from service.store.protocol import Appended
from tests.conftest import Servers
from tests.feeding import FeedProcess, Listener, feeding, has_caught_up, is_at, wait_until
from tests.integration.live.test_crowds import TOO_MUCH
from tests.integration.store.proxy import Proxy
from tests.keyed import EXPIRED, bearer, issued, revoke

SECONDS = 5.0
"""Within these a key that has ended is of no use anywhere."""
Tell = Callable[..., Appended]


@pytest.fixture(scope="module")
def url(servers: Servers) -> Iterator[str]:
    url = servers.migrated(18)
    yield url
    servers.drop(url)


@pytest.fixture(scope="module")
def keys(url: str) -> Mapping[str, Issued]:
    return {scope: issued(url, scope) for scope in SCOPES} | {"both": issued(url, FEED_READ, STATE_READ)}


@pytest.fixture(scope="module")
def guarded(url: str, keys: Mapping[str, Issued]) -> Iterator[FeedProcess]:
    """A process on a database that has keys."""
    with feeding(url, FRENEMIES_STREAMS_A_KEY="2") as process:
        yield process


def ended(listener: Listener) -> str:
    """What a stream says at its end, which comes in time."""
    return listener.to_the_end(SECONDS).named("ended")[-1].data


@pytest.mark.parametrize("path", ["/v1/feed", "/v1/beliefs"])
@pytest.mark.parametrize("query", ["", "limit=1", "timeout=1"])
def test_an_address_is_answered_for_the_scope_of_feeds_only(
    guarded: FeedProcess, keys: Mapping[str, Issued], path: str, query: str
) -> None:
    for scope in SCOPES:
        statuses = {
            guarded.get(query, path, **bearer(keys[scope])).status,
            guarded.get(guarded.ticketed(query, keys[scope].key.id), path).status,
            guarded.get(query, path, "HEAD", **bearer(keys[scope])).status,
        }
        assert statuses == ({200} if scope in (FEED_READ, ADMIN) else {403}), scope


def test_the_texts_need_more(guarded: FeedProcess, keys: Mapping[str, Issued]) -> None:
    for scope, status in ((FEED_READ, 403), (STATE_READ, 403), ("both", 200), (ADMIN, 200)):
        with guarded.listen("include=texts", **bearer(keys[scope])) as listener:
            assert listener.status == status, scope
    told = guarded.get("include=texts", Accept="text/event-stream", **bearer(keys[FEED_READ]))
    assert told.json["scope"] == STATE_READ and "insufficient_scope" in told.headers["www-authenticate"]


@pytest.mark.case(number=73)
@pytest.mark.parametrize("path", ["/v1/feed", "/v1/beliefs", "/v1/entities", "/nothing"])
def test_case_73_nobody_is_let_in_without_a_good_key(
    guarded: FeedProcess, url: str, keys: Mapping[str, Issued], path: str
) -> None:
    gone, late, good = issued(url, ADMIN), issued(url, ADMIN, lasting=EXPIRED), keys[ADMIN]
    revoke(url, gone)
    for query, headers in (
        ("", {}), ("", bearer("nonsense")), ("", bearer(f"{good.secret[:-3]}xyz")), ("", bearer(gone)),
        ("", bearer(late)), (f"key={good.secret}", {}), (f"ticket={good.secret}", {}),
        (guarded.ticketed("", gone.key.id), {}), (guarded.ticketed("", late.key.id), {}),
        (guarded.ticketed("", "aaaaaaaaaa"), {}), (guarded.ticketed("", "local"), {}),
        ("", {"Authorization": f"Basic {b64encode(f'me:{good.secret}'.encode()).decode()}"}),
    ):  # fmt: skip
        answer = guarded.get(query, path, **headers)
        assert answer.status == 401, query[:10]
        assert good.secret[15:] not in str(answer)
    assert guarded.get(path="/healthz").status == 200
    assert guarded.get(path=path, **bearer(good)).status == (200 if path in ("/v1/feed", "/v1/beliefs") else 404)


def test_streams_are_counted_for_each_key(guarded: FeedProcess, url: str) -> None:
    one, other = issued(url, FEED_READ), issued(url, FEED_READ)
    with guarded.listen(**bearer(one)), guarded.listen(guarded.ticketed("", one.key.id)):
        assert guarded.get(Accept="text/event-stream", **bearer(one)).status == 503
        with guarded.listen(**bearer(other)) as listener:
            assert listener.status == 200


def test_streams_and_waiting_pages_end_in_time_with_a_key_that_is_revoked_and_no_others(
    guarded: FeedProcess, url: str, keys: Mapping[str, Issued]
) -> None:
    gone = issued(url, FEED_READ)
    with (
        guarded.listen(**bearer(gone)) as stream,
        guarded.listen(**bearer(keys[FEED_READ])) as other,
        ThreadPoolExecutor(1) as pool,
    ):
        stream.until(has_caught_up)
        waiting = pool.submit(guarded.get, "timeout=50000", **bearer(gone))
        wait_until(lambda: guarded.counted("frenemies_streams") == 3)
        begun = monotonic()
        revoke(url, gone)
        assert gone.key.id in ended(stream)
        page = waiting.result(SECONDS)
        assert monotonic() - begun < SECONDS
        assert page.status == 401 and gone.key.id in page.json["detail"]
        assert guarded.get(**bearer(gone)).status == 401
        assert guarded.get(guarded.ticketed("", gone.key.id)).status == 401
        other.until(has_caught_up)
        assert not other.is_over
    wait_until(lambda: guarded.counted("frenemies_streams") == 0)


def test_a_stream_ends_when_its_key_expires(guarded: FeedProcess, url: str) -> None:
    late = issued(url, FEED_READ, lasting=timedelta(seconds=2))
    with guarded.listen(**bearer(late)) as stream:
        stream.until(has_caught_up)
        assert "expired" in ended(stream)
    assert guarded.get(**bearer(late)).status == 401


@pytest.mark.slow
def test_a_client_that_takes_nothing_is_cut_off_with_its_key(database_url: str, store: PostgresStore) -> None:
    """Its stream waits for it to take what was sent, and would wait for ten seconds."""
    state = b'{"text":"%b"}' % (b"x" * 16_000)
    for batch in range(TOO_MUCH // 1_600_000 + 1):
        store.append([StoredEvent(f"work-big-{batch}", version, "Noted.v1", state) for version in range(1, 101)])
    key = issued(database_url, FEED_READ)
    header = f"\r\nAuthorization: Bearer {key.secret}\r\nAccept: text/event-stream\r\n\r\n".encode()
    with feeding(database_url) as process, closing(socket.socket()) as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
        slow.settimeout(10)
        slow.connect(("127.0.0.1", process.port))
        slow.sendall(b"GET /v1/feed HTTP/1.1\r\nHost: a" + header)
        assert slow.recv(100).startswith(b"HTTP/1.1 200")
        revoke(database_url, key)
        begun = monotonic()
        wait_until(lambda: process.counted("frenemies_streams") == 0, SECONDS)
        assert monotonic() - begun < SECONDS
        with pytest.raises(ConnectionResetError):
            while slow.recv(65_536):
                pass


@pytest.mark.slow
def test_an_outage_of_the_database_ends_no_stream_of_a_good_key(database_url: str, tell: Tell) -> None:
    """And what was revoked meanwhile ends when it is over."""
    good, gone = issued(database_url, FEED_READ), issued(database_url, FEED_READ)
    with (
        Proxy(database_url) as proxy,
        feeding(proxy.url) as process,
        process.listen(**bearer(good)) as stream,
        process.listen(**bearer(gone)) as other,
    ):
        for one in (stream, other):
            one.until(has_caught_up)
        proxy.freeze()
        begun = monotonic()
        revoke(database_url, gone)
        wait_until(lambda: proxy.is_holding_back and monotonic() > begun + 7)
        proxy.thaw()
        tell()
        stream.until(is_at(1), 10)
        assert gone.key.id in other.to_the_end(10).named("ended")[-1].data
        assert not stream.named("ended")


def test_the_first_key_ends_the_streams_of_those_without(process: FeedProcess, database_url: str) -> None:
    with process.listen() as stream:
        stream.until(has_caught_up)
        key = issued(database_url, FEED_READ)
        assert "A key is needed by now" in ended(stream)
    assert process.get().status == 401
    assert process.get(**bearer(key)).status == 200
