"""Who may import whom, held as a table. A new folder or a new direction needs a line here, and a reason."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
TOPS = ("events", "frenemies", "service")
LONGEST_MODULE = 400

# What each part may import of ours. Every part may import itself; `events` also by all others.
PARTS: dict[str, set[str]] = {
    "events": set(),
    "frenemies": set(),
    "service.errors": set(),
    "service.settings": {"service.errors"},
    "service.slots": set(),
    "service.slotted": {"service.slots"},
    "service.budget": {"service.errors"},
    "service.limits": {"service.settings"},
    "service.cores": set(),
    "service.garbage": set(),
    "service.asking": set(),
    "service.ahead": {"service.asking"},
    "service.rates": set(),
    "service.interrupts": set(),
    "service.metrics": {"service.errors", "service.slots", "service.slotted"},
    "service.request_log": set(),
    "service.tracing": set(),
    "service.telemetry": {"service.tracing", "service.settings"},
    "service.sql": set(),
    "service.sample": set(),
    "service.embedded": {"service.errors"},
    "service.arrays": set(),
    "service.failures": {"service.errors"},
    "service.db": {
        "service.arrays", "service.budget", "service.settings",
        "service.metrics", "service.tracing", "service.errors", "service.failures",
    },
    "service.listing": {"service.db"},
    "service.replica": {
        "service.asking", "service.db", "service.sql", "service.errors", "service.failures", "service.settings",
    },
    "service.migrate": {"service.db", "service.sql", "service.errors", "service.failures"},
    "service.leading": {"service.db", "service.sql", "service.errors", "service.failures"},
    "service.store": {
        "service.arrays", "service.db", "service.listing", "service.sql",
        "service.metrics", "service.tracing", "service.errors", "service.failures", "service.settings",
    },
    "service.projections": {
        "service.tracing",
        "service.store", "service.leading", "service.interrupts",
        "service.db", "service.sql", "service.errors", "service.failures",
        "service.settings",
    },
    "service.tree": {"service.leading", "service.db", "service.sql", "service.errors", "service.settings"},
    "service.backup": {
        "service.tree", "service.migrate", "service.db", "service.sql", "service.errors", "service.failures",
    },
    "service.timeline": {
        "service.asking", "service.budget", "service.store", "service.projections", "service.tree", "service.tracing",
        "service.errors", "service.settings",
    },
    "service.keys": {
        "service.asking", "service.db", "service.listing", "service.rates", "service.sql", "service.errors",
    },
    "service.erasure": {
        "service.timeline", "service.store", "service.projections",
        "service.db", "service.sql", "service.errors", "service.failures",
    },
    "service.erasure.bootstrap": {
        "service.erasure", "service.projections", "service.store", "service.db", "service.settings",
    },
    "service.intake": {"service.timeline.drafts", "service.errors", "service.settings"},
    "service.transfer": {
        "service.arrays", "service.cores", "service.garbage", "service.interrupts",
        "service.timeline", "service.intake", "service.store",
        "service.db", "service.sql", "service.errors", "service.failures",
        "service.settings",
    },
    "service.feeds": {
        "service.keys.scopes", "service.timeline", "service.store.protocol", "service.errors", "service.settings",
    },
    "service.following": {
        "frenemies", "service.arrays", "service.db", "service.sql", "service.store", "service.feeds", "service.tree",
        "service.leading", "service.timeline.brought", "service.jetstream.errors", "service.jetstream.messages",
        "service.metrics", "service.errors",
    },
    "service.jetstream": {
        "service.feeds.events", "service.timeline.feed", "service.store.protocol", "service.leading", "service.db",
        "service.metrics", "service.errors",
    },
    "service.jetstream.bootstrap": {
        "service.jetstream", "service.timeline.feed", "service.projections.whole", "service.store", "service.db",
        "service.errors", "service.settings",
    },
    "service.hooks": {
        "service.arrays", "service.feeds", "service.timeline", "service.store", "service.leading", "service.db",
        "service.listing", "service.sql", "service.metrics", "service.tracing", "service.errors", "service.settings",
    },
    "service.overview": {
        "service.hooks", "service.keys", "service.projections", "service.replica", "service.store", "service.tree",
        "service.budget", "service.db", "service.listing", "service.sql", "service.errors",
    },
    "service.exports": {"service.errors"},
    "service.http": {
        "service.timeline", "service.transfer", "service.feeds", "service.hooks", "service.exports", "service.intake",
        "service.keys", "service.rates", "service.budget", "service.metrics", "service.request_log", "service.tracing",
        "service.ahead", "service.asking", "service.replica", "service.overview", "service.errors", "service.settings",
    },
    "service.web": {
        "service.keys", "service.rates.errors", "service.timeline", "service.intake", "service.http", "service.errors",
        "service.settings",
    },
    "service.app": {
        "service.budget", "service.http", "service.web", "service.hooks", "service.timeline", "service.transfer",
        "service.metrics", "service.keys", "service.rates", "service.replica", "service.overview", "service.errors",
        "service.settings",
    },
    "service.bootstrap": {
        "service.db", "service.errors", "service.following", "service.hooks", "service.jetstream.bootstrap",
        "service.keys", "service.migrate", "service.overview", "service.projections", "service.replica",
        "service.settings", "service.store",
        "service.timeline",
        "service.transfer", "service.tree",
    },
    "service.serve": {
        "service.following.errors", "service.http.security", "service.http.statuses", "service.store.durability",
        "service.store.following",
        "service.bootstrap", "service.jetstream.bootstrap",
        "service.cores", "service.embedded", "service.garbage", "service.migrate", "service.metrics",
        "service.slots", "service.request_log", "service.tracing", "service.telemetry",
        "service.projections.catalog", "service.projections.projection", "service.projections.vitals",
        "service.replica.standing", "service.errors", "service.settings",
    },
    "service.serve.server": {"service.serve", "service.app", "service.live.bootstrap"},
    "service.live": {
        "service.feeds", "service.http.belief_questions", "service.http.believed", "service.http.errors",
        "service.http.keys", "service.http.parameters", "service.http.query", "service.http.security",
        "service.http.statuses",
        "service.intake.fields", "service.timeline", "service.store.protocol", "service.metrics", "service.errors",
        "service.keys", "service.rates", "service.request_log", "service.settings",
    },
    "service.live.bootstrap": {
        "service.live", "service.timeline", "service.projections", "service.store", "service.tree", "service.db",
        "service.keys", "service.rates", "service.settings",
    },
    "service.asgi": {
        "service.live", "service.cores", "service.metrics", "service.request_log", "service.errors", "service.settings",
    },
    "service.wsgi": {
        "service.bootstrap", "service.app", "service.cores", "service.serve", "service.metrics", "service.request_log",
        "service.http.errors", "service.http.problems", "service.errors",
        "service.settings",
    },
    "service.cli": {
        "frenemies", "service.backup",
        "service.bootstrap", "service.app", "service.serve", "service.embedded", "service.migrate", "service.timeline",
        "service.intake", "service.transfer", "service.feeds", "service.exports.media", "service.exports.parquet",
        "service.keys", "service.projections", "service.tree", "service.erasure", "service.interrupts",
        "service.garbage", "service.errors",
        "service.settings",
    },
}  # fmt: skip

# What knows nothing else of ours. The client also needs no more of others than the few packages named here.
ALONE = {"events", "frenemies"}
OF_THE_CLIENT = {"frenemies", "httpx2", "msgspec", *sys.stdlib_module_names}

# Imports that the table does not allow and that stand for a reason.
EXCEPTIONS: dict[tuple[str, str], str] = {
    ("service.http.openapi", "service.app"): "run as a program, it writes the document of the whole application",
    ("service.http.asyncapi", "service.app"): "likewise",
}

# Packages of others, and the only modules or parts that may import them.
FOREIGN: dict[str, set[str]] = {
    "flask": {"service.http", "service.web", "service.app", "service.wsgi"},
    "flask_smorest": {"service.http", "service.app"},
    "marshmallow": {"service.intake", "service.http"},
    "eventsourcing": {"service.store"},
    "psycopg": {"service.arrays", "service.db", "service.failures", "service.migrate"},
    "psycopg_pool": {"service.db"},
    "environs": {"service.settings"},
    "click": {"service.cli"},
    "rich": {"service.cli"},
    "httpx2": {"frenemies", "service.cli", "service.following"},
    "gunicorn": {"service.serve", "service.wsgi"},
    "prometheus_client": {"service.metrics", "service.slotted", "service.serve"},
    "setproctitle": {"service.serve"},
    "httpcore2": {"service.hooks"},
    "standardwebhooks": {"service.hooks"},
    "cryptography": {"service.tree"},
    "pyarrow": {"service.exports"},
    "opentelemetry": {"service.telemetry"},
    "nats": {"service.jetstream"},
}

# `psycopg.rows` holds the factories that say in which form rows are wanted; it opens no connection and raises no error.
FOREIGN_EXCEPTIONS: dict[str, set[str]] = {
    "psycopg.rows": {
        "service.listing", "service.store", "service.projections", "service.transfer", "service.tree", "service.hooks",
        "service.following", "service.keys", "service.erasure", "service.replica", "service.overview",
    },
    # Puts names of schemas and tables into statements; it opens no connection either.
    "psycopg.sql": {"service.projections", "service.backup"},
    "eventsourcing.domain": {"events"},
}  # fmt: skip

# What would make an answer depend on more than its arguments.
IMPURE = set("asyncio http logging os pathlib random secrets socket subprocess threading time".split())
ENTRY_POINTS = {"service.cli", "service.serve", "service.wsgi"}


class Import(NamedTuple):
    """One import: by which module, of what, in which line."""

    importer: str
    imported: str
    line: int

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def modules() -> dict[str, Path]:
    found = {}
    for top in TOPS:
        for path in sorted((ROOT / top).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            found[name] = path
    return found


def imports_of(module: str, path: Path) -> Iterator[Import]:
    """Every import, wherever it stands; `from a import b` is one of `a.b` where that is a module."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield Import(module, alias.name, node.lineno)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno}: imports are absolute"
            for alias in node.names:
                deeper = f"{node.module}.{alias.name}"
                yield Import(module, deeper if deeper in MODULES else str(node.module), node.lineno)


