"""What a web server refuses by itself, before an application is asked: told as a problem, like every other refusal."""

from __future__ import annotations

import socket
from http import HTTPStatus
from uuid import uuid4

import msgspec
from gunicorn import util

from service.http import security, statuses

_TOLD = {
    400: ("bad-request", "The request cannot be understood."),
    414: ("url-too-long", "The address is too long."),
    431: ("headers-too-long", "The headers are too long."),
    500: ("internal-error", "Something went wrong inside the service."),
}
"""The names and words for each status; of any other one, those of HTTP."""


def refusal(status: int, detail: str) -> bytes:
    """The whole answer, after which the connection is closed."""
    reason, request_id = HTTPStatus(status).phrase, uuid4().hex
    code, title = _TOLD.get(status, (f"http-{status}", reason))
    body = msgspec.json.encode(statuses.told(status, code, title, detail, "", request_id))
    headers = {
        **security.ALWAYS,
        security.POLICY: security.NOTHING,
        "Cache-Control": "no-store",
        "X-Request-Id": request_id,
        "Content-Type": statuses.PROBLEM_JSON,
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    lines = [f"HTTP/1.1 {status} {reason}", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("ascii") + body


def refuse_by_problems() -> None:
    """Has gunicorn's workers with threads refuse so, in the place of its own pages."""
    util.write_error = _write


def _write(link: socket.socket, status: int, reason: str, detail: str) -> None:
    util.write_nonblock(link, refusal(status, detail))
