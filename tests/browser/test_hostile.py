"""Hostile texts in a real browser: nothing of them runs, nothing is loaded from elsewhere, no policy is broken."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import READY
from tests.conftest import Servers
from tests.hostile import NAMES, STEERING, packed
from tests.http.conftest import NewService
from tests.serving import serving
from tests.world import World

TEXTS = [*packed(NAMES), next(packed(STEERING, 1_000))]


@pytest.fixture(scope="module")
def hostile(servers: Servers, browser: Browser) -> Iterator[tuple[str, list[World]]]:
    """The address of a service, and the worlds of hostile texts in it."""
    with NewService(servers)() as service:
        last = len(TEXTS) - 1
        worlds = [
            World(service, f"n{number}", text if number < last else "plain", text) for number, text in enumerate(TEXTS)
        ]
        service.catch_up()
        with serving(service.app) as base:
            yield base, worlds


def explorer(world: World) -> str:
    one, two = world.id("one"), world.id("two")
    return f"/?center={one}&as_of=2014-12-01&select=owns/{one}/{two}"


def pages(world: World) -> list[str]:
    """Those with scripts, and those that show most."""
    one, two, claims = world.id("one"), world.id("two"), world.claims
    return [
        f"/entity/{one}?as_of=2014-12-01", f"/relation/owns/{one}/{two}", f"/claim/{claims['invests']}",
        f"/article/{world.articles['first']}", f"/changes?entity={one}&from=2001-01-01&to=2020-01-01",
        f"/beliefs?entity={one}", f"/record/correction?claim={claims['is']}",
    ]  # fmt: skip


@pytest.mark.slow
def test_nothing_of_a_hostile_text_runs_in_a_browser(browser: Browser, hostile: tuple[str, list[World]]) -> None:
    base, worlds = hostile
    addresses = [*map(explorer, worlds), *pages(worlds[0]), *pages(worlds[1]), *pages(worlds[-1])]
    happened: list[str] = []
    context = browser.new_context(base_url=base, reduced_motion="reduce")
    page = context.new_page()
    page.on("dialog", lambda dialog: (happened.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    page.on("pageerror", lambda error: happened.append(f"error: {error}"))
    page.on("console", lambda said: happened.append(said.text) if said.type in ("error", "warning") else None)
    context.on("page", lambda other: happened.append(f"another page: {other.url}"))
    context.on(
        "request", lambda one: None if one.url.startswith((base, "blob:", "data:")) else happened.append(one.url)
    )
    for address in addresses:
        page.goto(address)
        if address.startswith("/?"):
            expect(page.locator(READY)).to_be_attached()
            expect(page.locator("#evidence")).to_be_visible()
        assert page.url.startswith(base)
        assert not happened, (address, happened)
    context.close()
