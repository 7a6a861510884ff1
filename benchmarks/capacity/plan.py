"""How much is measured: the full form for the page, and a short one for who works on the code."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Plan:
    """Sizes of one form.

    `claims` is how many the world has that is asked about, by so many different `questions`. `seconds` is how long a
    load lasts, `rate` how many claims a second are recorded where each is to come alone, `connections` how many
    clients ask or record at once. `recorded` are sent as fast as they are answered, `imported` come in one request.
    `tails` are the followers by which the costs of one are measured, `followers` those of the simulation, of so many
    `simulated_seconds`. `grouped` are the sizes of appends that are timed, and how many of each.
    """

    name: str
    claims: int
    questions: int
    seconds: float
    rate: float
    connections: int
    recorded: int
    imported: int
    streams: int
    stream_events: int
    tails: int
    followers: int
    simulated_seconds: float
    simulated_rate: float
    rounds: int
    round_seconds: float
    grouped: tuple[tuple[int, int], ...]


FULL = Plan(
    name="full",
    claims=20_000,
    questions=400,
    seconds=15.0,
    rate=10.0,
    connections=4,
    recorded=3_000,
    imported=5_000,
    streams=500,
    stream_events=40,
    tails=20,
    followers=50,
    simulated_seconds=30.0,
    simulated_rate=5.0,
    rounds=15,
    round_seconds=3.0,
    grouped=((1, 300), (8, 100), (100, 30)),
)
QUICK = Plan(
    name="quick",
    claims=3_000,
    questions=100,
    seconds=4.0,
    rate=10.0,
    connections=4,
    recorded=300,
    imported=500,
    streams=50,
    stream_events=10,
    tails=4,
    followers=10,
    simulated_seconds=5.0,
    simulated_rate=5.0,
    rounds=2,
    round_seconds=1.5,
    grouped=((1, 50), (8, 20), (100, 5)),
)
