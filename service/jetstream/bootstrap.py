"""The composition root of what speaks with NATS. Its client is optional, and loaded only where it is used."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from importlib.util import find_spec

from service.db import SENDER_ROLE, Database
from service.errors import SettingsError
from service.jetstream.messages import Reading
from service.jetstream.place import Place, place_of
from service.jetstream.relay import Relay
from service.jetstream.runner import RelayRunner
from service.projections.whole import NoIndex
from service.settings import Settings
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from service.timeline.feed import Feed

RELAY, THROUGH = "--relay", "--follow-through"


def demand_streams(settings: Settings) -> None:
    """SettingsError where a stream of NATS is set and is none, or cannot be used."""
    for text, option in ((settings.relay, RELAY), (settings.follow_through, THROUGH)):
        if text is not None:
            _place(text, option)
            if find_spec("nats") is None:
                raise SettingsError(f"{option} needs more than is installed: pip install 'frenemies[nats]'.")
    if settings.follow is not None and settings.follow.startswith(("nats:", "tls:")):
        raise SettingsError(
            f"The service itself has to be known, for what NATS does not have: --follow URL {THROUGH} NATS."
        )
    if settings.follow_through is not None and settings.follow is None:
        raise SettingsError(f"{THROUGH} needs --follow URL: the service is asked for what NATS does not have.")


@contextmanager
def relay(settings: Settings, url: str) -> Iterator[tuple[Relay, RelayRunner]]:
    """What publishes the log to JetStream, and the loop that runs it. SettingsError where no stream is set."""
    from service.jetstream.link import JetStream

    place = _place(settings.relay or "", RELAY)
    # One connection holds the leader's lock, one reads. Like the sender of webhooks it may append nothing.
    own = replace(settings.database(url), pool_size=max(2, settings.pool_size))
    with Database(own, role=SENDER_ROLE, name="frenemies-relay") as database:
        feed = Feed(PostgresStore(database), NoIndex(database))
        made = Relay(feed, place, lambda: JetStream(place, "frenemies-relay"), settings.relay_replicas)
        runner = RelayRunner(made, database, AppendListener(url), place.stream)
        try:
            yield made, runner
        finally:
            runner.stop()


def reading_of(settings: Settings) -> Callable[[int], Reading] | None:
    """How the log of the leader is read from JetStream after a sequence; None where it is not."""
    if settings.follow_through is None:
        return None
    place = _place(settings.follow_through, THROUGH)

    def read(after: int) -> Reading:
        from service.jetstream.link import JetStream

        stream = JetStream(place, "frenemies-follower")
        try:
            stream.read(after)
        except BaseException:
            stream.close()
            raise
        return stream

    return read


def _place(text: str, option: str) -> Place:
    try:
        return place_of(text)
    except ValueError as error:
        raise SettingsError(f"{option}: {error}.") from None
