"""What one request may bring or ask for: as much as that is taken, one more is refused (service/limits.py)."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from service.settings import Limits
from tests.http import examples
from tests.http.conftest import NewService, Service, refused

CLAIMS, ARTICLES = "/v1/claims", "/v1/articles"
LIMITS = Limits()


@pytest.fixture(autouse=True)
def _ready(service: Service) -> None:
    """Companies and an article to speak about."""
    service.known(*examples.COMPANIES)
    service.article()


def padded(body: Any, size: int) -> bytes:
    """The same data in so many bytes."""
    return json.dumps(body).encode().ljust(size)


def sent(service: Service, path: str, body: bytes, is_chunked: bool) -> Any:
    if not is_chunked:
        return service.raw(path, body)
    environ = {"wsgi.input": io.BytesIO(body), "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}
    return service.send("POST", path, environ=environ, content_type="application/json")


@pytest.mark.limit(name="json_body")
@pytest.mark.limit(name="article_body")
@pytest.mark.limit(name="batch_body")
@pytest.mark.parametrize("is_chunked", [False, True], ids=["with its length", "in chunks"])
@pytest.mark.parametrize(
    ("path", "body", "most"),
    [
        (CLAIMS, examples.claim(), LIMITS.json_body),
        (CLAIMS, {"claims": [examples.claim()]}, LIMITS.batch_body),
        (ARTICLES, examples.article(), LIMITS.article_body),
    ],
    ids=["claim", "batch", "article"],
)
def test_a_body_has_so_many_bytes(service: Service, path: str, body: Any, most: int, is_chunked: bool) -> None:
    assert sent(service, path, padded(body, most), is_chunked).status_code in (200, 201)
    with service.nothing_recorded():
        told = refused(sent(service, path, padded(body, most + 1), is_chunked), 413, "too-large")
    assert f"at most {most} bytes" in told["detail"]


class Silent(io.RawIOBase):
    """A body of which nothing more comes in time."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        raise TimeoutError


@pytest.mark.limit(name="body_seconds")
@pytest.mark.parametrize(
    ("path", "media"),
    [(CLAIMS, "application/json"), (f"{CLAIMS}/{'0' * 8}-0000-4000-8000-{'0' * 12}/retraction", "application/json")],
)
def test_a_body_that_comes_too_slowly_is_given_up(service: Service, path: str, media: str) -> None:
    environ = {"wsgi.input": io.BufferedReader(Silent()), "CONTENT_LENGTH": "100"}
    with service.nothing_recorded():
        told = refused(service.send("POST", path, environ=environ, content_type=media), 408, "body-stalled")
    assert "30 seconds" in told["detail"]


@pytest.mark.limit(name="body_seconds")
def test_a_form_that_comes_too_slowly_is_given_up(service: Service) -> None:
    environ = {"wsgi.input": io.BufferedReader(Silent()), "CONTENT_LENGTH": "100"}
    answer = service.send("POST", "/record", environ=environ, content_type="application/x-www-form-urlencoded")
    assert (answer.status_code, "stopped coming" in answer.text) == (408, True)


