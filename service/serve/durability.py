"""Whether the database keeps what it acknowledges when it crashes: what is recorded here is not recorded elsewhere."""

from __future__ import annotations

import structlog
from psycopg.rows import scalar_row

from service.db import connect, translated
from service.errors import SettingsError
from service.settings import Settings
from service.sql import load_queries

_QUERIES = load_queries("vitals")
_log = structlog.get_logger(__name__)


def demand_durable(settings: Settings, url: str) -> None:
    """SettingsError for a database that may lose what it acknowledged, unless that is allowed: then it is told."""
    lacking = ", ".join(_switched_off(url))
    if not lacking:
        return
    if not settings.allow_loss:
        raise SettingsError(
            f"PostgreSQL may lose acknowledged events when it crashes: {lacking} is off. Switch it on, or allow that"
            " (--allow-loss)."
        )
    _log.warning("acknowledged events may be lost when PostgreSQL crashes", off=lacking)


def _switched_off(url: str) -> list[str]:
    with connect(url) as connection, translated(), connection.cursor(row_factory=scalar_row) as cursor:
        found: list[str] = cursor.execute(_QUERIES["switched_off"]).fetchall()
        return found