MODULES = modules()


@cache
def imports() -> list[Import]:
    return [one for module, path in MODULES.items() for one in imports_of(module, path)]


@cache
def ours() -> list[Import]:
    return [one for one in imports() if one.imported.split(".")[0] in TOPS]


def is_in(module: str, part: str) -> bool:
    return module == part or module.startswith(part + ".")


def part_of(module: str) -> str:
    return next(part for part in sorted(PARTS, key=len, reverse=True) if is_in(module, part))


def test_every_module_belongs_to_a_part() -> None:
    homeless = [module for module in MODULES if module != "service" and not any(is_in(module, part) for part in PARTS)]
    assert not homeless


def test_imports_go_in_the_allowed_direction() -> None:
    wrong = []
    for one in ours():
        part = part_of(one.importer) if one.importer != "service" else "service.errors"
        allowed = PARTS[part] | {part} | (set() if part in ALONE else {"events"})
        excused = {imported for (importer, imported) in EXCEPTIONS if importer == one.importer}
        if not any(is_in(one.imported, target) for target in allowed | excused):
            wrong.append(str(one))
    assert not wrong


def test_every_exception_is_still_needed() -> None:
    used = {(one.importer, imported) for one in ours() for (_, imported) in EXCEPTIONS if is_in(one.imported, imported)}
    assert set(EXCEPTIONS) <= used


