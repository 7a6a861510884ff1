"""The client without waits."""

from __future__ import annotations

import pytest

from frenemies.link import Link


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How many seconds the client wanted to wait, each time. It does not."""
    wanted: list[float] = []
    monkeypatch.setattr(Link, "pause", lambda _, seconds: wanted.append(seconds))
    return wanted
