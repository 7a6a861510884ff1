"""The worker of gunicorn that answers requests, with what its own lacks: slow clients hold no thread, or not long."""

from __future__ import annotations

import socket
from time import monotonic
from typing import Any

from gunicorn.workers import gthread

from service.serve.timed_socket import TimedSocket
from service.settings import read_settings

LONGEST_HEAD = 65_536
"""So much is waited for without a thread; what is longer is read by one, within the same time."""
MOST_LOOKS = 100
"""So often it is looked whether a head is whole: nobody sends one in as many pieces."""
FAREWELL_SECONDS = 0.5
"""How long a client is waited for that has its answer: for the rest of its body, or for its end."""
_END_OF_HEAD = b"\r\n\r\n"
_GONE, _LATER = False, gthread._DEFER


class WebWorker(gthread.ThreadWorker):  # type: ignore[misc]
    """Has a thread read a request only when its head is there, and its body for so long only."""

    def init_process(self) -> None:
        """Learns how long clients may take."""
        limits = read_settings().limits
        self._head_seconds, self._body_seconds, self._silence = limits.head_seconds, limits.body_seconds, limits.silence
        super().init_process()

    def handle(self, conn: Any) -> Any:
        """Answers a request, or gives the connection back to the loop until there is more of it."""
        if not isinstance(conn.sock, TimedSocket):
            conn.sock, conn.seen, conn.looks, conn.head_until = TimedSocket.of(conn.sock), -1, 0, 0.0
        conn.head_until = conn.head_until or monotonic() + self._head_seconds
        conn.sock.until = conn.head_until
        waiting = self._waits_for(conn)
        if waiting is _LATER:
            return _LATER
        conn.data_ready, conn.seen, conn.looks, conn.head_until = True, -1, 0, 0.0
        if waiting is not _GONE and (is_kept := super().handle(conn)):
            return is_kept
        # Here, for the loop would wait for the client, and everybody else for the loop.
        conn.sock.until = monotonic() + FAREWELL_SECONDS
        conn.close(graceful=True)
        conn.close = _closed
        return False

    def handle_request(self, req: Any, conn: Any) -> Any:
        """From here on the body is read, and the answer sent. What is left of the body is read if it is there."""
        conn.sock.until = monotonic() + self._body_seconds
        conn.sock.settimeout(self._silence)
        try:
            return super().handle_request(req, conn)
        finally:
            conn.sock.until = monotonic() + FAREWELL_SECONDS

    def _waits_for(self, conn: Any) -> Any:
        """What becomes of a connection on which there is no whole head yet; None where there is."""
        read_before = conn.parser.unreader.buf.getvalue() if conn.parser else b""
        try:
            there = _peek(conn.sock)
        except OSError:
            return _GONE
        head = read_before + (there or b"")
        if there == b"" or _END_OF_HEAD in head.lstrip(b"\r\n") or len(head) >= LONGEST_HEAD:
            if conn.seen > 0:
                _wake_at(conn.sock, 1)
            return None
        seen, conn.seen, conn.looks = conn.seen, len(there or b""), conn.looks + 1
        # The loop wakes up for one more byte than were seen; without one the client has ended.
        if monotonic() > conn.head_until or conn.looks > MOST_LOOKS or 0 < conn.seen <= seen:
            return _GONE
        if conn.seen > 0:
            _wake_at(conn.sock, conn.seen + 1)
        return _LATER


def _peek(link: socket.socket) -> bytes | None:
    """What has come and was not read yet; None for nothing, empty where nothing more comes."""
    link.setblocking(False)
    try:
        return link.recv(LONGEST_HEAD, socket.MSG_PEEK)
    except BlockingIOError:
        return None


def _wake_at(link: socket.socket, count: int) -> None:
    """Has the kernel call the connection readable when so many bytes are there, or it ends."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVLOWAT, count)


def _closed(graceful: bool = False) -> None:
    """In the place of closing what is closed."""
