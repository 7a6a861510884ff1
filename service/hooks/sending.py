"""One attempt: a request to an address that was checked, with one deadline for all of it."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from time import monotonic
from typing import Any

import httpcore2
from httpcore2 import (
    ConnectionPool,
    NetworkBackend,
    NetworkError,
    NetworkStream,
    ProtocolError,
    Response,
    WriteError,
)

from service.hooks.errors import UrlRefused
from service.hooks.guarding import Guard, Target

DEADLINE = 15.0
"""Seconds for one attempt: name, connection, request and answer."""
MOST_READ = 65_536
"""Bytes of an answer that are read, head included; one that goes on has failed."""
MEDIA = "application/cloudevents+json"
DELIVERED, REFUSED, SLOW, UNREACHABLE, BLOCKED = "delivered", "refused", "slow", "unreachable", "blocked"
RESULTS = (DELIVERED, REFUSED, SLOW, UNREACHABLE, BLOCKED)
GONE = 410
_USER_AGENT = "frenemies-webhooks/1"
_ASKING_FOR_TIME = (429, 503)
_WISH = b"retry-after"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an attempt: one of `RESULTS`, with the status where there was one, and why it failed."""

    result: str
    status: int | None
    detail: str
    seconds: float
    retry_after: str = ""

    @property
    def is_success(self) -> bool:
        """Whether the receiver has it."""
        return self.result == DELIVERED


@dataclass(slots=True)
class _Heard:
    """The head of an answer, as far as it matters."""

    status: int | None = None
    retry_after: str = ""

    def listen(self, response: Response) -> None:
        """Takes in the head."""
        self.status = response.status
        if response.status in _ASKING_FOR_TIME:
            self.retry_after = next((v for k, v in response.headers if k.lower() == _WISH), b"")[:200].decode("latin-1")

    @property
    def is_success(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


class _TooLong(Exception):
    """The answer goes on and on."""


class Transport:
    """Sends to receivers. For many threads."""

    def __init__(self, guard: Guard, context: ssl.SSLContext | None = None) -> None:
        self.guard = guard
        self._given_context = context

    def post(self, url: str, headers: Mapping[str, str], body: bytes, deadline: float = DEADLINE) -> Answer:
        """What came of sending a body to an address; it takes at most `deadline` seconds, and never raises for what
        the receiver does.
        """
        begun, heard = monotonic(), _Heard()
        try:
            self._ask(url, headers, body, begun + deadline, heard)
            result, detail = (DELIVERED, "") if heard.is_success else (REFUSED, _why(heard.status))
        except UrlRefused as error:
            result, detail = BLOCKED, error.detail
        except TimeoutError:
            result, detail = SLOW, f"the answer did not end within {deadline:g} seconds"
        except _TooLong:
            result, detail = REFUSED, f"the answer is longer than {MOST_READ} bytes"
        except (ProtocolError, NetworkError):
            result, detail = UNREACHABLE, "the answer is not HTTP, or ended early"
        except ssl.SSLError as error:
            result, detail = UNREACHABLE, f"no secure connection: {error.reason or 'failed'}"
        except OSError as error:
            result, detail = UNREACHABLE, f"no connection: {error.strerror or 'failed'}"
        return Answer(result, heard.status, detail, monotonic() - begun, heard.retry_after)

    def _ask(self, url: str, headers: Mapping[str, str], body: bytes, until: float, heard: _Heard) -> None:
        """Sends it; of an answer that says yes the end is awaited."""
        target = self.guard.target(url)
        backend = _Backend(self.guard.addresses(target, until - monotonic()), until)
        context = self._context if target.scheme == "https" else None
        request = httpcore2.Request("POST", _url(target), headers=_headers(target, headers, body), content=body)
        with ConnectionPool(ssl_context=context, max_connections=1, network_backend=backend) as pool:
            response = pool.handle_request(request)
            try:
                heard.listen(response)
                if heard.is_success:
                    for _ in response.iter_stream():
                        pass
            finally:
                response.close()

    @cached_property
    def _context(self) -> ssl.SSLContext:
        return self._given_context or httpcore2.default_ssl_context()


class _Backend(NetworkBackend):
    """Connects to given addresses, whatever host is asked for, until a deadline."""

    def __init__(self, addresses: Sequence[str], until: float) -> None:
        self._addresses = addresses
        self._until = until

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> NetworkStream:
        """A link to the first of the addresses that takes one."""
        failure: OSError = TimeoutError()
        for index, address in enumerate(self._addresses):
            try:
                share = _left(self._until) / (len(self._addresses) - index)
                link = socket.create_connection((address, port), share)
            except OSError as error:
                failure = error
            else:
                link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return _Stream(link, self._until)
        raise failure


class _Stream(NetworkStream):
    """A link on which everything together ends by the deadline, and not too much is read."""

    def __init__(self, link: socket.socket, until: float) -> None:
        self._link = link
        self._until = until
        self._read = 0

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """What has come."""
        if self._read >= MOST_READ:
            raise _TooLong
        self._link.settimeout(_left(self._until))
        block = self._link.recv(min(max_bytes, MOST_READ - self._read))
        self._read += len(block)
        return block

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Sends all of it."""
        view = memoryview(buffer)
        while view:
            self._link.settimeout(_left(self._until))
            try:
                view = view[self._link.send(view) :]
            except TimeoutError:
                raise
            except OSError as error:
                raise WriteError(str(error)) from error  # there may be an answer all the same

    def close(self) -> None:
        """Ends it."""
        with suppress(OSError):
            self._link.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> NetworkStream:
        """The same link, secured for the name of the host."""
        try:
            self._link.settimeout(_left(self._until))
            return _Stream(ssl_context.wrap_socket(self._link, server_hostname=server_hostname), self._until)
        except BaseException:
            self.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        """Nothing is told."""
        return None


def _left(until: float) -> float:
    left = until - monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _url(target: Target) -> httpcore2.URL:
    return httpcore2.URL(scheme=target.scheme, host=target.host, port=target.port, target=target.path)


def _headers(target: Target, headers: Mapping[str, str], body: bytes) -> list[tuple[str, str]]:
    own = {
        "Host": target.authority,
        "Content-Type": MEDIA,
        "Content-Length": str(len(body)),
        "User-Agent": _USER_AGENT,
        "Connection": "close",
    }
    return [*own.items(), *headers.items()]


def _why(status: int | None) -> str:
    is_elsewhere = status is not None and 300 <= status < 400
    return "the answer leads elsewhere, and is not followed" if is_elsewhere else "the receiver did not take it"
