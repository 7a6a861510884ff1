"""What every answer of every process tells a browser not to do with it. No web framework: all of them say it.

HSTS is left to the proxy that has the certificate.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

POLICY = "Content-Security-Policy"
NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""The policy of what is no page: it loads nothing, sends nothing, and stands in no frame."""
ALWAYS: Mapping[str, str] = MappingProxyType(
    {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    }
)
"""The headers that are the same everywhere."""
_PAGE = (
    "default-src 'none'; style-src 'self'; script-src 'self'; connect-src {connect}; img-src 'self' blob:;"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


def policy_of_page(feed_origin: str | None) -> str:
    """The policy of a page: scripts, styles and forms of our own, and the feed of another process if there is one."""
    return _PAGE.format(connect="'self'" if feed_origin is None else f"'self' {feed_origin}")
