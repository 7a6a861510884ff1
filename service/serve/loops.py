"""What a child process does that runs loops: all of them until a signal comes, or until one ends by itself."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Thread
from typing import Protocol

from service.errors import SettingsError
from service.metrics import begin
from service.serve.logs import configure_logs
from service.serve.signals import Signals
from service.serve.traces import send_traces
from service.settings import Settings, read_settings

_SECONDS_TO_END = 5.0


class Loop(Protocol):
    """What runs until it is stopped from another thread."""

    def run(self) -> None:
        """Works until stopped."""
        ...

    def stop(self) -> None:
        """Ends `run` soon."""
        ...


def run_until_signal(signals: Signals, loops: Sequence[Loop]) -> int:
    """The exit code of the process: 0 after a signal, 1 when a loop ended by itself, which is an error."""
    threads = [Thread(target=loop.run, name=type(loop).__name__, daemon=True) for loop in loops]
    for thread in threads:
        thread.start()
    while all(thread.is_alive() for thread in threads) and not signals.stopping:
        signals.wait(1.0)
    for loop in loops:
        loop.stop()
    for thread in threads:
        thread.join(_SECONDS_TO_END)
    return 0 if signals.stopping else 1


def settings_of_child(name: str) -> tuple[Settings, str]:
    """The settings that the supervisor gave the process of a name, and its database. SettingsError without one."""
    configure_logs()
    begin(name)
    settings = read_settings()
    if settings.database_url is None:
        raise SettingsError("DATABASE_URL is not set.")
    send_traces(settings, name)
    return settings, settings.database_url
