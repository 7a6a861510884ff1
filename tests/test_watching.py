"""Alerts, dashboard and runbook: they speak of metrics, pages and commands that there are."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser as promql
import pytest
import yaml
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.cog.plugins import register_default_plugins
from grafana_foundation_sdk.models.dashboard import Dashboard

from service import metrics
from service.cli import cli

ROOT = Path(__file__).parents[1]
RUNBOOK = ROOT / "docs" / "runbook"
PAGES = {page.stem: page.read_text() for page in sorted(RUNBOOK.glob("*.md")) if page.name != "README.md"}
RULES: list[dict[str, Any]] = yaml.safe_load((ROOT / "ops/prometheus/alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARD: dict[str, Any] = json.loads((ROOT / "ops/grafana/frenemies.json").read_text())
SECTIONS = ["What it means", "What users notice", "How to look", "What to do", "How to know that it is over"]
OF_PROMETHEUS = {"up": {"job", "instance"}}
"""What it tells of each that it asks."""


def told() -> dict[str, set[str]]:
    """Every series that the service tells, with its labels."""
    found: dict[str, set[str]] = {}
    for name, kind, labels, _ in metrics.described():
        parts = ("_bucket", "_count", "_sum") if kind == "histogram" else ("",)
        for part in parts:
            found[name + part] = {*labels, "instance", "job", *(["le"] if part == "_bucket" else [])}
    return found | OF_PROMETHEUS


TOLD = told()


def series(node: Any) -> Iterator[tuple[str, set[str]]]:
    """The series in an expression, each with the labels that are asked of it."""
    if isinstance(node, promql.VectorSelector):
        yield node.name, {matcher.name for matcher in node.matchers.matchers}
        return
    if isinstance(node, promql.MatrixSelector):
        yield from series(node.vector_selector)
        return
    by = set(node.modifier.labels) if isinstance(node, promql.AggregateExpr) and node.modifier else set()
    children = [getattr(node, name, None) for name in ("lhs", "rhs", "expr")] + list(getattr(node, "args", []))
    for child in children:
        if child is not None:
            for name, labels in series(child):
                yield name, labels | by


def faults(expression: str) -> list[str]:
    """What an expression asks for that is not told."""
    found = list(series(promql.parse(expression)))
    assert found, expression
    unknown = [name for name, _ in found if name not in TOLD]
    return unknown + [
        f"{name}: {labels - TOLD[name]}" for name, labels in found if name in TOLD and labels - TOLD[name]
    ]


def queries() -> list[str]:
    return [target["expr"] for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


def test_an_expression_with_a_wrong_name_or_label_is_noticed() -> None:
    assert faults("sum by (color) (rate(frenemies_no_such_total[5m]))") == ["frenemies_no_such_total"]
    assert faults("max by (color) (frenemies_log_head) > 1") == ["frenemies_log_head: {'color'}"]
    assert faults('frenemies_streams{color="x"}') == ["frenemies_streams: {'color'}"]
    assert faults("rate(frenemies_request_seconds[5m])") == ["frenemies_request_seconds"]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_is_about_what_is_told_and_leads_to_a_page(rule: dict[str, Any]) -> None:
    assert not faults(rule["expr"])
    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"]
    page = rule["annotations"]["runbook_url"]
    assert page == f"docs/runbook/{Path(page).stem}.md"
    assert f"`{rule['alert']}`, {rule['labels']['severity']}" in PAGES[Path(page).stem]
    assert f"[{rule['alert']}]({Path(page).name})" in (RUNBOOK / "README.md").read_text()


def test_every_page_belongs_to_an_alert() -> None:
    assert set(PAGES) == {Path(rule["annotations"]["runbook_url"]).stem for rule in RULES}


@pytest.mark.parametrize("page", PAGES)
def test_a_page_says_all_that_somebody_needs_who_was_woken(page: str) -> None:
    text = PAGES[page]
    assert re.findall("^## (.*)$", text, re.MULTILINE) == SECTIONS
    assert not re.search(r"^## .*\n\s*(##|\Z)", text, re.MULTILINE)
    named = set(re.findall(r"`frenemies ([a-z]+)", text))
    assert named <= set(cli.commands), named - set(cli.commands)
    for group, command in re.findall(r"`frenemies (project|subscriptions) ([a-z]+)", text):
        assert command in cli.commands[group].commands  # type: ignore[attr-defined]
    assert not {name for name in re.findall(r"frenemies_[a-z_]+", text) if name not in TOLD and not is_whole(name)}


def is_whole(name: str) -> bool:
    """Of a histogram all of it may be meant."""
    return f"{name}_count" in TOLD


@pytest.mark.parametrize("page", PAGES)
def test_expressions_of_a_page_can_be_asked(page: str) -> None:
    for expression in re.findall(r"`([^`]*frenemies_[a-z_]+[^`]*[)\]][^`]*)`", PAGES[page]):
        assert not faults(expression), expression


def test_lines_of_the_log_that_pages_speak_of_are_logged() -> None:
    sources = "".join(path.read_text() for path in (ROOT / "service").rglob("*.py"))
    told_lines = (
        "ended by itself", "event parked", "following failed", "interrupted", "metrics are off", "not served",
        "nothing is relayed", "relaying was interrupted", "the log cannot be followed", "unexpected error",
    )  # fmt: skip
    named = {line for line in told_lines if any(f"`{line}`" in text for text in PAGES.values())}
    assert named == set(told_lines)
    assert not [line for line in told_lines if f'"{line}' not in sources]


def test_every_query_of_the_dashboard_is_about_what_is_told() -> None:
    assert len(queries()) > 30
    assert not [fault for query in queries() for fault in faults(query)]


def test_the_dashboard_shows_what_alerts_are_about() -> None:
    shown = {name for query in queries() for name, _ in series(promql.parse(query))}
    alarming = {name for rule in RULES for name, _ in series(promql.parse(rule["expr"]))} - set(OF_PROMETHEUS)
    assert alarming - shown <= {
        "frenemies_log_head", "frenemies_feed_position", "frenemies_projection_built", "frenemies_following_halted",
        "frenemies_replica_used",
        "frenemies_relay_position",
    }  # fmt: skip


def test_the_dashboard_is_one_that_grafana_understands_to_the_last_field() -> None:
    register_default_plugins()
    understood = json.loads(JSONEncoder(sort_keys=True).encode(Dashboard.from_json(DASHBOARD)))
    assert list(lost(DASHBOARD, understood)) == []


def lost(given: Any, found: Any, place: str = "") -> Iterator[str]:
    """Where something given is not found again."""
    if isinstance(given, dict):
        for name, value in given.items():
            yield from lost(value, found.get(name), f"{place}/{name}") if name in found else [f"{place}/{name}"]
    elif isinstance(given, list):
        yield from [] if len(given) == len(found) else [place]
        for number, (one, other) in enumerate(zip(given, found, strict=False)):
            yield from lost(one, other, f"{place}/{number}")
    elif given != found:
        yield place


def test_panels_have_places_and_numbers_of_their_own() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
    assert len(set(taken)) == len(taken)
    assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)


def test_the_dashboard_is_that_of_the_code() -> None:
    spec = importlib.util.spec_from_file_location("dashboard", ROOT / "ops/grafana/generate.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.text() == (ROOT / "ops/grafana/frenemies.json").read_text(), "run: make docs"


def test_prometheus_and_grafana_of_compose_find_each_other_and_the_service() -> None:
    scraped = yaml.safe_load((ROOT / "ops/prometheus/prometheus.yaml").read_text())
    (job,) = scraped["scrape_configs"]
    assert (job["job_name"], job["static_configs"]) == ("frenemies", [{"targets": ["frenemies:9464"]}])
    folder = ROOT / "ops/grafana/provisioning"
    (source,) = yaml.safe_load((folder / "datasources/prometheus.yaml").read_text())["datasources"]
    (provider,) = yaml.safe_load((folder / "dashboards/frenemies.yaml").read_text())["providers"]
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text())["services"]
    assert source["url"] == "http://prometheus:9090" and "prometheus" in compose
    mounted = [volume.split(":")[1] for volume in compose["grafana"]["volumes"]]
    assert f"{provider['options']['path']}/frenemies.json" in mounted
    assert scraped["rule_files"][0] in [volume.split(":")[1] for volume in compose["prometheus"]["volumes"]]
