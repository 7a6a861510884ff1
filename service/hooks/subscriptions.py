"""Subscriptions as their owners see them. Those of others are not there for an owner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from threading import BoundedSemaphore
from typing import Any, NamedTuple
from uuid import UUID, uuid4

import msgspec
from psycopg.rows import args_row, scalar_row

from events.errors import Conflict, DomainError, Invalid, UnknownReference
from events.text import clean_id, clean_text
from service.db import Connection, Database
from service.feeds.cursor import format_cursor
from service.feeds.events import TYPE_PREFIX
from service.feeds.question import cursor_position, topics_of
from service.hooks.errors import (
    OtherMode,
    TooManySecrets,
    TooManySubscriptions,
    TooManyTests,
    UnknownSubscription,
    UrlRefused,
)
from service.hooks.leasing import Leases
from service.hooks.outbox import ACTIVE, DELIVERED, LEASED, PAUSED, PULL, QUERIES, WEBHOOK
from service.hooks.sending import Answer, Transport
from service.hooks.signing import new_secret, signed
from service.settings import Limits
from service.timeline.feed import Feed

START, END = "start", "end"
TEST_TYPE = TYPE_PREFIX + "webhook.Test.v1"
"""The type of the event that a test sends; it is in no feed."""
TEST_SECONDS = 4.0
"""How long a test waits: less than a request may take, and less than the sender does."""
GRACE = timedelta(hours=24)
"""How long a secret signs beside the one that replaced it."""
MOST_SECRETS = 5
LONGEST_DESCRIPTION = 1_000
_LOOK_UP_SECONDS = 2.0
_TESTS_AT_ONCE = 2
_NO_ADDRESS = "nothing is sent to it: it has neither address nor secrets"
_CHANGEABLE = ("url", "topics", "entities", "description")


@dataclass(frozen=True, slots=True)
class Subscription:
    """Who gets which events, and how far that is; `pending` of those up to `position` are still to be delivered, and
    `leased` of these are with workers. One that is pulled from has no address.
    """

    id: UUID
    owner: str
    mode: str
    url: str | None
    description: str | None
    topics: Sequence[str] | None
    entities: Sequence[str] | None
    state: str
    reason: str | None
    position: int
    created_at: datetime
    pending: int
    leased: int
    parked: int


@dataclass(frozen=True, slots=True)
class Kept:
    """A subscription with a secret of it, which is told this once; None for one that is pulled from."""

    subscription: Subscription
    secret: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of an event. `due` is when the next attempt is made, if one is."""

    position: int
    state: str
    tries: int
    due: datetime
    attempts: Sequence[Mapping[str, Any]]


class Some(NamedTuple):
    """Some items, and after which key the next ones come; None where there are no more."""

    items: Sequence[Any]
    after: str | None


def _now() -> datetime:
    return datetime.now(UTC)


