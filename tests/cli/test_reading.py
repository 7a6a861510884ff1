"""`frenemies state`, `relation` and `timeline`, from the database and from a running service."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from events.values import Recorder
from frenemies import heeding
from service.bootstrap import build
from service.settings import Settings
from service.timeline.drafts import EntityDraft
from tests.cli.conftest import PROGRAM, ROOT, Run

PIPELINE = 'set -o pipefail; "$0" -c "$1" timeline openstack --json | head -c 1'
STATE = ("state", "red-hat", "--as-of", "2014-11-04")
RELATION = ("relation", "member_of", "vmware", "openstack-foundation", "--as-of", "2012-08-29")
TIMELINE = ("timeline", "mirantis", "--as-of", "2014-11-04")
Serve = Callable[[Settings], str]


def test_a_state_is_shown_as_tables(on_sample: Run) -> None:
    result = on_sample(*STATE)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("Red Hat  company red-hat\nas of 2014-11-04, recorded by position 259\n")
    for part in ("Relations", "relation", "status", "since", "says", "claims", "holds"):
        assert part in result.stdout


def test_a_state_as_json_is_the_answer_of_the_service(on_sample: Run, run: Run, service_at: Serve) -> None:
    local = json.loads(on_sample(*STATE, "--json").stdout)
    remote = json.loads(run(*STATE, "--json", "--url", service_at(Settings())).stdout)
    assert local == remote
    assert local["clocks"]["as_of"] == "2014-11-04"
    assert local["relations"]


@pytest.mark.parametrize("command", [STATE, RELATION, TIMELINE])
def test_a_running_service_gives_the_same_tables(
    on_sample: Run, run: Run, service_at: Serve, command: tuple[str]
) -> None:
    assert run(*command, FRENEMIES_URL=service_at(Settings())).stdout == on_sample(*command).stdout


def test_a_key_is_sent_to_the_service(run: Run, service_at: Serve) -> None:
    url = service_at(Settings(admin_key="open sesame"))
    assert run(*STATE, "--url", url, FRENEMIES_ADMIN_KEY="open sesame").exit_code == 0
    for given, wanted in ({}, "a key"), ({"FRENEMIES_ADMIN_KEY": "close"}, "another key"):
        for asked in ("--json",), ("--format", "jsonld"):
            refused = run(*STATE, *asked, "--url", url, **given)
            assert (refused.exit_code, refused.stdout) == (2, "")
            assert f"The service wants {wanted}: set FRENEMIES_KEY" in refused.stderr


def test_who_asks_too_often_waits_and_in_the_end_is_told(
    run: Run, service_at: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    pauses: list[float] = []
    monkeypatch.setattr(heeding.time, "sleep", pauses.append)
    url = service_at(Settings(admin_key="open sesame", rate=1))
    asked = {"FRENEMIES_KEY": "open sesame", "FRENEMIES_URL": url}
    assert run(*STATE, "--json", **asked).exit_code == 0
    for more in ("--json",), ("--format", "jsonld"):
        refused = run(*STATE, *more, **asked)
        assert (refused.exit_code, refused.stdout) == (4, "")
        assert "at most 1 requests with one key" in refused.stderr
    assert pauses == [60.0, 60.0]


def test_filters_are_handed_on(on_sample: Run) -> None:
    answer = json.loads(on_sample(*STATE, "--json", "--relation", "owns", "--status", "holds").stdout)
    assert {item["relation"] for item in answer["relations"]} <= {"owns"}
    ended = json.loads(on_sample(*STATE, "--json", "--include-ended").stdout)
    assert len(ended["relations"]) > len(answer["relations"])


def test_clocks_are_handed_on(on_sample: Run) -> None:
    clocks = ("--published-by", "2014-01-01", "--recorded-by", "100", "--according-to", "red-hat")
    answer = json.loads(on_sample(*STATE, "--json", *clocks).stdout)["clocks"]
    assert (answer["published_by"], answer["recorded_by"]["position"]) == ("2014-01-01", 100)
    assert answer["according_to"] == "red-hat"


def test_a_relation_is_shown_with_its_status_and_claims(on_sample: Run) -> None:
    result = on_sample(*RELATION)
    assert result.exit_code == 0, result.output
    assert "member_of  vmware > openstack-foundation" in result.stdout


def test_a_relation_that_nobody_speaks_of_is_unknown(on_sample: Run) -> None:
    result = on_sample("relation", "owns", "red-hat", "microsoft")
    assert result.exit_code == 0, result.output
    assert "unknown" in result.stdout


def test_contested_is_visible_without_colour(on_sample: Run) -> None:
    contested = [
        line
        for name in ("red-hat", "mirantis", "vmware")
        for line in on_sample("state", name, "--as-of", "2014-11-04").stdout.splitlines()
        if "contested" in line
    ]
    assert contested
    assert not [line for line in contested if "\x1b" in line]


def test_a_timeline_is_in_the_order_of_valid_time(on_sample: Run) -> None:
    claims = json.loads(on_sample(*TIMELINE, "--json").stdout)["claims"]
    latest = [claim["time"]["latest"] or "9999" for claim in claims]
    assert len(claims) > 5
    assert latest == sorted(latest)


def test_a_timeline_can_be_narrowed(on_sample: Run) -> None:
    narrowed = ("--type", "investment", "--from", "2013-01-01", "--to", "2014-12-31", "--limit", "2", "--json")
    claims = json.loads(on_sample(*TIMELINE, *narrowed).stdout)["claims"]
    assert len(claims) == 2
    assert {claim["type"] for claim in claims} == {"investment"}


def test_pages_are_put_together(on_sample: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = json.loads(on_sample(*STATE, "--json").stdout)
    monkeypatch.setattr("service.cli.source._PAGE", 2)
    paged = json.loads(on_sample(*STATE, "--json").stdout)
    for answer in (whole, paged):
        assert answer.pop("token") and answer.pop("state_hash"), "they are those of the first page"
        for items in (answer["stances"], *answer["profile"].values()):
            items.sort(key=str)
    assert paged == whole


@pytest.mark.case(number=78)
@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("state", "nobody-knows"), 3, "nobody-knows"),
        (("state", "red-hat", "--as-of", "tomorrow"), 2, "tomorrow"),
        (("state", "red-hat", "--as-of", "2014-02-30"), 2, "2014-02-30"),
        (("state", "red-hat", "--status", "married"), 2, ""),
        (("state", "red-hat", "--nonsense"), 2, "--nonsense"),
        (("state",), 2, "ENTITY"),
        (("relation", "loves", "red-hat", "suse"), 3, "loves"),
        (("timeline", "red-hat", "--limit", "0"), 2, "--limit"),
        (("state", "red-hat", "--recorded-by", "99999"), 2, "99999"),
    ],
)
def test_case_78_a_wrong_question_is_answered_with_a_reason(
    on_sample: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    """CLI: unknown option, date "tomorrow": exit 2, no traceback."""
    result = on_sample(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr


def test_no_service_at_the_address_is_code_4(run: Run) -> None:
    result = run(*STATE, "--url", "http://127.0.0.1:1")
    assert (result.exit_code, result.stdout) == (4, "")
    assert "http://127.0.0.1:1" in result.stderr


def test_no_database_is_code_4(run: Run) -> None:
    result = run(*STATE, "--database-url", "postgresql:///x?host=/nowhere")
    assert (result.exit_code, result.stdout) == (4, "")


def test_a_database_without_the_schema_says_what_to_do(run: Run, empty_database_url: str) -> None:
    result = run(*STATE, "--database-url", empty_database_url)
    assert result.exit_code == 4
    assert "frenemies migrate" in result.stderr


def test_an_address_that_is_none_is_wrong_usage(run: Run) -> None:
    assert run(*STATE, "--url", "ftp://example.org").exit_code == 2


def test_nothing_recorded_yet_says_where_to_start(run: Run) -> None:
    result = run(*STATE)
    assert result.exit_code == 4
    assert "frenemies demo" in result.stderr


def test_two_places_at_once_are_wrong_usage(run: Run, tmp_path: Path) -> None:
    result = run(*STATE, "--url", "http://127.0.0.1:1", "--data", str(tmp_path))
    assert result.exit_code == 2
    assert "cannot be given together" in result.stderr


def test_the_command_line_goes_before_the_environment(on_sample: Run) -> None:
    assert on_sample(*STATE, FRENEMIES_URL="http://127.0.0.1:1").exit_code == 4
    assert on_sample(*STATE, "--database-url", "postgresql:///x?host=/nowhere").exit_code == 4


def test_what_was_just_recorded_is_seen_without_a_projector(on_database: Run, database_url: str) -> None:
    services = build(Settings(), database_url)
    services.timeline.record([EntityDraft("alpha", "company", "Alpha")], recorder=Recorder("local"))
    services.close()
    assert on_database("state", "alpha").stdout.startswith("Alpha  company alpha\n")


@pytest.mark.case(number=64)
def test_case_64_escapes_in_data_reach_no_terminal(on_database: Run, tmp_path: Path) -> None:
    """ANSI/OSC escapes in CLI output: printed as \\x1b."""
    file = tmp_path / "hostile.ndjson"
    article = {"record": "article", "url": "https://example.org/a", "title": "A", "publisher": "p", "language": "en"}
    claim = {
        "record": "claim", "article": "https://example.org/a", "type": "product",
        "participants": [{"role": "producer", "entity": "alpha"}, {"role": "product", "entity": "beta"}],
        "attributes": {"stage": "released"}, "asserted_by": {"kind": "author"}, "modality": "done",
        "polarity": "positive", "time": {"kind": "instant", "edtf": "2013"},
        "evidence": {"summary": "\x1b]0;owned\x07 \x1b[2Jgone"},
    }  # fmt: skip
    records = [
        {"record": "entity", "id": "alpha", "kind": "company", "name": "Alpha"},
        {"record": "entity", "id": "beta", "kind": "product", "name": "Beta"},
        article | {"published": "2014-01-01"},
        claim,
    ]
    file.write_text("".join(json.dumps(record) + "\n" for record in records))
    imported = on_database("import", str(file))
    for command in (("timeline", "alpha"), ("timeline", "alpha", "--json"), ("state", "alpha")):
        shown = on_database(*command).output
        assert "\x1b" not in shown
        assert "\x07" not in shown
    if imported.exit_code == 0:
        assert r"\x1b[2Jgone" in on_database("timeline", "alpha").stdout


def _as_program(*arguments: str, **environment: str) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        check=False,
        timeout=60,
    )


@pytest.mark.case(number=78)
@pytest.mark.parametrize("locale", ["C", "POSIX", "en_US.ISO-8859-1"])
def test_case_78_utf_8_is_written_in_any_locale(on_database: Run, database_url: str, locale: str) -> None:
    """LANG=C: UTF-8 out, no traceback."""
    record = {"record": "entity", "id": "skoda", "kind": "company", "name": "Škoda"}
    on_database("import", "-", input=json.dumps(record))
    done = _as_program(
        "state", "skoda", DATABASE_URL=database_url, LC_ALL=locale, PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith("Škoda  company skoda\n")


def test_a_reader_that_leaves_early_is_no_error(sample_url: str) -> None:
    done = subprocess.run(
        [
            "/bin/bash",
            "-c",
            'set -o pipefail; "$0" -c "$1" timeline openstack --json | head -c 1',
            sys.executable,
            PROGRAM,
        ],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "DATABASE_URL": sample_url},
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, b"{", b"")
