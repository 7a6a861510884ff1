"""Why the log cannot be published to JetStream, or not be read from there."""

from __future__ import annotations

from service.errors import ServiceError


class JetStreamUnavailable(ServiceError):
    """NATS JetStream does not answer as it should."""


class OutOfStep(JetStreamUnavailable):
    """The stream does not end where it should: it lost something, or another relay was faster."""


class NoStream(JetStreamUnavailable):
    """There is no such stream."""


class ForeignStream(ServiceError):
    """The stream holds what this log does not. Delete it, or name another one."""
