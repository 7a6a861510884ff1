"""The key that checkpoints are signed with: `python -m service.tree.keys NAME` writes a new one to standard output."""

from __future__ import annotations

import os
import secrets
import sys
from contextlib import suppress
from pathlib import Path

from service.errors import SettingsError
from service.tree.errors import BadKey
from service.tree.notes import Signer

FILE = "log.key"
_SEED_BYTES = 32


def new_signer(name: str) -> Signer:
    """A new key. BadKey for a name with a space or a plus sign."""
    return Signer.parse(Signer(name, secrets.token_bytes(_SEED_BYTES)).secret())


def signer_of(secret: str | None) -> Signer | None:
    """The key of the settings, if there is one. SettingsError when it is none."""
    try:
        return Signer.parse(secret) if secret else None
    except BadKey as error:
        raise SettingsError(f"FRENEMIES_LOG_KEY: {error.detail}") from None


def kept_signer(folder: Path, name: str) -> Signer:
    """The key in a data folder, which only its owner can read; made, with this name, when there is none."""
    path = folder / FILE
    with suppress(FileNotFoundError):
        return _read(path)
    fresh = folder / f"{FILE}.{secrets.token_hex(8)}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(new_signer(name).secret() + "\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        # Of several that begin at once, the first one's key is everybody's.
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
    finally:
        fresh.unlink()
    return _read(path)


def _read(path: Path) -> Signer:
    try:
        return Signer.parse(path.read_text("utf-8"))
    except BadKey as error:
        raise SettingsError(f"{path}: {error.detail}") from None


def main() -> None:
    """Writes a new key and its verifier key, a line each."""
    if len(sys.argv) != 2:
        sys.exit("usage: python -m service.tree.keys NAME")
    signer = new_signer(sys.argv[1])
    sys.stdout.write(f"{signer.secret()}\n{signer.verifier}\n")


if __name__ == "__main__":
    main()
