"""Faults F1 to F14 (docs/decisions/0072): what has to hold during each of them, and after it."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http.server import BaseHTTPRequestHandler
from random import Random
from threading import Event
from time import monotonic

import httpx2
import pytest

from service.bootstrap import parking
from service.db import Connection, connect
from service.projections.catalog import PROJECTIONS
from service.settings import Settings
from tests.faults.conftest import Scale
from tests.faults.disk import Disk
from tests.faults.history import OK, latencies, share
from tests.faults.rig import LONGEST, PROJECTORS, Rig
from tests.faults.server import Server, end_sessions, run
from tests.faults.trial import Stage, Trial
from tests.feeding import wait_until
from tests.integration.store.faults import locked_log
from tests.sink import Received, sink

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("faults")]

SOON = 3.0
"""Seconds until `/readyz` says no."""
DEADLINE = 5.0
"""Seconds that a request has."""
SLOW_LINK = 200_000.0
"""Bytes a second."""
WAITING = "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'advisory' AND application_name = 'frenemies-api'"


def test_f1_nothing_is_wrong_without_a_fault(stage: Stage, scale: Scale) -> None:
    with stage.fault("F1", "nothing") as trial:
        trial.goes_on(300 * scale.appends)
        trial.over()
        trial.within(0.1, share(latencies(trial.operations), 0.5), "half of the appends")


def test_f2_listeners_whose_sessions_are_ended_come_back(stage: Stage, scale: Scale) -> None:
    with stage.fault("F2", "the sessions that LISTEN ended, 3 times") as trial:
        for _ in range(3):
            wait_until(lambda: end_sessions(stage.rig.url, "frenemies-listen"), why="nobody listens")
            trial.goes_on(40 * scale.appends)
        unfinished = [one for one in trial.operations if one.ended and one.outcome != OK]
        trial.demand(not unfinished, "an append was not acknowledged")


def test_f3_sessions_that_are_all_ended_lose_and_double_nothing(stage: Stage, scale: Scale) -> None:
    with stage.fault("F3", "all sessions of the service ended, 5 times") as trial:
        for _ in range(5):
            wait_until(lambda: end_sessions(stage.rig.url, "frenemies%"), why="nobody is connected")
            trial.goes_on(30 * scale.appends)


def test_f4_a_server_that_recovers_from_a_killed_backend_is_written_to_again(
    stage: Stage, server: Server, scale: Scale
) -> None:
    kills = max(1, scale.server_kills // 4)
    with stage.fault("F4", f"one process of PostgreSQL killed (SIGKILL), {kills} times") as trial:
        for _ in range(kills):
            trial.goes_on(20)
            killed = monotonic()
            server.kill_backend("frenemies-api")
            wait_until(server.answers, LONGEST)
            trial.over(broken=killed)


def test_f5_a_server_that_is_killed_as_a_whole_loses_nothing(stage: Stage, server: Server, scale: Scale) -> None:
    """Bar: of 10,000 acknowledged appends none is lost over 20 kills (in the long form)."""
    least = 500 if scale.appends > 1 else 60
    with stage.fault(
        "F5", f"all processes of PostgreSQL killed, and started again, {scale.server_kills} times"
    ) as trial:
        for _ in range(scale.server_kills):
            trial.goes_on(least)
            moment = monotonic()
            server.kill()
            red = _red(stage.rig, moment)
            trial.times["red"] = max(red, trial.times.get("red") or 0.0)
            server.start()
            trial.over()
        trial.within(SOON, trial.times["red"] or LONGEST, "until it was told not to be ready it")


def test_f6_workers_that_are_killed_skip_and_double_nothing(stage: Stage, scale: Scale) -> None:
    """Those that answer requests, and the one that streams; their parents too, now and then."""
    kills = scale.kills
    with stage.fault("F6", f"workers of the API and of the feed killed, {kills} times each") as trial:
        for number in range(kills):
            for child in ("web", "feed"):
                stage.rig.kill_worker(child, number)
                trial.goes_on(8)
        for child in ("web", "feed"):
            stage.rig.kill(child)
            trial.goes_on(20)


def test_f7_projectors_that_are_killed_at_random_points_apply_every_event_once(stage: Stage, scale: Scale) -> None:
    random = Random(7)
    kills = scale.kills
    with stage.fault("F7", f"projectors killed at random points, {kills} times (seed 7)") as trial:
        for number in range(kills):
            child = PROJECTORS[number % len(PROJECTORS)]
            wait_until(partial(stage.rig.is_at_work, child), LONGEST, f"{child} is not at work again")
            trial.goes_on(random.randrange(1, 30))
            stage.rig.kill(child)


def test_f8_a_frozen_link_is_noticed_and_healed(stage: Stage, scale: Scale) -> None:
    with stage.fault("F8", "the link to PostgreSQL frozen for 15 s (no RST)") as trial:
        trial.goes_on(20)
        workers = set(stage.rig.workers("web"))
        frozen = monotonic()
        stage.rig.link.freeze()
        wait_until(lambda: monotonic() > frozen + 15.0)
        stage.rig.link.thaw()
        trial.times["red"] = stage.rig.probe.first(False, frozen)
        trial.over()
        asked = [one.took for operation in trial.operations for one in operation.tries if one.at > frozen - DEADLINE]
        trial.within(DEADLINE, max(asked), "the longest request")
        trial.demand(set(stage.rig.workers("web")) == workers, "a worker was killed for it")


def test_f9_an_append_whose_reply_is_lost_is_made_once(stage: Stage, scale: Scale) -> None:
    lost = 8 * scale.appends
    with stage.fault(
        "F9", f"the link cut between commit and reply, and within answers ({lost} times), and slow"
    ) as trial:
        for number in range(lost):
            stage.rig.link.lose_replies(1)
            wait_until(lambda: stage.rig.link.replies_to_lose() == 0)
            trial.goes_on(4)
            stage.rig.link.cut_after(1_000 + 777 * number)
            trial.goes_on(4)
        stage.rig.link.throttle(SLOW_LINK)
        trial.goes_on(20)
        stage.rig.link.throttle(None)
        stage.rig.link.cut()


def test_f10_a_worker_that_stands_still_in_an_append_holds_up_nobody(stage: Stage, scale: Scale) -> None:
    with stage.fault("F10", "a worker stopped (SIGSTOP) in an append, while others go on") as trial:
        trial.goes_on(20)
        others = ThreadPoolExecutor(8)
        with locked_log(stage.rig.url) as holder:
            for number in range(8):  # each on a link of its own, so that both workers get some
                others.submit(_recorded, stage.rig, f"f10-before-{number}")
            wait_until(lambda: _count(holder, WAITING) >= 2, why="both workers append")
            stopped = stage.rig.workers("web")[0]
            os.kill(stopped, signal.SIGSTOP)
        try:
            longest = max(_recorded(stage.rig, f"f10-{number}") for number in range(20))
        finally:
            os.kill(stopped, signal.SIGCONT)
            others.shutdown()
        trial.over()
        trial.within(1.0, longest, "of 20 appends by others, while it stood still, the longest")


def test_f11_a_full_disk_refuses_and_recovers(stage: Stage, server: Server, own_disk: Disk, scale: Scale) -> None:
    what = "the disk of PostgreSQL full, then freed"
    if not own_disk.can_be_filled:
        stage.left_out("F11", what, "it takes root and a loop device")
        pytest.skip("F11 needs a disk of its own: root, and a loop device")
    with stage.fault("F11", what) as trial:
        trial.goes_on(20)
        try:
            own_disk.fill()
            wait_until(lambda: _refused(trial) > 10 * scale.appends, why="nothing was refused")
            read = stage.rig.get("/v1/entities").status_code
        finally:
            own_disk.free()
        server.start()
        trial.over()
        told = sorted({one.status for operation in trial.operations for one in operation.tries if one.status >= 500})
        trial.note(f"who wrote was told {told}, who read {read}.")
        trial.demand(read in (200, 503), f"who read was told {read}")


def test_f12_a_poison_event_holds_back_one_stream_only(stage: Stage, scale: Scale) -> None:
    with stage.fault("F12", "an event that cannot be read, in the log") as trial:
        trial.goes_on(40)
        company = "poisoned"
        _recorded(stage.rig, company)
        run(stage.rig.url, _POISON.format(stream=f"entity-{company}"))
        poisoned = stage.rig.head()
        began = monotonic()
        wait_until(lambda: stage.rig.read_position() >= poisoned)
        took = monotonic() - began
        parked = {one["name"]: one["parked"] for one in stage.rig.get("/v1/projections").json()["projections"]}
        trial.demand(set(parked.values()) == {1}, f"parked are {parked}")
        trial.goes_on(40)
        for one in PROJECTIONS:
            with parking(Settings(), stage.rig.url, one) as acts:
                acts.skip(f"entity-{company}", "tester", "the fault run")
        parked = {one["name"]: one["parked"] for one in stage.rig.get("/v1/projections").json()["projections"]}
        trial.demand(set(parked.values()) == {0}, f"parked are still {parked}")
        trial.over()
        trial.within(2.0, took, "until others were known again it")


def test_f13_a_bad_receiver_gets_everything_and_leads_nowhere(stage: Stage, scale: Scale) -> None:
    random = Random(13)
    with (
        sink() as trap,
        stage.fault("F13", "a receiver that fails 3 of 10, hangs for 10 s, and leads elsewhere") as trial,
    ):
        hung = Event()

        def behave(received: Received, handler: BaseHTTPRequestHandler) -> int | None:
            drawn = random.random()
            if drawn < 0.3:
                return 500
            if drawn < 0.32 and not hung.is_set():
                hung.set()
                Event().wait(10.0)
            if drawn < 0.4:
                elsewhere = trap.url if drawn < 0.36 else "http://169.254.169.254/latest/meta-data"
                handler.send_response(302)
                handler.send_header("Location", elsewhere)
                handler.send_header("Content-Length", "0")
                handler.end_headers()
                return None
            return 204

        stage.rig.sink.behave = behave
        trial.goes_on(200 * scale.appends)
        stage.rig.sink.behave = lambda received, handler: 204
        trial.over()
        trial.demand(not trap.seen, "it was led elsewhere")


def test_f14_upkeep_of_the_database_holds_up_no_append(stage: Stage, scale: Scale) -> None:
    with stage.fault("F14", "VACUUM (slowed down), ANALYZE, and an index built under load") as trial:
        trial.goes_on(40)
        with connect(stage.rig.url) as owner:
            owner.execute("SET vacuum_cost_delay = '2ms'")
            owner.execute("SET vacuum_cost_limit = 200")
            for statement in (
                "VACUUM (DISABLE_PAGE_SKIPPING) log.events",
                "ANALYZE log.events",
                "CREATE INDEX CONCURRENTLY of_the_fault_run ON log.events (recorded_at)",
                "DROP INDEX CONCURRENTLY log.of_the_fault_run",
            ):
                owner.execute(statement.encode())
        trial.goes_on(40)
        trial.over()
        waited = latencies(trial.operations)
        trial.note(f"the longest append took {1_000 * waited[-1]:.0f} ms.")
        trial.within(0.25, share(waited, 0.99), "99 of 100 appends")


_POISON = """
SELECT FROM log.append(
    ARRAY['{stream}'], ARRAY[2], ARRAY['EntityRenamed.v9'], ARRAY[convert_to('{{"name":"Unread"}}', 'UTF8')],
    '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}',
    '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', NULL, NULL, NULL)
"""


def _red(rig: Rig, moment: float) -> float:
    """Seconds until the service said that it is not ready."""
    found: float = wait_until(lambda: rig.probe.first(False, moment))
    return found


def _count(connection: Connection, query: str) -> int:
    connection.execute("SELECT pg_stat_clear_snapshot()")
    row = connection.execute(query.encode()).fetchone()
    return int(row[0]) if row else 0


def _recorded(rig: Rig, company: str) -> float:
    """How many seconds a new client waits until a company is recorded."""
    began = monotonic()
    body = {"kind": "company", "name": company}
    httpx2.put(f"{rig.base}/v1/entities/{company}", json=body, timeout=15.0).raise_for_status()
    return monotonic() - began


def _refused(trial: Trial) -> int:
    return sum(any(one.status >= 500 for one in operation.tries) for operation in trial.operations)
