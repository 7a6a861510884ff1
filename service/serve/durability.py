"""No service on a database that forgets: what is acknowledged here may not be known anywhere else."""

from __future__ import annotations

import structlog

from service.errors import SettingsError
from service.settings import Settings
from service.store.durability import switched_off

_log = structlog.get_logger(__name__)


def demand_durable(settings: Settings, url: str) -> None:
    """SettingsError for a database that may lose what it acknowledged, unless that is allowed: then it is told."""
    lacking = ", ".join(switched_off(url))
    if not lacking:
        return
    if not settings.allow_loss:
        raise SettingsError(
            f"PostgreSQL may lose acknowledged events when it crashes: {lacking} is off. Switch it on, or allow that"
            " (--allow-loss)."
        )
    _log.warning("acknowledged events may be lost when PostgreSQL crashes", off=lacking)
