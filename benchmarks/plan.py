"""How much is measured: a short form for who works on the code, the full one for the report, a long one on top."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one form. `callers` are the numbers of callers; what counts is the last of them. `streams` are how
    many listen while `stream_events` come, `idle_streams` those on which nothing comes, `relay_appends` are appended
    one after the other.

    A program may run for `patience` seconds. What begins with `depth_` is for looking back: how many claims the worlds
    have, the questions about typical and hot companies, of how many relations MariaDB is told and how many events the
    library gets, how often claims are corrected and how many such relations there are, corrections that are timed,
    connections to the web server, and how often the tables of the largest world stand beside each other.
    """

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
    streams: tuple[int, ...]
    stream_events: int
    idle_streams: int
    relay_appends: int
    depth_rounds: int
    depth_claims: tuple[int, ...]
    depth_typical: int
    depth_hot: int
    depth_told: int
    depth_folded: int
    depth_corrected: tuple[int, ...]
    depth_relations: tuple[int, ...]
    depth_corrections: int
    depth_connections: int
    depth_copies: int = 1
    patience: float = 900.0

    def with_copies(self, copies: int) -> Plan:
        """The same with so many copies of the largest world side by side, and the time that it takes to make them."""
        hours = copies * max(self.depth_claims) / 10_000_000
        return replace(
            self, depth_copies=copies, minutes=self.minutes + 30 * hours, patience=max(self.patience, 1_800 * hours)
        )

    def with_worlds(self, claims: tuple[int, ...]) -> Plan:
        """The same with worlds of other sizes, and the time that it takes to make them."""
        hours = sum(claims) / 1_000_000
        return replace(
            self,
            depth_claims=claims,
            minutes=self.minutes + 60 * hours,
            patience=max(self.patience, 3_600 * hours),
        )


FULL = Plan(
    name="full",
    rounds=5,
    minutes=45.0,
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
    streams=(10, 1_000),
    stream_events=20,
    idle_streams=3_000,
    relay_appends=1_000,
    depth_rounds=3,
    depth_claims=(100_000,),
    depth_typical=400,
    depth_hot=40,
    depth_told=250_000,
    depth_folded=400_000,
    depth_corrected=(10, 1_000, 100_000),
    depth_relations=(100, 10, 1),
    depth_corrections=100,
    depth_connections=8,
)
QUICK = Plan(
    name="quick",
    rounds=2,
    minutes=15.0,
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
    streams=(10, 300),
    stream_events=5,
    idle_streams=500,
    relay_appends=100,
    depth_rounds=1,
    depth_claims=(20_000,),
    depth_typical=60,
    depth_hot=10,
    depth_told=250_000,
    depth_folded=20_000,
    depth_corrected=(10, 1_000),
    depth_relations=(20, 4),
    depth_corrections=20,
    depth_connections=8,
)
LONG = replace(
    FULL.with_worlds((1_000_000, 10_000_000)),
    name="long",
    minutes=720.0,
    rebuild_events=(100_000, 1_000_000, 5_000_000),
)
PLANS = {plan.name: plan for plan in (FULL, QUICK, LONG)}
