"""Writers at the same time. That no reader skips what they write is in `test_never_skips`."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from eventsourcing.persistence import StoredEvent

from service.errors import StreamConflict
from service.store.postgres import PostgresStore

STATE = b'{"note":"x"}'


def test_one_of_eight_racers_wins_each_version(store: PostgresStore) -> None:
    rounds, racers = 60, 8
    start = threading.Barrier(racers)
    wins: list[tuple[int, int]] = []

    def race(racer: int) -> None:
        for version in range(1, rounds + 1):
            start.wait()
            try:
                store.append([StoredEvent("entity-a", version, "Noted.v1", STATE)])
            except StreamConflict as lost:
                assert (lost.stream, lost.expected, lost.actual) == ("entity-a", version - 1, version)
            else:
                wins.append((version, racer))

    with ThreadPoolExecutor(racers) as pool:
        list(pool.map(race, range(racers)))
    assert sorted(version for version, _ in wins) == list(range(1, rounds + 1))
    assert [record.version for record in store.read_stream("entity-a")] == list(range(1, rounds + 1))


def test_a_large_call_does_not_hold_up_the_order(store: PostgresStore) -> None:
    calls = [
        [StoredEvent(f"claim-{call}-{number}", 1, "Noted.v1", STATE) for number in range(500)] for call in range(6)
    ]
    with ThreadPoolExecutor(3) as pool:
        appended = list(pool.map(store.append, calls))
    assert sorted(one.first_position or 0 for one in appended) == [1 + 500 * call for call in range(6)]
    for call, one in enumerate(appended):
        places = [record.stream for record in store.read_log((one.first_position or 0) - 1, 500)]
        assert places == [f"claim-{call}-{number}" for number in range(500)]
