"""Signed notes and their keys, also with a note that another implementation signed."""

from __future__ import annotations

import stat
from base64 import b64decode, b64encode
from pathlib import Path
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.errors import SettingsError
from service.tree.errors import BadKey, BadNote
from service.tree.keys import FILE, kept_signer, new_signer, signer_of
from service.tree.notes import Checkpoint, SignedNote, Signer, VerifierKey, parse_checkpoint

NAME = "example.org/log"
SIGNER = Signer(NAME, bytes(range(32)))
OTHER = Signer(NAME, bytes(32))
CHECKPOINT = Checkpoint(NAME, 12, bytes(range(32)))
NOTE = SIGNER.sign(CHECKPOINT)


def opened(note: str, *keys: VerifierKey) -> Checkpoint:
    return SignedNote.parse(note).opened(keys or [SIGNER.verifier])[0]


def test_a_checkpoint_has_three_lines_a_blank_one_and_the_signature() -> None:
    origin, size, root, blank, signature, end = NOTE.split("\n")
    assert (origin, size, root, blank, end) == (NAME, "12", b64encode(bytes(range(32))).decode(), "", "")
    assert signature.startswith(f"— {NAME} ")
    raw = b64decode(signature.rpartition(" ")[2])
    assert (raw[:4], len(raw)) == (SIGNER.verifier.id, 4 + 64)


# PeterNeumann, the key and the note of the documentation of golang.org/x/mod/sumdb/note.
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_NOTE = """If you think cryptography is the answer to your problem,
then you don't know what your problem is.

— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=
"""


def test_a_note_of_another_implementation_is_verified() -> None:
    key, note = VerifierKey.parse(GO_KEY), SignedNote.parse(GO_NOTE)
    ((name, signed),) = note.signatures
    assert (name, signed[:4]) == (key.name, key.id)
    assert key.has_signed(note.text, signed[4:])
    assert not key.has_signed(f"{note.text} ", signed[4:])


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_what_was_signed_is_read_again(size: int, root: bytes) -> None:
    checkpoint = Checkpoint(NAME, size, root)
    assert opened(SIGNER.sign(checkpoint)) == checkpoint


def test_of_several_signatures_a_trusted_one_is_enough() -> None:
    both = NOTE + OTHER.sign(CHECKPOINT).partition("\n\n")[2]
    assert opened(both, OTHER.verifier) == CHECKPOINT
    assert SignedNote.parse(both).opened([OTHER.verifier, SIGNER.verifier])[1] == OTHER.verifier


def test_a_root_that_is_not_ascii_is_none() -> None:
    with pytest.raises(BadNote, match="is not base64"):
        parse_checkpoint(f"{NAME}\n1\n\u00e9\n")


def test_a_note_of_another_key_is_refused() -> None:
    with pytest.raises(BadNote, match=f"signed by {NAME}, and not with a trusted key"):
        opened(NOTE, OTHER.verifier)


@pytest.mark.parametrize("place", range(len(NOTE)))
def test_a_note_with_one_character_changed_is_refused(place: int) -> None:
    forged = NOTE[:place] + ("B" if NOTE[place] == "A" else "A") + NOTE[place + 1 :]
    with pytest.raises(BadNote):
        opened(forged)


@pytest.mark.parametrize("note", ["", "\n", "a\n1\n", NOTE.rstrip("\n"), NOTE.replace("\n\n", "\n"), "x" * 70_000])
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(BadNote):
        opened(note)


@pytest.mark.parametrize(
    "text", ["", "o\n1\n", "\n1\nAA==\n", "o\n01\nAA==\n", "o\n-1\nAA==\n", "o\n1\nAA==\n", "o\n1\n!\n"]
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(BadNote):
        parse_checkpoint(text)


def test_further_lines_of_a_checkpoint_are_passed_over() -> None:
    assert parse_checkpoint(f"{CHECKPOINT.text()}more\n") == CHECKPOINT


# keys


def test_keys_are_read_as_they_are_written() -> None:
    assert VerifierKey.parse(str(SIGNER.verifier)) == SIGNER.verifier
    again = Signer.parse(SIGNER.secret())
    assert (again.secret(), again.verifier) == (SIGNER.secret(), SIGNER.verifier)


@pytest.mark.parametrize("text", ["", "a+b", GO_KEY[:-4], GO_KEY.replace("c74f20a3", "c74f20a4"), f"a {GO_KEY}"])
def test_a_key_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(BadKey):
        VerifierKey.parse(text)


def test_a_refused_signing_key_is_not_repeated() -> None:
    secret = SIGNER.secret()
    for flawed in (secret[:-8], secret.replace(SIGNER.verifier.id.hex(), "00000000"), "password"):
        with pytest.raises(SettingsError, match="FRENEMIES_LOG_KEY") as refused:
            signer_of(flawed)
        assert flawed not in str(refused.value)


def test_without_a_key_nobody_signs() -> None:
    assert signer_of(None) is None


@pytest.mark.parametrize("name", ["", "a b", "a+b"])
def test_a_name_that_a_note_cannot_carry_is_refused(name: str) -> None:
    with pytest.raises(BadKey):
        new_signer(name)


def test_the_key_of_a_folder_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    found: list[str] = []
    begun = [Thread(target=lambda: found.append(kept_signer(tmp_path, NAME).secret())) for _ in range(8)]
    for thread in begun:
        thread.start()
    for thread in begun:
        thread.join()
    assert len(found) == 8
    assert set(found) == {kept_signer(tmp_path, "another name").secret()}
    assert [path.name for path in tmp_path.iterdir()] == [FILE]
    assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600


def test_a_damaged_key_of_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("PRIVATE+KEY+oops\n")
    with pytest.raises(SettingsError, match=FILE):
        kept_signer(tmp_path, NAME)
