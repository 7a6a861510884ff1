"""How much is measured: a short form for who works on the code, the full one for the report, a long one on top."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one form. `callers` are the numbers of callers; what counts is the last of them."""

    name: str
    rounds: int
    minutes: float
    callers: tuple[int, ...]
    seconds: float
    warm_up: float
    import_claims: int
    import_rounds: int
    read_events: int
    live_events: int
    library_events: int
    rebuild_events: tuple[int, ...]
    rebuild_rounds: int
    verify_events: int


FULL = Plan(
    name="full",
    rounds=5,
    minutes=25.0,
    callers=(1, 4, 16),
    seconds=2.0,
    warm_up=0.5,
    import_claims=100_000,
    import_rounds=3,
    read_events=200_000,
    live_events=100_000,
    library_events=8_000,
    rebuild_events=(100_000, 1_000_000),
    rebuild_rounds=3,
    verify_events=1_000_000,
)
QUICK = Plan(
    name="quick",
    rounds=2,
    minutes=10.0,
    callers=(16,),
    seconds=1.0,
    warm_up=0.3,
    import_claims=20_000,
    import_rounds=1,
    read_events=30_000,
    live_events=20_000,
    library_events=1_500,
    rebuild_events=(20_000, 60_000),
    rebuild_rounds=1,
    verify_events=60_000,
)
LONG = replace(FULL, name="long", minutes=90.0, rebuild_events=(100_000, 1_000_000, 5_000_000))
PLANS = {plan.name: plan for plan in (FULL, QUICK, LONG)}
