"""What can be wrong with the tree of the log."""

from __future__ import annotations

from service.errors import ServiceError


class TreeDamaged(ServiceError):
    """The log and its tree do not fit together: run `frenemies verify`."""


class BadNote(ServiceError):
    """This is not a valid checkpoint."""


class BadKey(ServiceError):
    """This is not a valid key for checkpoints."""
