"""The address that the service listens on."""

from __future__ import annotations

import errno
import ipaddress
import socket
from collections.abc import Callable

from service.errors import SettingsError
from service.serve.errors import NotGuarded, PortTaken
from service.settings import Settings

_BACKLOG = 1024


def demand_guard(settings: Settings, has_keys: Callable[[], bool]) -> None:
    """NotGuarded when others than this machine could reach a service that nobody needs a key for."""
    if settings.admin_key is None and not all(map(_is_loopback, _addresses(settings.host))) and not has_keys():
        raise NotGuarded(
            f"{settings.host} can be reached from other machines and there is no key: make one (frenemies keys create),"
            " set FRENEMIES_ADMIN_KEY, or listen on 127.0.0.1."
        )


def listen(host: str, port: int, option: str = "--port") -> socket.socket:
    """A listening socket; port 0 takes any free one. PortTaken, which names the option, when somebody else has it."""
    family, kind, protocol, _, address = _resolved(host, port)[0]
    link = socket.socket(family, kind, protocol)
    try:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        link.bind(address)
        link.listen(_BACKLOG)
    except OSError as error:
        link.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(f"Something else listens on {host}:{port}: choose another port ({option}).") from None
        raise SettingsError(f"{host}:{port} cannot be listened on: {error.strerror}.") from None
    return link


def base_url(link: socket.socket) -> str:
    """Where this machine reaches what listens there."""
    host, port = link.getsockname()[:2]
    address = ipaddress.ip_address(host)
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _addresses(host: str) -> list[str]:
    return [str(found[4][0]) for found in _resolved(host, 0)]


def _resolved(host: str, port: int) -> list[tuple[int, int, int, str, tuple[str, int]]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        raise SettingsError(f"There is no host {host!r}: {error}.") from None
    return found  # type: ignore[return-value]


def _is_loopback(address: str) -> bool:
    return ipaddress.ip_address(address.partition("%")[0]).is_loopback
