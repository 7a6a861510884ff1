"""The link under the feed: silent, closed from elsewhere, broken while nobody reads."""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from itertools import islice
from threading import Event, Thread
from time import monotonic

import pytest

from frenemies import Client, Unreachable
from service.feeds import forms
from service.feeds.cursor import parse_cursor
from tests.unit.client.service import checkpoint, event, streamed

LONGEST = 10
Answering = Callable[[socket.socket, int], object]
HEAD = "HTTP/1.1 200 OK\r\nContent-Type: {}\r\nConnection: close\r\n\r\n"
LINES, STREAM = HEAD.format(forms.NDJSON).encode(), HEAD.format(forms.EVENT_STREAM).encode()


@pytest.fixture
def serve() -> Iterator[Callable[..., str]]:
    """Serves one connection after the other, each in its own way, and gives the address."""
    with ExitStack() as keep:

        def start(*answers: Answering) -> str:
            listening = keep.enter_context(socket.create_server(("127.0.0.1", 0)))
            Thread(target=_serve, args=(listening, answers), daemon=True).start()
            return f"http://127.0.0.1:{listening.getsockname()[1]}"

        yield start


def _serve(listening: socket.socket, answers: tuple[Answering, ...]) -> None:
    for answer in answers:
        with suppress(OSError):
            link, _ = listening.accept()
            with link:
                cursor = re.search(rb"lastEventId=([^& ]+)", link.recv(65_536))
                answer(link, parse_cursor(cursor[1].decode()).position if cursor else 0)


def one_event(link: socket.socket, after: int) -> None:
    link.sendall(LINES + forms.lines([event(1), checkpoint(1)]))


def test_a_silent_link_is_given_up_and_reading_goes_on(
    serve: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frenemies.link.SILENCE", 0.2)
    done = Event()

    def hang(link: socket.socket, after: int) -> None:
        link.sendall(STREAM + streamed(after + 1))
        link.settimeout(LONGEST)
        assert link.recv(1) == b"", "the client closes it"

    base = serve(one_event, hang, lambda link, after: (link.sendall(STREAM + streamed(after + 1)), done.wait(LONGEST)))
    with Client(base) as client, client.events(follow=True) as events:
        assert [one.position for one in islice(events, 3)] == [1, 2, 3]
        done.set()


@pytest.mark.slow
def test_an_answer_has_to_begin_soon_and_may_be_silent_for_longer_then(serve: Callable[..., str]) -> None:
    done = Event()

    def never_begin(link: socket.socket, after: int) -> None:
        done.wait(LONGEST)

    def pause(link: socket.socket, after: int) -> None:
        link.sendall(LINES + forms.lines([event(1), event(2)]))
        done.wait(1)
        link.sendall(forms.lines([event(3), checkpoint(3)]))

    begun = monotonic()
    with Client(serve(never_begin), timeout=0.3) as client, pytest.raises(Unreachable):
        list(client.events(patience=0))
    assert monotonic() - begun < 2
    with Client(serve(pause), timeout=0.3) as client:
        assert [one.position for one in client.events(patience=0)] == [1, 2, 3]
    done.set()


def test_a_reader_that_waits_wakes_up_when_it_is_closed(serve: Callable[..., str]) -> None:
    done = Event()
    base = serve(one_event, lambda link, after: (link.sendall(STREAM + streamed(after + 1)), done.wait(LONGEST)))
    with Client(base) as client, client.events(follow=True) as events:
        read: list[int] = []
        second = Event()

        def go_on() -> None:
            for one in events:
                read.append(one.position)
                if one.position == 2:
                    second.set()

        reader = Thread(target=go_on)
        reader.start()
        assert second.wait(LONGEST)
        begun = monotonic()
        events.close()
        reader.join(LONGEST)
        assert monotonic() - begun < 2
        assert read == [1, 2]
        done.set()


def test_a_reader_that_stops_for_a_while_misses_nothing_when_the_service_gives_it_up(serve: Callable[..., str]) -> None:
    given_up = Event()
    many = 20_000

    def give_up(link: socket.socket, after: int) -> None:
        link.settimeout(0.3)
        with suppress(TimeoutError):
            link.sendall(LINES + forms.lines(map(event, range(1, many))))
        given_up.set()

    def all_there_is(link: socket.socket, after: int) -> None:
        link.sendall(LINES + forms.lines([*map(event, range(after + 1, many + 1)), checkpoint(many)]))

    with Client(serve(give_up, all_there_is)) as client, client.events() as events:
        read = [next(events).position]
        assert given_up.wait(LONGEST)
        read += [one.position for one in events]
    assert read == list(range(1, many + 1))
