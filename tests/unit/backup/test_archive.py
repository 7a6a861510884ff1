"""A file that was cut off, changed or is something else is found before anything of it is used."""

from __future__ import annotations

import io
import struct
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import pytest

from service.backup.archive import FORMAT, MANIFEST, Archive, ArchiveWriter, Manifest, Part
from service.backup.errors import BackupDamaged

EVENTS = bytes(range(256)) * 4_200
"""More than is read, or written, at once."""


class Pipe(io.RawIOBase):
    """What cannot be gone back in."""

    def __init__(self) -> None:
        self.taken = bytearray()

    def writable(self) -> bool:
        return True

    def write(self, block: Any) -> int:
        self.taken += block
        return len(block)


def manifest_of(parts: list[Part], **changes: Any) -> Manifest:
    made = Manifest(FORMAT, datetime(2026, 11, 22, tzinfo=UTC), "1.0", {}, UUID(int=7), 3, None, parts)
    return msgspec.structs.replace(made, **changes)


def archive(**changes: Any) -> bytes:
    file = Pipe()
    with ArchiveWriter(file) as writer:  # type: ignore[arg-type]
        for table, content in (("log.events", EVENTS), ("log.keys", b"")):
            with writer.part(table, ["a"]) as part:
                for start in range(0, len(content), 700):
                    part.write(content[start : start + 700])
                part.rows = 2
        writer.finish(lambda parts: manifest_of(parts, **changes))
    return bytes(file.taken)


WHOLE = archive()


def read(content: bytes) -> Archive:
    return Archive(io.BytesIO(content))


def test_a_whole_one_is_read_as_it_was_written() -> None:
    found = read(WHOLE)
    assert [(part.table, part.columns, part.rows, part.bytes) for part in found.manifest.parts] == [
        ("log.events", ["a"], 2, len(EVENTS)),
        ("log.keys", ["a"], 2, 0),
    ]
    assert [b"".join(found.blocks(part)) for part in found.manifest.parts] == [EVENTS, b""]


@pytest.mark.parametrize("length", [0, 1, 100, len(WHOLE) // 2, len(WHOLE) - 300, len(WHOLE) - 1])
def test_one_that_was_cut_off_is_refused(length: int) -> None:
    with pytest.raises(BackupDamaged):
        read(WHOLE[:length])


def packed() -> set[int]:
    """Where the contents of the entries are; between them are their names, dates and rights."""
    places: set[int] = set()
    for info in zipfile.ZipFile(io.BytesIO(WHOLE)).infolist():
        lengths = struct.unpack("<HH", WHOLE[info.header_offset + 26 : info.header_offset + 30])
        begin = info.header_offset + 30 + sum(lengths)
        places.update(range(begin, begin + info.compress_size))
    return places


def test_a_changed_byte_is_found_or_changes_nothing() -> None:
    """Nobody reads dates and rights of entries, nor the bits that fill the last byte of what is packed."""
    contents, whole, passed = packed(), read(WHOLE), 0
    for place in [*range(120), *range(120, len(WHOLE) - 900, 97), *range(len(WHOLE) - 900, len(WHOLE), 3)]:
        changed = bytearray(WHOLE)
        changed[place] ^= 0x41
        try:
            found = read(bytes(changed))
        except BackupDamaged:
            continue
        passed += place in contents
        assert found.manifest == whole.manifest
        assert b"".join(found.blocks(found.manifest.parts[0])) == EVENTS
    assert passed <= len(whole.manifest.parts) + 1


def test_what_is_no_backup_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as other:
        other.writestr("letter.txt", "Dear Ann")
    for content in (file.getvalue(), b"%PDF-1.7 ...", b"\x1f\x8b\x08"):
        with pytest.raises(BackupDamaged):
            read(content)


def test_a_part_that_is_missing_or_added_is_refused() -> None:
    whole = zipfile.ZipFile(io.BytesIO(WHOLE))
    for names in (["log.events.copy", MANIFEST], [*whole.namelist(), "more.copy"]):
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as other:
            for name in names:
                other.writestr(name, whole.read(name) if name in whole.namelist() else b"")
        with pytest.raises(BackupDamaged, match="parts are not those"):
            read(file.getvalue())


def test_another_format_is_named() -> None:
    with pytest.raises(BackupDamaged, match="format 2; this version reads 1"):
        read(archive(format=2))


@pytest.mark.parametrize("text", [b"", b"null", b"[]", b"{}", b'{"format": 1}', b"\xff", b"[" * 100_000])
def test_a_manifest_that_is_none_is_refused(text: bytes) -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as other:
        other.writestr(MANIFEST, text)
    with pytest.raises(BackupDamaged):
        read(file.getvalue())


def test_one_that_breaks_off_ends_without_a_word(tmp_path: Path) -> None:
    """Nothing is written to a file that was closed meanwhile."""
    with (
        pytest.raises(KeyboardInterrupt),
        (tmp_path / "half.zip").open("wb") as file,
        ArchiveWriter(file) as writer,
        writer.part("log.events", ["a"]) as part,
    ):
        part.write(EVENTS)
        raise KeyboardInterrupt
    writer._zip.close()  # what becomes of it when it is forgotten
    with pytest.raises(BackupDamaged):
        read((tmp_path / "half.zip").read_bytes())
