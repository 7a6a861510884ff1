"""How many examples are generated for a test: as many as FRENEMIES_EXAMPLES says, or a part of them."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

USUAL = 100
"""So many for what takes no time; fewer where FRENEMIES_EXAMPLES is less."""
EXAMPLES = int(os.environ.get("FRENEMIES_EXAMPLES", USUAL))

PROFILE = "frenemies"

# A busy machine is no failure; in CI the same examples are drawn in every run.
settings.register_profile(PROFILE, deadline=None, derandomize="CI" in os.environ, max_examples=min(EXAMPLES, USUAL))


def generated(part: int = 1) -> settings:
    """One of `part` examples. What else is said of all of them is in the profile."""
    usual, most = settings.get_profile(PROFILE), max(EXAMPLES // part, 5)
    return settings(usual, max_examples=most, suppress_health_check=list(HealthCheck))


thorough = generated()
"""For the rules themselves."""
some = generated(4)
"""For what is made of them, and has to agree with them."""
