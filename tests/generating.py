"""How many examples are generated for a test: as many as FRENEMIES_EXAMPLES says, or a part of them."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

USUAL = 100
"""So many for what takes no time; fewer where FRENEMIES_EXAMPLES is less."""
EXAMPLES = int(os.environ.get("FRENEMIES_EXAMPLES", USUAL))


def generated(part: int = 1) -> settings:
    """One of `part` examples. What else is said of all of them is in the profile (tests/conftest.py)."""
    return settings(max_examples=max(EXAMPLES // part, 5), suppress_health_check=list(HealthCheck))


thorough = generated()
"""For the rules themselves."""
some = generated(4)
"""For what is made of them, and has to agree with them."""
