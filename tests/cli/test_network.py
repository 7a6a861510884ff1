"""`frenemies network`, `path` and `frenemies`, from the database and from a running service."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from service.settings import Settings
from tests.cli.conftest import Run

DAY = ("--as-of", "2014-11-04")
NETWORK = ("network", *DAY)
AROUND = ("network", "--center", "mirantis", "--depth", "2", *DAY)
AMONG = ("network", "--entities", "red-hat,mirantis,vmware", *DAY)
PATH = ("path", "mirantis", "microsoft", "--as-of", "2015-12-01")
FRENEMIES = ("frenemies", *DAY)
Serve = Callable[[Settings], str]


@pytest.mark.parametrize("command", [NETWORK, AROUND, AMONG, PATH, FRENEMIES], ids=" ".join)
def test_a_running_service_gives_the_same_tables_and_the_same_json(
    on_sample: Run, run: Run, service_at: Serve, command: tuple[str, ...]
) -> None:
    url = service_at(Settings())
    local = on_sample(*command)
    assert (local.exit_code, local.stderr) == (0, "")
    assert run(*command, "--url", url).stdout == local.stdout
    assert json.loads(run(*command, "--json", FRENEMIES_URL=url).stdout) == json.loads(
        on_sample(*command, "--json").stdout
    )


def test_the_network_is_shown_as_a_table(on_sample: Run) -> None:
    shown = on_sample(*NETWORK).stdout
    assert shown.startswith("as of 2014-11-04, recorded by position 259\n41 entities, 45 relations\n")
    assert "investor_of  red-hat > mirantis" in shown


def test_a_neighbourhood_and_a_part_are_smaller(on_sample: Run) -> None:
    counts = [on_sample(*command).stdout.splitlines()[1] for command in (NETWORK, AROUND, AMONG)]
    assert counts == ["41 entities, 45 relations", "25 entities, 34 relations", "3 entities, 4 relations"]


def test_filters_and_clocks_are_handed_on(on_sample: Run) -> None:
    owned = json.loads(on_sample(*NETWORK, "--relation", "owns", "--status", "holds", "--json").stdout)
    assert {edge["relation"] for edge in owned["edges"]} == {"owns"}
    ended = json.loads(on_sample(*NETWORK, "--include-ended", "--json").stdout)
    assert len(ended["edges"]) > 45
    clocks = json.loads(on_sample(*FRENEMIES, "--published-by", "2014-01-01", "--recorded-by", "100", "--json").stdout)
    assert (clocks["clocks"]["published_by"], clocks["position"]) == ("2014-01-01", 100)


def test_pages_are_put_together(on_sample: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = {command: on_sample(*command, "--json").stdout for command in (NETWORK, AROUND, FRENEMIES)}
    monkeypatch.setattr("service.cli.source._PAGE", 2)
    for command, expected in whole.items():
        found = json.loads(on_sample(*command, "--json").stdout)
        for name in ("nodes", "names", "refs", "edges", "pairs"):
            assert found.get(name) == json.loads(expected).get(name), name


def test_a_path_is_shown_with_the_relations_on_it(on_sample: Run) -> None:
    shown = on_sample(*PATH).stdout
    assert "mirantis - canonical - microsoft\n" in shown
    assert "partner_of  canonical - mirantis" in shown


def test_a_path_that_is_not_there_is_said_so(on_sample: Run) -> None:
    result = on_sample("path", "vmware", "enovance", "--relation", "owns", *DAY)
    assert result.exit_code == 0
    assert "No way of at most six relations leads from vmware to enovance on this day." in result.stdout


def test_frenemies_are_shown_with_both_sides(on_sample: Run) -> None:
    shown = on_sample(*FRENEMIES, "--entity", "red-hat").stdout
    assert "mirantis and red-hat" in shown and "openstack and vmware" not in shown
    lines = [line.split() for line in shown.split("mirantis and red-hat")[1].splitlines()]
    assert ["cooperate", "investor_of", "red-hat", ">", "mirantis", "holds"] in [line[:6] for line in lines]
    assert ["oppose", "agreement_with", "mirantis", "-", "red-hat", "holds", "contested"] in [
        line[:7] for line in lines
    ]


def test_stances_are_shown_with_who_takes_them(on_sample: Run) -> None:
    shown = on_sample(*FRENEMIES, "--entity", "vmware").stdout
    assert "hostile  vmware > openstack" in shown


def test_nobody_is_a_frenemy_where_nothing_is_known(on_sample: Run) -> None:
    assert "Nobody" in on_sample("frenemies", "--recorded-by", "0").stdout


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (("network", "--center", "nobody-knows"), 3, "nobody-knows"),
        (("network", "--center", "red-hat", "--depth", "4"), 2, "/depth"),
        (("network", "--depth", "2"), 2, "center"),
        (("network", "--center", "red-hat", "--entities", "mirantis"), 2, "center"),
        (("network", "--status", "married"), 2, "status"),
        (("path", "red-hat"), 2, "TO"),
        (("path", "red-hat", "nobody-knows"), 3, "nobody-knows"),
        (("frenemies", "--entity", "No Id"), 2, "/entity"),
        (("frenemies", "--as-of", "tomorrow"), 2, "tomorrow"),
    ],
)
def test_a_wrong_question_is_answered_with_a_reason(
    on_sample: Run, arguments: tuple[str, ...], code: int, says: str
) -> None:
    result = on_sample(*arguments)
    assert (result.exit_code, result.stdout) == (code, "")
    assert says in result.stderr
    assert "Traceback" not in result.stderr
