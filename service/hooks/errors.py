"""Why a subscription cannot be had as it is wished."""

from __future__ import annotations

from events.errors import Conflict, DomainError, Invalid


class UrlRefused(Invalid):
    """Nothing is sent to this address."""

    code = "url-refused"


class TooManySubscriptions(Conflict):
    """There are as many subscriptions as one may have."""

    code = "too-many-subscriptions"


class TooManySecrets(Conflict):
    """As many replaced secrets still sign as may at once."""

    code = "too-many-secrets"


class TooManyTests(DomainError):
    """As many tests of subscriptions as the service makes at once are under way."""

    code = "too-many-tests"
