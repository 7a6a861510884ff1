"""Where a webhook may lead: addresses of the public internet only, and exactly those that were looked at.

A name is resolved once for each attempt, every address is checked, and the connection goes to one of them; so a name
that means another address a moment later leads nowhere.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from threading import BoundedSemaphore, Thread
from time import monotonic
from urllib.parse import urlsplit

from service.hooks.errors import UrlRefused

LONGEST_URL = 2_000
MOST_LOOK_UPS = 32
"""Names that are looked up at once; a resolver that says nothing keeps a thread for each."""
PORTS = (443, 8443)
_DEFAULT_PORTS = {"https": 443, "http": 80}
_ADDRESS = re.compile(r"[!-~]+")
_GLOBAL_UNICAST = IPv6Network("2000::/3")
_NEITHER = (
    IPv6Network("2002::/16"),  # 6to4 leads to any IPv4 address
    IPv6Network("2001::/32"),  # Teredo as well
    IPv6Network("3fff::/20"),  # for documents
    IPv6Network("3ffe::/16"),  # of a network that is no more
)
_NAT64 = IPv6Network("64:ff9b::/96")
Resolve = Callable[[str, int], Sequence[str]]


class Unresolvable(UrlRefused):
    """The name in the address cannot be resolved."""

    code = "unresolvable"


@dataclass(frozen=True, slots=True)
class Target:
    """An address taken apart; `host` is a name, or an IP address without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Host and port as a request names them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"


class Guard:
    """Says which addresses webhooks may be sent to. With `loopback` also those of this machine, by http on any port."""

    def __init__(self, loopback: bool = False, resolve: Resolve | None = None) -> None:
        self._loopback = loopback
        self._resolve = resolve or _resolved
        self._look_ups = BoundedSemaphore(MOST_LOOK_UPS)

    def target(self, url: str) -> Target:
        """The address taken apart. UrlRefused for one that could not be allowed whatever its name means."""
        if len(url) > LONGEST_URL or not _ADDRESS.fullmatch(url):
            raise UrlRefused(f"an address has at most {LONGEST_URL} characters, all of them visible ones of ASCII")
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise UrlRefused("this is not an address") from None
        scheme = parts.scheme
        if scheme != "https" and not (self._loopback and scheme == "http"):
            raise UrlRefused("an address begins with https://" + self._hint(parts.hostname))
        if not parts.hostname or "@" in parts.netloc or "#" in url or "\\" in url or "%" in parts.netloc:
            raise UrlRefused("an address names a host, without a user, a password or a fragment")
        port = _DEFAULT_PORTS[scheme] if port is None else port
        if port not in PORTS and not self._loopback:
            raise UrlRefused("the port of an address is 443 or 8443" + self._hint(parts.hostname))
        return Target(scheme, parts.hostname, port, (parts.path or "/") + (f"?{parts.query}" if parts.query else ""))

    def addresses(self, target: Target, seconds: float) -> list[str]:
        """The IP addresses that it may be reached at. UrlRefused unless each one that its name means is allowed."""
        found = self._looked_up(target, seconds)
        if self._loopback and all(_is_loopback(address) for address in found):
            return found
        if target.scheme != "https" or target.port not in PORTS or not all(map(is_public, found)):
            refusal = "the address leads to where webhooks are not sent: it has to be public"
            raise UrlRefused(refusal + self._hint(target.host))
        return found

    def demand_allowed(self, url: str, seconds: float) -> None:
        """UrlRefused unless something could be sent there now."""
        self.addresses(self.target(url), seconds)

    def _hint(self, host: str | None) -> str:
        """How this machine can be allowed, for who names it and nothing else."""
        if self._loopback or host is None or not (host == "localhost" or _is_loopback(host)):
            return ""
        return "; for this machine start with --allow-loopback-webhooks"

    def _looked_up(self, target: Target, seconds: float) -> list[str]:
        """What the name means, found out in a thread, for the system's resolver knows no deadline."""
        answer: Future[Sequence[str]] = Future()
        until = monotonic() + seconds

        def ask() -> None:
            try:
                answer.set_result(self._resolve(target.host, target.port))
            except (OSError, UnicodeError) as error:
                answer.set_exception(error)
            finally:
                self._look_ups.release()

        if not self._look_ups.acquire(timeout=max(seconds, 0)):
            raise Unresolvable(f"{target.host} cannot be resolved now: too many names are being looked up")
        Thread(target=ask, name="resolve", daemon=True).start()
        try:
            found = list(dict.fromkeys(answer.result(max(until - monotonic(), 0))))
        except (OSError, UnicodeError):  # a deadline is an OSError as well
            found = []
        if not found:
            raise Unresolvable(f"{target.host} cannot be resolved")
        return found


def is_public(text: str) -> bool:
    """Whether an IP address is one of the public internet, whatever form it is written in."""
    try:
        address = ip_address(text)
    except ValueError:
        return False
    if isinstance(address, IPv6Address):
        inner = _inner(address)
        if inner is None:
            is_plain = address in _GLOBAL_UNICAST and not any(address in network for network in _NEITHER)
            return is_plain and address.is_global and address.scope_id is None
        address = inner
    return address.is_global and not (address.is_multicast or address.is_reserved or address.is_unspecified)


def _inner(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped


def _is_loopback(text: str) -> bool:
    try:
        return ip_address(text).is_loopback
    except ValueError:
        return False


def _resolved(host: str, port: int) -> Sequence[str]:
    """What the system says. It takes numbers in every spelling, so what counts is what comes out."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(address[0]) for *_, address in found]
