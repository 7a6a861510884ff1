"""What a request to the feed process asks for, and who may ask."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from service.feeds import tickets
from service.feeds.tickets import Tickets
from service.http.errors import MalformedUrl
from service.http.keys import bearer
from service.http.parameters import once, parsed, resumed
from service.intake.fields import Shape
from service.keys.doorkeeper import Doorkeeper
from service.keys.errors import NotAuthorized
from service.keys.scopes import Holder
from service.rates.spent import Spent

LAST_EVENT_ID = "last-event-id"
_HEADERS = frozenset((b"accept", b"authorization", b"origin", b"traceparent", b"x-request-id", LAST_EVENT_ID.encode()))
_TICKET = f"{tickets.NAME}="


class Request(NamedTuple):
    """A request without a body: its path, the query as it was written, the headers that count, and who sends it."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    address: str = ""

    def asked(self, shape: type[Shape]) -> dict[str, Any]:
        """The parameters of the query. BadQuery with every fault. The last id may come in a header, which counts."""
        try:
            given = parse_qs(self.query, keep_blank_values=True, errors="strict", max_num_fields=100)
        except ValueError:
            raise MalformedUrl("the query cannot be read as UTF-8, or has too many parameters") from None
        given.pop(tickets.NAME, None)
        return parsed(shape, resumed(once(given), self.headers.get(LAST_EVENT_ID)))

    def likes_best(self, media: tuple[str, ...]) -> str:
        """The one of some media that the client likes best; the first where it likes none of them."""
        accepted = parse_accept_header(self.headers.get("accept", ""), MIMEAccept)
        plain = MIMEAccept([(name.partition(";")[0].strip(), quality) for name, quality in accepted])
        return plain.best_match(media, media[0])


def request_of(scope: Mapping[str, Any]) -> Request:
    """The request of a connection of ASGI."""
    headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"] if name in _HEADERS}
    client = scope.get("client") or ("",)
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers, client[0])


class Admission(NamedTuple):
    """Who was let in, whether the API sent them here, and what that has spent of their quota."""

    holder: Holder
    is_sent: bool
    spent: Spent | None = None


class Door:
    """Lets in whoever has a good key, or was let in by the API with one that is still good."""

    def __init__(self, doorkeeper: Doorkeeper, secret: str | None) -> None:
        self._doorkeeper = doorkeeper
        self._tickets = None if secret is None else Tickets(secret)

    def admit(self, request: Request, *, may_ask: bool = True) -> Admission:
        """NotAuthorized for all others, where a key is needed; NotRemembered where the database has to be asked.

        QuotaExceeded for those who ask too often.
        """
        sent = self._sent(request.query)
        if sent is not None:
            holder = self._doorkeeper.holder_named(sent, may_ask=may_ask)
        else:
            holder = self._shown(request, may_ask)
        return Admission(holder, sent is not None, self._doorkeeper.count(holder))

    def _shown(self, request: Request, may_ask: bool) -> Holder:
        header = request.headers.get("authorization")
        given = None if header is None else bearer(header) or b""
        try:
            return self._doorkeeper.holder(given, request.address, may_ask=may_ask)
        except NotAuthorized as error:
            error.detail = f"{error.detail}, or ask the API, which sends you on with a ticket"
            raise

    def _sent(self, query: str) -> str | None:
        """The id of the key with which the API let in who has this ticket."""
        before, _, ticket = query.rpartition(_TICKET)
        if self._tickets is None or not ticket or (before and not before.endswith("&")):
            return None
        return self._tickets.holder(ticket, before.removesuffix("&"), time.time())
