"""`frenemies beliefs`, from the database and from a running service."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from service.settings import Settings
from tests.cli.conftest import Run

VOTE = ("beliefs", "vmware", "--kind", "vote")
MEMBER = ("beliefs", "--relation", "member_of/vmware/openstack-foundation")
Serve = Callable[[Settings], str]


def lines_of(output: str, text: str) -> list[str]:
    return [line for line in output.splitlines() if text in line]


def test_belief_changes_are_shown_as_a_table_with_what_did_it(on_sample: Run) -> None:
    result = on_sample(*VOTE)
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("up to position 259\n")
    (header,) = lines_of(result.stdout, "because of")
    for column in ("position", "recorded", "what", "days", "before", "after"):
        assert column in header
    (planned,) = lines_of(result.stdout, " - ")[1:2]
    assert planned.index("2012-08-27 to 2012-08-28") < planned.index(" - ") < planned.index("scheduled, due 2012-08-28")
    first = lines_of(result.stdout, "to 2012-08-26")[0]
    assert first.startswith("107 ") and " unknown " in first and first.endswith("004-04")
    assert lines_of(result.stdout, "the same but ")


def test_evidence_is_shown_on_demand_and_the_log_can_be_cut(on_sample: Run) -> None:
    few, all_of_them = (on_sample(*MEMBER, *more).stdout for more in ((), ("--evidence",)))
    assert len(few.splitlines()) < len(all_of_them.splitlines())
    assert not lines_of(on_sample(*MEMBER, "--after", "107").stdout, "104 ")
    assert lines_of(on_sample(*MEMBER, "--until", "107").stdout, "104 ")
    assert on_sample(*MEMBER, "--until", "103").stdout.endswith(
        "Nothing that was believed has become something else.\n"
    )


def test_belief_changes_as_json_are_the_answer_of_the_service(on_sample: Run, run: Run, service_at: Serve) -> None:
    local = json.loads(on_sample(*VOTE, "--json").stdout)
    remote = json.loads(run(*VOTE, "--json", "--url", service_at(Settings())).stdout)
    assert local == remote and local["beliefs"]
    matter = local["beliefs"][0]["matter"]
    assert json.loads(on_sample("beliefs", "--matter", matter, "--json").stdout)["beliefs"]


def test_pages_are_put_together(on_sample: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = json.loads(on_sample(*MEMBER, "--json").stdout)
    monkeypatch.setattr("service.cli.source._PAGE", 4)
    found = json.loads(on_sample(*MEMBER, "--json").stdout)
    assert [p for c in found["beliefs"] for p in c["periods"]] == [p for c in whole["beliefs"] for p in c["periods"]]
    assert found["refs"] == whole["refs"]
    assert len(json.loads(on_sample(*MEMBER, "--json", "--limit", "2").stdout)["beliefs"]) == 2


def test_a_merge_and_a_retraction_are_told(on_sample: Run) -> None:
    told = [
        {"record": "retraction", "of": "000-09", "reason": "not in the text"},
        {"record": "entity", "id": "e-novance", "kind": "company", "name": "eNovance"},
        {"record": "merge", "of": "enovance", "into": "e-novance", "reason": "the same"},
    ]
    assert on_sample("import", "-", input="\n".join(map(json.dumps, told))).exit_code == 0
    shown = on_sample("beliefs", "enovance", "--after", "259").stdout
    assert "enovance was merged: this is told with e-novance\n" in shown
    assert lines_of(shown, "owns  red-hat > enovance")[0].endswith("000-09 (retracted)")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("beliefs", "nobody-knows"), 3, "nobody-knows"),
        (("beliefs", "vmware", "--relation", "owns/red-hat/enovance"), 2, "relation"),
        (("beliefs", "--relation", "owns"), 2, "relation"),
        (("beliefs", "--kind", "money"), 2, "kind"),
        (("beliefs", "--after", "99999"), 2, "99999"),
        (("beliefs", "--until", "yesterday"), 2, "yesterday"),
    ],
)
def test_a_wrong_question_is_answered_with_a_reason(
    on_sample: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    result = on_sample(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr
