"""The database that a command works on: DATABASE_URL, or the embedded server in a data folder."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from service.embedded import EmbeddedServer, default_data_folder
from service.errors import EmbeddedServerError
from service.settings import Settings

DEMO = "frenemies-demo"
_PREPARED = "prepared"
_log = structlog.get_logger(__name__)


@contextmanager
def open_database(settings: Settings) -> Iterator[str]:
    """The URL of the database, with its embedded server running for the time of the block."""
    if settings.database_url is not None:
        yield settings.database_url
        return
    with EmbeddedServer(settings.data or _own_folder_with_warning()) as server:
        yield server.url


def embedded_folder(settings: Settings) -> Path | None:
    """The data folder of the embedded server; None where another database is used."""
    return None if settings.database_url is not None else settings.data or own_folder()


def ledger_path(settings: Settings) -> Path | None:
    """The ledger of erasures: the one set, else the one beside the data folder; None for another database."""
    folder = embedded_folder(settings)
    return settings.erasures or (folder.absolute().with_name(f"{folder.name}-erasures.ndjson") if folder else None)


def has_data(folder: Path) -> bool:
    """Whether an embedded server has been in this data folder."""
    return (folder / "postgres").is_dir()


def is_prepared(folder: Path) -> bool:
    """Whether a command that records has prepared a database in this data folder."""
    return has_data(folder) and (folder / _PREPARED).is_file()


def mark_prepared(folder: Path) -> None:
    """Has `is_prepared` say so of a data folder."""
    (folder / _PREPARED).touch()


def usable_folder(wished: Path) -> Path:
    """The wished data folder; where it cannot be made, one of our own below the folder for temporary files."""
    if wished.is_dir() or _can_make(wished):
        return wished
    other = Path(tempfile.gettempdir()) / f"{wished.name}-{os.geteuid()}"
    if other.is_symlink() or (other.exists() and other.stat().st_uid != os.geteuid()):
        raise EmbeddedServerError(f"Neither {wished} nor {other} can be used: choose a data folder (FRENEMIES_DATA).")
    return other


def own_folder() -> Path:
    """Where the service keeps its data when no folder is set."""
    return usable_folder(default_data_folder())


def demo_folder() -> Path:
    """Where the demo keeps its data: apart from the data of the service."""
    return usable_folder(default_data_folder().with_name(DEMO))


def _own_folder_with_warning() -> Path:
    folder = own_folder()
    if folder != default_data_folder():
        _log.warning("data is kept in a temporary folder: choose another one with FRENEMIES_DATA", folder=str(folder))
    return folder


def _can_make(folder: Path) -> bool:
    existing = next(step for step in folder.parents if step.exists())
    return os.access(existing, os.W_OK | os.X_OK)
