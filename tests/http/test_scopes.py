"""Every route with every kind of key: who may ask what is a table here, and a route that is not in it fails."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping
from typing import cast

import pytest
from werkzeug.test import TestResponse

from service.app import create_app
from service.http.api import Resource
from service.http.demands import Undeclared, needs
from service.keys.scopes import ADMIN, CLAIMS_WRITE, FEED_READ, HOOKS_MANAGE, SCOPES, STATE_READ
from service.settings import Settings
from service.timeline.timeline import Timeline
from tests.http.conftest import NewService, Service, refused, surroundings_of
from tests.keyed import EXPIRED, bearer, issued, revoke

OPEN = """
    GET /asyncapi.yaml, GET /docs, GET /healthz, GET /login, GET /openapi.json, GET /openapi.yaml, GET /readyz,
    GET /static/<path:filename>
"""
OPEN_FORMS = "POST /login, POST /logout"
WRITES = """
    POST /v1/articles, POST /v1/articles/<id>/corrections,
    POST /v1/claims, POST /v1/claims/<id>/corrections, POST /v1/claims/<id>/reinstatement,
    POST /v1/claims/<id>/responses, POST /v1/claims/<id>/retraction,
    POST /v1/entities/<id>/merge, POST /v1/entities/<id>/rename, POST /v1/entities/<id>/unmerge,
    POST /v1/import, PUT /v1/entities/<id>
"""
READS = """
    GET /, GET /article/<id>, GET /beliefs, GET /changes, GET /claim/<id>, GET /entity/<id>, GET /frenemies, GET /path,
    GET /record/edtf, GET /relation/<relation>/<subject>/<object>, GET /vote/<body>,
    GET /v1/articles/<id>, GET /v1/claims/<id>, GET /v1/claims/<id>/history,
    GET /v1/entities, GET /v1/entities/<id>, GET /v1/entities/<id>/changes, GET /v1/entities/<id>/state,
    GET /v1/entities/<id>/timeline, GET /v1/frenemies, GET /v1/network, GET /v1/path, GET /v1/periods,
    GET /v1/projections, GET /v1/relations/<relation>/<subject>/<object>,
    GET /v1/relations/<relation>/<subject>/<object>/claims, GET /v1/timemap/entities/<id>/state, GET /v1/votes/<body>
"""
FORMS = """
    GET /record, GET /record/claim, GET /record/correction, GET /record/entity, GET /record/response,
    GET /record/retraction, POST /record, POST /record/claim, POST /record/correction, POST /record/entity,
    POST /record/response, POST /record/retraction
"""
FEEDS = """
    GET /v1/beliefs, GET /v1/beliefs.atom, GET /v1/event-types, GET /v1/event-types/<topic>, GET /v1/feed,
    GET /v1/feed.atom, GET /v1/log/checkpoint, GET /v1/log/keys, GET /v1/log/proofs/consistency,
    GET /v1/log/proofs/inclusion, GET /v1/log/restores, PUT /v1/log/followers/<id>
"""
OPERATING = "GET /operator, POST /operator, GET /v1/operator"
HOOKS = """
    GET /v1/subscriptions, POST /v1/subscriptions, GET /v1/subscriptions/<id>, PATCH /v1/subscriptions/<id>,
    DELETE /v1/subscriptions/<id>, GET /v1/subscriptions/<id>/deliveries,
    POST /v1/subscriptions/<id>/deliveries/<position>/replay, POST /v1/subscriptions/<id>/pause,
    POST /v1/subscriptions/<id>/replay, POST /v1/subscriptions/<id>/resume, POST /v1/subscriptions/<id>/rewind,
    POST /v1/subscriptions/<id>/rotate, POST /v1/subscriptions/<id>/test, POST /v1/subscriptions/<id>/lease,
    POST /v1/subscriptions/<id>/ack, POST /v1/subscriptions/<id>/nack, POST /v1/subscriptions/<id>/extend
