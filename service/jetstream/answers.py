"""What JetStream answers, and what the client of NATS raises, as it is meant here."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from nats.aio.msg import Msg
from nats.errors import Error

from service.jetstream.errors import JetStreamUnavailable, NoStream, OutOfStep

NO_MESSAGE = 10037
_NO_STREAM, _WRONG_LAST = 10059, 10071
_NOBODY = "503"


class Refused(JetStreamUnavailable):
    """JetStream refuses."""

    def __init__(self, code: int, description: str) -> None:
        super().__init__(description)
        self.code = code


@contextmanager
def as_ours(lost: Callable[[], JetStreamUnavailable]) -> Iterator[None]:
    """Errors of the client as ours; `lost` is the one for a link that is gone."""
    try:
        yield
    except (Error, OSError) as error:
        raise JetStreamUnavailable(f"{lost()} {told(error)}") from error


def checked(answer: Msg) -> dict[str, Any]:
    """What an answer says. NoStream, OutOfStep or Refused where it tells of an error."""
    if (answer.headers or {}).get("Status") == _NOBODY:
        raise JetStreamUnavailable("Nobody answers there: JetStream is off, or the stream is gone or without a leader.")
    try:
        said: dict[str, Any] = json.loads(answer.data)
    except ValueError as error:
        raise JetStreamUnavailable(f"Its answer cannot be read: {error}.") from error
    refusal = said.get("error")
    if refusal is None:
        return said
    code, description = int(refusal.get("err_code", 0)), str(refusal.get("description", "it refuses"))
    if code == _NO_STREAM:
        raise NoStream()
    if code == _WRONG_LAST:
        raise OutOfStep(f"{description.capitalize()}.")
    raise Refused(code, f"{description.capitalize()}.")


def told(error: BaseException) -> str:
    """An error in words."""
    return str(error) or type(error).__name__
