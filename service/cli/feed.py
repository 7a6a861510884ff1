"""`frenemies feed`: the events of the log, those there are and those to come."""

from __future__ import annotations

import io
import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

import click

from service.cli import options
from service.cli.feed_source import Feed, Wish, open_feed
from service.cli.group import Ended, Failure, Interrupted, Unavailable
from service.cli.options import Place
from service.cli.output import cell, json_safe, print_line, visible
from service.errors import ServiceError
from service.interrupts import Terminated, raised_on_termination

if TYPE_CHECKING:
    from frenemies import Line

_LONGEST = 100
_UNREAD = "Go on with --after and the id of the last event that was read (--json tells it)."
"""What was written last says nothing when the reader of a pipe has left: it may have read less."""
_TOLD = ("name", "title", "reason")


@click.command("feed")
@click.option("--after", metavar="CURSOR", help="Only what comes after this cursor: the id of an event.")
@click.option("--since", metavar="INSTANT", help="Only what was recorded after this instant (RFC 3339).")
@click.option("--until", metavar="POINT", help="Only up to this log position, cursor or instant.")
@click.option(
    "--type", "types", metavar="TYPE", multiple=True, help="Only events of this type; can be given several times."
)
@click.option(
    "--entity", "entities", metavar="ENTITY", multiple=True, help="Only events that concern it; several times likewise."
)
@click.option("--follow", is_flag=True, help="Go on with what is recorded from then on, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Write each event as one line of JSON (a CloudEvent).")
@options.take_place(url=True)
def command(
    after: str | None,
    since: str | None,
    until: str | None,
    types: tuple[str, ...],
    entities: tuple[str, ...],
    follow: bool,
    as_json: bool,
    place: Place,
) -> None:
    """Show what was recorded, event by event, in the order of the log.

    Whatever ends it before its end, the last line on standard error says how to go on: nothing is then missed.

    \b
    frenemies feed --entity red-hat --type InvestmentClaimed
    frenemies feed --follow --json --url http://127.0.0.1:8000
    """
    if after is not None and since is not None:
        raise click.UsageError("--after and --since cannot be given together.")
    if follow and until is not None:
        raise click.UsageError("--follow and --until cannot be given together.")
    written = _Written(after)
    wish = Wish(after, since, until, types, entities, follow)
    with raised_on_termination(), _told_on_failure(written):
        with open_feed(place, wish) as feed:
            _write(feed, written, as_json=as_json)
        if not as_json:
            print_line(cell(written.told or "There are no such events.", "dim"))


class _Written:
    """How far all was written, from a cursor on."""

    def __init__(self, beginning: str | None) -> None:
        self._beginning = self.cursor = beginning

    @property
    def told(self) -> str:
        """How to go on, if anything was written."""
        return "" if self.cursor == self._beginning else f"Go on with --after {self.cursor}"


def _write(feed: Feed, written: _Written, *, as_json: bool) -> None:
    with _buffered(sys.stdout.buffer) as output:
        for lines in feed:
            for line in lines:
                _write_line(output, line, as_json=as_json)
                written.cursor = line.cursor
            output.flush()
            written.cursor = feed.cursor or written.cursor
            _demand_reader(output)


@contextmanager
def _buffered(output: IO[bytes]) -> Iterator[IO[bytes]]:
    """What is written is seen once it was noted, and not before: also where Python buffers nothing by itself."""
    if not isinstance(output, io.RawIOBase):
        yield output
        return
    buffered = io.BufferedWriter(output)
    try:
        yield buffered
    finally:
        buffered.detach()


def _demand_reader(output: IO[bytes]) -> None:
    """BrokenPipeError once nobody reads a pipe any more, also when there is nothing to write."""
    try:
        place = output.fileno()
    except OSError:
        return
    waiting = select.poll()
    waiting.register(place, 0)
    if any(told & select.POLLERR for _, told in waiting.poll(0)):
        raise BrokenPipeError


def _write_line(output: IO[bytes], line: Line, *, as_json: bool) -> None:
    from frenemies import EVENT

    if line.kind == EVENT:
        output.write((_json(line.raw) if as_json else _row(line.raw).encode()) + b"\n")


def _json(raw: bytes) -> bytes:
    return raw if raw.isascii() and b"\x7f" not in raw else json_safe(raw.decode(errors="replace")).encode()


def _row(raw: bytes) -> str:
    """An event for people: position, when it was recorded, its type, what it is about, and what it says in short."""
    from frenemies.event import event_of

    event = event_of(raw)
    told = (f"{event.position:>7}", f"{event.time:%Y-%m-%d %H:%M:%S}", f"{event.name:<24}", f"{event.subject:<42}")
    return visible("  ".join((*told, _short(event.data)))).rstrip()


def _short(data: Any) -> str:
    """Whom an event names, and the sentence in which it says what."""
    whole = data if isinstance(data, dict) else {}
    content = whole.get("content")
    content = content if isinstance(content, dict) else {}
    evidence = whole.get("evidence")
    said = evidence.get("summary") if isinstance(evidence, dict) else None
    said = said or next((value for name in _TOLD if isinstance(value := content.get(name, whole.get(name)), str)), "")
    named = ", ".join(str(one["entity"]) for one in content.get("participants") or [])
    text = ": ".join(filter(None, (named, str(said))))
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."


@contextmanager
def _told_on_failure(written: _Written) -> Iterator[None]:
    """Whatever ends the command says how to go on."""
    try:
        yield
    except Terminated:
        raise Ended(_lines("Terminated.", written.told)) from None
    except KeyboardInterrupt:
        raise Interrupted(_lines("Interrupted.", written.told)) from None
    except Failure as failure:
        raise type(failure)(_lines(failure.message, written.told)) from failure
    except ServiceError as error:
        raise Unavailable(_lines(str(error), written.told)) from error
    except BrokenPipeError:
        Failure(_UNREAD).show()
        raise


def _lines(*texts: str) -> str:
    return "\n".join(filter(None, texts))
