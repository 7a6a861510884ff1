"""Logs go to stderr: a line of JSON each, or lines for a person."""

from __future__ import annotations

import logging
import re
import sys
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import structlog
from structlog.contextvars import get_contextvars

from service.request_log import Answered
from service.serve.scrubbing import Scrubber
from service.settings import secrets

Processor = Callable[..., Any]
_SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.PositionalArgumentsFormatter(),
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.StackInfoRenderer(),
    structlog.processors.UnicodeDecoder(),
]


_TALKATIVE = ("psycopg.pool", "httpx2")
_STEERING = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
"""The categories of characters that are not shown as they are: controls, changes of direction, ends of lines."""
_LEFT_BEHIND = re.compile("(closing returned|rolling back returned|discarding closed) connection")


class _Stderr(logging.StreamHandler[TextIO]):
    """Writes to what is stderr at that moment."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        """The present stderr."""
        return sys.stderr


def configure_logs(level: str = "INFO", *, brief: bool = False) -> None:
    """Sends structlog and the logging of the standard library the same way.

    `brief` is for commands that say something to a person now and then, and for no program to read.
    """
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *_SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    handler = _Stderr()
    handler.setFormatter(formatter(brief=brief))
    handler.addFilter(_is_worth_telling)
    if brief:
        handler.addFilter(_concerns_a_person)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)


def formatter(*, brief: bool = False) -> logging.Formatter:
    """Renders a record of either kind, without secrets."""
    return _Lines(
        foreign_pre_chain=_SHARED,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            *([_inert, _in_brief] if brief else _renderers()),
        ],
    )


class _Lines(structlog.stdlib.ProcessorFormatter):
    """Takes secrets out of every line. That of a request, of which there are most, has a shorter way."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._scrubber = Scrubber(secrets())
        self._is_for_programs = not sys.stderr.isatty()

    def format(self, record: logging.LogRecord) -> str:
        """One line, or more for an error."""
        if self._is_for_programs and isinstance(record.msg, Answered):
            return _line_of(record.msg, record)
        return self._scrubber.scrubbed(super().format(record))


def _line_of(answered: Answered, record: logging.LogRecord) -> str:
    told = {
        "event": "request",
        **answered._replace(seconds=round(answered.seconds, 6))._asdict(),
        **get_contextvars(),
        "level": "info",
        "logger": record.name,
        "timestamp": datetime.fromtimestamp(record.created, UTC),
    }
    return msgspec.json.encode(told).decode()


def _is_worth_telling(record: logging.LogRecord) -> bool:
    """Not every coming and going of a connection, nor each address that is asked: that may hold what lets in."""
    return record.levelno >= logging.WARNING or record.name not in _TALKATIVE


def _concerns_a_person(record: logging.LogRecord) -> bool:
    """Not that Ctrl-C came in the middle of a statement: what was asked for is told by the command."""
    return record.name != "psycopg.pool" or not _LEFT_BEHIND.match(str(record.msg))


def _renderers() -> list[Processor]:
    if sys.stderr.isatty():
        # Plain: the usual form of an error shows what is in variables, secrets too.
        return [_inert, structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    return [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(default=str)]


def _inert(logger: Any, method: str, event: dict[str, Any]) -> dict[str, Any]:
    """Nothing in a line steers the terminal."""
    return {name: _visible(value) if isinstance(value, str) else value for name, value in event.items()}


def _visible(text: str) -> str:
    return "".join(ascii(one)[1:-1] if unicodedata.category(one) in _STEERING else one for one in text)


def _in_brief(logger: Any, method: str, event: dict[str, Any]) -> str:
    hidden = ("event", "level", "logger", "timestamp", "exc_info", "stack_info")
    about = "".join(f" {name}={value}" for name, value in event.items() if name not in hidden)
    return f"frenemies: {event['event']}{about}"
