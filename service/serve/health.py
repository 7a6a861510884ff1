"""Whether a running service answers questions: for the supervisor, and for the health check of a container."""

from __future__ import annotations

import sys
import urllib.error
import urllib.request

from service.errors import STALLED, NotBuilt
from service.settings import read_settings

_NO_PROXY = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def is_ready(base: str, timeout: float = 2.0) -> bool:
    """Whether /readyz of the service at `base` says yes."""
    try:
        with _NO_PROXY.open(f"{base}/readyz", timeout=timeout) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError, ValueError):
        return False


def is_catching_up(base: str, timeout: float = 2.0) -> bool:
    """Whether the service at `base` answers, and is not ready because its read side is built or has much to take in."""
    try:
        with _NO_PROXY.open(f"{base}/readyz", timeout=timeout):
            return False
    except urllib.error.HTTPError as error:
        said = error.read().decode()
        return NotBuilt().title in said or STALLED in said
    except (OSError, ValueError):
        return False


if __name__ == "__main__":
    sys.exit(0 if is_ready(f"http://127.0.0.1:{read_settings().port}") else 1)
