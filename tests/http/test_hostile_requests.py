"""Requests that nobody meant well, in the parts that no document describes: what cursors and tokens hold inside,
headers, forms, and places in texts. Each gets an answer that is no failure.
"""

from __future__ import annotations

import dataclasses
import hashlib
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterator
from typing import Any
from uuid import UUID

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from service.http.paging import Cursor
from service.settings import Limits
from service.timeline.tokens import format_token, parse_token
from service.web.claim_form import FIELDS
from tests.hostile_strategies import EXAMPLES, TEXTS, spoiled
from tests.http import examples
from tests.http.conftest import NewService, Service

ON = {"as_of": "2014-12-01"}
PAGED = {
    "/v1/entities": {},
    "/v1/entities/red-hat/state": ON,
    "/v1/entities/red-hat/timeline": ON,
    "/v1/entities/red-hat/changes": {"from": "2001-01-01", "to": "2020-01-01"},
    "/v1/network": ON,
    "/v1/frenemies": ON,
    "/v1/relations/investor_of/red-hat/mirantis/claims": ON,
    "/v1/timemap/entities/red-hat/state": {},
    "/v1/beliefs": {},
}
"""Addresses of lists, each with more than one page."""
HEADERS = {
    "Accept-Datetime": [
        "Thu, 04 Sep 2014 12:30:00 GMT",
        "Thu, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 0001 00:00:00 GMT",
    ],
    "If-None-Match": ['"abc"', 'W/"x", "y"', "*"],
    "If-Modified-Since": ["Thu, 04 Sep 2014 12:30:00 GMT"],
    "Range": ["bytes=0-5", "bytes=-1,5-3"],
    "Last-Event-ID": ["A" * 32],
    "Accept": [
        "application/x-ndjson, text/csv;q=0.5",
        "text/event-stream;q=0",
        "*/*;q=x",
        "application/ld+json;profile=x",
    ],
    "Accept-Encoding": ["gzip;q=0, br", "gzip"],
    "Authorization": ["Basic YTpi", "Bearer x", "Digest"],
    "Cookie": ["a=b; c", "session=\x01"],
    "X-Request-Id": ["abc"],
    "Host": ["localhost:80", "[::1", "a b"],
    "X-Forwarded-For": ["127.0.0.1"],
    "Origin": ["null", "https://evil.example"],
}
WRITING = {
    "If-Match": ['"1"', 'W/"1"', '"1", "2"', "*"],
    "Idempotency-Key": ["k"],
    "Frenemies-Note": ["by hand", "\u00e9"],
    "Content-Type": ["application/json; charset=utf-8", "application/json; charset=utf-16", "text/plain", "a/b;c=\""],
    "Content-Encoding": ["identity", "gzip", "br, gzip"],
    "Content-Length": ["5", "-1", "1e3"],
    "Sec-Fetch-Site": ["same-origin", "cross-site"],
}  # fmt: skip
ARTICLE_TEXT = "e\u0301 \u00e9\r\n\U0001f600\U0001f468\u200d\U0001f469 \ufb01 \u202eabc\u202c\n\u0130i\u0307 end"
NUMBERS = st.integers(-1, 2**53 + 1)


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    with new_service(feed_port=8001, limits=dataclasses.replace(Limits(), position_wait=0.0)) as made:
        for year in range(2001, 2005):
            made.claim(time={"kind": "instant", "edtf": str(year)})
        made.claim(**examples.ownership())
        made.claim(type="competition", participants=[{"role": "competitor", "entity": "red-hat"},
                                                     {"role": "competitor", "entity": "mirantis"}])  # fmt: skip
        made.claim(type="competition", participants=[{"role": "competitor", "entity": "red-hat"},
                                                     {"role": "competitor", "entity": "vmware"}])  # fmt: skip
        made.claim(type="partnership", participants=[{"role": "partner", "entity": "red-hat"},
                                                     {"role": "partner", "entity": "vmware"}])  # fmt: skip
        made.article(url="https://example.org/text", text=ARTICLE_TEXT)
        made.catch_up()
        yield made


