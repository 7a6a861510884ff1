"""Checkpoints as signed notes: C2SP signed-note and tlog-checkpoint, with Ed25519 (RFC 8032)."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import NamedTuple, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from service.tree.errors import BadKey, BadNote

LONGEST_NOTE = 64 * 1024
_ED25519 = b"\x01"
_PRIVATE = "PRIVATE+KEY+"
_KEY = re.compile(r"([^\s+]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/]+={0,2})")
_SIGNATURE = re.compile(r"— ([^\s+]+) ([A-Za-z0-9+/]+={0,2})")
_SIZE = re.compile("0|[1-9][0-9]{0,18}")
_HASH_BYTES = 32
_ID_BYTES = 4


class Checkpoint(NamedTuple):
    """What a checkpoint says: of the log named `origin`, the tree of the first `size` events has this root."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The text that is signed."""
        return f"{self.origin}\n{self.size}\n{b64encode(self.root).decode()}\n"


class VerifierKey(NamedTuple):
    """A key that signatures are checked with. Its id is a hash of name and key, 4 bytes."""

    name: str
    public: bytes

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of `name+id+base64`. BadKey for anything else."""
        name, public = _parsed_key(text.strip())
        key = cls(name, public)
        if str(key) != text.strip():
            raise BadKey(f"The id in {text.strip()!r} is not that of the key.")
        return key

    @property
    def id(self) -> bytes:
        """What a signature names the key by, besides its name."""
        return hashlib.sha256(f"{self.name}\n".encode() + _ED25519 + self.public).digest()[:_ID_BYTES]

    def __str__(self) -> str:
        """The key as it is given to others."""
        return f"{self.name}+{self.id.hex()}+{b64encode(_ED25519 + self.public).decode()}"

    def has_signed(self, text: str, signature: bytes) -> bool:
        """Whether the signature is one of this key under the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except InvalidSignature:
            return False
        return True


class Signer:
    """A key that signs. `verifier` is its public half."""

    def __init__(self, name: str, seed: bytes) -> None:
        self._seed = seed
        self._key = Ed25519PrivateKey.from_private_bytes(seed)
        self.verifier = VerifierKey(name, self._key.public_key().public_bytes_raw())

    @classmethod
    def parse(cls, text: str) -> Self:
        """The key of `PRIVATE+KEY+name+id+base64`. BadKey, which does not repeat the text, for anything else."""
        try:
            name, seed = _parsed_key(text.strip().removeprefix(_PRIVATE))
        except BadKey:
            raise BadKey("A signing key is PRIVATE+KEY+<name>+<id>+<base64>.") from None
        signer = cls(name, seed)
        if signer.secret() != text.strip():
            raise BadKey("The id in the signing key is not that of the key.")
        return signer

    def secret(self) -> str:
        """The key as it is kept."""
        content = b64encode(_ED25519 + self._seed).decode()
        return f"{_PRIVATE}{self.verifier.name}+{self.verifier.id.hex()}+{content}"

    def sign(self, checkpoint: Checkpoint) -> str:
        """The signed note of a checkpoint."""
        text = checkpoint.text()
        signature = b64encode(self.verifier.id + self._key.sign(text.encode())).decode()
        return f"{text}\n— {self.verifier.name} {signature}\n"


class SignedNote(NamedTuple):
    """A note with the signatures under it, not yet checked: the name of each, and key id with signature."""

    text: str
    signatures: tuple[tuple[str, bytes], ...]

    @classmethod
    def parse(cls, note: str) -> Self:
        """The parts of a note. BadNote for anything else."""
        text, between, below = note.rpartition("\n\n")
        lines = below.removesuffix("\n").split("\n")
        matches = [_SIGNATURE.fullmatch(line) for line in lines]
        if not between or not below.endswith("\n") or len(note) > LONGEST_NOTE:
            raise BadNote("It is not a text with signatures below an empty line.")
        return cls(f"{text}\n", tuple((match[1], _decoded(match[2])) for match in matches if match is not None))

    @property
    def signers(self) -> str:
        """The names under it, for a message."""
        return ", ".join(name for name, _ in self.signatures) or "nobody"

    def opened(self, keys: Sequence[VerifierKey]) -> tuple[Checkpoint, VerifierKey]:
        """What it says, and the key that vouches for it. BadNote when none of the keys does, or one is misused."""
        vouching = None
        for key in keys:
            for name, signed in self.signatures:
                if (name, signed[:_ID_BYTES]) != (key.name, key.id):
                    continue
                if not key.has_signed(self.text, signed[_ID_BYTES:]):
                    raise BadNote(f"The signature of {name} does not fit its text.")
                vouching = vouching or key
        if vouching is None:
            raise BadNote(f"It is signed by {self.signers}, and not with a trusted key.")
        return parse_checkpoint(self.text), vouching


def parse_checkpoint(text: str) -> Checkpoint:
    """The checkpoint of the text of a note; further lines are passed over, as C2SP asks. BadNote if it is none."""
    lines = text.split("\n")
    if len(lines) < 4 or not lines[0] or not _SIZE.fullmatch(lines[1]):
        raise BadNote("Its lines are not the name of a log, a size and a root.")
    root = _decoded(lines[2])
    if len(root) != _HASH_BYTES:
        raise BadNote(f"Its root has {len(root)} bytes, not {_HASH_BYTES}.")
    return Checkpoint(lines[0], int(lines[1]), root)


def _parsed_key(text: str) -> tuple[str, bytes]:
    match = _KEY.fullmatch(text)
    content = _decoded_key(match[3]) if match else b""
    if match is None or len(content) != 1 + _HASH_BYTES or content[:1] != _ED25519:
        raise BadKey("A verifier key is <name>+<id>+<base64>, of Ed25519.")
    return match[1], content[1:]


def _decoded_key(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error:
        return b""


def _decoded(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except ValueError:  # also for what is not ASCII
        raise BadNote(f"{text!r} is not base64.") from None
