"""`frenemies erase`: what it says first, what it refuses, and the file that keeps what was erased."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from service.db import connect
from tests.cli.conftest import Run
from tests.transferred import article, claim, entity, imported, write

PAT = entity("pat", kind="person", name="Pat Doe", aliases=["Patricia"], identifiers={"orcid": "0000-0001"})
QUOTED = {"summary": "Pat Doe says so", "quote": {"exact": "so said Pat Doe"}}
RECORDS = [
    PAT, entity("ant"), entity("bee"),
    article(1, authors=["Pat Doe"], text="Nothing of interest."),
    claim(1, 1, "ant", "bee", asserted_by={"kind": "speaker", "agent": ["pat"]}, evidence=QUOTED),
    {"record": "entity", "id": "pat-2", "kind": "person", "name": "P. D."},
    {"record": "merge", "of": "pat-2", "into": "pat", "reason": "one person"},
]  # fmt: skip
WHY = ("--reason", "request 17")


@pytest.fixture
def ledger(tmp_path: Path, database_url: str) -> Path:
    """The ledger of the commands of a test, on a database with somebody in it."""
    imported(database_url, write(tmp_path / "world.ndjson", RECORDS))
    return tmp_path / "ledger.ndjson"


@pytest.fixture
def erase(on_database: Run, ledger: Path) -> Run:
    """Runs `erase` with a ledger of the test."""
    return lambda *arguments: on_database("erase", *arguments, "--ledger", str(ledger))


def contents(url: str) -> list[str]:
    """All texts that are kept."""
    with connect(url) as connection:
        return [text for (text,) in connection.execute("SELECT content FROM log.texts ORDER BY content")]


ALL = ["Nothing of interest.", "P. D.", "Pat Doe", "Pat Doe", "Patricia", "so said Pat Doe"]


def test_a_dry_run_says_what_would_be_erased_and_what_stays_and_does_nothing(
    erase: Run, database_url: str, ledger: Path
) -> None:
    done = erase("--entity", "pat", "--dry-run")
    assert done.exit_code == 0, done.output
    for said in (
        "To erase: 2 texts", "entity pat: 'Pat Doe'", "entity pat: 'Patricia'", "the id pat", "its identifiers",
        "what is recorded of pat-2, with which it was merged", "the same words: 1 event of claim",
        "1 text of authors (--author)", "1 text of claim",
    ):  # fmt: skip
        assert said in done.output, (said, done.output)
    assert (contents(database_url), ledger.exists()) == (ALL, False)


@pytest.mark.parametrize(
    ("subject", "left"),
    [
        (("--entity", "pat"), ["Nothing of interest.", "P. D.", "Pat Doe", "so said Pat Doe"]),
        (("--entity", "pat", "--quotes"), ["Nothing of interest.", "P. D.", "Pat Doe"]),
        (("--author", " Pat Doe"), ["Nothing of interest.", "P. D.", "Pat Doe", "Patricia", "so said Pat Doe"]),
        (("--article", "https://example.org/1#top"), ["P. D.", "Pat Doe", "Pat Doe", "Patricia"]),
        (("--claim", "c-1"), ["Nothing of interest.", "P. D.", "Pat Doe", "Pat Doe", "Patricia"]),
    ],
    ids=["entity", "entity and quotes", "author", "article", "claim"],
)
def test_what_belongs_to_a_subject_is_erased_and_nothing_else(
    erase: Run, database_url: str, ledger: Path, subject: tuple[str, ...], left: list[str]
) -> None:
    done = erase(*subject, *WHY, "--yes", "--by", "ops")
    assert done.exit_code == 0 and "told at position 8" in done.output, done.output
    assert contents(database_url) == left
    (line,) = map(json.loads, ledger.read_text().splitlines())
    assert (line["reason"], line["by"], len(line["references"])) == ("request 17", "ops", len(ALL) - len(left))
    again = erase(*subject, *WHY, "--yes")
    assert again.exit_code == 0 and "There is nothing to erase." in again.output
    assert len(ledger.read_text().splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((*WHY, "--yes"), 2, "Name one subject"),
        (("--entity", "pat", "--claim", "c-1", *WHY, "--yes"), 2, "Name one subject"),
        (("--claim", "c-1", "--quotes", *WHY), 2, "--quotes goes with --entity"),
        (("--entity", "pat", "--yes"), 2, "Say why"),
        (("--entity", "pat", *WHY), 2, "Nobody is there to be asked"),
        (("--entity", "nobody", *WHY, "--yes"), 3, "there is no entity 'nobody'"),
        (("--entity", "No Id\udcff", *WHY, "--yes"), 3, "not valid"),
        (("--author", "\udcff", *WHY, "--yes"), 3, "not valid"),
        (("--claim", "nothing", *WHY, "--yes"), 3, "there is no claim 'nothing'"),
        (("--article", "https://example.org/none", *WHY, "--yes"), 3, "there is no article"),
        (("--entity", "pat", "--reason", "pat DOE asked", "--yes"), 3, "The reason says what is to be erased"),
        (("--entity", "pat", "--reason", " ", "--yes"), 3, "reason"),
        (("--again", *WHY), 2, "--again goes with --ledger"),
        (("--again",), 3, "ledger.ndjson: No such file"),
    ],
)
def test_what_cannot_be_done_is_refused_and_nothing_is_erased(
    erase: Run, database_url: str, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = erase(*arguments)
    assert (done.exit_code, said in done.output) == (code, True), done.output
    assert contents(database_url) == ALL


def test_an_author_who_is_not_known_and_a_company_have_nothing_to_erase(erase: Run, database_url: str) -> None:
    assert "There is nothing to erase." in erase("--author", "Nobody", *WHY, "--yes").output
    company = erase("--entity", "ant", *WHY, "--yes")
    assert "its names: it is a company" in company.output and "There is nothing to erase." in company.output
    assert contents(database_url) == ALL


def test_without_a_place_for_the_ledger_nothing_is_erased(on_database: Run, ledger: Path, database_url: str) -> None:
    erase = ("erase", "--entity", "pat", *WHY, "--yes")
    assert on_database(*erase).exit_code == 2
    closed = on_database(*erase, "--ledger", str(ledger.parent / "nowhere" / "ledger"))
    assert closed.exit_code == 3 and "Name another one with --ledger" in closed.output
    assert contents(database_url) == ALL


def test_what_the_ledger_holds_and_was_not_done_is_done_later(erase: Run, ledger: Path, database_url: str) -> None:
    with connect(database_url) as owner:
        owner.execute("ALTER FUNCTION log.erase RENAME TO away")
        cut_short = erase("--entity", "pat", *WHY, "--yes")
        owner.execute("ALTER FUNCTION log.away RENAME TO erase")
    assert cut_short.exit_code == 4 and contents(database_url) == ALL
    done = erase("--again")
    assert done.exit_code == 0 and "1 erasures in the ledger, 1 of them due: 2 texts erased again" in done.output
    assert len(contents(database_url)) == len(ALL) - 2