class Subscriptions:
    """The use cases. Each takes the owner, and answers Unknown for what belongs to another one."""

    def __init__(
        self,
        database: Database,
        feed: Feed,
        transport: Transport,
        limits: Limits,
        leases: Leases,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self.leases = leases
        """How workers pull events."""
        self._database = database
        self._feed = feed
        self._transport = transport
        self._limits = limits
        self._clock = clock
        self._tests = BoundedSemaphore(_TESTS_AT_ONCE)

    def create(
        self,
        owner: str,
        url: str | None = None,
        types: Sequence[str] | None = None,
        entities: Sequence[str] | None = None,
        after: str = END,
        description: str | None = None,
        mode: str = WEBHOOK,
    ) -> Kept:
        """A new subscription. UrlRefused, TooManySubscriptions, or Invalid, which name the field."""
        _demand_fitting(mode, url)
        wish = {
            "topics": self._topics(types),
            "entities": self._entities(entities),
            "position": self._position(after),
            "mode": mode,
            "url": None if url is None else self._url(url),
            "description": _cleaned(description),
        }
        name, secret = uuid4(), new_secret() if mode == WEBHOOK else None
        with self._database.transaction() as connection:
            connection.execute(QUERIES["lock_owner"], {"owner": owner})
            (count,) = connection.execute(QUERIES["count"], {"owner": owner}).fetchone() or (0,)
            if count >= self._limits.subscriptions:
                raise TooManySubscriptions(f"there may be {self._limits.subscriptions} at most")
            connection.execute(QUERIES["create"], {"id": name, "owner": owner, "secret": secret, **wish})
        return Kept(self.find(owner, name), secret)

    def some(self, owner: str, after: UUID | None, limit: int) -> Some:
        """Those of an owner in the order of their ids, after one."""
        params = {"owner": owner, "after": after, "limit": limit + 1}
        found = self._database.read(QUERIES["list"], params, args_row(Subscription))
        page = found[:limit]
        return Some(page, str(page[-1].id) if len(found) > limit else None)

    def find(self, owner: str, name: UUID) -> Subscription:
        """One of them."""
        found = self._database.read(QUERIES["find"], {"id": name, "owner": owner}, args_row(Subscription))
        if not found:
            raise UnknownSubscription(name)
        return found[0]

    def change(self, owner: str, name: UUID, changes: Mapping[str, Any]) -> Subscription:
        """Puts other values for any of `url`, `types`, `entities` and `description`.

        The address counts for every event that is sent from now on, types and entities for those not taken yet.
        """
        if "url" in changes:
            _demand_fitting(self.find(owner, name).mode, changes["url"])
        wish = dict(self._column(*change) for change in changes.items())
        self._write("change", owner, name, changed=list(wish), **(dict.fromkeys(_CHANGEABLE) | wish))
        return self.find(owner, name)

    def delete(self, owner: str, name: UUID) -> None:
        """Ends it, with what is kept of it."""
        self._write("delete", owner, name)

    def pause(self, owner: str, name: UUID) -> Subscription:
        """Nothing is taken for it or sent to it until it is resumed."""
        self._write("set_state", owner, name, state=PAUSED)
        return self.find(owner, name)

    def resume(self, owner: str, name: UUID) -> Subscription:
        """It goes on where it was, also one that its receiver has ended."""
        self._write("set_state", owner, name, state=ACTIVE)
        return self.find(owner, name)

    def rewind(self, owner: str, name: UUID, after: str) -> Subscription:
        """The events after a cursor are sent, again where they were; what was pending is dropped."""
        position = self._position(after)
        with self._database.transaction() as connection:
            params = {"id": name, "owner": owner}
            if connection.execute(QUERIES["lock"], params).fetchone() is None:
                raise UnknownSubscription(name)
            connection.execute(QUERIES["rewind"], {**params, "position": position})
        return self.find(owner, name)

    def rotate(self, owner: str, name: UUID, ends_old: bool = False) -> Kept:
        """A new secret; the one before signs as well for a day. TooManySecrets when it was changed too often. OtherMode
        for one that is pulled from.

        If it `ends_old`, no other one signs from now on, and that can be done at any time.
        """
        secret, now = new_secret(), self._clock()
        with self._database.transaction() as connection:
            found = connection.execute(QUERIES["lock"], {"id": name, "owner": owner}).fetchone()
            if found is None:
                raise UnknownSubscription(name)
            _demand_webhook(found[0])
            if ends_old:
                connection.execute(QUERIES["end_secrets"], {"id": name})
            else:
                _retire(connection, name, now)
            connection.execute(QUERIES["add_secret"], {"id": name, "secret": secret})
        return Kept(self.find(owner, name), secret)

    def test(self, owner: str, name: UUID) -> tuple[str, datetime, Answer]:
        """Sends an event that is in no feed, and gives its id, when it was sent and what came of it. OtherMode for one
        that is pulled from.
        """
        found, now = self.find(owner, name), self._clock()
        if found.url is None:
            raise OtherMode(_NO_ADDRESS)
        keys = self._database.read(QUERIES["secrets"], {"id": name, "owner": owner, "now": now}, scalar_row)
        if not self._tests.acquire(blocking=False):
            raise TooManyTests(f"at most {_TESTS_AT_ONCE} at once; try again soon")
        try:
            event = f"test_{uuid4()}"
            body = _test_event(event, name, now)
            return event, now, self._transport.post(found.url, signed(event, now, body, keys), body, TEST_SECONDS)
        finally:
            self._tests.release()

    def deliveries(self, owner: str, name: UUID, state: str | None, before: int | None, limit: int) -> Some:
        """What came of its events, the newest event first, in one state or in all."""
        self.find(owner, name)
        params = {"id": name, "owner": owner, "state": state, "before": before, "limit": limit + 1}
        found = self._database.read(QUERIES["deliveries"], params, args_row(Delivery))
        page = found[:limit]
        return Some(page, str(page[-1].position) if len(found) > limit else None)

    def replay(self, owner: str, name: UUID, position: int | None = None) -> int:
        """Has the event at a position, or all, tried now that are parked or wait for another attempt; says how many.

        A parked one begins anew, the attempts at one that waits go on counting. Conflict for one that is neither.
        """
        params = {"id": name, "owner": owner, "position": position, "now": self._clock()}
        with self._database.transaction() as connection:
            if connection.execute(QUERIES["lock"], params).fetchone() is None:
                raise UnknownSubscription(name)
            count = len(connection.execute(QUERIES["replay"], params).fetchall())
            if position is not None and not count:
                (state,) = connection.execute(QUERIES["delivery"], params).fetchone() or (None,)
                raise Conflict(_why_not(position, state))
        return count

    def cursor_of(self, position: int) -> str:
        """The id of the event at a position."""
        return format_cursor(self._feed.epoch(), position)

    def _write(self, query: str, owner: str, name: UUID, **params: object) -> None:
        if not self._database.write(QUERIES[query], {"id": name, "owner": owner, **params}, scalar_row):
            raise UnknownSubscription(name)

    def _column(self, field_name: str, value: Any) -> tuple[str, Any]:
        """Column and value of a field."""
        if field_name == "types":
            return "topics", self._topics(value)
        if field_name == "entities":
            return field_name, self._entities(value)
        return field_name, self._url(value) if field_name == "url" else _cleaned(value)

    def _url(self, url: str) -> str:
        try:
            self._transport.guard.demand_allowed(url, _LOOK_UP_SECONDS)
        except UrlRefused as error:
            raise error.at("/url") from None
        return url

    def _topics(self, types: Sequence[str] | None) -> list[str] | None:
        if types is None:
            return None
        for index, one in enumerate(types):
            topics_of(one, f"/types/{index}")
        return sorted({name.removeprefix(TYPE_PREFIX) for one in types for name in one.split(",")})

    def _entities(self, entities: Sequence[str] | None) -> list[str] | None:
        if entities is None:
            return None
        for index, one in enumerate(entities):
            pointer = f"/entities/{index}"
            if not self._feed.has_entity(clean_id(one, pointer)):
                raise UnknownReference(f"there is no entity {one!r}", pointer)
        return sorted(set(entities))

    def _position(self, after: str) -> int:
        if after == START:
            return 0
        head = self._feed.head()
        if after == END:
            return head
        try:
            position = cursor_position(after, self._feed)
        except DomainError as error:
            raise type(error)(error.detail, "/after") from None
        if position > head:
            raise Invalid("the log does not reach so far", "/after")
        return position


def _cleaned(description: str | None) -> str | None:
    return None if description is None else clean_text(description, "/description", LONGEST_DESCRIPTION)


def _demand_fitting(mode: str, url: str | None) -> None:
    """Invalid unless the address is there for a mode that has one."""
    if mode == WEBHOOK and url is None:
        raise Invalid("a webhook has an address; workers that lease events want the mode `pull`", "/url")
    if mode == PULL and url is not None:
        raise Invalid("nothing is sent to a subscription that is pulled from: it has no address", "/url")


def _demand_webhook(mode: str) -> None:
    if mode != WEBHOOK:
        raise OtherMode(_NO_ADDRESS)


def _retire(connection: Connection, name: UUID, now: datetime) -> None:
    """Has the present secret sign for a while only. TooManySecrets when too many do so already."""
    (count,) = connection.execute(QUERIES["forget_secrets"], {"id": name, "now": now}).fetchone() or (0,)
    if count >= MOST_SECRETS:
        raise TooManySecrets(
            f"{MOST_SECRETS} secrets sign at this moment; try again in some hours, or end the old ones"
        )
    connection.execute(QUERIES["retire_secret"], {"id": name, "until": now + GRACE})


def _why_not(position: int, state: str | None) -> str:
    """Why the event at a position is not tried at the wish of the owner."""
    if state is None:
        return f"there is no such delivery: the event at position {position} was not taken, or is no longer kept"
    if state == LEASED:
        return f"a worker has the event at position {position}; it comes again if its lease runs out"
    if state == DELIVERED:
        return f"the event at position {position} is not tried again: it was delivered (a rewind sends it again)"
    return f"the event at position {position} is due already: it is sent as soon as those before it are done"


def _test_event(event: str, name: UUID, at: datetime) -> bytes:
    return msgspec.json.encode(
        {
            "specversion": "1.0",
            "id": event,
            "source": f"/v1/subscriptions/{name}",
            "type": TEST_TYPE,
            "time": at,
            "datacontenttype": "application/json",
            "data": {"subscription": name},
        }
    )
