"""One rig for a whole fault run, in short for CI and long for `make soak`."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.faults.disk import Disk, disk
from tests.faults.load import COMPANIES
from tests.faults.results import ROOT, Results
from tests.faults.rig import Rig
from tests.faults.server import Server
from tests.faults.trial import Stage


@dataclass(frozen=True)
class Scale:
    """How long a run is: appends a second, about how many companies, and how many are waited for and kills made at each
    step.
    """

    name: str
    rate: float
    companies: int
    appends: int
    kills: int
    server_kills: int
    folder: str


SHORT = Scale("short", 60.0, COMPANIES, 1, 10, 2, "build")
# So many that each is told as much of as in the short form: what is believed of a relation takes in all its claims.
LONG = Scale("long", 100.0, 20 * COMPANIES, 5, 100, 20, "docs")


@pytest.fixture(
    scope="package",
    params=[
        pytest.param(SHORT, id="short", marks=pytest.mark.faults),
        pytest.param(LONG, id="long", marks=pytest.mark.soak),
    ],
)
def scale(request: pytest.FixtureRequest) -> Scale:
    found: Scale = request.param
    return found


@pytest.fixture(scope="package")
def results(scale: Scale) -> Results:
    """The table: that of the short form is for who runs it, that of the long one for everybody."""
    return Results(scale.name, ROOT / os.environ.get("FAULTS_FOLDER", scale.folder))


@pytest.fixture(scope="package")
def own_disk() -> Iterator[Disk]:
    with disk(2_048) as found:
        yield found


@pytest.fixture(scope="package")
def server(own_disk: Disk) -> Iterator[Server]:
    """A PostgreSQL that waits for its disk."""
    found = Server(own_disk.folder / "data")
    yield found
    found.close()


@pytest.fixture(scope="module")
def stage(scale: Scale, server: Server, results: Results, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The service with everybody around it."""
    with Rig(server.database("faults"), tmp_path_factory.mktemp("faults"), rate=scale.rate) as rig:
        yield Stage(rig, results, scale.companies)
