"""Entity tags, 304, and how long answers may be kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.http import examples
from tests.http.conftest import NewService, Service

STATE = "/v1/entities/vmware/state"
RELATION = "/v1/relations/owns/vmware/mirantis"
YEAR = "max-age=31536000, immutable"


@pytest.fixture(scope="module", autouse=True)
def _recorded(service: Service) -> None:
    """VMware owns Mirantis; an entity was registered after that."""
    service.claim(**examples.ownership())
    service.known("later")


def kept(service: Service, path: str, **query: str) -> str:
    return service.get(path, **query).headers["Cache-Control"]


def pinned(service: Service, as_of: str = "2014-06-01") -> dict[str, str]:
    return {"as_of": as_of, "recorded_by": str(service.timeline.head() - 1)}


@pytest.mark.parametrize(
    "path",
    [
        STATE, RELATION, f"{RELATION}/claims", "/v1/entities/vmware/timeline", "/v1/entities/vmware", "/v1/entities",
        "/v1/event-types", "/v1/log/keys", "/v1/projections", "/healthz", "/readyz", "/openapi.json", "/openapi.yaml",
    ],
)  # fmt: skip
def test_every_answer_has_a_strong_tag_and_is_not_sent_twice(service: Service, path: str) -> None:
    first = service.get(path)
    tag = first.headers["ETag"]
    assert tag.startswith('"') and first.status_code == 200
    for given in (tag, f'"other", {tag}', f"W/{tag}", "*"):
        again = service.get(path, headers={"If_None_Match": given})
        assert (again.status_code, again.data) == (304, b""), given
        assert again.headers["ETag"] == tag and again.headers["Cache-Control"] == first.headers["Cache-Control"]
        assert "Content-Type" not in again.headers
    for given in ('"other"', "nonsense", tag.replace('"', "'"), ""):
        assert service.get(path, headers={"If_None_Match": given}).status_code == 200


def test_another_answer_has_another_tag(service: Service) -> None:
    tags = {service.get(STATE, as_of=day).headers["ETag"] for day in ("2014-06-01", "2014-06-02", "2013-01-01")}
    assert len(tags) == 3
    pages = {service.get(path, **pinned(service)).headers["ETag"] for path in (STATE, RELATION)}
    assert len(pages) == 2


def test_a_head_request_has_the_tag_of_the_answer(service: Service) -> None:
    asked = pinned(service)
    got, head = service.get(STATE, **asked), service.send("HEAD", STATE, query_string=asked)
    assert head.headers["ETag"] == got.headers["ETag"] and head.data == b""


def test_an_answer_at_a_closed_point_never_has_to_be_asked_for_again(service: Service) -> None:
    asked = pinned(service)
    for path in (STATE, RELATION, f"{RELATION}/claims", "/v1/entities/vmware", "/v1/entities/vmware/timeline"):
        assert kept(service, path, **asked) == f"public, {YEAR}", path
        token = service.get(path, **asked).json["token"]
        assert kept(service, path, token=token) == f"public, {YEAR}", path


@pytest.mark.parametrize("missing", ["as_of", "recorded_by"])
def test_an_open_clock_makes_the_answer_one_to_ask_for_again(service: Service, missing: str) -> None:
    asked = {name: value for name, value in pinned(service).items() if name != missing}
    assert kept(service, STATE, **asked) == "no-cache"
    assert kept(service, STATE) == "no-cache"


def test_an_instant_is_closed_once_something_was_recorded_after_it(own_service: Service) -> None:
    own_service.claim(**examples.ownership())
    store = own_service.timeline
    asked = {"as_of": "2014-06-01", "recorded_by": own_service.get(STATE).json["clocks"]["recorded_by"]["recorded_at"]}
    assert kept(own_service, STATE, **asked) == "no-cache"
    before, position = own_service.get(STATE, **asked).json, store.head()
    own_service.known("later")
    assert store.head() > position
    assert kept(own_service, STATE, **asked) == f"public, {YEAR}"
    assert own_service.get(STATE, **asked).json == before


def test_the_page_behind_a_cursor_is_closed(own_service: Service) -> None:
    own_service.claim(**examples.ownership())
    own_service.claim()
    asked = {"limit": "1", "as_of": "2014-06-01"}
    first = own_service.get("/v1/entities/mirantis/state", **asked)
    assert first.headers["Cache-Control"] == "no-cache"
    following = own_service.send("GET", first.json["next"])
    assert following.headers["Cache-Control"] == f"public, {YEAR}"


def test_what_may_be_kept_is_byte_for_byte_the_same_whatever_is_recorded_later(own_service: Service) -> None:
    own_service.known("red-hat")
    claim = own_service.claim(**examples.ownership())
    asked = {"as_of": "2014-06-01", "recorded_by": str(own_service.timeline.head())}
    paths = (STATE, RELATION, f"{RELATION}/claims", "/v1/entities/vmware", "/v1/entities/vmware/timeline")
    before = {path: own_service.get(path, **asked) for path in paths}
    own_service.put("/v1/entities/vmware", examples.registration(name="VMware by Broadcom"))
    own_service.post("/v1/entities/mirantis/rename", {"name": "Mirantis Inc.", "since": "2010-01-01"})
    own_service.put("/v1/entities/vm-ware", examples.registration(name="VMware"))
    own_service.post(f"/v1/claims/{claim}/retraction", {"reason": "a slip"})
    own_service.claim(**examples.ownership(time={"kind": "instant", "edtf": "2013-01-01"}))
    own_service.post("/v1/entities/mirantis/merge", {"into": "red-hat", "reason": "one"})
    for path, first in before.items():
        again = own_service.get(path, **asked)
        assert first.headers["Cache-Control"] == f"public, {YEAR}"
        assert again.data == first.data and again.headers["ETag"] == first.headers["ETag"], path


def test_what_may_have_to_be_forgotten_is_never_kept_without_asking(own_service: Service) -> None:
    own_service.put("/v1/entities/pat", examples.registration(kind="person", name="Pat Doe"))
    own_service.known("vmware")
    holder = [{"role": "holder", "entity": "pat"}, {"role": "organization", "entity": "vmware"}]
    evidence = {"summary": "s", "quote": {"exact": "the chief"}}
    held = own_service.claim(type="position", participants=holder, attributes={"title": "chief"})
    quoted = own_service.claim(time={"kind": "instant", "edtf": "2012"}, evidence=evidence)
    own_service.known("later")
    asked = pinned(own_service)
    paths = [
        "/v1/entities/pat", STATE, "/v1/relations/holds_position/pat/vmware", f"/v1/claims/{quoted}",
        f"/v1/articles/{own_service.article()}", "/v1/relations/investor_of/red-hat/mirantis/claims",
    ]  # fmt: skip
    assert {path: kept(own_service, path, **asked) for path in paths} == dict.fromkeys(paths, "no-cache")
    assert kept(own_service, f"/v1/claims/{held}", **asked) == f"public, {YEAR}"


def test_what_is_told_of_an_entity_that_came_later_is_not_kept(service: Service) -> None:
    asked = {"as_of": "2014-06-01", "recorded_by": "1"}
    assert kept(service, "/v1/entities/later/state", **asked) == "no-cache"


@pytest.fixture(scope="module")
def guarded(new_service: NewService) -> Iterator[Service]:
    with new_service(admin_key="secret") as made:
        yield made


def test_behind_a_key_nothing_is_kept_by_those_in_between(guarded: Service) -> None:
    key = {"Authorization": "Bearer secret"}
    for name in ("vmware", "later"):
        guarded.send("PUT", f"/v1/entities/{name}", json=examples.registration(name=name), headers=key)
    asked = {"as_of": "2014-06-01", "recorded_by": "1"}
    assert guarded.get(STATE, headers=key, **asked).headers["Cache-Control"] == f"private, {YEAR}"
    assert guarded.get(STATE, headers=key).headers["Cache-Control"] == "private, no-cache"
    tag = guarded.get(STATE, headers=key, **asked).headers["ETag"]
    assert guarded.get(STATE, headers={"If_None_Match": tag}, **asked).status_code == 401


def test_refusals_keep_what_they_have(service: Service) -> None:
    for path in ("/v1/entities/nobody", f"{STATE}?as_of=never", "/v1/nothing"):
        answer = service.get(path, headers={"If_None_Match": "*"})
        assert "ETag" not in answer.headers and answer.headers["Cache-Control"] == "no-store", path
        assert answer.status_code in (404, 422)
