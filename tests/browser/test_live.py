"""Pages follow live: what is recorded while they are open is shown, or told of, without loading them again."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from playwright.sync_api import Request as BrowserRequest

from service.cli.demo import load_sample
from service.settings import Settings
from tests.browser.conftest import Open, explorer, opening
from tests.browser.test_explorer import asked, edge, lane
from tests.browser.test_views import demand_accessible
from tests.cli.conftest import Program
from tests.cli.test_serve import ready
from tests.conftest import Servers

KEY = "a key \u00e9"
NEW = "partner_of/mirantis/rackspace"
COUNTED = """() => {
    window.opened = 0;
    window.EventSource = class extends EventSource {
        constructor(...given) { super(...given); window.opened += 1; }
    };
}"""


class Live:
    """A service with its feed process, to record at while pages are open."""

    def __init__(self, base: str, program: Program, key: str | None) -> None:
        self.base = base
        self.program = program
        self.article = ""
        self._headers = {"Authorization": f"Bearer {key}".encode().decode("latin-1")} if key else {}
        self._count = 0

    def send(self, method: str, path: str, body: Any) -> Any:
        """What the API answers."""
        headers = {"Content-Type": "application/json", **self._headers}
        request = Request(self.base + path, json.dumps(body).encode(), headers, method=method)  # noqa: S310
        with urlopen(request) as answer:  # noqa: S310
            return json.load(answer)

    def _get(self, path: str) -> Any:
        request = Request(self.base + path, headers=self._headers)  # noqa: S310
        with urlopen(request) as answer:  # noqa: S310
            return json.load(answer)

    def entity(self, id: str) -> str:
        """Registers a company."""
        self.send("PUT", f"/v1/entities/{id}", {"kind": "company", "name": id.title()})
        return id

    def partners(self, one: str, other: str, **changes: Any) -> str:
        """Records, in an article of its own, that two are partners since 2014-06; gives the id of the claim."""
        self._count += 1
        url = f"https://example.org/live-{self._count}"
        article = {
            "url": url, "title": f"News {self._count}", "publisher": "gigaom", "authors": ["Ann Author"],
            "language": "en", "published": "2014-07-01",
        }  # fmt: skip
        self.article = str(self.send("POST", "/v1/articles", article)["id"])
        claim = {
            "article": url, "type": "partnership", "attributes": {}, "asserted_by": {"kind": "author"},
            "participants": [{"role": "partner", "entity": one}, {"role": "partner", "entity": other}],
            "modality": "done", "polarity": "positive", "time": {"kind": "instant", "edtf": "2014-06"},
            "evidence": {"summary": f"{one} and {other} are partners."},
        }  # fmt: skip
        return str(self.send("POST", "/v1/claims", claim | changes)["id"])

    def settled(self) -> int:
        """The end of the log, once all up to it is shown."""
        head = int(self._get("/readyz")["head"])
        self._get(f"/v1/entities?limit=1&min_position={head}")
        return head

    def kill_feed(self) -> None:
        """Ends the feed process at once; it is started again."""
        os.killpg(self.program.children()["feed"], signal.SIGKILL)


@contextmanager
def served(servers: Servers, folder: Path, key: str | None = None) -> Iterator[Live]:
    """The program with a sample of its own."""
    url = servers.migrated(18)
    load_sample(Settings(), url)
    environment = {"DATABASE_URL": url, "HOME": str(folder), "FRENEMIES_DATA": str(folder)}
    environment |= {} if key is None else {"FRENEMIES_ADMIN_KEY": key}
    program = Program(("serve", "--port", "0"), environment, folder / "stderr.log")
    try:
        yield Live(ready(program), program, key)
    finally:
        program.end()


@pytest.fixture(scope="module")
def live(servers: Servers, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Live]:
    with served(servers, tmp_path_factory.mktemp("live")) as found:
        yield found


@pytest.fixture
def open_live(browser: Browser, live: Live) -> Iterator[Open]:
    """Opens an address of the service in a window of its own; an error in a script fails the test."""
    with opening(browser, live.base) as open_address:
        yield open_address


def sign(page: Page) -> Locator:
    """What is said of the link to the feed."""
    return page.locator("#follow-sign")


def followed(page: Page) -> Page:
    """The page, once it is told what is recorded."""
    expect(sign(page)).to_have_text("live")
    return page


def test_a_claim_appears_in_the_open_explorer_and_all_else_stays(open_live: Open, live: Live) -> None:
    page = followed(explorer(open_live, "/?center=mirantis&as_of=2014-11-04&select=investor_of/red-hat/mirantis"))
    newcomer = live.entity("newcomer")
    page.locator("#lanes").get_by_role("button", name="Zoom in").click()
    node = page.locator('#network .node[data-id="red-hat"]')
    node.focus()
    ticks = page.locator("#lanes .tick text").all_inner_texts()
    place = node.get_attribute("transform")
    live.partners(newcomer, "mirantis")
    expect(lane(page, "partner_of/mirantis/newcomer")).to_have_count(1)
    expect(edge(page, "partner_of/mirantis/newcomer")).to_have_class(re.compile("holds"))
    expect(node).to_be_focused()
    assert asked(page)["as_of"] == page.locator("#day-date").input_value() == "2014-11-04"
    assert asked(page)["select"] == "investor_of/red-hat/mirantis"
    expect(lane(page, "investor_of/red-hat/mirantis")).to_have_class(re.compile("selected"))
    assert page.locator("#lanes .tick text").all_inner_texts() == ticks
    assert node.get_attribute("transform") == place
    expect(page.get_by_role("status").filter(has_text="Brought up to date")).to_be_attached()


def test_a_row_with_the_focus_keeps_it_in_the_table(open_live: Open, live: Live) -> None:
    page = followed(explorer(open_live, "/?center=mirantis&as_of=2014-11-04&view=table"))
    link = page.locator("#rows a[href^='/relation/investor_of/red-hat/mirantis']")
    link.focus()
    live.partners(live.entity("tabled"), "mirantis")
    expect(page.locator("#rows")).to_contain_text("Tabled")
    expect(link).to_be_focused()


def test_the_open_evidence_follows_unless_the_reader_is_in_it(open_live: Open, live: Live) -> None:
    live.partners("mirantis", live.entity("witness"))
    select = "partner_of/mirantis/witness"
    page = followed(explorer(open_live, f"/?center=witness&as_of=2014-11-04&select={select}"))
    cards = page.locator("#evidence article.card")
    expect(cards).to_have_count(1)
    live.partners("witness", "mirantis", evidence={"summary": "They are, says another one."})
    expect(cards).to_have_count(2)
    followed(page)
    cards.first.locator("a").first.focus()
    live.partners("witness", "mirantis", evidence={"summary": "They are, says a third one."})
    newer = page.get_by_role("button", name="Show what was recorded meanwhile")
    expect(newer).to_be_visible()
    expect(cards).to_have_count(2)
    newer.click()
    expect(cards).to_have_count(3)


def test_many_claims_at_once_are_taken_in_a_few_times(open_live: Open, live: Live) -> None:
    page = followed(explorer(open_live, "/?as_of=2014-11-04"))
    questions: list[str] = []
    page.on("request", lambda request: questions.append(request.url) if "/v1/periods" in request.url else None)
    some = [live.entity(f"one-of-many-{number}") for number in range(20)]
    for one in some:
        live.partners(one, "mirantis")
    expect(lane(page, "partner_of/mirantis/one-of-many-19")).to_have_count(1)
    assert page.locator('#lanes .lane[data-id*="one-of-many"]').count() == len(some)
    assert len(questions) < len(some)


PAGES = {
    "entity": "/entity/mirantis?as_of=2014-11-04",
    "relation": "/relation/partner_of/mirantis/rackspace",
    "changes": "/changes?entity=rackspace&axis=as_of&from=2014-01-01&to=2014-12-01",
}


@pytest.mark.parametrize("view", PAGES)
def test_a_page_says_that_something_new_was_recorded_and_shows_it(open_live: Open, live: Live, view: str) -> None:
    page = followed(open_live(PAGES[view]))
    before = page.locator("main").inner_html()
    summary = f"Seen from the page of {view}."
    claim = live.partners("mirantis", "rackspace", evidence={"summary": summary})
    news = page.get_by_role("status").filter(has_text="Something new was recorded")
    expect(news).to_be_visible()
    assert page.locator("main").inner_html() == before
    demand_accessible(page)
    address = page.url
    with page.expect_navigation():
        page.get_by_role("button", name="Show it").click()
    assert page.url == address and claim in page.content()
    expect(news).to_have_count(0)


def test_a_relation_tells_nothing_of_what_only_one_of_the_two_does(open_live: Open, live: Live) -> None:
    page = followed(open_live("/relation/partner_of/mirantis/rackspace"))
    heard = heard_of(page)
    live.partners("mirantis", live.entity("somebody-else"))
    before = live.settled()
    live.partners("mirantis", "rackspace", evidence={"summary": "Both."})
    expect(page.get_by_role("status")).to_contain_text("Something new")
    assert heard and min(heard) > before


def heard_of(page: Page) -> list[int]:
    """The positions of which a page finds out from now on whether they can be shown."""
    found: list[int] = []

    def note(asked: BrowserRequest) -> None:
        match = re.search("min_position=([0-9]+)", asked.url)
        found.extend([int(match[1])] if match else [])

    page.on("request", note)
    return found


def test_a_claim_and_its_article_tell_that_it_was_taken_back(open_live: Open, live: Live) -> None:
    claim = live.partners("mirantis", "vmware")
    live.settled()
    addresses = (f"/claim/{claim}", f"/article/{live.article}", "/entity/vmware?as_of=2014-11-04")
    shown = [followed(open_live(address)) for address in addresses]
    live.send("POST", f"/v1/claims/{claim}/retraction", {"reason": "A slip."})
    for page in shown:
        expect(page.get_by_role("status")).to_contain_text("Something new was recorded")


def test_nothing_is_told_while_the_switch_is_off_and_it_stays_off(open_live: Open, live: Live) -> None:
    page = followed(explorer(open_live, "/?center=vmware&as_of=2014-11-04"))
    page.get_by_label("Follow live").uncheck()
    expect(sign(page)).to_have_text("off")
    page.add_init_script(f"({COUNTED})()")
    page.reload()
    expect(sign(page)).to_have_text("off")
    other = followed(explorer(open_live, "/?center=vmware&as_of=2014-11-04"))
    live.partners(live.entity("unseen"), "vmware")
    expect(lane(other, "partner_of/unseen/vmware")).to_have_count(1)
    assert page.evaluate("window.opened") == 0
    expect(lane(page, "partner_of/unseen/vmware")).to_have_count(0)
    page.get_by_label("Follow live").check()
    expect(lane(page, "partner_of/unseen/vmware")).to_have_count(1)


@pytest.mark.parametrize("address", ["/?recorded_by=100", "/entity/mirantis?recorded_by=100"])
def test_a_page_of_a_fixed_position_opens_no_stream(browser: Browser, live: Live, address: str) -> None:
    with opening(browser, live.base, script=f"({COUNTED})()") as open_address:
        page = open_address(address)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.opened") == 0
        expect(page.get_by_label("Follow live")).to_have_count(1 if address.startswith("/?") else 0)


def test_the_slider_of_the_log_stops_and_goes_on(open_live: Open, live: Live) -> None:
    page = followed(explorer(open_live, "/?as_of=2014-11-04"))
    page.locator("#dates summary", has_text="As recorded by").click()
    page.locator("#recorded").fill("100")
    expect(sign(page)).to_have_text("stays as it is")
    live.partners(live.entity("later"), "mirantis")
    page.locator("#recorded").press("End")
    followed(page)
    expect(lane(page, "partner_of/later/mirantis")).to_have_count(1)


def test_what_was_recorded_while_the_feed_process_was_gone_appears(open_live: Open, live: Live) -> None:
    page = followed(explorer(open_live, "/?center=mirantis&as_of=2014-11-04"))
    newcomer = live.entity("meanwhile")
    live.kill_feed()
    expect(sign(page)).to_have_text("connecting again")
    live.partners(newcomer, "mirantis")
    expect(lane(page, "partner_of/meanwhile/mirantis")).to_have_count(1, timeout=30_000)
    followed(page)


OLDER = """() => {
    const older = (address) => String(address).replace(/lastEventId=.{20}/, "lastEventId=AAAAAAAAAAAAAAAAAAAA");
    window.EventSource = class extends EventSource {
        constructor(address) { super(older(address)); }
    };
    const found = window.fetch;
    window.fetch = (address, ...more) => found(older(address), ...more);
}"""
LATE = """() => {
    const found = window.fetch;
    window.fetch = (address, ...more) => {
        if (!address.includes("min_position")) return found(address, ...more);
        window.fetch = found;
        document.getElementById("follow").click();
        return Promise.reject(new Error("too late"));
    };
}"""
HIDE = """(hidden) => {
    Object.defineProperty(document, "hidden", { configurable: true, value: hidden });
    document.dispatchEvent(new Event("visibilitychange"));
}"""


def test_a_hidden_page_lets_go_of_its_stream_and_goes_on_where_it_was(browser: Browser, live: Live) -> None:
    with opening(browser, live.base, script=f"({COUNTED})()") as open_address:
        page = followed(explorer(open_address, "/?center=mirantis&as_of=2014-11-04"))
        page.evaluate(HIDE, True)
        opened = page.evaluate("window.opened")
        live.partners(live.entity("hidden"), "mirantis")
        assert page.evaluate("window.opened") == opened
        expect(lane(page, "partner_of/hidden/mirantis")).to_have_count(0)
        page.evaluate(HIDE, False)
        expect(lane(page, "partner_of/hidden/mirantis")).to_have_count(1)


def test_a_log_that_was_replaced_is_told_of(browser: Browser, live: Live) -> None:
    """The cursor of the page is of another epoch: it says so, and asks to be loaded again."""
    with opening(browser, live.base, script=f"({OLDER})()", expected=(410,)) as open_address:
        page = open_address("/entity/mirantis")
        expect(page.get_by_role("status")).to_contain_text("was restored")
        expect(page.get_by_role("button", name="Load it again")).to_be_visible()


def test_it_follows_with_a_key_as_well(
    servers: Servers, browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with (
        served(servers, tmp_path_factory.mktemp("locked"), KEY) as locked,
        opening(browser, locked.base, key=KEY) as open_address,
    ):
        page = followed(explorer(open_address, "/?center=mirantis&as_of=2014-11-04"))
        entity = followed(open_address("/entity/mirantis?as_of=2014-11-04"))
        locked.partners(locked.entity("newcomer"), "mirantis")
        expect(lane(page, "partner_of/mirantis/newcomer")).to_have_count(1)
        expect(entity.get_by_role("status")).to_contain_text("Something new was recorded")


def test_without_scripts_there_is_no_switch(open_live: Open) -> None:
    page = open_live("/entity/mirantis", scripts=False)
    expect(page.locator("#live")).to_be_hidden()


def test_a_switch_turned_off_and_on_again_misses_nothing(open_live: Open, live: Live) -> None:
    """Also where the picture was about to be brought up to date."""
    page = followed(explorer(open_live, "/?center=vmware&as_of=2014-11-04"))
    page.evaluate(LATE)
    live.partners(live.entity("second-one"), "vmware")
    expect(sign(page)).to_have_text("off")
    page.get_by_label("Follow live").check()
    expect(lane(page, "partner_of/second-one/vmware")).to_have_count(1)


def test_the_scripts_of_the_explorer_stay_small(open_live: Open) -> None:
    page = followed(explorer(open_live))
    sizes = page.evaluate(
        "performance.getEntriesByType('resource').filter(entry => entry.name.endsWith('.js'))"
        ".map(entry => entry.decodedBodySize)"
    )
    assert 0 < sum(sizes) < 75_000
