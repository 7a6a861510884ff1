"""How much slower than alone everything is at this moment, because the machine has other work."""

from __future__ import annotations

import os
import subprocess
import sys
from time import monotonic

from tests.faults.results import ROOT


def slowed() -> float:
    """By which factor the start of a process of the service takes longer than the time that a core works for it."""
    begun = monotonic()
    process = subprocess.Popen([sys.executable, "-c", "import service.bootstrap"], cwd=ROOT)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    return max((monotonic() - begun) / (used.ru_utime + used.ru_stime), 1.0)
