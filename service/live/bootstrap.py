"""The composition root of the feed process: apart from that of the others, so that it loads no more than it needs."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from service.db import API_ROLE, Database
from service.keys.keyring import Keyring
from service.keys.table import KeyTable
from service.live.app import App
from service.live.belief_channel import BeliefChannel
from service.live.channel import LogChannel
from service.live.hub import THREADS, Hub
from service.projections.beliefs import Beliefs
from service.projections.catalog import PROJECTIONS
from service.projections.index import Index
from service.projections.projection import schema_of
from service.rates.meter import Meter
from service.rates.rates import Rates
from service.settings import Settings
from service.store.listen import AppendListener
from service.store.postgres import PostgresStore
from service.timeline.beliefs import BeliefChanges
from service.timeline.clocks import ClockReader
from service.timeline.feed import Feed
from service.timeline.loading import Loader

STATEMENT_SECONDS = 2.0
"""How long a statement may take: a server that says nothing is given up two seconds later."""


def live_app(settings: Settings, url: str) -> App:
    """The application of the feed process on a database. Make it after a fork, not before."""
    own = replace(
        settings.database(url),
        pool_size=THREADS + 2,  # one follows the log, one looks at keys
        statement_timeout=min(settings.statement_timeout, STATEMENT_SECONDS),
    )
    first, *others = map(schema_of, PROJECTIONS)
    database = Database(own, role=API_ROLE, name="frenemies-feed", schema=first, behind=others).open()
    store, index = PostgresStore(database), Index(database, has_beliefs=True)
    feed = Feed(store, index)
    hub = Hub(feed, lambda: AppendListener(url), settings.limits)
    reader = ClockReader(store, store.epoch, index.reached, settings.limits.position_wait, lambda: datetime.now(UTC))
    load = Loader(store, index, settings.limits.fold_claims)
    belief_changes = BeliefChanges(load, index, Beliefs(database), reader)
    keyring = Keyring(settings.admin_key, KeyTable(database), is_watched=True)
    rates = Rates(settings.rate, settings.rate_wrong_keys, Meter(settings.rates_file))
    return App(hub, [LogChannel(hub), BeliefChannel(hub, belief_changes)], keyring, settings.feed_secret, rates)
