"""Writes frenemies.json, the dashboard: `make docs`. A test compares them, and looks up every metric."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

FILE = Path(__file__).with_name("frenemies.json")
SOURCE = {"type": "prometheus", "uid": "${source}"}
ACROSS, WIDTH, HEIGHT = 24, 8, 8
BY = 'instance=~"$instance"'


class Panel(NamedTuple):
    """One picture: queries with what their lines are called, and a unit of Grafana."""

    title: str
    about: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    kind: str = "timeseries"


def _quantile(share: float, metric: str) -> str:
    return f"histogram_quantile({share}, sum by (le) (rate({metric}_bucket{{{BY}}}[5m])))"


ROWS: tuple[tuple[str, tuple[Panel, ...]], ...] = (
    (
        "At a glance",
        (
            Panel("Database", "Whether PostgreSQL answers.", "bool_on_off",
                  ((f"min(frenemies_database_up{{{BY}}})", "up"),), "stat"),
            Panel("Lag of the read side", "How old answers are.", "s",
                  ((f"max(frenemies_projection_lag_seconds{{{BY}}})", "lag"),), "stat"),
            Panel("Parked", "Streams, and deliveries, that wait for somebody to decide.", "short",
                  ((f"sum(frenemies_projection_parked{{{BY}}})", "streams"),
                   (f"sum(frenemies_deliveries_parked{{{BY}}})", "deliveries")), "stat"),
        ),
    ),
    (
        "Requests",
        (
            Panel("Requests", "Each second, by status.", "reqps",
                  ((f"sum by (status) (rate(frenemies_request_seconds_count{{{BY}}}[5m]))", "{{status}}"),)),
            Panel("Duration", "Until the answer begins.", "s",
                  ((_quantile(0.5, "frenemies_request_seconds"), "half"),
                   (_quantile(0.99, "frenemies_request_seconds"), "99%"))),
            Panel("Slowest routes", "99% of the requests to a route take less.", "s",
                  (("topk(8, histogram_quantile(0.99, sum by (le, route)"
                    f" (rate(frenemies_request_seconds_bucket{{{BY}}}[5m]))))", "{{route}}"),)),
        ),
    ),
    (
        "Appends",
        (
            Panel("Appends", "Each second, by what came of them.", "ops",
                  ((f"sum by (outcome) (rate(frenemies_append_seconds_count{{{BY}}}[5m]))", "{{outcome}}"),
                   (f"sum(rate(frenemies_events_appended_total{{{BY}}}[5m]))", "events"))),
            Panel("Duration", "Of an append, and of the statement that many may share.", "s",
                  ((_quantile(0.99, "frenemies_append_seconds"), "append 99%"),
                   (_quantile(0.99, "frenemies_flush_seconds"), "flush 99%"))),
            Panel("The lock of the log", "How long it is waited for, and held.", "s",
                  ((f"max(frenemies_append_lock_wait_seconds{{{BY}}})", "longest wait"),
                   (f"max(frenemies_append_lock_held_seconds{{{BY}}})", "held"))),
        ),
    ),
    (
        "Read side and log",
        (
            Panel("Lag in events", "By projection.", "short",
                  ((f"max by (projection) (frenemies_projection_lag_events{{{BY}}})", "{{projection}}"),)),
            Panel("Lag in seconds", "Age of the first event not handled; of follower, replica, checkpoints.", "s",
                  ((f"max by (projection) (frenemies_projection_lag_seconds{{{BY}}})", "{{projection}}"),
                   (f"max(frenemies_following_lag_seconds{{{BY}}})", "behind the leader"),
                   (f"max(frenemies_followers_lag_seconds{{{BY}}})", "the last follower"),
                   (f"max(frenemies_replica_lag_seconds{{{BY}}})", "replica behind the primary"),
                   (f"max(frenemies_log_unsigned_seconds{{{BY}}})", "without a checkpoint"))),
            Panel("Rebuild", "How much of the phase is done.", "percentunit",
                  ((f"frenemies_rebuild_done{{{BY}}} / frenemies_rebuild_total{{{BY}}}", "{{projection}} {{phase}}"),)),
        ),
    ),
    (
        "Feed and webhooks",
        (
            Panel("Streams", "Open ones, and how many may be.", "short",
                  ((f"sum(frenemies_streams{{{BY}}})", "open"), (f"sum(frenemies_streams_limit{{{BY}}})", "limit"))),
            Panel("Handed on", "Events each second, and streams cut off.", "ops",
                  ((f"sum(rate(frenemies_feed_events_total{{{BY}}}[5m]))", "events"),
                   (f"sum(rate(frenemies_streams_cut_total{{{BY}}}[5m]))", "cut off"),
                   (f"sum by (status) (rate(frenemies_feed_answers_total{{{BY}}}[5m]))", "answers {{status}}"))),
            Panel("Deliveries", "Attempts each second by result, and how many events wait.", "short",
                  ((f"sum by (result) (rate(frenemies_delivery_seconds_count{{{BY}}}[5m]))", "{{result}}"),
                   (f"sum(frenemies_deliveries_pending{{{BY}}})", "waiting"),
                   (f"sum(frenemies_deliveries_leased{{{BY}}})", "leased"),
                   (f"max(frenemies_deliveries_overdue_seconds{{{BY}}})", "overdue, seconds"))),
        ),
    ),
    (
        "Database and processes",
        (
            Panel("Connections", "In use and waited for, by pool; sessions of the server.", "short",
                  ((f"sum by (pool) (frenemies_connections_in_use{{{BY}}})", "{{pool}}"),
                   (f"sum by (pool) (frenemies_connections_awaited{{{BY}}})", "{{pool}} awaited"),
                   (f"max(frenemies_database_sessions{{{BY}}})", "sessions"),
                   (f"max(frenemies_database_sessions_limit{{{BY}}})", "limit"))),
            Panel("Size", "Of the database.", "bytes", ((f"max(frenemies_database_bytes{{{BY}}})", "size"),)),
            Panel("Starts", "Of processes, in an hour.", "short",
                  ((f"sum by (process) (increase(frenemies_process_starts_total{{{BY}}}[1h]))", "{{process}}"),)),
        ),
    ),
)  # fmt: skip


def dashboard() -> dict[str, Any]:
    """What Grafana imports."""
    panels: list[dict[str, Any]] = []
    top = 0
    for title, row in ROWS:
        panels.append({"id": len(panels) + 1, "type": "row", "title": title, "collapsed": False, "panels": [],
                       "gridPos": {"x": 0, "y": top, "w": ACROSS, "h": 1}})  # fmt: skip
        for place, panel in enumerate(row):
            panels.append(_panel(panel, len(panels) + 1, place * WIDTH, top + 1))
        top += 1 + HEIGHT
    return {
        "uid": "frenemies",
        "title": "Frenemies",
        "description": "What an operator looks at; docs/runbook says what to do.",
        "tags": ["frenemies"],
        "schemaVersion": 39,
        "editable": True,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timezone": "",
        "templating": {"list": [_source(), _instance()]},
        "panels": panels,
    }


def _panel(panel: Panel, number: int, x: int, y: int) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + place), "datasource": SOURCE, "expr": query, "legendFormat": legend, "range": True}
        for place, (query, legend) in enumerate(panel.queries)
    ]
    return {
        "id": number,
        "type": panel.kind,
        "title": panel.title,
        "description": panel.about,
        "datasource": SOURCE,
        "gridPos": {"x": x, "y": y, "w": WIDTH, "h": HEIGHT},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {},
        "targets": targets,
    }


def _source() -> dict[str, Any]:
    return {"name": "source", "type": "datasource", "query": "prometheus", "label": "Prometheus"}


def _instance() -> dict[str, Any]:
    query = "label_values(frenemies_build_info, instance)"
    return {
        "name": "instance", "type": "query", "datasource": SOURCE, "query": query, "refresh": 2,
        "multi": True, "includeAll": True, "allValue": ".*", "current": {"text": ["All"], "value": ["$__all"]},
    }  # fmt: skip


def text() -> str:
    """The file."""
    return json.dumps(dashboard(), indent=1) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
