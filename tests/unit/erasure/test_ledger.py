"""The ledger of erasures as a file: whole lines, whatever happened to the one before."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from events.values import Subject
from service.erasure.errors import LedgerUnusable
from service.erasure.ledger import Entry, Ledger


def entry(reason: str) -> Entry:
    references = ("3b8f3e3c-2a52-4a35-9f0e-6a8d7f5d2c11",)
    return Entry("e", datetime(2026, 11, 22, tzinfo=UTC), "ops", Subject("entity", "pat"), reason, references)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    made = Ledger(tmp_path / "ledger.ndjson")
    made.add(entry("first"))
    return made


def test_entries_come_back_in_their_order_and_only_the_owner_reads_them(ledger: Ledger) -> None:
    ledger.add(entry("second\nline"))
    assert list(ledger.entries()) == [entry("first"), entry("second\nline")]
    assert ledger.path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("left", [1, 40])
def test_a_line_that_was_cut_short_is_left_out_and_spoils_no_other(ledger: Ledger, left: int) -> None:
    whole = ledger.path.read_bytes()
    ledger.path.write_bytes(whole + whole[:left])
    assert list(ledger.entries()) == [entry("first")]
    ledger.add(entry("second"))
    assert list(ledger.entries()) == [entry("first"), entry("second")]


@pytest.mark.parametrize("wrong", [b"{}", b"[" * 100_000, b"nothing", b'{"epoch": "e"}'])
def test_a_line_that_is_no_entry_is_named(ledger: Ledger, wrong: bytes) -> None:
    ledger.path.write_bytes(ledger.path.read_bytes() + wrong + b"\n")
    with pytest.raises(LedgerUnusable, match="line 2"):
        list(ledger.entries())


def test_a_file_that_is_not_there_is_no_empty_ledger(tmp_path: Path) -> None:
    with pytest.raises(LedgerUnusable, match="No such file"):
        list(Ledger(tmp_path / "none").entries())