def test_only_entry_points_choose_implementations() -> None:
    users = [one for one in ours() if one.imported == "service.bootstrap"]
    assert not [str(one) for one in users if not any(is_in(one.importer, place) for place in ENTRY_POINTS)]


@pytest.mark.parametrize("package", FOREIGN)
def test_a_package_of_others_stays_where_it_belongs(package: str) -> None:
    wrong = []
    for one in imports():
        if is_in(one.imported, package):
            places = set(FOREIGN[package])
            for narrower, more in FOREIGN_EXCEPTIONS.items():
                places |= more if is_in(one.imported, narrower) else set()
            if not any(is_in(one.importer, place) for place in places):
                wrong.append(str(one))
    assert not wrong


def test_the_domain_reads_no_clock_file_network_or_setting() -> None:
    wrong = [one for one in imports() if is_in(one.importer, "events") and one.imported.split(".")[0] in IMPURE]
    assert not list(map(str, wrong))


def test_the_client_needs_little() -> None:
    wrong = [
        one for one in imports() if is_in(one.importer, "frenemies") and one.imported.split(".")[0] not in OF_THE_CLIENT
    ]
    assert not list(map(str, wrong))


def test_no_module_imports_itself_in_a_circle() -> None:
    following: dict[str, set[str]] = {module: set() for module in MODULES}
    for one in ours():
        excused = (one.importer, part_of(one.imported)) in EXCEPTIONS
        if one.imported in MODULES and one.imported != one.importer and not excused:
            following[one.importer].add(one.imported)
    done: set[str] = set()

    def walk(module: str, path: list[str]) -> None:
        assert module not in path, " > ".join([*path[path.index(module) :], module])
        if module not in done:
            for target in sorted(following[module]):
                walk(target, [*path, module])
            done.add(module)

    for module in MODULES:
        walk(module, [])


def test_no_module_is_longer_than_a_reader_can_hold() -> None:
    lengths = {module: len(path.read_text(encoding="utf-8").splitlines()) for module, path in MODULES.items()}
    assert not {module: length for module, length in lengths.items() if length > LONGEST_MODULE}


def test_the_feed_process_loads_no_web_framework() -> None:
    code = "import sys, service.live.bootstrap; print('flask' in sys.modules, 'httpx2' in sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.split() == ["False", "False"]
