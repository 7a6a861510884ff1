"""What keys allow, and who holds one."""

from __future__ import annotations

from typing import NamedTuple

from service.keys.errors import Forbidden

CLAIMS_WRITE, STATE_READ, FEED_READ = "claims:write", "state:read", "feed:read"
HOOKS_MANAGE, ADMIN = "hooks:manage", "admin"
SCOPES = (CLAIMS_WRITE, STATE_READ, FEED_READ, HOOKS_MANAGE, ADMIN)
"""All that there are; `admin` includes the others."""
ADMIN_ID, LOCAL_ID = "admin", "local"


class Holder(NamedTuple):
    """Who asks: the id of the key, which is public, its name, and what it allows."""

    id: str
    name: str
    scopes: frozenset[str]

    def may(self, scope: str) -> bool:
        """Whether the key allows it."""
        return scope in self.scopes or ADMIN in self.scopes

    def demand(self, *scopes: str) -> None:
        """Forbidden where the key does not allow all of them."""
        missing = [scope for scope in scopes if not self.may(scope)]
        if missing:
            has = ", ".join(sorted(self.scopes))
            raise Forbidden(f"it needs {_named(missing)}; the key {self.id} has {has}", missing)


def _named(scopes: list[str]) -> str:
    return f"the scope{'s' if len(scopes) > 1 else ''} {' and '.join(scopes)}"


BY_SETTINGS = Holder(ADMIN_ID, "the key of the settings", frozenset(SCOPES))
"""Who has the key that the service was started with."""
NOBODY_ELSE = Holder(LOCAL_ID, "whoever is on this machine", frozenset(SCOPES))
"""Who asks where no key is needed."""
