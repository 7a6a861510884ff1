"""Logging in on the page, recording, and leaving, as a reader does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser, expect

from service.cli.demo import load_sample
from service.keys.scopes import CLAIMS_WRITE, FEED_READ, STATE_READ
from service.settings import Settings
from tests.browser.conftest import DESKTOP, PHONE, opening
from tests.browser.test_views import demand_accessible
from tests.cli.conftest import Program
from tests.cli.test_serve import ready
from tests.conftest import Servers
from tests.keyed import issued


class Guarded(NamedTuple):
    """A service that wants a key, a key for everything that pages do, and one for reading."""

    base: str
    writer: str
    reader: str


@pytest.fixture(scope="module")
def guarded(servers: Servers, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    url = servers.migrated(18)
    load_sample(Settings(), url)
    keys = issued(url, STATE_READ, FEED_READ, CLAIMS_WRITE).secret, issued(url, STATE_READ).secret
    folder = tmp_path_factory.mktemp("guarded")
    environment = {"DATABASE_URL": url, "HOME": str(folder), "FRENEMIES_DATA": str(folder)}
    program = Program(("serve", "--port", "0"), environment, folder / "stderr.log")
    try:
        yield Guarded(ready(program), *keys)
    finally:
        program.end()


@pytest.mark.parametrize("scripts", [True, False])
def test_a_reader_logs_in_records_and_leaves(browser: Browser, guarded: Guarded, scripts: bool) -> None:
    with opening(browser, guarded.base, key=guarded.writer) as open_page:
        page = open_page("/record", scripts=scripts)
        expect(page).to_have_url(f"{guarded.base}/record")
        expect(page.locator(".reader")).to_contain_text("tester")
        for name, text in (
            ("/title", "A note"), ("/url", f"https://example.org/login-{scripts}"), ("/publisher", "GigaOM"),
            ("/language", "en"), ("/published", "2015-03-02"),
        ):  # fmt: skip
            page.locator(f'[name="{name}"]').fill(text)
        page.get_by_role("button", name="Record the article").click()
        page.wait_for_url(re.compile("/record/claim"))
        page.get_by_role("link", name="competition").click()
        page.locator('[name="/type"]').select_option("partnership")
        if scripts:
            # The form is drawn anew, and is still taken.
            expect(page.locator('select[name^="/participants/"]').first).to_contain_text("partner")
            page.get_by_role("button", name="Record the claim").click()
            assert page.evaluate("document.cookie") == ""
        kept = {one["name"]: one for one in page.context.cookies()}
        assert all(one["httpOnly"] and one["sameSite"] == "Lax" for one in kept.values()) and len(kept) == 1
        assert guarded.writer not in page.content() + page.url + str(kept)
        page.get_by_role("button", name="Leave").click()
        expect(page.get_by_label("Key")).to_be_visible()
        assert not page.context.cookies() or "visit" in page.context.cookies()[0]["name"]
        page.goto("/changes")
        expect(page.get_by_label("Key")).to_be_visible()


def test_a_wrong_key_is_said_and_the_right_one_leads_on(browser: Browser, guarded: Guarded) -> None:
    with opening(browser, guarded.base, expected=(401,)) as open_page:
        page = open_page("/entity/mirantis?as_of=2014-11-04")
        page.get_by_label("Key").fill("a wrong key")
        page.keyboard.press("Enter")
        expect(page.get_by_role("alert")).to_contain_text("valid key")
        expect(page.get_by_label("Key")).to_have_value("")
        page.get_by_label("Key").fill(guarded.reader)
        page.keyboard.press("Enter")
        expect(page).to_have_url(f"{guarded.base}/entity/mirantis?as_of=2014-11-04")
        expect(page.get_by_role("navigation").get_by_role("link", name="Record")).to_have_count(0)


@pytest.mark.parametrize(("size", "scheme"), [(DESKTOP, "light"), (PHONE, "dark")], ids=["desktop", "phone"])
def test_the_login_and_the_pages_after_it_are_accessible_and_fit(
    browser: Browser, guarded: Guarded, size: tuple[int, int], scheme: str
) -> None:
    with opening(browser, guarded.base) as open_page:
        page = open_page("/entity/mirantis", size=size, scheme=scheme)
        demand_accessible(page)
        page.get_by_label("Key").fill(guarded.reader)
        page.keyboard.press("Enter")
        expect(page.locator(".reader")).to_be_visible()
        demand_accessible(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
