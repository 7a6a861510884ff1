"""Why the service does not run."""

from __future__ import annotations

from service.errors import ServiceError


class NotGuarded(ServiceError):
    """Anybody could write."""


class PortTaken(ServiceError):
    """The address is in use."""


class KeepsFailing(ServiceError):
    """A part of the service keeps failing."""
