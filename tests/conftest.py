"""One PostgreSQL for the whole run, and a database of its own for each test that asks for one."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import hypothesis
import pytest

from service.bootstrap import Services, build, prepare
from service.db import Database, connect
from service.embedded import EmbeddedServer, Programs, packaged_programs
from service.projections.indexing import INDEX
from service.projections.projection import schema_of
from service.settings import DatabaseSettings, Settings
from service.store.postgres import PostgresStore
from service.timeline.timeline import Timeline
from tests.generating import PROFILE
from tests.projecting import projecting

# An account that every system has: PostgreSQL does not run as root.
ACCOUNT = "nobody"
FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "200",
}
_TEMPLATE = "migrated"
_MEMORY = "/dev/shm"  # noqa: S108

hypothesis.settings.load_profile(PROFILE)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "browser: needs Chromium")
    config.addinivalue_line("markers", "faults: the fault run in short; `make faults`, not part of `make test`")
    config.addinivalue_line("markers", "slow: takes more than a second")
    config.addinivalue_line("markers", "soak: takes minutes; not part of `make test`")
    config.addinivalue_line(
        "markers", "case(number): a case of the catalogue of bad input; -m 'case(number=54)' runs it"
    )
    config.addinivalue_line("markers", "limit(name): meets a limit and goes one beyond it (service/limits.py)")
    config.addinivalue_line("markers", "database: needs PostgreSQL; set by itself from the fixtures of a test")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says loudly that the page was not looked at, where there is no browser."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if "Chromium" in str(report.longrepr)]
    if skipped:
        terminalreporter.write_sep("!", f"NO CHROMIUM: {len(skipped)} tests of the page were skipped", yellow=True)


def programs(major: int) -> Programs | None:
    """The PostgreSQL of a major version, if it is here."""
    if major == 18:
        return packaged_programs()
    folder = Path(f"/usr/lib/postgresql/{major}/bin")
    return Programs(folder, major) if (folder / "initdb").exists() else None


def url_of(server_url: str, database: str) -> str:
    return server_url.replace("/postgres?", f"/{database}?")


class Servers:
    """The servers of the run, each started when it is first asked for."""

    def __init__(self, keep: ExitStack) -> None:
        self._keep = keep
        self._urls: dict[int, str] = {}
        self._numbers = itertools.count(1)

    def url(self, major: int) -> str:
        if major not in self._urls:
            self._urls[major] = self._start(major)
        return self._urls[major]

    def empty(self, major: int) -> str:
        """The URL of a new database without anything in it."""
        return self._create(self.url(major), "template0")

    def migrated(self, major: int) -> str:
        """The URL of a new database with the schema of the service."""
        return self._create(self.url(major), _TEMPLATE)

    def copy(self, url: str) -> str:
        """The URL of a copy of a database that nobody is connected to."""
        server, name = _split(url)
        return self._create(server, name)

    def drop(self, url: str) -> None:
        server, name = _split(url)
        with connect(server) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    def _create(self, server: str, template: str) -> str:
        name = f"test_{next(self._numbers)}"
        with connect(server) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
            if template != "template0":
                # The rights on a database are not copied with it.
                connection.execute(f'GRANT CREATE ON DATABASE "{name}" TO frenemies_projector')
        return url_of(server, name)

    def _start(self, major: int) -> str:
        found = programs(major)
        if found is None:
            pytest.skip(f"PostgreSQL {major} is not installed")
        folder = self._keep.enter_context(open_folder())
        server = self._keep.enter_context(EmbeddedServer(folder, programs=found, account=ACCOUNT, settings=FAST))
        with connect(server.url) as connection:
            connection.execute(f'CREATE DATABASE "{_TEMPLATE}"')
        prepare(Settings(), url_of(server.url, _TEMPLATE))
        return server.url


def _split(url: str) -> tuple[str, str]:
    before, after = url.split("?")
    return f"{before.rsplit('/', 1)[0]}/postgres?{after}", before.rsplit("/", 1)[1]


class open_folder:  # noqa: N801
    """A temporary folder that other accounts may enter, for as long as the block lasts."""

    def __enter__(self) -> Path:
        self.path = Path(
            tempfile.mkdtemp(prefix="frenemies-test-", dir=_MEMORY if os.access(_MEMORY, os.W_OK) else None)
        )
        self.path.chmod(0o755)
        return self.path

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    with ExitStack() as keep:
        yield Servers(keep)


@pytest.fixture
def postgres_major() -> int:
    """The version under test; the tests of the store run for each of several."""
    return 18


@pytest.fixture
def database_url(servers: Servers, postgres_major: int) -> Iterator[str]:
    """A database with the schema of the service."""
    url = servers.migrated(postgres_major)
    yield url
    servers.drop(url)


@pytest.fixture
def empty_database_url(servers: Servers, postgres_major: int) -> Iterator[str]:
    """A database with nothing in it."""
    url = servers.empty(postgres_major)
    yield url
    servers.drop(url)


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The pool of the service on `database_url`."""
    settings = DatabaseSettings(database_url, pool_size=10, pool_timeout=5.0)
    with Database(settings, schema=schema_of(INDEX)) as database:
        yield database


@pytest.fixture
def store(database: Database) -> PostgresStore:
    """The store of the service on `database_url`."""
    return PostgresStore(database)


@pytest.fixture
def data_folder() -> Iterator[Path]:
    """An empty folder that the account of the embedded server may enter."""
    with open_folder() as folder:
        yield folder


@pytest.fixture
def start_server() -> Iterator[Callable[..., EmbeddedServer]]:
    """Attaches to embedded servers, and leaves them at the end of the test."""
    with ExitStack() as keep:

        def start(folder: Path, **options: object) -> EmbeddedServer:
            given = {"account": ACCOUNT, "settings": FAST} | options
            return keep.enter_context(EmbeddedServer(folder, **given))  # type: ignore[arg-type]

        yield start


def is_root() -> bool:
    return os.geteuid() == 0


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks what needs a database, so that it can be left out."""
    for item in items:
        uses = {"servers", "start_server", "data_folder"} & set(getattr(item, "fixturenames", ()))
        is_variant = "[postgres" in item.name  # of a fixture that asks for its database by name
        if uses or is_variant:
            item.add_marker("database")


@pytest.fixture
def services(database_url: str) -> Iterator[Services]:
    """The services of one process on `database_url`, and the projectors that keep running beside them."""
    settings = Settings(database_url=database_url)
    with projecting(database_url, settings):
        built = build(settings, database_url)
        yield built
        built.close()


@pytest.fixture
def timeline(services: Services) -> Timeline:
    """The use cases on a database of their own."""
    return services.timeline
