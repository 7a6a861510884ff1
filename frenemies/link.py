"""The connection on which the feed is read: one at a time, and another thread may cut it."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from threading import Event, Lock
from typing import NamedTuple

import httpx2
import msgspec

from frenemies.errors import Malformed, refusal
from frenemies.waiting import Trouble, seconds_of

SILENCE = 45.0
"""After so many seconds without a byte (the service sends one every 15) the connection is given up."""
_TRANSIENT = frozenset((408, 425, 429, 500, 502, 503, 504))
_LASTING = frozenset(("no-feed-process",))


class Opened(NamedTuple):
    """An answer that has begun: its media type, and its body as it comes."""

    media: str
    blocks: Iterator[bytes]


class Link:
    """Asks for the feed. Its errors are Trouble, if it is worth to try again, or those of `frenemies.errors`."""

    def __init__(self, http: httpx2.Client, timeout: float) -> None:
        self._http = http
        self._timeout = timeout
        self._closed = Event()
        self._lock = Lock()
        self._socket: socket.socket | None = None

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._closed.is_set()

    def pause(self, seconds: float) -> None:
        """Waits, unless the link is closed."""
        self._closed.wait(seconds)

    def close(self) -> None:
        """Cuts the connection, from any thread; it is not used again."""
        with self._lock:
            self._closed.set()
            if self._socket is not None:
                with suppress(OSError):
                    # Closing would not wake up a thread that reads; and that of TLS would wait for the other side.
                    socket.socket.shutdown(self._socket, socket.SHUT_RDWR)

    @contextmanager
    def open(self, path: str, query: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[Opened]:
        """The answer to a question, while the block lasts."""
        request = self._http.stream("GET", path, params=query, headers=headers, timeout=self._timeout)
        try:
            with request as answer:
                if answer.status_code != 200:
                    raise _refused(answer)
                self._hold(answer)
                answer.request.extensions["timeout"]["read"] = SILENCE  # the answer has begun
                media = answer.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                yield Opened(media, answer.iter_bytes())
        except (httpx2.TransportError, httpx2.DecodingError) as error:
            raise Trouble(str(error) or type(error).__name__) from error
        except httpx2.TooManyRedirects as error:
            raise Malformed(str(error)) from error
        finally:
            with self._lock:
                self._socket = None

    def _hold(self, answer: httpx2.Response) -> None:
        stream = answer.extensions.get("network_stream")
        held = stream.get_extra_info("socket") if stream is not None else None
        with self._lock:
            self._socket = held if isinstance(held, socket.socket) else None
            if self.is_closed:
                raise Trouble("closed")


def _refused(answer: httpx2.Response) -> Exception:
    error = refusal(answer.status_code, problem_of(answer.read()))
    if answer.status_code in _TRANSIENT and error.code not in _LASTING:
        return Trouble(str(error), seconds_of(answer.headers.get("Retry-After")))
    return error


def problem_of(body: bytes) -> object:
    """What a body says in JSON; None for another one."""
    try:
        return msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return None
