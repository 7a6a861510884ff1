"""Our service, as its processes put it together."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any
from uuid import uuid4

import msgspec
from eventsourcing.persistence import StoredEvent

from benchmarks import samples
from benchmarks.contestants.counters import Counters
from benchmarks.contestants.task import perform
from benchmarks.load import callers, once
from events import codec
from events.event_types import CLAIMED, ArticleRegistered, EntityRegistered
from events.identity import article_id, article_stream, claim_id, claim_stream, entity_stream
from events.values import ArticleContent, ClaimContent, EntityContent, Evidence, Recorder
from service.bootstrap import Services, build, log_keeper, projections
from service.cores import keep_to_one_core
from service.db import PROJECTOR_ROLE, Database
from service.intake.records import draft_of
from service.projections.projection import schema_of
from service.projections.projector import Projector
from service.settings import Settings
from service.store.postgres import PostgresStore
from service.store.rows import recorded
from service.timeline.drafts import Draft
from service.tree.keys import new_signer

RECORDER = Recorder("benchmark")
PAGE = 1_000
FILL = 2_000
PREPARED = 2_000


def record(url: str, count: int, seconds: float, warm_up: float) -> dict[str, Any]:
    """The whole way of one claim per call: references, rules, decision, append. The shape was checked before."""
    keep_to_one_core()
    services = _services(url)
    services.timeline.record([draft_of(samples.entity(n)) for n in range(samples.ENTITIES)], recorder=RECORDER)
    services.timeline.record([draft_of(samples.article(n)) for n in range(samples.ARTICLES)], recorder=RECORDER)
    numbers = itertools.count()
    templates: list[Draft] = [draft_of(samples.claim(n)) for n in range(PREPARED)]

    def start(_: int) -> Callable[[int], object]:
        return lambda _: services.timeline.record([_another(templates, next(numbers))], recorder=RECORDER)

    return callers(count, seconds, warm_up, start)


def append(url: str, count: int, seconds: float, warm_up: float) -> dict[str, Any]:
    """One prepared event of a new stream per call."""
    keep_to_one_core()
    store = PostgresStore(_services(url).database)
    prepared = [(event.topic, event.state) for event in _claims(range(PREPARED))]

    def start(_: int) -> Callable[[int], object]:
        def call(index: int) -> object:
            return store.append([StoredEvent(f"claim-{uuid4()}", 1, *prepared[index % PREPARED])])

        return call

    return callers(count, seconds, warm_up, start)


def fill(url: str, claims: int) -> dict[str, Any]:
    """Entities, articles and so many claims in an empty log, as recording them would have left them."""
    store = PostgresStore(_services(url).database)
    events = itertools.chain(_entities(), _articles(), _claims(range(claims)))

    def work() -> None:
        while batch := list(itertools.islice(events, FILL)):
            store.append(batch)

    return once(claims, work)


def read(url: str) -> dict[str, Any]:
    """The whole log in order, read in pages, one decoded event after the other."""
    store = PostgresStore(_services(url).database)
    head = store.head()

    def work() -> None:
        after = 0
        while after < head:
            for row in store.read_log(after, PAGE):
                after = recorded(row).position

    return once(head, work)


def catch_up(url: str) -> dict[str, Any]:
    """The projections of the service from where they are to the end of the log, as the projectors' processes do it."""
    head = PostgresStore(_services(url).database).head()
    with projections(Settings(database_url=url), url) as projectors:
        return once(head - projectors.position(), projectors.catch_up)


def count(url: str) -> dict[str, Any]:
    """The counters in the runner of the service, from an empty view to the end of the log."""
    counters = Counters()
    settings = Settings(database_url=url).database(url)
    with Database(settings, role=PROJECTOR_ROLE, schema=schema_of(counters)) as database:
        store = PostgresStore(database)
        projector = Projector(counters, store, database)
        projector.step(1)  # makes the tables
        return once(store.head() - 1, projector.catch_up)


def keep_tree(url: str) -> dict[str, Any]:
    """The tree of the log up to its end, as the keeper makes it, with a signed checkpoint."""
    settings = Settings(database_url=url, log_key=new_signer("benchmark").secret())
    head = PostgresStore(_services(url).database).head()

    def work() -> None:
        with log_keeper(settings, url) as (keeper, _):
            keeper.introduce()
            keeper.catch_up()
            keeper.sign()

    return once(head, work)


def _services(url: str) -> Services:
    return build(Settings(database_url=url), url)


def _another(templates: list[Draft], number: int) -> Draft:
    """The draft of a claim that was not recorded yet: one of the templates with an attribute of its own."""
    return msgspec.structs.replace(templates[number % PREPARED], attributes={"programme": f"Programme {number}"})


def _entities() -> Iterator[StoredEvent]:
    for number in range(samples.ENTITIES):
        said = samples.entity(number)
        stream = entity_stream(said["id"])
        content = EntityContent(said["kind"], said["name"])
        yield _stored(EntityRegistered(originator_id=stream, originator_version=1, recorder=RECORDER, content=content))


def _articles() -> Iterator[StoredEvent]:
    for number in range(samples.ARTICLES):
        said = samples.article(number)
        content = msgspec.convert({**_without(said, "record"), "authors": ()}, ArticleContent)
        stream = article_stream(article_id(content.url, None))
        yield _stored(ArticleRegistered(originator_id=stream, originator_version=1, recorder=RECORDER, content=content))


def _claims(numbers: range) -> Iterator[StoredEvent]:
    articles = [article_id(samples.article(number)["url"], None) for number in range(samples.ARTICLES)]
    for number in numbers:
        said = samples.claim(number)
        plain = _without(said, "record", "evidence") | {"article": articles[number % samples.ARTICLES]}
        content = msgspec.convert(plain, ClaimContent)
        event = CLAIMED[content.type](
            originator_id=claim_stream(claim_id(content)),
            originator_version=1,
            recorder=RECORDER,
            content=content,
            evidence=msgspec.convert(said["evidence"], Evidence),
        )
        yield _stored(event)


def _stored(event: Any) -> StoredEvent:
    return StoredEvent(event.originator_id, event.originator_version, *codec.encode(event))


def _without(said: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in said.items() if name not in names}


if __name__ == "__main__":
    perform(
        {
            "record": record,
            "append": append,
            "fill": fill,
            "read": read,
            "catch_up": catch_up,
            "count": count,
            "keep_tree": keep_tree,
        }
    )