@pytest.mark.limit(name="article_text")
def test_the_text_of_an_article_has_so_many_bytes(service: Service) -> None:
    most = LIMITS.article_text
    with service.nothing_recorded():
        for text in ("x" * (most + 1), "\u00e9" * (most // 2) + "x"):
            body = json.dumps(examples.article(url="https://example.org/long", text=text), ensure_ascii=False)
            refused(service.raw(ARTICLES, body.encode()), 422, "misshapen", "/text")
    service.article(url="https://example.org/long", text="x" * most)


def claimed(count: int, **more: Any) -> dict[str, Any]:
    people = [{"role": "partner", "entity": f"partner-{n}"} for n in range(count)]
    return examples.claim(type="partnership", participants=people) | more


@pytest.mark.limit(name="participants")
@pytest.mark.limit(name="relations")
def test_a_claim_has_so_many_participants_and_relations(service: Service) -> None:
    service.known(*(f"partner-{n}" for n in range(26)))
    with service.nothing_recorded():
        refused(service.post(CLAIMS, claimed(51)), 422, "misshapen", "/participants")
        told = refused(service.post(CLAIMS, claimed(26)), 422, "too-many", "/participants")
    assert "at most 300 relations" in told["detail"]
    # 25 partners are 300 pairs.
    assert service.post(CLAIMS, claimed(25)).status_code == 201
    voices = {"kind": "collective", "agent": [f"partner-{n % 26}" for n in range(51)]}
    refused(service.post(CLAIMS, examples.claim(asserted_by=voices)), 422, "misshapen", "/asserted_by/agent")


@pytest.mark.limit(name="name")
@pytest.mark.limit(name="names")
def test_an_entity_has_so_many_names_and_each_so_many_characters(service: Service) -> None:
    names = [f"n{n:03}".ljust(200, "x") for n in range(201)]
    assert service.put("/v1/entities/many", examples.registration(aliases=names[:200])).status_code == 201
    with service.nothing_recorded():
        refused(service.put("/v1/entities/more", examples.registration(aliases=names)), 422, pointer="/aliases")
        long = examples.registration(aliases=["x" * 201])
        refused(service.put("/v1/entities/more", long), 422, "invalid", "/aliases/0")
    assert service.put(f"/v1/entities/{'x' * 200}", examples.registration()).status_code == 201
    refused(service.put(f"/v1/entities/{'x' * 201}", examples.registration()), 422)


@pytest.mark.limit(name="title")
@pytest.mark.limit(name="url")
def test_an_article_has_a_title_and_an_address_of_so_many_characters(service: Service) -> None:
    url = "https://example.org/".ljust(2_048, "x")
    service.article(url=url, title="x" * 500)
    with service.nothing_recorded():
        refused(service.post(ARTICLES, examples.article(url=f"{url}x")), 422, pointer="/url")
        long = examples.article(url="https://example.org/title", title="x" * 501)
        refused(service.post(ARTICLES, long), 422, pointer="/title")


@pytest.mark.limit(name="request_key")
def test_a_request_key_has_so_many_characters(service: Service) -> None:
    with service.nothing_recorded():
        refused(service.post(CLAIMS, examples.claim(), Idempotency_Key="k" * 256), 400, "bad-header")
    assert service.post(CLAIMS, examples.claim(), Idempotency_Key="k" * 255).status_code in (200, 201)


@pytest.mark.limit(name="address")
def test_path_and_query_have_so_many_bytes(service: Service) -> None:
    path = "/v1/entities"
    fits = "x" * (8_000 - len(f"{path}q="))
    refused(service.get(path, q=fits), 422, "bad-query", "/q")
    refused(service.get(path, q=f"{fits}x"), 414, "url-too-long")


@pytest.mark.limit(name="graph_depth")
def test_a_neighbourhood_is_so_deep(service: Service) -> None:
    assert service.get("/v1/network", center="red-hat", depth="3").status_code == 200
    refused(service.get("/v1/network", center="red-hat", depth="4"), 422, "bad-query", "/depth")


@pytest.mark.limit(name="filter")
def test_a_filter_names_so_many(service: Service) -> None:
    service.known(*(f"named-{n}" for n in range(100)))
    named = [f"named-{n}" for n in range(100)]
    assert service.get("/v1/feed", entity=",".join(named)).status_code == 200
    refused(service.get("/v1/feed", entity=",".join([*named, "red-hat"])), 422, "invalid", "/entity")


@pytest.mark.limit(name="long_poll")
def test_a_page_of_the_feed_waits_no_longer(service: Service) -> None:
    assert service.get("/v1/feed", timeout="60000").status_code == 200
    refused(service.get("/v1/feed", timeout="60001"), 422, "bad-query", "/timeout")


@pytest.mark.limit(name="position_wait")
def test_a_question_waits_for_the_read_side_so_long(new_service: NewService) -> None:
    with new_service(limits=Limits(position_wait=0.1)) as service:
        service.catch_up()
        service.put("/v1/entities/late", examples.registration())
        answer = service.send("GET", f"/v1/entities/late?min_position={service.timeline.head()}")
        refused(answer, 503, "read-side-behind")
        assert answer.headers["Retry-After"] == "1"


def test_the_limits_are_those_of_the_documentation() -> None:
    """What is promised by default, whatever a test sets."""
    assert (LIMITS.json_body, LIMITS.article_body, LIMITS.article_text) == (1 << 20, 2 << 20, 1 << 20)
    assert (LIMITS.batch_claims, LIMITS.batch_body, LIMITS.json_depth, LIMITS.string) == (500, 5 << 20, 32, 65_536)
    assert (LIMITS.page, LIMITS.fold_claims, LIMITS.graph_depth, LIMITS.graph_nodes) == (200, 25_000, 3, 500)
    assert (LIMITS.streams, LIMITS.streams_a_key, LIMITS.subscriptions) == (1_000, 50, 20)
    assert (LIMITS.request_deadline, LIMITS.heavy, LIMITS.light) == (5.0, 4, 1_000)


def test_the_longest_waits_leave_time_for_an_answer() -> None:
    assert LIMITS.position_wait < LIMITS.request_deadline
