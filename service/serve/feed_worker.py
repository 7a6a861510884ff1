"""The worker of gunicorn that runs the feed process, with what its own lacks: cutting a link, and ending streams."""

from __future__ import annotations

import resource
from asyncio import WriteTransport
from typing import Any

from gunicorn.asgi.protocol import ASGIProtocol
from gunicorn.workers import gasgi

from service.serve.refusing import refusal

SILENCE_SECONDS = 10.0
"""How long a client may take to say what it wants."""


class FeedProtocol(ASGIProtocol):  # type: ignore[misc]
    """Tells the application which links there are: ASGI knows no way to cut one."""

    def connection_made(self, transport: WriteTransport) -> None:
        """A client has come."""
        super().connection_made(transport)
        self.worker.asgi.links.opened(transport)
        self._silence = self.worker.loop.call_later(SILENCE_SECONDS, transport.abort)

    def connection_lost(self, exc: Exception | None) -> None:
        """A client has gone."""
        self._silence.cancel()
        if self.transport is not None:
            self.worker.asgi.links.closed(self.transport)
        super().connection_lost(exc)

    def _on_headers_complete(self) -> Any:
        self._silence.cancel()
        return super()._on_headers_complete()

    def _send_error_response(self, status: int, message: str, extra_headers: Any = ()) -> None:
        self._safe_write(refusal(status, message))


_KNOCKING = 1_024
_OWN_FILES = 64


class FeedWorker(gasgi.ASGIWorker):  # type: ignore[misc]
    """Runs `service.live.app.App`, which hears at once that it is to end: its streams would never end by themselves."""

    _is_open = False

    def init_process(self) -> None:
        """Puts our protocol in the place where the worker looks for its own."""
        gasgi.ASGIProtocol = FeedProtocol
        _allow_files(self.worker_connections + _OWN_FILES)
        super().init_process()

    def notify(self) -> None:
        """Says each second that it lives. At first it has more clients wait at the door than the 100 of asyncio: all
        come at once when the process before is gone.
        """
        if not self._is_open:
            self._is_open = True
            for listener in self.sockets:
                listener.sock.listen(_KNOCKING)
        super().notify()

    def handle_exit_signal(self, *_: Any) -> None:
        """Ends the streams, so that clients come back while the next process starts."""
        super().handle_exit_signal()
        self.asgi.end()


def _allow_files(count: int) -> None:
    """As many open files as that, if the system lets us: by default it often is a thousand."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = count if hard == resource.RLIM_INFINITY else min(count, hard)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
