"""Pitfalls of other event stores, by their numbers, as a client meets them: late records behind caches, and zones."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone

import pytest

from tests.http.conftest import Service

STATE = "/v1/entities/vmware/state"
RELATION = "/v1/relations/partner_of/mirantis/red-hat"
CHANGES = "/v1/entities/mirantis/changes"
NETWORK = "/v1/network"
DAY = "2014-06-01"


def partners(ref: str, edtf: str, **changes: object) -> dict[str, object]:
    ends = [{"role": "partner", "entity": entity} for entity in ("red-hat", "mirantis")]
    return {
        "type": "partnership",
        "participants": ends,
        "ref": ref,
        "time": {"kind": "instant", "edtf": edtf},
        **changes,
    }


def test_pitfall_8_a_backdated_claim_is_seen_behind_every_cache_and_by_no_closed_answer(own_service: Service) -> None:
    own_service.claim(**partners("a", "2013"))
    head = str(own_service.timeline.head())
    questions = [
        (RELATION, {"as_of": DAY}),
        (STATE.replace("vmware", "mirantis"), {"as_of": DAY}),
        (NETWORK, {"as_of": DAY}),
    ]
    questions.append((CHANGES, {"from": "2010-01-01", "to": DAY}))
    before = [own_service.get(path, **asked) for path, asked in questions]
    closed = [own_service.get(path, recorded_by=head, **asked) for path, asked in questions]
    own_service.claim(**partners("b", "2011"))
    for (path, asked), old, kept in zip(questions, before, closed, strict=True):
        fresh = own_service.get(path, headers={"If_None_Match": old.headers["ETag"]}, **asked)
        assert fresh.status_code == 200 and fresh.json["state_hash"] != old.json["state_hash"]
        again = own_service.get(path, token=old.json["token"])
        assert again.json["token_check"]["status"] == "same" and again.json["state_hash"] == old.json["state_hash"]
        assert own_service.get(path, recorded_by=head, **asked).data == kept.data


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Etc/GMT+12"])
def test_pitfall_10_the_zone_of_the_process_changes_no_answer(
    own_service: Service, zone: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the two zones there is always one whose today is another day than that of UTC."""
    own_service.claim(**partners("a", "2013"))
    own_service.catch_up()
    position = own_service.timeline.head()
    recorded_at = own_service.timeline.clocks(recorded_by=str(position)).recorded_at
    assert recorded_at is not None and recorded_at.utcoffset() == timedelta()
    expected = own_service.get(RELATION, as_of=DAY, recorded_by=recorded_at.isoformat())
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        days = {datetime.now(UTC).date().isoformat()}
        today = own_service.get(RELATION).json["clocks"]["as_of"]
        assert today in days | {datetime.now(UTC).date().isoformat()}
        assert own_service.get(RELATION, as_of=DAY, recorded_by=recorded_at.isoformat()).data == expected.data
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("hours", [-12, -5, 0, 1, 14])
def test_pitfall_10_an_instant_is_the_same_position_in_every_zone_and_a_microsecond_before_it_is_not(
    service: Service, hours: int
) -> None:
    service.claim(**partners("c", "2012"))
    service.catch_up()
    position = service.timeline.head()
    recorded_at = service.timeline.clocks(recorded_by=str(position)).recorded_at
    assert recorded_at is not None
    there = recorded_at.astimezone(timezone(timedelta(hours=hours)))
    for instant, found in ((there, position), (there - timedelta(microseconds=1), position - 1)):
        answer = service.get(RELATION, recorded_by=instant.isoformat(timespec="microseconds"))
        assert answer.json["position"] == found


@pytest.mark.parametrize("day", ["0001-01-01", "0001-01-02", "9999-12-30", "9999-12-31"])
def test_pitfall_10_the_first_and_the_last_day_of_the_calendar_are_days_like_others(service: Service, day: str) -> None:
    for ref, edtf in (
        ("first", "0001-01-01"),
        ("last", "9999-12-31"),
        ("all", "0001-01-01/9999-12-31"),
        ("end", "../9999-12-31"),
    ):
        service.claim(**partners(ref, edtf))
    for path, asked in (
        (RELATION, {"as_of": day}), (RELATION, {"published_by": day}), (NETWORK, {"as_of": day, "include": "ended"}),
        (NETWORK, {"as_of": day, "center": "mirantis"}), ("/v1/frenemies", {"as_of": day}),
        (CHANGES, {"from": "0001-01-01", "to": day}), (CHANGES, {"from": day, "to": "9999-12-31"}),
        (CHANGES, {"from": day, "to": "9999-12-31", "axis": "published_by"}),
        ("/v1/path", {"from": "mirantis", "to": "red-hat", "as_of": day}),
    ):  # fmt: skip
        answer = service.get(path, **asked)
        assert answer.status_code == 200
        assert service.get(path, token=answer.json["token"]).json["token_check"]["status"] == "same"
