"""Many requests about one thing at once, over REST."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

from tests.http.conftest import Service

WRITERS = 8


def at_once(service: Service, *requests: tuple[str, Any, dict[str, str]]) -> list[int]:
    """The statuses of POST requests that begin together, each with a client of its own."""
    start = Barrier(len(requests))

    def send(request: tuple[str, Any, dict[str, str]]) -> int:
        path, body, headers = request
        start.wait()
        return service.app.test_client().post(path, json=body, headers=headers).status_code

    with ThreadPoolExecutor(len(requests)) as pool:
        return list(pool.map(send, requests))


def test_of_eight_writers_on_one_version_exactly_one_wins(own_service: Service) -> None:
    claim = own_service.claim()
    for version in range(1, 6):
        corrections = [
            (
                f"/v1/claims/{claim}/corrections",
                {"changes": {"attributes": {"stake": version * 10 + writer}}, "reason": "another"},
                {"If-Match": f'"{version}"'},
            )
            for writer in range(WRITERS)
        ]
        statuses = Counter(at_once(own_service, *corrections))
        assert sum(statuses[won] for won in (200, 201)) == 1, statuses
        assert statuses[409] + statuses[412] == WRITERS - 1, statuses
    assert own_service.get(f"/v1/claims/{claim}").json["version"] == 6


def test_of_eight_different_retractions_exactly_one_wins(own_service: Service) -> None:
    claim = own_service.claim()
    requests = [(f"/v1/claims/{claim}/retraction", {"reason": f"reason {n}"}, {}) for n in range(WRITERS)]
    statuses = Counter(at_once(own_service, *requests))
    assert sum(statuses[won] for won in (200, 201)) == 1, statuses
    assert statuses[409] == WRITERS - 1, statuses


def test_the_same_claim_sent_eight_times_at_once_is_recorded_once(own_service: Service) -> None:
    claim = own_service.claim()
    before = own_service.timeline.head()
    body = own_service.get(f"/v1/claims/{claim}").json
    sent = {
        "article": body["article"],
        "type": "customer",
        "participants": [{"role": "customer", "entity": "red-hat"}, {"role": "vendor", "entity": "vmware"}],
        "attributes": {},
        "asserted_by": {"kind": "author"},
        "modality": "ongoing",
        "polarity": "positive",
        "time": {"kind": "observed", "edtf": "2014"},
        "evidence": {"summary": "one buys from the other"},
    }
    statuses = Counter(at_once(own_service, *[("/v1/claims", sent, {})] * WRITERS))
    assert statuses == {201: 1, 200: WRITERS - 1}
    assert own_service.timeline.head() == before + 1
