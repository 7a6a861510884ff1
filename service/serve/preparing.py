"""Preparing the database that a command records in, and remembering that a data folder holds one."""

from __future__ import annotations

from service.bootstrap import prepare
from service.migrate import MigrationReport
from service.serve.database import embedded_folder, mark_prepared
from service.settings import Settings


def prepared(settings: Settings, url: str) -> MigrationReport:
    """Brings the database to the schema of this version; the folder of an embedded one is marked as used."""
    report = prepare(settings, url)
    folder = embedded_folder(settings)
    if folder is not None:
        mark_prepared(folder)
    return report
