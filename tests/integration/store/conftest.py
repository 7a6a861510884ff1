"""The tests of the store run on the oldest and the newest PostgreSQL that are supported."""

from __future__ import annotations

import pytest


@pytest.fixture(params=[18, 15])
def postgres_major(request: pytest.FixtureRequest) -> int:
    major: int = request.param
    return major
