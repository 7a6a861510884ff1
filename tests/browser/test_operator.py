"""The operator page: a parked delivery is replayed with a button, and arrives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

import httpx2
import pytest
from playwright.sync_api import Browser, expect

from service.cli.demo import load_sample
from service.db import connect
from service.keys.scopes import ADMIN, CLAIMS_WRITE, HOOKS_MANAGE, STATE_READ
from service.settings import Settings
from tests.browser.conftest import DESKTOP, PHONE, opening
from tests.browser.test_views import demand_accessible
from tests.cli.conftest import Program
from tests.cli.test_serve import ready
from tests.conftest import Servers
from tests.feeding import wait_until
from tests.keyed import bearer, issued
from tests.sink import Sink, sink


class Operated(NamedTuple):
    """A service that wants a key and sends webhooks, with keys for an operator, an owner and a reader."""

    base: str
    url: str
    operator: str
    owner: str
    reader: str


@pytest.fixture(scope="module")
def operated(servers: Servers, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operated]:
    url = servers.migrated(18)
    load_sample(Settings(), url)
    keys = issued(url, ADMIN), issued(url, HOOKS_MANAGE, CLAIMS_WRITE), issued(url, STATE_READ)
    folder = tmp_path_factory.mktemp("operated")
    environment = {
        "DATABASE_URL": url, "HOME": str(folder), "FRENEMIES_DATA": str(folder), "FRENEMIES_WEBHOOKS_LOOPBACK": "1",
    }  # fmt: skip
    program = Program(("serve", "--port", "0"), environment, folder / "stderr.log")
    try:
        yield Operated(ready(program), url, *(key.secret for key in keys))
    finally:
        program.end()


@pytest.fixture
def receiver() -> Iterator[Sink]:
    with sink() as made:
        yield made


def parked(operated: Operated, receiver: Sink) -> str:
    """A subscription of which an event was given up, as after days of attempts."""
    receiver.behave = lambda received, handler: 500
    with httpx2.Client(base_url=operated.base, headers=bearer(operated.owner), timeout=10.0) as http:
        made = http.post("/v1/subscriptions", json={"url": receiver.url, "description": "Of the browser"}).json()
        path = f"/v1/subscriptions/{made['id']}"
        body = {"kind": "company", "name": "Ant"}
        http.put(f"/v1/entities/ant-{made['id'][:8]}", json=body).raise_for_status()
        wait_until(lambda: states(http, path) == ["failed"])
        with connect(operated.url) as connection:
            connection.execute(
                "UPDATE hooks.deliveries SET state = 'parked', tries = 10 WHERE subscription = %s", [made["id"]]
            )
        assert states(http, path) == ["parked"]
    return str(made["id"])


def states(http: httpx2.Client, path: str) -> list[str]:
    return [one["state"] for one in http.get(f"{path}/deliveries").json()["deliveries"]]


@pytest.mark.parametrize("scripts", [True, False])
def test_a_parked_delivery_is_replayed_from_the_page_and_arrives(
    browser: Browser, operated: Operated, receiver: Sink, scripts: bool
) -> None:
    name = parked(operated, receiver)
    receiver.behave = lambda received, handler: 204
    with opening(browser, operated.base, key=operated.operator) as open_page:
        page = open_page("/changes", scripts=scripts)
        page.get_by_role("link", name="Operator").click()
        expect(page.get_by_role("heading", name="Operator")).to_be_visible()
        row = page.get_by_role("table", name="Parked deliveries").get_by_role("row").filter(has_text=name)
        expect(row).to_contain_text("refused (500)")
        row.get_by_role("button", name="Replay").click()
        expect(page.get_by_role("status")).to_contain_text("tried now")
        receiver.wait(lambda: len(receiver.taken) == 1)
        wait_until(lambda: _has_none_parked(page.reload, row.count))
        counts = page.get_by_role("table", name="Who is sent events").get_by_role("row").filter(has_text=name)
        expect(counts.get_by_role("button", name="Replay all")).to_have_count(0)


def _has_none_parked(reload: Callable[[], object], count: Callable[[], int]) -> bool:
    reload()
    return count() == 0


def test_a_subscription_is_paused_and_goes_on(browser: Browser, operated: Operated, receiver: Sink) -> None:
    name = parked(operated, receiver)
    with opening(browser, operated.base, key=operated.operator) as open_page:
        page = open_page("/operator")
        row = page.get_by_role("table", name="Who is sent events").get_by_role("row").filter(has_text=name)
        row.get_by_role("button", name="Pause").click()
        expect(row).to_contain_text("paused")
        row.get_by_role("button", name="Resume").click()
        expect(row).to_contain_text("active")


def test_who_may_not_see_it_is_not_led_there(browser: Browser, operated: Operated) -> None:
    with opening(browser, operated.base, key=operated.reader, expected=(403,)) as open_page:
        page = open_page("/changes")
        expect(page.get_by_role("link", name="Operator")).to_have_count(0)
        page.goto("/operator")
        expect(page.get_by_role("alert")).to_contain_text("admin")


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_is_accessible_and_fits(
    browser: Browser, operated: Operated, receiver: Sink, size: tuple[int, int], scheme: str
) -> None:
    parked(operated, receiver)
    with opening(browser, operated.base, key=operated.operator) as open_page:
        page = open_page("/operator", size=size, scheme=scheme)
        expect(page.get_by_role("table", name="Parked deliveries")).to_be_attached()
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        demand_accessible(page)
