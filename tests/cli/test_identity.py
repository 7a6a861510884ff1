"""Names of the day, merges and lineage in the tables of the command line."""

from __future__ import annotations

import json

import pytest

from tests.cli.conftest import Run, projected

NEWS = "https://example.org/split"
PARTIES = {"split": (("subject", "hp"), ("successor", "hpe")), "partners": (("partner", "h-p"), ("partner", "hpe"))}


def claim(ref: str, type: str, **attributes: str) -> dict[str, object]:
    participants = [{"role": role, "entity": entity} for role, entity in PARTIES[ref]]
    return {
        "record": "claim", "ref": ref, "article": NEWS, "type": type, "participants": participants,
        "attributes": attributes, "asserted_by": {"kind": "author"}, "modality": "done", "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2015-11-01"}, "evidence": {"summary": "It says so."},
    }  # fmt: skip


STORY = [
    *({"record": "entity", "id": name, "kind": "company", "name": name.upper()} for name in ("hp", "hpe", "h-p")),
    {"record": "article", "url": NEWS, "title": "S", "publisher": "p", "language": "en", "published": "2015-11-02"},
    claim("split", "organization", stage="split"),
    claim("partners", "partnership"),
    {"record": "rename", "of": "hp", "name": "HP Inc.", "since": "2015-11-01"},
    {"record": "merge", "of": "h-p", "into": "hp", "reason": "two spellings"},
]


@pytest.fixture(name="on_story")
def _on_story(on_database: Run, database_url: str) -> Run:
    """The command line on a company that was split, renamed, and had two records."""
    on_database("import", "-", input="".join(json.dumps(record) + "\n" for record in STORY))
    with projected(database_url):
        return on_database


def test_a_state_begins_with_the_name_of_the_day(on_story: Run) -> None:
    assert on_story("state", "hp", "--as-of", "2015-10-31").stdout.startswith("HP  company hp\n")
    assert on_story("state", "hp", "--as-of", "2015-11-01").stdout.startswith("HP Inc.  company hp\n")


def test_it_is_said_that_another_entity_answers(on_story: Run) -> None:
    said = "h-p was merged: this is the answer for hp\n"
    for asked in (("state", "h-p"), ("timeline", "h-p"), ("relation", "partner_of", "h-p", "hpe")):
        assert said in on_story(*asked, "--as-of", "2015-11-01").stdout
    assert "was merged" not in on_story("state", "hp").stdout


def test_the_lineage_is_a_table(on_story: Run) -> None:
    shown = on_story("state", "hp", "--as-of", "2015-11-01").stdout.split("Lineage\n")[1]
    assert shown.splitlines()[1].split() == ["into", "hpe", "split", "holds", "2015-11-01", "author", "split"]
    assert "from  hp" in on_story("state", "hpe", "--as-of", "2015-11-01").stdout