def hostile(**given_: st.SearchStrategy[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A property of so many requests, which share a service."""
    checked = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    most = settings(max_examples=EXAMPLES // 2, suppress_health_check=checked)
    return lambda test: most(given(**given_)(test))


def asked(service: Service, path: str, query: dict[str, str], headers: dict[str, str] | None = None) -> int:
    """The status of the answer, which is read to its end."""
    answer = service.app.test_client().get(path, query_string=query, headers=headers)
    answer.get_data()
    assert answer.status_code < 500, answer.text
    return answer.status_code


def whole(text: str) -> str:
    """The text without halves of surrogate pairs, which no UTF-8 can say."""
    return text.encode("utf-8", "replace").decode()


@pytest.fixture(scope="module")
def cursors(service: Service) -> dict[str, Cursor]:
    """The cursor of the second page of each list, taken apart."""
    found = {}
    for path, query in PAGED.items():
        told = re.search("cursor=([A-Za-z0-9_-]+)", service.get(path, **query, limit="1").text)
        if told is None:  # all was recorded in one second, so there is one memento; its list takes cursors all the same
            question = hashlib.sha256(f"{path}?".encode()).hexdigest()[:16]
            found[path] = Cursor(question, 735_000, service.timeline.head(), "5")
            continue
        cursor = told[1]
        found[path] = msgspec.json.decode(urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)), type=Cursor)
    return found


@hostile(path=st.sampled_from(sorted(PAGED)), data=st.data())
def test_cursors_that_were_made_up(
    service: Service, cursors: dict[str, Cursor], path: str, data: st.DataObject
) -> None:
    """They are no secret: who knows their form can write anything into one."""
    good = cursors[path]
    made = replace(
        good,
        after=whole(data.draw(spoiled([good.after, "5", "-1", "a/b", "1/2/3", "9" * 30, "red-hat/mirantis/owns"]))),
        position=data.draw(st.just(good.position) | NUMBERS),
        as_of=data.draw(st.just(good.as_of) | st.integers(-1, 4_000_000)),
    )
    cursor = urlsafe_b64encode(msgspec.json.encode(made)).decode().rstrip("=")
    status = asked(service, path, PAGED[path] | {"limit": "1", "cursor": cursor})
    assert status in (200, 400, 422), made


@hostile(data=st.data())
def test_tokens_that_were_made_up(service: Service, data: st.DataObject) -> None:
    """Nor are they proof of who made them."""
    path = data.draw(st.sampled_from([path for path in PAGED if "timemap" not in path and path not in NO_TOKEN]))
    good = parse_token(service.app.test_client().get(path, query_string=PAGED[path]).json["token"])
    texts = TEXTS.map(whole)
    names = st.sampled_from(["limit", "status", "relation", "include", "from", "to", "axis", "cursor", "token"]) | texts
    made = replace(
        good,
        question=tuple(sorted({**dict(good.question), **data.draw(st.dictionaries(names, texts, max_size=2))}.items())),
        after=data.draw(st.just(good.after) | texts | st.sampled_from(["0/a", "a/b", "5"])),
        according_to=data.draw(st.none() | texts),
        position=data.draw(st.just(good.position) | st.integers(good.records, 2**53 - 1)),
        as_of=data.draw(st.just(good.as_of) | st.integers(1, 3_652_059)),
        epoch=data.draw(st.just(good.epoch) | st.just(UUID(int=5).bytes)),
    )
    assert asked(service, path, {"token": format_token(made)}) in (200, 400, 404, 410, 422)


NO_TOKEN = ("/v1/entities", "/v1/beliefs")


@hostile(data=st.data())
def test_headers_of_questions(service: Service, data: st.DataObject) -> None:
    path = data.draw(
        st.sampled_from([*PAGED, "/v1/feed", "/", "/entity/red-hat", "/static/style.css", "/v1/feed.atom"])
    )
    status = asked(service, path, PAGED.get(path, {}), data.draw(headers(HEADERS)))
    assert status in (200, 206, 302, 304, 307, 400, 404, 416, 422)


@hostile(data=st.data())
def test_headers_of_wishes(service: Service, data: st.DataObject) -> None:
    client = service.app.test_client()
    given_ = data.draw(headers(HEADERS | WRITING))
    path = data.draw(st.sampled_from(["/v1/claims", "/v1/entities/red-hat/rename", "/v1/import", "/record"]))
    body = msgspec.json.encode(examples.claim(modality="opinion"))
    sent = {"Content-Type": "application/x-ndjson" if path == "/v1/import" else "application/json"} | given_
    answer = client.post(path, data=body, headers=sent)
    assert answer.status_code < 500, answer.text


@st.composite
def headers(draw: st.DrawFn, known: dict[str, list[str]]) -> dict[str, str]:
    """Some headers, as servers hand them over: Latin-1, without ends of lines."""
    names = draw(st.sets(st.sampled_from(sorted(known)), min_size=1, max_size=3))
    return {name: _of_a_header(draw(spoiled(known[name]))) for name in sorted(names)}


def _of_a_header(text: str) -> str:
    return text.encode("utf-8", "replace").decode("latin-1").replace("\r", "").replace("\n", "").replace("\0", "")


@hostile(data=st.data())
def test_forms(service: Service, data: st.DataObject) -> None:
    """Whatever is typed into whichever field, the form comes back with what is wrong with it."""
    claim, article = service.claim(), service.article()
    path = data.draw(
        st.sampled_from(
            ["/record", "/record/entity", f"/record/claim?article={article}", f"/record/correction?claim={claim}",
             f"/record/retraction?claim={claim}", f"/record/response?claim={claim}"]
        )
    )  # fmt: skip
    names = st.sampled_from(sorted({*FIELDS, *FORM_VALUES})) | st.from_regex(ROW, fullmatch=True)
    typed = data.draw(st.dictionaries(names, TEXTS | st.sampled_from(ANYTHING), max_size=6))
    fields = FORM_VALUES | {name: whole(text) for name, text in typed.items()}
    answer = service.app.test_client().post(path, data=fields)
    assert answer.status_code in (200, 303, 400, 404, 409, 412, 422), answer.text


ROW = r"/(participants|more)/([0-9]{1,4})/(role|entity|name|value)"
ANYTHING = [
    "investment",
    "governance_vote",
    "2014",
    "2014/..",
    "days_before",
    "3",
    "-1",
    "99999999999",
    "red-hat",
    "rows",
]
FORM_VALUES = {
    "/type": "investment", "/modality": "done", "/polarity": "positive", "/asserted_by/kind": "author",
    "/participants/0/role": "investor", "/participants/0/entity": "red-hat", "/participants/1/role": "investee",
    "/participants/1/entity": "mirantis", "/time/kind": "instant", "/time/edtf": "2013", "/evidence/summary": "Money.",
    "/title": "T", "/publisher": "p", "/language": "en", "/published": "2014", "/url": "https://example.org/typed",
    "/kind": "person", "/name": "N", "/opaque": "person-5", "/reason": "so", "/response": "deny", "/voice": "article",
    "/by/article": examples.URL, "/by/asserted_by/kind": "author", "/seen": "5", "step": "",
}  # fmt: skip


@hostile(start=st.integers(-1, len(ARTICLE_TEXT) + 2), size=st.integers(-1, 12), data=st.data())
def test_quotes_stand_where_they_are_said_to(service: Service, start: int, size: int, data: st.DataObject) -> None:
    """Places count code points: of combining ones, of those beyond the first 65,536, and of CR LF as well."""
    exact = data.draw(st.just(ARTICLE_TEXT[max(start, 0) : max(start, 0) + max(size, 0)]) | st.just("end") | TEXTS)
    exact = whole(exact).replace("\0", "")
    evidence = {"summary": "So.", "position": {"start": start, "end": start + size}, "quote": {"exact": exact}}
    body = examples.claim(article="https://example.org/text", evidence=evidence)
    answer = service.post("/v1/claims", body)
    assert answer.status_code in (200, 201, 422), answer.text
    if answer.status_code != 422:
        kept = service.get(f"/v1/claims/{answer.json['id']}").json["evidence"]
        assert {"start": start, "end": start + size} in [one["position"] for one in kept]
