"""What a page needs to follow live: the cursor of what it shows, and leave to connect to the feed process."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator

import pytest

from service.feeds.cursor import format_cursor
from service.http.security import NOTHING
from tests.http import examples
from tests.http.conftest import NewService, Service

SECRET = "secret"  # noqa: S105


@pytest.fixture(scope="module")
def streaming(new_service: NewService) -> Iterator[Service]:
    with new_service(feed_port=8001, feed_secret=SECRET) as service:
        service.claim()
        yield service


def reached(service: Service, path: str) -> str:
    """What scripts of an answer may connect to."""
    policy = service.get(path).headers["Content-Security-Policy"]
    found = re.search("connect-src ([^;]*);", policy)
    assert found is not None
    return found[1]


def live(service: Service, path: str) -> dict[str, str]:
    """What a page says of how it is followed."""
    html = service.get(path).text
    tag = re.search('<div id="live"[^>]*>', html)
    return {} if tag is None else dict(re.findall('data-([a-z]+)="([^"]*)"', tag[0]))


@pytest.mark.parametrize("path", ["/", "/entity/red-hat", "/entity/nobody", "/record"])
def test_pages_may_connect_to_the_feed_process(streaming: Service, path: str) -> None:
    assert reached(streaming, path) == "'self' http://localhost:8001"


@pytest.mark.parametrize("path", ["/v1/feed", "/v1/nothing", "/healthz", "/static/style.css", "/openapi.json"])
def test_nothing_else_may(streaming: Service, path: str) -> None:
    assert streaming.get(path).headers["Content-Security-Policy"] == NOTHING


def test_only_the_origin_of_the_feed_process_is_told(new_service: NewService) -> None:
    with new_service(feed_url="https://feed.example.org:8443/some/where") as service:
        assert reached(service, "/record") == "'self' https://feed.example.org:8443"
    with new_service(feed_url="https://x;script-src *") as service:
        assert reached(service, "/record") == "'self' https://x"


def test_without_a_feed_process_nothing_is_followed(service: Service) -> None:
    service.claim()
    assert reached(service, "/") == "'self'"
    assert live(service, "/") == live(service, "/entity/red-hat") == {}


def test_a_page_knows_the_cursor_of_what_it_shows(streaming: Service) -> None:
    head = streaming.timeline.head()
    cursor = format_cursor(streaming.timeline.epoch(), head)
    for path in (
        "/",
        "/entity/red-hat",
        "/relation/investor_of/red-hat/mirantis",
        "/changes?entity=red-hat&from=2001-01-01&to=2020-01-01",
    ):
        told = live(streaming, path)
        assert (told["position"], told["cursor"]) == (str(head), cursor)
        assert streaming.get(f"/v1/feed?lastEventId={told['cursor']}&{told['question']}").json == []


def test_a_page_asks_for_whom_it_shows(streaming: Service) -> None:
    claim = streaming.claim()
    assert live(streaming, "/entity/red-hat")["question"] == "entity=red-hat"
    relation = live(streaming, "/relation/investor_of/red-hat/mirantis")
    assert (relation["question"], relation["named"]) == ("entity=red-hat%2Cmirantis", "red-hat mirantis")
    streaming.claim(**examples.vote())
    vote = live(streaming, "/vote/mirantis?relation=member_of&subject=vmware&object=red-hat")
    assert (vote["question"], vote["named"]) == ("entity=mirantis%2Cvmware%2Cred-hat", "mirantis vmware red-hat")
    article = streaming.article()
    assert live(streaming, f"/article/{article}")["named"] == article
    of_claim = live(streaming, f"/claim/{claim}")
    assert of_claim["named"] == claim and "ClaimRetracted" in of_claim["question"]
    assert streaming.get(f"/v1/feed?{of_claim['question'].replace('&amp;', '&')}").status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/entity/red-hat?recorded_by=2", "/relation/investor_of/red-hat/mirantis?recorded_by=5",
        "/changes?entity=red-hat&axis=recorded_by&from=1&to=5", "/changes", "/record", "/entity/nobody",
    ],
)  # fmt: skip
def test_a_page_that_stays_as_it_is_is_not_followed(streaming: Service, path: str) -> None:
    assert live(streaming, path) == {}


def test_the_stream_of_a_page_may_be_asked_for_with_a_password(new_service: NewService) -> None:
    with new_service(feed_port=8001, feed_secret=SECRET, admin_key="key") as service:
        stream = {"Accept": "text/event-stream"}
        given = stream | {"Authorization": f"Basic {b64encode(b'reader:key').decode()}"}
        answer = service.send("GET", "/v1/feed", headers=given)
        assert answer.status_code == 307 and "ticket=" in answer.headers["Location"]


@pytest.mark.parametrize("host", ["[::1", "a b", "x;script-src *", "", "[::1]:80:80", "user@x", "x'y", "\u00e9"])
def test_a_host_that_is_none_does_no_harm(streaming: Service, host: str) -> None:
    answer = streaming.get("/record", environ={"HTTP_HOST": host.encode().decode("latin-1")})
    assert answer.status_code in (200, 400)
    policy = answer.headers["Content-Security-Policy"]
    assert policy.count("script-src") == 1 and policy.count("connect-src") == 1
