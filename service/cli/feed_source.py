"""Where `frenemies feed` has its events from: a running service, or the database itself."""

# What is slow to load is imported where it is used: a question to a running service needs no database driver.

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

from events.errors import DomainError, Unknown
from service.cli.database import open_existing
from service.cli.group import Refused, Unavailable, WrongUsage
from service.cli.options import Place
from service.cli.source import failure_of
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    from frenemies import Line
    from frenemies import Refused as RefusedByService
    from service.timeline.feed import Feed as StoredFeed

_PAGE = 1_000
_POLL = 1.0
_OPTIONS: Mapping[str, str] = MappingProxyType(
    {"lastEventId": "--after", "since": "--since", "until": "--until", "type": "--type", "entity": "--entity"}
)
"""The options by the parameters that they are sent as."""
_PATIENCE, _PATIENCE_TO_FOLLOW = 5.0, 60.0
"""For how many seconds a service that does not answer is asked again."""


class Wish(NamedTuple):
    """Which events are wanted."""

    after: str | None
    since: str | None
    until: str | None
    types: tuple[str, ...]
    entities: tuple[str, ...]
    follow: bool


class Feed(Protocol):
    """Lists of lines as they come (see `frenemies.FeedLines`)."""

    @property
    def cursor(self) -> str | None:
        """How far everything was handed out."""

    def __iter__(self) -> Iterator[list[Line]]:
        """The lists."""


@contextmanager
def open_feed(place: Place, wish: Wish) -> Iterator[Feed]:
    """The feed of a place, for the time of the block. What fails in the block is told as a Failure."""
    if place.url is not None:
        with _remote(place.url, read_settings().key, wish) as feed:
            yield feed
    else:
        with _local(place.settings(), wish) as feed:
            yield feed


@contextmanager
def _remote(base: str, key: str | None, wish: Wish) -> Iterator[Feed]:
    from frenemies import Client, FrenemiesError, Unreachable
    from frenemies import Refused as RefusedByService

    patience = _PATIENCE_TO_FOLLOW if wish.follow else _PATIENCE
    try:
        client = Client(base, key)
        lines = client.feed_lines(**wish._asdict(), patience=patience)
    except ValueError as error:
        raise WrongUsage(str(error)) from error
    try:
        with client, lines:
            yield lines
    except RefusedByService as error:
        raise failure_of(error.status, _complaint(error.title, _faults(error))) from error
    except Unreachable as error:
        raise Unavailable(f"The service at {base} cannot be reached: {error}") from error
    except FrenemiesError as error:
        raise Unavailable(f"What answered at {base} cannot be relied on: {error}") from error


@contextmanager
def _local(settings: Settings, wish: Wish) -> Iterator[Feed]:
    from service.bootstrap import build, prepare
    from service.feeds.cursor import OtherEpoch

    with open_existing(settings) as (settings, url):
        if settings.database_url is None:
            prepare(settings, url)
        with closing(build(settings, url)) as services:
            try:
                yield _Stored(services.timeline.feed, wish, url)
            except DomainError as error:
                failure = Refused if isinstance(error, Unknown | OtherEpoch) else WrongUsage
                raise failure(_complaint(error.title, [(error.pointer, error.detail)])) from error


def _faults(error: RefusedByService) -> list[tuple[str, str]]:
    """Each thing that is wrong: which parameter, and what. Of what is not there a service does not tell the former."""
    told = [(str(one.get("pointer", "")), str(one.get("detail", ""))) for one in error.errors]
    return told or [("entity" if error.code == Unknown.code else "", error.detail)]


def _complaint(title: str, faults: Iterable[tuple[str, str]]) -> str:
    """What is wrong, at which option."""
    named = [(_OPTIONS.get(place.removeprefix("/"), place), detail) for place, detail in faults]
    return " ".join([title, "; ".join(": ".join(filter(None, one)) for one in named)]).rstrip()


class _Stored:
    """The log itself, read page by page; when it is followed, as soon as something is appended."""

    def __init__(self, feed: StoredFeed, wish: Wish, url: str) -> None:
        from service.feeds.events import EventWriter
        from service.feeds.question import question

        names = {"type": ",".join(wish.types), "entity": ",".join(wish.entities)}
        places = {"last": wish.after, "since": wish.since, "until": wish.until}
        self._asked = question({name: value for name, value in {**names, **places}.items() if value}, feed)
        self._feed = feed
        self._follow = wish.follow
        self._url = url
        self._writer = EventWriter(feed.epoch())
        self._after = self._asked.after

    @property
    def cursor(self) -> str | None:
        """How far everything was handed out."""
        return self._writer.cursor(self._after)

    def __iter__(self) -> Iterator[list[Line]]:
        from service.bootstrap import append_signal

        yield from self._there()
        if self._follow:
            with closing(append_signal(self._url)) as signal:
                while True:
                    signal.wait(_POLL)
                    yield from self._there()
                    yield []

    def _there(self) -> Iterator[list[Line]]:
        """What there is by now."""
        from frenemies.event import EVENT, Line
        from service.feeds.cursor import Cursor

        is_end = False
        while not is_end:
            page = self._feed.page(self._after, _PAGE, self._asked.wanted, self._asked.until)
            Cursor(self._writer.epoch, self._after).demand_epoch(page.epoch)
            write, cursor = self._writer.event, self._writer.cursor
            lines = [Line(EVENT, cursor(one.position), one.position, write(one)) for one in page.records]
            self._after, is_end = page.last, page.is_end
            if lines:
                yield lines
