"""Faults F1 to F14 (docs/decisions/0072): what has to hold during each of them, and after it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from random import Random
from threading import Thread
from time import monotonic

import httpx2
import pytest

from service.db import connect
from tests.faults.conftest import Scale
from tests.faults.disk import Disk
from tests.faults.history import OK, latencies, share
from tests.faults.rig import PROJECTORS, Rig
from tests.faults.server import Server, end_sessions, rows, run
from tests.faults.trial import Stage
from tests.feeding import wait_until

pytestmark = [pytest.mark.xdist_group("faults")]


def test_f1_nothing_is_wrong_without_a_fault(stage: Stage, scale: Scale) -> None:
    with stage.fault("F1", "nothing") as trial:
        trial.goes_on(300 * scale.appends)
    took = latencies(trial.operations)
    assert share(took, 0.5) < 0.1, "an append takes less than 100 ms (median: others work on this machine)"


def test_f2_listeners_whose_sessions_are_ended_come_back(stage: Stage, scale: Scale) -> None:
    with stage.fault("F2", "sessions that LISTEN ended, 3 times") as trial:
        for _ in range(3):
            assert end_sessions(stage.rig.url, "frenemies-listen") > 0
            trial.goes_on(40 * scale.appends)
