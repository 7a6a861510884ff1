"""A world with people in it, everything that tells of it, and every byte that the database holds of it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from events.identity import article_id, canonical_url
from service.app import create_app
from service.bootstrap import build, exporter, webhook_sender
from service.cli import cli
from service.db import connect
from service.hooks.subscriptions import Subscriptions
from service.settings import Settings
from tests.conftest import Servers
from tests.feeding import feeding
from tests.integration.following.conftest import Site, Sites, take_over
from tests.sink import sink
from tests.transferred import article, claim, entity

CANARY = "kanarek"
"""It stands in all that is erased, and nowhere else."""
URL = "https://example.org/1"
ARTICLE = article_id(canonical_url(URL), None)
WORLD: list[dict[str, Any]] = [
    entity("acme"), entity("bolt"),
    entity("p-1", kind="person", name="Ada Kanarek", aliases=["A. KANAREK", "Kanarek the Elder"]),
    entity("p-2", kind="person", name="Bea Bystander", aliases=["B. B."]),
    article(1, authors=["Cyd Kanarek", "Dee Bystander"], text="It was said by Ada Kanarek. And it was said by Bea."),
    article(2, authors=["Cyd Kanarek"], text="Here stands nothing of her."),
    claim(1, 1, "acme", "bolt", asserted_by={"kind": "speaker", "agent": ["p-1"]}, evidence={
        "summary": "They are partners", "position": {"start": 0, "end": 27},
        "quote": {"exact": "said by Ada Kanarek", "prefix": "kanarek before", "suffix": "kanarek behind"}}),
    claim(2, 2, "acme", "bolt", asserted_by={"kind": "speaker", "agent": ["p-2"]},
          evidence={"summary": "They still are", "quote": {"exact": "it was said by Bea"}}),
    {"record": "rename", "of": "p-1", "name": "Ada Newkanarek", "since": "2014-02-01", "article": URL},
    {"record": "correction", "of": URL, "changes": {"title": "Another title"}, "reason": "a slip"},
]  # fmt: skip
SUBJECTS = (("--entity", "p-1", "--quotes"), ("--author", "Cyd Kanarek"), ("--article", URL))
REASON = "request 17"
JSON_ADDRESSES = (
    "/v1/entities/p-1", "/v1/entities/p-1/state", "/v1/entities/p-1/timeline", "/v1/entities?q=kanarek",
    "/v1/entities?q=ada", "/v1/entities/p-1/changes?from=2013-01-01&to=2015-01-01", "/v1/entities/acme/state",
    "/v1/relations/partner_of/acme/bolt", "/v1/relations/partner_of/acme/bolt/claims", "/v1/network",
    "/v1/periods?entities=acme,p-1", "/v1/timemap/entities/p-1/state", "/v1/frenemies", "/v1/beliefs",
    "/v1/path?from=acme&to=bolt", "/v1/claims/CLAIM/history", "/v1/claims/CLAIM", f"/v1/articles/{ARTICLE}",
    "/v1/feed", "/v1/entities/p-1?recorded_by=9&as_of=2014-03-01",
    "/v1/entities/p-1/state?as_of=2014-03-01&recorded_by=9",
)  # fmt: skip
PAGES = (
    "/", "/entity/p-1", "/entity/acme", f"/article/{ARTICLE}", "/relation/partner_of/acme/bolt", "/frenemies",
    "/beliefs", "/claim/CLAIM", "/changes?entity=p-1&from=2013-01-01&to=2015-01-01", "/path?from=acme&to=bolt",
    "/v1/feed.atom", "/v1/beliefs.atom", "/record",
)  # fmt: skip
FORMS = (
    ("/v1/network", "text/csv"), ("/v1/network", "application/graphml+xml"), ("/v1/network", "application/json+ftm"),
    ("/v1/network", "application/x-ndjson"), ("/v1/entities/p-1/state", "application/ld+json"),
    ("/v1/entities/p-1/state", "application/json+ftm"), ("/v1/feed?include=texts", "application/x-ndjson"),
    ("/v1/feed", "application/atom+xml"), ("/v1/beliefs", "application/x-ndjson"),
)  # fmt: skip

Told = Mapping[str, str]


def everything_told(site: Site, folder: Path) -> Told:
    """What a service says, in every form, by address."""
    services = build(Settings(database_url=site.url, webhooks_loopback=True), site.url)
    try:
        client = create_app(services.timeline, services.settings).test_client()
        told: dict[str, str] = {}
        (stream,) = _one(site.url, "SELECT stream FROM log.keys WHERE key = 'c-1'")
        pages = ((path, "text/html") for path in PAGES)
        for path, media in (*((path, "application/json") for path in JSON_ADDRESSES), *pages, *FORMS):
            address = path.replace("CLAIM", stream.removeprefix("claim-"))
            answer = client.get(address, headers={"Accept": media})
            told[f"{path} {media}"] = answer.get_data(as_text=True)
            assert answer.status_code == 200, (path, media, told[f"{path} {media}"])
        told["webhook"] = _pushed(services.settings, site.url, services.subscriptions)
    finally:
        services.close()
    told["export"] = exported(site.url)
    told["stream"] = _streamed(site.url)
    file = folder / "versions.parquet"
    assert command(site.url, "versions", "--output", str(file)).exit_code == 0
    told["versions"] = file.read_bytes().decode("latin-1")
    return told


def _pushed(settings: Settings, url: str, subscriptions: Subscriptions) -> str:
    with sink() as receiver, webhook_sender(settings, url) as (sender, _):
        kept = subscriptions.create("drill", url=receiver.url, after="start")
        (head,) = _one(url, "SELECT max(position) FROM log.events")
        while head not in receiver.positions():
            sender.step()
            sender.woken.wait(0.02)
        subscriptions.delete("drill", kept.subscription.id)
        return "\n".join(one.body.decode() for one in receiver.seen)


def _streamed(url: str) -> str:
    with feeding(url) as process, process.listen("include=texts") as stream:
        (head,) = _one(url, "SELECT max(position) FROM log.events")
        return stream.until(lambda s: head in s.positions).raw.decode()


def _one(url: str, query: str) -> Any:
    with connect(url) as connection:
        return connection.execute(query.encode()).fetchone()


Dump = Mapping[str, tuple[bytes, ...]]


def dump(url: str) -> Dump:
    """Every row of every table of a database, those of the server's own catalogue included, as COPY writes them."""
    found = {}
    with connect(url) as connection:
        tables = connection.execute(
            "SELECT format('%I.%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
            " WHERE c.relkind IN ('r', 'm') AND n.nspname NOT LIKE 'pg_temp%'"
        ).fetchall()
        for (table,) in tables:
            with connection.cursor().copy(f"COPY (SELECT * FROM {table}) TO STDOUT".encode()) as copied:
                found[table] = tuple(sorted(b"".join(map(bytes, copied)).split(b"\n")))
    return found


