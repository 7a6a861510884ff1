"""Importing over HTTP: a long body, copied to disk as it comes and then imported as a file is."""

from __future__ import annotations

import errno
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO, Any

import msgspec
from flask import Response, request
from marshmallow import validate

from events.text import clean_text
from service.errors import StoreFull
from service.exports.media import NDJSON
from service.http.api import Resource
from service.http.body import JSON, demand_media
from service.http.context import importer, limits, recorder, refuse_version, surroundings
from service.http.demands import needs
from service.http.errors import BodyStalled, TooLarge, TooManyImports
from service.http.problems import problem
from service.intake.fields import LIMITS, Shape, Text
from service.keys.scopes import CLAIMS_WRITE
from service.transfer.importer import Listener, Outcome
from service.transfer.lines import Lines
from service.transfer.refusals import ImportRefused
from service.transfer.registry import ALL, REJECTS, Import, Reached
from service.transfer.rejects import RejectsFile

BODY = "body"
RESOURCE = Resource("imports", "Records by the million, as lines.", writes=needs(CLAIMS_WRITE))
_BLOCK = 1 << 20


class ImportQuery(Shape):
    """How to import."""

    mode = Text(
        load_default=ALL,
        validate=validate.OneOf((ALL, REJECTS)),
        metadata={
            "enum": [ALL, REJECTS],
            "description": "`all`: everything or nothing. `rejects`: what is good is recorded, the rest is answered.",
        },
    )
    name = Text(LIMITS.string // 64, load_default=BODY, metadata={"description": "What the list of imports calls it."})


@RESOURCE.stream("/v1/import", "ImportAnswer", query=ImportQuery, media=NDJSON)
def import_lines(query: dict[str, Any]) -> Response:
    """Record newline-delimited JSON, one record a line; the same body again records nothing.

    When it is interrupted, the same body goes on behind the last line that was recorded. Then `refusals` begins with
    the line `refusals_from`, while the counts are those of the whole; the same body once more tells all refusals.
    """
    refuse_version()
    demand_media(NDJSON)
    name = clean_text(query["name"], "/name")
    with ExitStack() as keep:
        keep.enter_context(_room())
        keep.enter_context(_turn())
        folder = Path(keep.enter_context(tempfile.TemporaryDirectory(prefix="frenemies-")))
        body, refused = folder / "body", folder / "refused"
        _copy_body(body)
        lines = Lines(name, body, limits().article_body)
        try:
            if query["mode"] == ALL:
                outcome, begin, rejects = importer().record(lines, recorder()), 1, None
            else:
                outcome, begin = _record_good(lines, refused)
                rejects = keep.enter_context(refused.open("rb"))
        except ImportRefused as error:
            return _refusal(error)
        response = Response(_answer(outcome, begin, rejects), content_type=JSON)
        response.call_on_close(keep.pop_all().close)
        return response


@contextmanager
def _turn() -> Iterator[None]:
    """One of the imports that a process takes at once: each of them keeps a thread that others are waiting for."""
    turns = surroundings().import_turns
    if not turns.acquire(blocking=False):
        raise TooManyImports(f"at most {limits().imports} at once; send it again later")
    try:
        yield
    finally:
        turns.release()


def _copy_body(path: Path) -> None:
    """The body, copied as it comes, however long that takes. TooLarge, StoreFull; BodyStalled when nothing comes."""
    _demand_fitting(request.content_length or 0, path.parent)
    request.max_content_length = None
    link = request.environ.get("gunicorn.socket")
    if link is not None:
        link.settimeout(limits().silence)
        link.until = None
    try:
        with path.open("wb") as file:
            while block := request.stream.read(_BLOCK):
                _demand_short(file.tell() + len(block))
                file.write(block)
    except TimeoutError:
        raise BodyStalled(f"nothing came for {limits().silence:g} seconds") from None
    finally:
        if link is not None:
            link.settimeout(None)


def _demand_fitting(length: int, folder: Path) -> None:
    """Refuses a body by the length that is said beforehand, before any of it is read."""
    _demand_short(length)
    if length > shutil.disk_usage(folder).free:
        raise StoreFull(f"There is no room in {folder} for a body of {length} bytes.")


def _demand_short(length: int) -> None:
    if length > limits().import_body:
        raise TooLarge(f"the body of an import has at most {limits().import_body} bytes; send it in parts")


@contextmanager
def _room() -> Iterator[None]:
    """Says that there is no room left where there is none."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StoreFull(str(error)) from error
        raise


def _record_good(lines: Lines, refused: Path) -> tuple[Outcome, int]:
    """What came of it, and the line from which on the file holds what is refused: an earlier go had one of its own."""
    begun: list[int] = []
    with RejectsFile(refused, lines) as file:

        def begin(_: Import, reached: Reached) -> None:
            begun.append(reached.place.line + 1)
            file.open(reached.place.line)

        return importer().record_good(lines, recorder(), file.put, Listener(begin)), begun[0]


def _answer(outcome: Outcome, begin: int, refused: IO[bytes] | None) -> Iterator[bytes]:
    """The answer piece by piece: there may be as many refused lines as lines."""
    counts = {
        "import": outcome.import_id, **outcome.counts._asdict(), "position": outcome.position, "refusals_from": begin,
    }  # fmt: skip
    yield msgspec.json.encode(counts)[:-1] + b',"refusals":['
    for number, line in enumerate(refused or ()):
        yield (b"," if number else b"") + line.removesuffix(b"\n")
    yield b"]}"


def _refusal(error: ImportRefused) -> Response:
    """The problem of the first refused line, with the places of all that were found."""
    faults = []
    for refusal in error.refusals:
        fault: dict[str, Any] = {"in": BODY, "line": refusal.line, "pointer": refusal.pointer, "code": refusal.code}
        fault |= {"column": refusal.column} if refusal.column is not None else {}
        faults.append(fault | {"detail": refusal.detail})
    counts = {"import": error.import_id, **error.counts._asdict()}
    detail = f"line {error.refusals[0].line}: {error.detail}"
    return problem(422, error.code, error.title, detail, errors=faults, **counts)
