"""What is limited: the requests with a key, and the wrong keys that come from an address."""

from __future__ import annotations

from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address

import structlog

from service.rates.errors import QuotaExceeded
from service.rates.meter import Meter
from service.rates.policy import Policy, Room
from service.rates.spent import Spent

WINDOW = 60.0
_log = structlog.get_logger(__name__)


class Rates:
    """How often it may be asked, in a minute; 0 is as often as one likes.

    Where it cannot be counted it is granted, and told to nobody: a full disk is no reason to answer nobody.
    """

    def __init__(self, requests: int, wrong_keys: int, meter: Meter | None = None) -> None:
        self._requests = _a_minute("requests", requests)
        self._wrong_keys = _a_minute("wrong-keys", wrong_keys)
        self._meter = meter or Meter()
        self._has_warned = False

    def request(self, key: str) -> Spent | None:
        """One more request with the key of an id. QuotaExceeded where all is spent; None where it is not limited."""
        return self._spent(self._requests, self._meter.ask, key, "requests with one key")

    def wrong_key(self, address: str) -> Spent | None:
        """One more wrong key from an address. QuotaExceeded and None as for a request."""
        return self._spent(self._wrong_keys, self._meter.ask, _network(address), "wrong keys from one address")

    def demand_try(self, address: str) -> None:
        """QuotaExceeded where so many wrong keys came from an address that the next one is not looked at."""
        self._spent(self._wrong_keys, self._meter.look, _network(address), "wrong keys from one address")

    def _spent(self, policy: Policy | None, ask: Callable[[Policy, str], Room], who: str, what: str) -> Spent | None:
        if policy is None:
            return None
        try:
            spent = Spent(policy, ask(policy, who))
        except OSError as error:
            self._warn(error)
            return None
        if not spent.room.is_granted:
            most = f"at most {policy.quota} {what} in {policy.window:.0f} seconds"
            raise QuotaExceeded(f"{most}; there is room in {spent.retry_after} s", spent)
        return spent

    def _warn(self, error: OSError) -> None:
        if not self._has_warned:
            self._has_warned = True
            _log.warning("requests are not limited: they cannot be counted", error=str(error))


def _a_minute(name: str, quota: int) -> Policy | None:
    return Policy(name, quota, WINDOW) if quota else None


def _network(address: str) -> str:
    """Who is behind an address: of version 6 everybody has as many as they like."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if not isinstance(found, IPv6Address):
        return address
    return str(found.ipv4_mapped or IPv6Network((found, 64), strict=False))
