"""The keyring: who holds the key that was shown, and whether it is still good. For many threads."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from time import monotonic
from typing import NamedTuple, Protocol

import structlog

from service.errors import ServiceError
from service.keys.errors import NotAuthorized
from service.keys.scopes import ADMIN_ID, BY_SETTINGS, LOCAL_ID, NOBODY_ELSE, Holder
from service.keys.text import digest_of, id_in

REMEMBERED_SECONDS = 2.0
"""For how long it is not asked again what became of a key."""
NOTED_SECONDS = 60.0
"""How often it is noted at most that a key is used."""
HOW = "send the key as Authorization: Bearer <key>"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """A key as it is kept; `left` are the seconds until it expires, None for one that does not."""

    id: str
    digest: bytes
    name: str
    scopes: Sequence[str]
    is_revoked: bool
    left: float | None

    @property
    def holder(self) -> Holder:
        """Who has it."""
        return Holder(self.id, self.name, frozenset(self.scopes))


class Table(Protocol):
    """Where keys are kept. Errors are ServiceError."""

    def find(self, ids: Collection[str]) -> list[Kept]:
        """Those with these ids."""

    def is_any(self) -> bool:
        """Whether there was ever one."""

    def note_use(self, name: str) -> None:
        """It is used at this moment."""


class NotRemembered(Exception):
    """The database has to be asked."""


class _Known(NamedTuple):
    key: Kept
    at: float


class Keyring:
    """Knows the key of the settings, and those of a table. What the table said counts for `REMEMBERED_SECONDS`.

    Nobody needs a key where the settings have none and none was ever made. `is_watched`: somebody asks each second
    which keys have ended, so what was said last of that counts, also while the database says nothing.
    """

    def __init__(
        self,
        admin_key: str | None,
        table: Table | None = None,
        *,
        is_watched: bool = False,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self._admin = None if admin_key is None else digest_of(admin_key.encode())
        self._table = table
        self._is_watched = is_watched
        self._ticks = ticks
        self._known: dict[str, _Known] = {}
        self._noted: dict[str, float] = {}
        self._open_at: float | None = None
        """When it was last found that no key was ever made."""
        self._is_shut = admin_key is not None

    def holder(self, given: bytes | None, *, may_ask: bool = True) -> Holder:
        """Who shows this. NotAuthorized for what is no key that is good now; NotRemembered where it may not ask."""
        if given is not None and self._admin is not None and hmac.compare_digest(digest_of(given), self._admin):
            return BY_SETTINGS
        name = None if given is None else id_in(given)
        known = None if name is None else self._key(name, may_ask)
        if given is not None and known is not None and hmac.compare_digest(digest_of(given), known.key.digest):
            return self._good(known, may_ask)
        if self._is_open(may_ask):
            return NOBODY_ELSE
        raise NotAuthorized(HOW if given is None else f"the key that was sent is not a valid one: {HOW}")

    def holder_named(self, name: str, *, may_ask: bool = True) -> Holder:
        """Who holds the key with an id, for whoever was let in with it before. As `holder`."""
        if name == ADMIN_ID:
            return BY_SETTINGS
        if name == LOCAL_ID:
            if self._is_open(may_ask):
                return NOBODY_ELSE
            raise NotAuthorized(f"a key is needed by now: {HOW}")
        known = self._key(name, may_ask)
        if known is None:
            raise NotAuthorized(f"there is no key {name}: {HOW}")
        return self._good(known, may_ask)

    def ended(self, names: Collection[str]) -> set[str]:
        """Those of some ids that are no longer good. While the database says nothing, what it said last counts."""
        try:
            self._look_again([name for name in names if name not in (ADMIN_ID, LOCAL_ID)])
        except ServiceError as error:
            _log.warning("keys cannot be looked at", error=str(error))
        return {name for name in names if not self._is_good(name)}

    def _look_again(self, names: Sequence[str]) -> None:
        if not self._is_shut:
            self._find_open()
        if names:
            self._read(names)
            for name in names:
                self._note(name)

    def _is_good(self, name: str) -> bool:
        if name == LOCAL_ID:
            return not self._is_shut
        return name == ADMIN_ID or (name in self._known and self._fault(self._known[name]) is None)

    def _key(self, name: str, may_ask: bool) -> _Known | None:
        known = self._known.get(name)
        if self._table is not None and (known is None or self._ticks() >= known.at + REMEMBERED_SECONDS):
            if not may_ask:
                raise NotRemembered
            self._read([name])
        return self._known.get(name)

    def _read(self, names: Sequence[str]) -> None:
        if self._table is None:
            return
        at = self._ticks()
        found = {key.id: key for key in self._table.find(names)}
        for name in names:
            if name in found:
                self._known[name] = _Known(found[name], at)
                self._is_shut = True
            else:
                self._known.pop(name, None)

    def _good(self, known: _Known, may_note: bool) -> Holder:
        fault = self._fault(known)
        if fault is not None:
            raise NotAuthorized(f"the key {known.key.id} {fault}: another one is needed")
        if may_note:
            self._note(known.key.id)
        return known.key.holder

    def _fault(self, known: _Known) -> str | None:
        """Why a key is no longer good."""
        if known.key.is_revoked:
            return "was revoked"
        is_over = known.key.left is not None and self._ticks() >= known.at + known.key.left
        return "has expired" if is_over else None

    def _is_open(self, may_ask: bool) -> bool:
        """Whether nobody needs a key."""
        if self._is_shut or self._table is None:
            return not self._is_shut
        if self._open_at is None or (not self._is_watched and self._ticks() >= self._open_at + REMEMBERED_SECONDS):
            if not may_ask:
                raise NotRemembered
            self._find_open()
        return not self._is_shut

    def _find_open(self) -> None:
        at = self._ticks()
        if self._table is not None and self._table.is_any():
            self._is_shut = True
        else:
            self._open_at = at

    def _note(self, name: str) -> None:
        """Notes that a key is used. That nobody can be told when it was used last is no reason to let nobody in."""
        now = self._ticks()
        if self._table is None or now < self._noted.get(name, -NOTED_SECONDS) + NOTED_SECONDS:
            return
        self._noted[name] = now
        try:
            self._table.note_use(name)
        except ServiceError as error:
            _log.warning("it was not noted that a key is used", key=name, error=str(error))
