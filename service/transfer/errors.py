"""The failures of imports that are nobody's data. The docstring of a class is its message."""

from __future__ import annotations

from service.errors import ServiceError, StoreUnavailable


class ReaderLost(ServiceError):
    """The input can no longer be read."""


class LogRacing(StoreUnavailable):
    """Others kept changing the same things."""
