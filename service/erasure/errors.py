"""What keeps texts from being erased."""

from __future__ import annotations

from service.errors import ServiceError


class LedgerUnusable(ServiceError):
    """The ledger of erasures cannot be used."""
