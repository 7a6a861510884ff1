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
from service.http.errors import MalformedUrl, NotAuthorized
from service.http.keys import bearer, is_key, not_let_in
from service.http.parameters import once, parsed, resumed
from service.intake.fields import Shape
from service.settings import Settings

LAST_EVENT_ID = "last-event-id"
_HEADERS = frozenset((b"accept", b"authorization", b"origin", b"traceparent", b"x-request-id", LAST_EVENT_ID.encode()))
_TICKET = f"{tickets.NAME}="


class Request(NamedTuple):
    """A request without a body: its path, the query as it was written, and the headers that count."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]

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
    return Request(scope["method"], scope["path"], scope["query_string"].decode("latin-1"), headers)


class Admission(NamedTuple):
    """How somebody was let in: as whom (None where no key is needed), and whether the API sent them here."""

    who: str | None
    is_sent: bool


class Door:
    """Lets in whoever has the key, or was let in by the API."""

    def __init__(self, settings: Settings) -> None:
        self._key = settings.admin_key
        self._tickets = None if settings.feed_secret is None else Tickets(settings.feed_secret)

    def admit(self, request: Request) -> Admission:
        """NotAuthorized for all others, where a key is needed."""
        is_sent = self._has_ticket(request.query)
        if self._key is None:
            return Admission(None, is_sent)
        given = bearer(request.headers.get("authorization", ""))
        if is_sent or (given is not None and is_key(given, self._key)):
            return Admission("admin", is_sent)
        raise NotAuthorized(f"{not_let_in(given is not None)}, or ask the API, which sends you on with a ticket")

    def _has_ticket(self, query: str) -> bool:
        before, _, ticket = query.rpartition(_TICKET)
        if self._tickets is None or not ticket or (before and not before.endswith("&")):
            return False
        return self._tickets.is_good(ticket, before.removesuffix("&"), time.time())
