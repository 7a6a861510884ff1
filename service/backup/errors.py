"""Why a backup cannot be made, or not be put back."""

from __future__ import annotations

from service.errors import ServiceError


class BackupRefused(ServiceError):
    """Nothing was written."""


class BackupDamaged(BackupRefused):
    """The file is no backup, or it is damaged."""


class LogDamaged(BackupRefused):
    """The log and its tree do not fit together."""


class NotEmpty(BackupRefused):
    """A backup is put back into an empty database only."""


class InUse(BackupRefused):
    """The service runs on this database: stop it first."""


class BadCheckpoint(BackupRefused):
    """The checkpoint cannot be used."""
