"""Why somebody has to wait."""

from __future__ import annotations

from events.errors import DomainError
from service.rates.spent import Spent


class QuotaExceeded(DomainError):
    """It was asked more often than the quota allows."""

    code = "quota-exceeded"

    def __init__(self, detail: str, spent: Spent) -> None:
        super().__init__(detail)
        self.spent = spent
