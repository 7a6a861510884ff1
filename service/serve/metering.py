"""The supervisor's part in the metrics: where the children put their numbers, and the child that tells them."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from service.serve import metrics
from service.serve.address import listen
from service.serve.child import Child
from service.serve.errors import PortTaken
from service.serve.folders import folder_of_run
from service.settings import METRICS_PORT, Settings
from service.slots import FOLDER

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Metering:
    """A listening socket, and a folder for the time of the run."""

    link: socket.socket
    folder: str

    def told_to_children(self) -> dict[str, str]:
        """What the children that count find in their environment."""
        return {FOLDER: self.folder}

    def child(self, environment: Mapping[str, str]) -> Child:
        """The child that tells; it counts nothing."""
        return Child("metrics", partial(metrics.main, self.folder, self.link), environment, files=[self.link.fileno()])


@contextmanager
def metering(settings: Settings) -> Iterator[Metering | None]:
    """What metrics need, for the time of the block; None when they are off.

    PortTaken when the port that was asked for is in use; where none was asked for, metrics are off then.
    """
    link = _link(settings)
    if link is None:
        yield None
        return
    with link, folder_of_run("metrics") as folder:
        yield Metering(link, str(folder))


def _link(settings: Settings) -> socket.socket | None:
    if settings.metrics_port == 0:
        return None
    port = settings.metrics_port or METRICS_PORT
    try:
        return listen(settings.host, port, "--metrics-port")
    except PortTaken:
        if settings.metrics_port is not None:
            raise
        _log.warning("metrics are off: something else listens on their port", port=port)
        return None
