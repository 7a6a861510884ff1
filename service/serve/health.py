"""Whether a running service answers questions: for the supervisor, and for the health check of a container."""

from __future__ import annotations

import json
import sys
import urllib.error
import urllib.request
from enum import Enum, auto

from service.errors import STALLED, NotBuilt
from service.replica.standing import LATE
from service.settings import read_settings

_LATE = (NotBuilt().title, STALLED, LATE)
_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Health(Enum):
    """What a service says of itself.

    CATCHING_UP: it is late, and reaches its database: what it lacks is built, copied or replayed. SILENT: it does not
    answer, or does not reach its database.
    """

    READY = auto()
    CATCHING_UP = auto()
    SILENT = auto()


def health(base: str, timeout: float = 2.0) -> Health:
    """What /readyz of the service at `base` says."""
    try:
        with _NO_PROXY.open(f"{base}/readyz", timeout=timeout) as answer:
            return Health.READY if answer.status == 200 else Health.SILENT
    except urllib.error.HTTPError as refusal:
        with refusal:
            return _health_of(refusal)
    except (OSError, ValueError):
        return Health.SILENT


def is_ready(base: str) -> bool:
    """Whether /readyz of the service at `base` says yes."""
    return health(base) is Health.READY


def _health_of(refusal: urllib.error.HTTPError) -> Health:
    """How far a log has followed is told only by a database that answers; how its replica stands, always."""
    try:
        told = json.load(refusal)
        is_late = told["following"] is not None or any(why in told["detail"] for why in _LATE)
    except (OSError, ValueError, LookupError, TypeError):
        return Health.SILENT
    return Health.CATCHING_UP if is_late else Health.SILENT


if __name__ == "__main__":
    sys.exit(0 if is_ready(f"http://127.0.0.1:{read_settings().port}") else 1)
