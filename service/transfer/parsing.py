"""Lines to drafts: in this process, or in one beside it that keeps a chunk ahead."""

from __future__ import annotations

import multiprocessing
import pickle
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from typing import Any, NamedTuple

import msgspec

from events.errors import DomainError
from service.cores import ALLOWED, use
from service.garbage import collect_rarely
from service.intake.records import read_line
from service.intake.strict_json import parse
from service.interrupts import deaf_children
from service.timeline.claims import normalised
from service.timeline.drafts import ArticleDraft, ClaimDraft, Draft, EntityDraft, NormalClaimDraft
from service.transfer.errors import ReaderLost
from service.transfer.lines import Chunk, Line, Lines, Place, Size
from service.transfer.refusals import LineTooLong, Refusal, refusals_of
from service.transfer.seals import INSISTS, SEAL, SealDraft, read_insisting, read_seal

WORTH_A_PROCESS = 4 << 20
"""Bytes from which on a file is read in a process of its own, which takes half a second to start."""

Parsed = Draft | SealDraft | list[Refusal]


class Item(NamedTuple):
    """A line as it was understood: a draft, or what is wrong with it."""

    line: int
    start: int
    parsed: Parsed


class Parsing(NamedTuple):
    """A chunk of lines, understood."""

    begin: Place
    end: Place
    items: list[Item]


def parse_chunk(chunk: Chunk, longest: int) -> Parsing:
    """Understands every line of a chunk."""
    return Parsing(chunk.begin, chunk.end, [Item(n, s, _parsed(Line(n, s, c), longest)) for n, s, c in chunk.lines])


@contextmanager
def parsed_chunks(lines: Lines, begin: Place, left: int, size: Size) -> Iterator[Iterator[Parsing]]:
    """The chunks of a file from a place on. Where many bytes are `left`, it takes a process of its own."""
    if left < WORTH_A_PROCESS:
        yield (parse_chunk(chunk, lines.longest) for chunk in lines.chunks(begin, size))
        return
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe(duplex=False)
    reader = context.Process(target=_send_chunks, args=(lines, begin, size, theirs, ALLOWED), daemon=True)
    with deaf_children():
        reader.start()
    theirs.close()
    try:
        yield _received(ours)
    finally:
        ours.close()
        reader.terminate()
        reader.join()


def seals_before(lines: Lines, place: Place) -> Iterator[SealDraft]:
    """The seals that a file tells before a place."""
    for chunk in lines.chunks():
        for line in chunk.lines:
            if line.start >= place.byte:
                return
            if SEAL in line.content and isinstance(parsed := _parsed(line, lines.longest), SealDraft):
                yield parsed


def _parsed(line: Line, longest: int) -> Parsed:
    try:
        if len(line.content) > longest:
            raise LineTooLong(f"a line has at most {longest} bytes")
        if SEAL in line.content or INSISTS in line.content:
            return _read_special(line.content)
        return _normalised(read_line(line.content))
    except DomainError as error:
        return refusals_of(line.number, line.start, error)


def _normalised(draft: Draft) -> Draft:
    return normalised(draft) if isinstance(draft, ClaimDraft) else draft


def _read_special(content: bytes) -> Draft | SealDraft:
    """What only an export writes; other lines may hold the same words by chance."""
    record = parse(content)
    if isinstance(record, dict) and record.get("record") == "seal":
        return read_seal(record)
    if isinstance(record, dict) and record.get("record") == "entity" and record.get("insists") is True:
        return read_insisting(record)
    return read_line(content)


# between the processes: drafts of the three frequent kinds by msgspec, the others by pickle (a claim that is
# not in normal form may hold numbers with a fraction, which msgspec would take for texts)

_PICKLED = 255
_KINDS: tuple[type[Any], ...] = (NormalClaimDraft, ArticleDraft, EntityDraft)
_DECODERS = [msgspec.msgpack.Decoder(kind) for kind in _KINDS]
_MESSAGE = msgspec.msgpack.Decoder(tuple[Place, Place, list[tuple[int, int, int, msgspec.Raw]]])
_encode = msgspec.msgpack.Encoder().encode


def _send_chunks(lines: Lines, begin: Place, size: Size, link: Connection, cores: frozenset[int]) -> None:
    if cores:
        with suppress(OSError):  # a wish: not to share the one core that the process which asked may keep to
            use(cores)
    collect_rarely()
    try:
        for chunk in lines.chunks(begin, size):
            link.send_bytes(packed(parse_chunk(chunk, lines.longest)))
        link.send_bytes(b"")
    except BrokenPipeError:
        return


def _received(link: Connection) -> Iterator[Parsing]:
    try:
        while message := link.recv_bytes():
            yield unpacked(message)
    except EOFError:
        raise ReaderLost("The process that reads the lines has ended before their end.") from None


def packed(parsing: Parsing) -> bytes:
    """A chunk for the way to another process."""
    items = [(line, start, *_packed_item(parsed)) for line, start, parsed in parsing.items]
    return _encode((parsing.begin, parsing.end, items))


def unpacked(message: bytes) -> Parsing:
    """A chunk that another process understood."""
    begin, end, items = _MESSAGE.decode(message)
    return Parsing(begin, end, [Item(line, start, _unpacked_item(kind, raw)) for line, start, kind, raw in items])


def _packed_item(parsed: Parsed) -> tuple[int, Any]:
    kind = type(parsed)
    if kind in _KINDS:
        return _KINDS.index(kind), parsed
    return _PICKLED, pickle.dumps(parsed)


def _unpacked_item(kind: int, raw: msgspec.Raw) -> Parsed:
    if kind == _PICKLED:
        # Written by our own process a moment ago.
        made: Parsed = pickle.loads(msgspec.msgpack.decode(raw, type=bytes))  # noqa: S301
        return made
    drafted: Parsed = _DECODERS[kind].decode(raw)
    return drafted