"""


def _listed(text: str, *scopes: str) -> dict[str, frozenset[str]]:
    return {route.strip(): frozenset(scopes) for route in text.split(",")}


NEEDED: Mapping[str, frozenset[str]] = {
    **_listed(WRITES, CLAIMS_WRITE),
    **_listed(READS, STATE_READ),
    **_listed(FORMS, STATE_READ, CLAIMS_WRITE),
    **_listed(FEEDS, FEED_READ),
    **_listed(HOOKS, HOOKS_MANAGE),
    **_listed(OPERATING, ADMIN),
}
OPENED = _listed(OPEN)
IN_PLACE = {
    "<id>": "00000000-0000-4000-8000-000000000001", "<relation>": "owns", "<subject>": "a", "<object>": "b",
    "<body>": "a", "<topic>": "x", "<position>": "1", "<path:filename>": "style.css",
}  # fmt: skip


@pytest.fixture(scope="module")
def keyed(new_service: NewService) -> Iterator[Service]:
    with new_service(admin_key="the-admin-key", rate=0, rate_wrong_keys=0) as service:
        yield service


@pytest.fixture(scope="module")
def url(keyed: Service) -> str:
    return surroundings_of(keyed).settings.database_url or ""


@pytest.fixture(scope="module")
def keys(url: str) -> Mapping[str, str]:
    """A good key for each scope."""
    return {scope: issued(url, scope).secret for scope in SCOPES}


@pytest.fixture(scope="module")
def bad(url: str, keys: Mapping[str, str]) -> Mapping[str, dict[str, str]]:
    """Everything that lets nobody in."""
    gone, late = issued(url, ADMIN), issued(url, ADMIN, lasting=EXPIRED)
    revoke(url, gone)
    good = keys[ADMIN]
    other = good[:-1] + ("A" if good[-1] != "A" else "B")
    return {
        "no key": {},
        "an empty one": {"Authorization": "Bearer "},
        "nonsense": bearer("nonsense"),
        "another secret": bearer(other),
        "an unknown id": bearer(f"frn_aaaaaaaaaa_{good[15:]}"),
        "without its prefix": bearer(good[4:]),
        "revoked": bearer(gone),
        "expired": bearer(late),
        "another scheme": {"Authorization": f"Token {good}"},
    }


def send(service: Service, route: str, headers: Mapping[str, str], query: str = "") -> TestResponse:
    """The answer to an empty request; that the document of the API has it is checked, too."""
    method, _, path = route.partition(" ")
    for name, value in IN_PLACE.items():
        path = path.replace(name, value)
    return service.send(method, path, headers=dict(headers), query_string=query or None, buffered=True)


def is_turned_away(route: str, answer: TestResponse, *, has_shown: bool = False) -> bool:
    """Whether nobody was let in: who opens a page and shows nothing is asked for the key."""
    if route.startswith(("GET /", "HEAD /")) and "/v1" not in route and not has_shown:
        return answer.status_code == 303 and answer.headers["Location"].startswith("/login?next=")
    return answer.status_code == 401 and "WWW-Authenticate" in answer.headers


def password(key: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'me:{key}'.encode()).decode()}"}


def test_every_route_is_in_the_table(keyed: Service) -> None:
    rules = keyed.app.url_map.iter_rules()
    served = {f"{method} {rule.rule}" for rule in rules for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}}
    assert served == {*NEEDED, *OPENED, *_listed(OPEN_FORMS)}


@pytest.mark.parametrize("route", sorted(NEEDED))
def test_a_route_is_answered_for_the_scopes_that_it_needs_and_no_others(
    keyed: Service, keys: Mapping[str, str], route: str
) -> None:
    """Case 73: a read key on a write is 403, and so is each that does not fit."""
    for scope, key in keys.items():
        answer = send(keyed, route, bearer(key))
        missing = set() if scope == ADMIN else NEEDED[route] - {scope}
        if missing:
            assert answer.status_code == 403, (route, scope)
            challenge = answer.headers["WWW-Authenticate"]
            assert 'error="insufficient_scope"' in challenge and all(one in challenge for one in missing)
            assert all(one in answer.text for one in missing)
        else:
            assert answer.status_code not in (401, 403, 500), (route, scope, answer.text)


@pytest.mark.case(number=73)
@pytest.mark.parametrize("route", sorted(NEEDED))
def test_case_73_a_route_is_not_answered_without_a_good_key(
    keyed: Service, bad: Mapping[str, dict[str, str]], keys: Mapping[str, str], route: str
) -> None:
    """No key, bad key, revoked, expired: 401; a key in the query is none."""
    with keyed.nothing_recorded():
        for what, headers in bad.items():
            assert is_turned_away(route, send(keyed, route, headers), has_shown=bool(headers)), (route, what)
        for name in ("key", "token", "access_token", "Authorization", "ticket"):
            assert is_turned_away(route, send(keyed, route, {}, f"{name}={keys[ADMIN]}")), (route, name)
    method, path = route.split()
    takes_password = method == "GET" or not path.startswith("/v1")
    assert (send(keyed, route, password(keys[ADMIN])).status_code != 401) is takes_password
    assert send(keyed, route, password("nonsense")).status_code == 401


@pytest.mark.parametrize("route", sorted(NEEDED))
def test_the_other_ways_to_ask_need_a_key_as_well(keyed: Service, keys: Mapping[str, str], route: str) -> None:
    path = route.split()[1]
    for method in ("HEAD", "OPTIONS", "PATCH", "DELETE", "TRACE", "PROPFIND"):
        assert is_turned_away(f"{method} {path}", send(keyed, f"{method} {path}", {})), method
    assert send(keyed, f"TRACE {path}", bearer(keys[STATE_READ])).status_code == 405
    assert send(keyed, f"OPTIONS {path}", bearer(keys[STATE_READ])).status_code == 200


def test_head_needs_what_get_needs(keyed: Service, keys: Mapping[str, str]) -> None:
    statuses = [send(keyed, "HEAD /v1/entities", bearer(keys[scope])).status_code for scope in SCOPES]
    assert statuses == [403, 200, 403, 403, 200]


@pytest.mark.parametrize("route", sorted(OPENED))
def test_health_and_documentation_are_open(keyed: Service, bad: Mapping[str, dict[str, str]], route: str) -> None:
    for headers in bad.values():
        assert send(keyed, route, headers).status_code == 200
    assert keyed.send("OPTIONS", route.split()[1].replace("<path:filename>", "style.css")).status_code == 200


def test_an_address_that_is_none_is_told_to_keys_only(keyed: Service, keys: Mapping[str, str]) -> None:
    for path in ("/v1/nothing", "/nothing", "/v1", "//v1/feed"):
        assert keyed.send("GET", path).status_code in (401, 404)
    refused(keyed.send("GET", "/v1/nothing", headers=bearer(keys[FEED_READ])), 404, "not-found")
    refused(keyed.send("GET", "/v1/nothing"), 401, "not-authorized")


def test_the_texts_of_a_feed_need_more_than_the_feed(keyed: Service, url: str, keys: Mapping[str, str]) -> None:
    both = issued(url, FEED_READ, STATE_READ).secret
    lines = {"Accept": "application/x-ndjson"}
    for query, scope, status in (
        ("", keys[FEED_READ], 200), ("", keys[STATE_READ], 403),
        ("include=texts", keys[FEED_READ], 403), ("include=texts", keys[STATE_READ], 403),
        ("include=texts", both, 200), ("include=texts", keys[ADMIN], 200),
    ):  # fmt: skip
        assert send(keyed, "GET /v1/feed", bearer(scope) | lines, query).status_code == status, query
    told = refused(send(keyed, "GET /v1/feed", bearer(keys[FEED_READ]) | lines, "include=texts"), 403, "forbidden")
    assert told["scope"] == STATE_READ


def test_a_refusal_names_the_key_by_its_id_and_never_its_secret(keyed: Service, url: str) -> None:
    key = issued(url, STATE_READ)
    told = refused(keyed.put("/v1/entities/x", {}, **bearer(key)), 403, "forbidden")
    assert key.key.id in told["detail"] and told["scope"] == CLAIMS_WRITE
    late = issued(url, STATE_READ, lasting=EXPIRED)
    told = refused(keyed.get("/v1/entities", headers=bearer(late)), 401, "not-authorized")
    assert late.key.id in told["detail"] and "expired" in told["detail"]
    for one in (key, late):
        assert one.secret[15:] not in str(told)


def test_what_is_recorded_names_the_key_by_its_id(keyed: Service, url: str, keys: Mapping[str, str]) -> None:
    key = issued(url, CLAIMS_WRITE)
    answer = keyed.put("/v1/entities/ant", {"kind": "company", "name": "Ant"}, **bearer(key))
    assert answer.status_code == 201
    event = keyed.get("/v1/feed", headers=bearer(keys[FEED_READ])).json[-1]
    assert event["data"]["recorder"] == {"key": key.key.id}
    assert key.secret[15:] not in keyed.get("/v1/feed", headers=bearer(keys[FEED_READ])).text


def test_what_belongs_to_another_key_is_not_there(new_service: NewService) -> None:
    with new_service(webhooks_loopback=True) as service:
        url = surroundings_of(service).settings.database_url or ""
        mine, other, all_ = (issued(url, scope) for scope in (HOOKS_MANAGE, HOOKS_MANAGE, ADMIN))
        made = service.post("/v1/subscriptions", {"url": "http://127.0.0.1:9/"}, **bearer(mine)).json
        routes = [route for route in NEEDED if route.partition(" ")[2].startswith("/v1/subscriptions/")]
        assert len(routes) == len(_listed(HOOKS)) - 2
        held = {"lease": made["id"], "ids": [made["cursor"]]}
        bodies = {
            "PATCH": {"description": "x"}, "rewind": {"after": "end"}, "rotate": {}, "lease": {}, "ack": held,
            "nack": held, "extend": {**held, "seconds": 9},
        }  # fmt: skip
        for key in (other, all_):
            for route in routes:
                method, path = route.replace("<id>", made["id"]).replace("<position>", "1").split()
                body = bodies.get(method, bodies.get(path.rpartition("/")[2]))
                answer = service.send(method, path, json=body, headers=bearer(key))
                refused(answer, 404, "unknown")
            assert service.get("/v1/subscriptions", headers=bearer(key)).json["subscriptions"] == []
        kept = service.get(f"/v1/subscriptions/{made['id']}", headers=bearer(mine)).json
        assert kept == {name: value for name, value in made.items() if name != "secret"}


def test_answers_to_keys_are_private_and_pages_are_live_for_who_may_read_the_feed(
    new_service: NewService,
) -> None:
    with new_service(feed_port=8_001) as service:
        url = surroundings_of(service).settings.database_url or ""
        service.claim()
        closed = "/v1/entities/red-hat/state?as_of=2014-11-04&published_by=2014-11-04&recorded_by=1"
        assert service.get(closed).headers["Cache-Control"].startswith("public")
        reader, both = issued(url, STATE_READ), issued(url, STATE_READ, FEED_READ)
        assert service.get(closed, headers=bearer(reader)).headers["Cache-Control"].startswith("private, max-age")
        assert service.get("/v1/projections", headers=bearer(reader)).headers["Cache-Control"] == "private, no-cache"
        page = "/entity/red-hat"
        assert 'id="live"' not in service.get(page, headers=password(reader.secret)).text
        assert 'id="live"' in service.get(page, headers=password(both.secret)).text


def test_a_route_that_declares_nothing_is_an_error_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(Undeclared, match="POST /v1/x"):
        Resource("x", "X.", reads=needs(STATE_READ)).write_raw("/v1/x", "Written", {})
    monkeypatch.setattr(
        "service.http.openapi.register", lambda app: app.add_url_rule("/new", view_func=lambda: "", methods=["POST"])
    )
    with pytest.raises(Undeclared, match="POST /new"):
        create_app(cast(Timeline, None), Settings())


def test_the_document_tells_the_scopes_of_each_operation(keyed: Service) -> None:
    paths = keyed.get("/openapi.json").json["paths"]
    for route, scopes in {**NEEDED, **OPENED}.items():
        method, path = route.replace("<", "{").replace(">", "}").split()
        if path not in paths:
            continue
        operation = paths[path][method.lower()]
        if route in OPENED:
            assert operation["security"] == [] and "401" not in operation["responses"]
        else:
            assert operation["security"] == [{}, {"key": sorted(scopes)}]
            assert {"401", "403"} <= operation["responses"].keys()
