"""What is logged of a request, and that nothing in it can be made up by whoever sends it."""

from __future__ import annotations

import json
import logging
import sys
from io import StringIO

import pytest
import structlog
from structlog.contextvars import clear_contextvars

from service import request_log
from service.request_log import Answered
from service.serve.logs import configure_logs

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"
ANSWERED = Answered("GET", "/v1/entities/<id>", 200, 0.0123, 456, "admin")


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """What goes to stderr, with the logs set up as a process of the service does."""
    return _logging_to(StringIO(), monkeypatch)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> StringIO:
    """The same on a terminal."""
    return _logging_to(Terminal(), monkeypatch)


def _logging_to(output: StringIO, monkeypatch: pytest.MonkeyPatch) -> StringIO:
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    monkeypatch.setattr(root, "level", root.level)
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", output)
        configure_logs()
    monkeypatch.setattr(type(root.handlers[0]), "stream", output)
    clear_contextvars()
    return output


def lines(logged: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in logged.getvalue().splitlines()]


def test_a_request_is_one_line_with_all_that_is_known_of_it(logged: StringIO) -> None:
    request_log.begin("abc", TRACE)
    request_log.end(ANSWERED)
    (line,) = lines(logged)
    assert line.pop("timestamp")
    assert line == {
        "event": "request", "method": "GET", "route": "/v1/entities/<id>", "status": 200, "seconds": 0.0123,
        "bytes": 456, "key": "admin", "request_id": "abc", "trace_id": TRACE, "level": "info",
        "logger": "service.request_log",
    }  # fmt: skip


def test_every_line_between_names_the_request_and_none_after_it(logged: StringIO) -> None:
    request_log.begin("abc", TRACE)
    structlog.get_logger("ours").warning("one of ours")
    logging.getLogger("theirs").warning("one of a library")
    request_log.end(ANSWERED)
    logging.getLogger("theirs").warning("later")
    *during, later = lines(logged)
    assert [(line["request_id"], line["trace_id"]) for line in during] == [("abc", TRACE)] * 3
    assert "request_id" not in later


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, 'a"', "a\nb", "\u00e9", "a\x1b[2J"])
def test_a_request_without_an_id_of_the_right_form_gets_one(given: str) -> None:
    own = request_log.begin(given)
    assert own != given
    assert len(own) == 32


@pytest.mark.parametrize("given", ["a", "x" * 128, "A-1._z"])
def test_an_id_of_the_right_form_is_kept(given: str) -> None:
    assert request_log.begin(given) == given


@pytest.mark.parametrize(
    ("parent", "trace"),
    [
        (PARENT, TRACE),
        (PARENT.replace("00-4", "cc-4") + "-what-comes-later", TRACE),
        ("", None),
        (PARENT + "-more", None),
        (PARENT.upper(), None),
        (PARENT.replace("00-4", "ff-4"), None),
        (PARENT.replace(TRACE, "0" * 32), None),
        (PARENT.replace("00f067aa0ba902b7", "0" * 16), None),
        (PARENT + "\n", None),
    ],
)
def test_a_traceparent_is_taken_as_w3c_defines_it(parent: str, trace: str | None) -> None:
    assert request_log.trace_of(parent) == trace


def test_of_probes_only_what_is_wrong_is_told(logged: StringIO) -> None:
    for status in (200, 503):
        request_log.end(ANSWERED._replace(route="/readyz", status=status))
    assert [line["status"] for line in lines(logged)] == [503]


def test_a_terminal_is_shown_words_and_is_not_steered(shown: StringIO) -> None:
    request_log.begin("abc")
    request_log.end(ANSWERED)
    structlog.get_logger("ours").warning("not served", path="/\x1b]0;owned\x07\u202e")
    text = shown.getvalue()
    assert "GET /v1/entities/<id> 200, 456 bytes in 12.3 ms" in text
    assert "/\\x1b]0;owned\\x07\\u202e" in text


def test_a_terminal_is_not_shown_what_variables_hold_when_something_fails(shown: StringIO) -> None:
    def fail(key: str) -> None:
        raise LookupError(f"a key of {len(key)}")

    try:
        fail("canary-" + "key")
    except LookupError:
        structlog.get_logger("ours").exception("it failed")
    assert "a key of 10" in shown.getvalue()
    assert "canary-key" not in shown.getvalue()


def test_what_is_secret_in_the_environment_is_in_no_line(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("FRENEMIES_ADMIN_KEY", "canary/admin")
    monkeypatch.setenv("DATABASE_URL", "postgresql://me:canary%2Fpassword@db/x")
    logged: StringIO = request.getfixturevalue("logged")
    logging.getLogger("theirs").error("it is canary/admin, and canary/password or canary%2Fpassword at db/x")
    assert lines(logged)[0]["event"] == "it is ***, and *** or *** at db/x"
