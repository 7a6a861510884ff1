"""Why a subscription cannot be had as it is wished."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from events.errors import Conflict, DomainError, Invalid, Unknown


class UnknownSubscription(Unknown):
    """There is no such subscription, or it is that of somebody else."""

    def __init__(self, name: UUID) -> None:
        super().__init__(f"there is no subscription {name}")


class UrlRefused(Invalid):
    """Nothing is sent to this address."""

    code = "url-refused"


class TooManySubscriptions(Conflict):
    """There are as many subscriptions as one may have."""

    code = "too-many-subscriptions"


class OtherMode(Conflict):
    """The subscription is of the other mode: events are sent to a webhook, and leased from one that is pulled."""

    code = "other-mode"


class LeaseLost(Conflict):
    """The lease does not hold these events any more."""

    code = "lease-lost"

    def __init__(self, detail: str, pointer: str = "", faults: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(detail, pointer)
        self.faults = tuple(faults)


class TooManySecrets(Conflict):
    """As many replaced secrets still sign as may at once."""

    code = "too-many-secrets"


class TooManyTests(DomainError):
    """As many tests of subscriptions as the service makes at once are under way."""

    code = "too-many-tests"
