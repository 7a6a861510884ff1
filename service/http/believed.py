"""Belief changes to answers. No web framework: the feed process tells of them as well."""

from __future__ import annotations

from events.belief_changes import Period
from events.temporal import format_day
from service.http.items import shown
from service.http.plain import Answer
from service.timeline.beliefs import BeliefChange


def told(change: BeliefChange) -> Answer:
    """A belief change, with the periods that it comes with."""
    return {
        "position": change.position,
        "recorded_at": change.recorded_at,
        "matter": change.matter,
        "kind": change.kind,
        "about": change.about,
        "first": change.is_first,
        "kept": {"before": change.was_kept, "after": change.is_kept},
        "cause": change.cause._asdict(),
        "periods": [_period(period) for period in change.periods],
        "period_count": change.period_count,
    }


def _period(period: Period) -> Answer:
    change = period.change
    return {
        "from": format_day(period.since),
        "to": format_day(period.until),
        "kind": change.subject.kind,
        "key": change.subject.key,
        "before": shown(change.subject, change.before),
        "after": shown(change.subject, change.after),
        "changed": change.changed,
        "evidence_changed": period.is_evidence,
    }
