"""Feeds for readers of feeds: a document of the newest events, and archives of all before it (RFC 4287, RFC 5005)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from flask import Response, request

from events.errors import DomainError, Unknown
from service.feeds import runs
from service.feeds.atom import ALTERNATE, CURRENT, NEVER, NEXT, PREVIOUS, SELF, Document, written
from service.feeds.forms import ATOM
from service.feeds.log_entries import LogEntries, feed_id
from service.feeds.question import question
from service.feeds.reading import Readable
from service.http import caching
from service.http.api import Resource
from service.http.context import timeline
from service.http.demands import needs
from service.http.query import AtomQuery
from service.keys.scopes import FEED_READ

RESOURCE = Resource("atom", "Feeds for readers of feeds.", reads=needs(FEED_READ))
ADDRESS = "/v1/feed.atom"
ARCHIVE = "archive"
_IN_LINK_HEADER = (SELF, CURRENT, PREVIOUS, NEXT)


@RESOURCE.get(ADDRESS, "AtomFeed", query=AtomQuery, refused=(404, 410), media=ATOM)
def read_atom_feed(query: dict[str, Any]) -> Response:
    """The newest events as a feed for readers of feeds, or an archive of earlier ones.

    From the newest document, `prev-archive` leads through all events, each once; archives never change.
    """
    return log_feed(query)


def log_feed(query: Mapping[str, Any]) -> Response:
    """The part of the log that is asked for, in Atom."""
    feed = timeline().feed
    chosen = {name: query[name] for name in ("type", "entity") if name in query}
    entity = query.get("entity", "")
    page = f"/entity/{entity}" if entity and "," not in entity else "/"
    return answered(LogEntries(feed, question(chosen, feed).wanted), ADDRESS, chosen, query.get(ARCHIVE), page)


def answered(
    source: Readable[Any, Any], address: str, chosen: Mapping[str, str], archive: str | None, page: str
) -> Response:
    """A document of a feed that is found at an address, of what is chosen there; `page` shows what it is about."""
    current = _address(address, chosen)
    links = {SELF: current, CURRENT: current, ALTERNATE: page}
    end = source.end()
    if archive is None:
        run = runs.run(source, end, runs.LEAST)
    else:
        end = _place(source, archive, end)
        run = runs.run(source, end)
        links[SELF] = _address(address, chosen, source.cursor(end))
        following = _following(source, run.events, end)
        if following is not None:
            links[NEXT] = _address(address, chosen, source.cursor(following))
            if run.is_whole:
                caching.close()
    if run.before is not None:
        links[PREVIOUS] = _address(address, chosen, source.cursor(run.before))
    entries = source.entries(run.events)
    document = Document(
        id=feed_id(source.epoch, current),
        title=source.title,
        base=request.host_url,
        updated=entries[0].time if entries else source.time(end) or NEVER,
        links=links,
        entries=entries,
        is_archive=archive is not None,
    )
    answer = Response(written(document), content_type=ATOM)
    for rel in _IN_LINK_HEADER:
        if rel in links:
            answer.headers.add("Link", f'<{links[rel]}>; rel="{rel}"')
    return answer


def _place(source: Readable[Any, Any], cursor: str, end: Any) -> Any:
    """The place of a cursor that is up to the end. Unknown for one beyond it."""
    try:
        place = source.place(cursor)
    except DomainError as error:
        raise type(error)(error.detail, ARCHIVE) from None
    if place > end:
        raise Unknown("nothing was recorded up to there yet", ARCHIVE)
    return place


def _following(source: Readable[Any, Any], events: Sequence[Any], end: Any) -> Any:
    """Where the run behind the one of an archive ends; None as well where no run ends at the end of the archive."""
    is_end = bool(events) and events[0].key == end and runs.ends_run(source.mark(end))
    return runs.next_end(source, end) if is_end else None


def _address(address: str, chosen: Mapping[str, str], archive: str | None = None) -> str:
    asked = dict(chosen) if archive is None else {**chosen, ARCHIVE: archive}
    return f"{address}?{urlencode(asked)}" if asked else address
