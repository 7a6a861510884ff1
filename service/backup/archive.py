"""The file of a backup: a zip with one part for each table, and behind them the manifest that vouches for the parts."""

from __future__ import annotations

import hashlib
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from types import TracebackType
from typing import IO, Self
from uuid import UUID
from zipfile import ZIP_DEFLATED, BadZipFile, ZipFile

import msgspec

from service.backup.errors import BackupDamaged

FORMAT = 1
MANIFEST = "manifest.json"
_BLOCK = 1 << 20
_LONGEST_MANIFEST = 1 << 20
_FAST = 1
_WRONG = (
    BadZipFile, zlib.error, EOFError, KeyError, NotImplementedError, RuntimeError, ValueError, OSError,
    msgspec.MsgspecError,
)  # fmt: skip


class Part(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rows of a table: which columns, how many rows, how many bytes, and their hash."""

    table: str
    columns: list[str]
    rows: int
    bytes: int
    sha256: str

    @property
    def file(self) -> str:
        """Its name in the archive."""
        return f"{self.table}.copy"


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a backup is of: when and by which version it was made, the migrations applied with their hashes, the
    identity of the log, its last position, the newest checkpoint, and the parts.
    """

    format: int
    made_at: datetime
    version: str
    migrations: dict[str, str]
    epoch: UUID
    position: int
    checkpoint: str | None
    parts: list[Part]


class ArchiveWriter:
    """Writes an archive from its beginning to its end, in a block; the file need not be seekable."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED, compresslevel=_FAST)
        self._parts: list[Part] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._zip.fp = None  # it would try to write its end all the same, and complain that it cannot

    @contextmanager
    def part(self, table: str, columns: list[str]) -> Iterator[PartWriter]:
        """The part of a table; its `rows` have to be set by the end of the block."""
        with self._zip.open(f"{table}.copy", "w", force_zip64=True) as entry:
            writer = PartWriter(entry)
            yield writer
            writer.flush()
        self._parts.append(Part(table, columns, writer.rows, writer.bytes, writer.sha256))

    def finish(self, manifest: Callable[[list[Part]], Manifest]) -> Manifest:
        """Writes the manifest of the parts, and ends the archive."""
        made = manifest(self._parts)
        self._zip.writestr(MANIFEST, msgspec.json.format(msgspec.json.encode(made)))
        self._zip.close()
        return made


class PartWriter:
    """Gathers small blocks: each one written costs as much as a few hundred bytes."""

    def __init__(self, entry: IO[bytes]) -> None:
        self.rows = 0
        self.bytes = 0
        self._entry = entry
        self._hash = hashlib.sha256()
        self._held = bytearray()

    @property
    def sha256(self) -> str:
        """The hash of what was written."""
        return self._hash.hexdigest()

    def write(self, block: bytes | bytearray | memoryview) -> None:
        """Appends bytes."""
        self._held += block
        if len(self._held) >= _BLOCK:
            self.flush()

    def flush(self) -> None:
        """Hands on what is held."""
        self.bytes += len(self._held)
        self._hash.update(self._held)
        self._entry.write(self._held)
        self._held.clear()


class Archive:
    """An archive that is found whole before anything of it is used."""

    def __init__(self, file: IO[bytes], tell: Callable[[int, int], None] = lambda done, total: None) -> None:
        """BackupDamaged, with what is wrong, for anything but a whole backup. `tell` hears how many bytes are read."""
        with _as_damage():
            self._zip = ZipFile(file)
            self.manifest = self._read_manifest()
            self._check(tell)

    def blocks(self, part: Part) -> Iterator[bytes]:
        """The bytes of a part."""
        with _as_damage(), self._zip.open(part.file) as entry:
            while block := entry.read(_BLOCK):
                yield block

    def _read_manifest(self) -> Manifest:
        with self._zip.open(MANIFEST) as entry:
            text = entry.read(_LONGEST_MANIFEST)
        told = msgspec.json.decode(text)
        if isinstance(told, dict) and told.get("format") != FORMAT:
            raise BackupDamaged(f"It has the format {told.get('format')!r}; this version reads {FORMAT}.")
        return msgspec.convert(told, Manifest)

    def _check(self, tell: Callable[[int, int], None]) -> None:
        parts = self.manifest.parts
        names = [MANIFEST, *(part.file for part in parts)]
        if sorted(names) != sorted(self._zip.namelist()):
            raise BackupDamaged("Its parts are not those of its manifest.")
        done, total = 0, sum(part.bytes for part in parts)
        for part in parts:
            found, size = hashlib.sha256(), 0
            for block in self.blocks(part):
                found.update(block)
                size += len(block)
                tell(done + size, total)
            done += size
            if (size, found.hexdigest()) != (part.bytes, part.sha256):
                raise BackupDamaged(f"{part.file} is not the part that was written.")


@contextmanager
def _as_damage() -> Iterator[None]:
    try:
        yield
    except _WRONG as error:
        raise BackupDamaged(f"{str(error) or type(error).__name__}.") from error