def tables_with_canaries(found: Dump) -> list[str]:
    """The tables of a dump that hold a canary, in plain or, as COPY writes bytes, in hexadecimal digits."""
    spellings = [word.encode() for word in (CANARY, CANARY.title(), CANARY.upper())]
    sought = [*spellings, *(word.hex().encode() for word in spellings)]
    return sorted(table for table, rows in found.items() if any(word in row for row in rows for word in sought))


def command(url: str, *arguments: str) -> Result:
    """A command on a database."""
    return CliRunner().invoke(cli, arguments, env={"DATABASE_URL": url, "COLUMNS": "200"}, prog_name="frenemies")


class Drill:
    """The whole drill, done once: what was told and held before the erasures, and after them."""

    def __init__(self, servers: Servers, sites: Sites, folder: Path) -> None:
        self.folder, self.ledger = folder, folder / "ledger.ndjson"
        self.backup = servers.migrated(18)
        self._make(self.backup)
        self.site = sites.new(self.backup)
        self.follower = sites.follower(self.site.base)
        take_over(self.follower)
        self.follower.catch_up()
        self.exported = exported(self.site.url)
        self.told_before, self.held_before = everything_told(self.site, folder), dump(self.site.url)
        client = create_app(self.site.services.timeline, self.site.services.settings).test_client()
        self.remembered = [client.get("/v1/entities/p-1/state").get_data(as_text=True) for _ in range(2)]
        self.said = [self.erase(*subject) for subject in SUBJECTS]
        self.remembered.append(client.get("/v1/entities/p-1/state").get_data(as_text=True))
        self.told, self.held = everything_told(self.site, folder), dump(self.site.url)

    def erase(self, *subject: str) -> Result:
        return command(self.site.url, "erase", *subject, "--reason", REASON, "--yes", "--ledger", str(self.ledger))

    def _make(self, url: str) -> None:
        services = build(Settings(database_url=url), url)
        site = Site(url, "", services)
        site.record(*WORLD)
        site.keep()
        site.catch_up()
        services.close()
        with connect(url) as connection:
            connection.execute("VACUUM (ANALYZE)")


def exported(url: str) -> str:
    """The log as lines."""
    services = build(Settings(database_url=url), url)
    try:
        return "\n".join(json.dumps(line, ensure_ascii=False) for line in exporter(services).lines()) + "\n"
    finally:
        services.close()


@pytest.fixture(scope="module")
def drill(servers: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Drill]:
    with ExitStack() as keep:
        yield Drill(servers, Sites(servers, keep), tmp_path_factory.mktemp("drill"))


@pytest.fixture
def sites(servers: Servers) -> Iterator[Sites]:
    with ExitStack() as keep:
        yield Sites(servers, keep)
