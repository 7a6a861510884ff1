"""The explorer: dates are dragged, and everything moves with them."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import READY, Open, explorer, steady

INVESTMENT = "investor_of/red-hat/mirantis"
MEMBERSHIP = "member_of/vmware/openstack-foundation"

MIDDLE = """(path) => {
    const { x, y } = path.getPointAtLength(path.getTotalLength() / 2).matrixTransform(path.getScreenCTM());
    return [x, y];
}"""


def asked(page: Page) -> dict[str, str]:
    """The parameters of the address in the bar."""
    return {name: values[0] for name, values in parse_qs(urlsplit(page.url).query).items()}


def edge(page: Page, name: str) -> Locator:
    """What is drawn between two entities."""
    return page.locator(f'#network .edge[data-id="{name}"]')


def lane(page: Page, name: str) -> Locator:
    """The lane of a relation or a vote."""
    return page.locator(f'#lanes .lane[data-id="{name}"]')


def set_day(page: Page, day: str) -> None:
    """Types a day into the field."""
    page.locator("#day-date").fill(day)


def test_the_first_view_shows_the_world_of_the_sample(open_page: Open) -> None:
    page = explorer(open_page)
    assert page.locator("#network .node").count() > 40
    assert page.locator("#lanes .lane").count() > 70
    assert page.locator("#network .edge.contested").count() >= 1
    expect(page.locator("#table")).to_be_hidden()


def test_dragging_the_date_moves_network_timeline_table_and_address_together(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2012-08-28")
    expect(edge(page, MEMBERSHIP)).to_have_class(re.compile("planned"))
    set_day(page, "2013-06-01")
    expect(edge(page, MEMBERSHIP)).to_have_class(re.compile("unconfirmed"))
    page.wait_for_url(re.compile("as_of=2013-06-01"))
    expect(page.locator("#lanes .dates .day text")).to_have_text("2013-06-01")
    lane(page, MEMBERSHIP).focus()
    page.keyboard.press("Enter")
    expect(page.locator("#evidence time", has_text="2013-06-01").first).to_be_visible()

    canvas = steady(page.locator("#lanes .canvas"))
    line = steady(page.locator("#lanes .dates .day line"))
    y = canvas["y"] + 200
    page.mouse.move(line["x"], y)
    page.mouse.down()
    page.mouse.move(canvas["x"] + canvas["width"] - 30, y, steps=12)
    page.mouse.up()
    day = page.locator("#day-date").input_value()
    assert day > "2015-01-01"
    expect(page.locator("#evidence time", has_text=day).first).to_be_visible()
    page.wait_for_url(re.compile(f"as_of={day}"))
    expect(page.locator("#table-day")).to_have_text(day)


def test_the_slider_is_moved_by_the_keyboard(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2013-06-01")
    page.locator("#day").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_url(re.compile("as_of=2013-06-02"))


def test_steps_go_to_the_days_on_which_something_changes(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2012-08-20")
    day = page.locator("#day-date")
    page.get_by_role("button", name="To the next change").click()
    expect(day).to_have_value("2012-08-27")
    page.get_by_role("button", name="To the next change").click()
    expect(day).not_to_have_value("2012-08-27")
    assert day.input_value() > "2012-08-27"
    page.get_by_role("button", name="To the change before").click()
    expect(day).to_have_value("2012-08-27")
    page.wait_for_url(re.compile("as_of=2012-08-27"))


def test_play_runs_to_the_end_and_can_be_paused(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2010-01-01")
    page.get_by_role("button", name="Play").click()
    page.wait_for_url(re.compile("as_of=201[1-5]"))
    page.get_by_role("button", name="Pause").click()
    assert "2011-01-01" <= page.locator("#day-date").input_value() < "2016-12-31"
    expect(page.get_by_role("button", name="Play")).to_be_visible()


def test_the_slider_of_publication_takes_away_what_was_not_public_yet(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2014-11-04")
    expect(edge(page, INVESTMENT)).to_have_class(re.compile("holds|contested|possibly"))
    page.locator("#published-date").fill("2013-01-01")
    expect(edge(page, INVESTMENT)).to_have_count(0)
    page.wait_for_url(re.compile("published_by=2013-01-01"))
    page.get_by_role("button", name="All that was published").click()
    expect(edge(page, INVESTMENT)).to_have_count(1)
    page.wait_for_url(re.compile(r"^((?!published_by).)*$"))


def test_the_folded_slider_shows_what_the_service_held(open_page: Open) -> None:
    page = explorer(open_page)
    page.locator("#dates summary", has_text="As recorded by").click()
    nodes = page.locator("#network .node")
    count = nodes.count()
    page.locator("#recorded").fill("100")
    expect(nodes).not_to_have_count(count)
    assert nodes.count() < count
    page.wait_for_url(re.compile("recorded_by=100"))


def test_a_click_on_an_edge_opens_who_said_it(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2014-11-04")
    edge(page, INVESTMENT).locator(".line").scroll_into_view_if_needed()
    steady(edge(page, INVESTMENT).locator(".line"))
    x, y = edge(page, INVESTMENT).locator(".line").evaluate(MIDDLE)
    page.mouse.click(x, y)
    panel = page.locator("#evidence")
    expect(panel).to_be_visible()
    expect(panel).to_contain_text("Red Hat and Mirantis: The gloves are off")
    page.wait_for_url(re.compile("select=investor_of"))
    expect(lane(page, INVESTMENT)).to_have_class(re.compile("selected"))
    page.get_by_role("button", name="Close the evidence").click()
    expect(panel).to_be_hidden()


def test_a_lane_opens_its_evidence_by_keyboard_and_it_follows_the_date(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2012-08-28")
    lane(page, MEMBERSHIP).focus()
    page.keyboard.press("Enter")
    panel = page.locator("#evidence")
    expect(panel.locator(".status").first).to_have_text("planned")
    set_day(page, "2013-06-01")
    expect(panel.locator(".status").first).to_have_text("unconfirmed")
    lane(page, MEMBERSHIP).focus()
    page.keyboard.press("Enter")
    expect(panel.get_by_role("heading", name="Evidence")).to_be_focused()
    page.keyboard.press("Escape")
    expect(panel).to_be_hidden()
    expect(lane(page, MEMBERSHIP)).to_be_focused()


def test_a_permanent_address_shows_the_same_view_again(open_page: Open) -> None:
    page = explorer(open_page, f"/?center=mirantis&depth=2&as_of=2014-11-04&view=table&select={INVESTMENT}")
    expect(page.locator("#table")).to_be_visible()
    expect(page.locator("#network")).to_be_hidden()
    expect(page.locator("#evidence")).to_be_visible()
    expect(page.locator("#rows tr").first).to_be_visible()
    shown = page.locator("#rows").inner_text()
    again = explorer(open_page, page.url)
    assert again.locator("#rows").inner_text() == shown


def test_a_company_in_the_network_becomes_the_center(open_page: Open) -> None:
    page = explorer(open_page)
    page.locator('#network .node[data-id="mirantis"]').focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("center=mirantis"))
    expect(page.locator("#network .node.center")).to_have_attribute("data-id", "mirantis")


def test_another_question_keeps_the_dates(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2014-11-04")
    set_day(page, "2013-06-01")
    page.get_by_label("Around", exact=True).fill("red-hat")
    page.get_by_role("button", name="Show", exact=True).click()
    page.wait_for_url(re.compile("center=red-hat"))
    assert asked(page) == {"center": "red-hat", "depth": "1", "as_of": "2013-06-01"}


def test_network_and_timeline_are_one_stop_each_and_walked_by_arrows(open_page: Open) -> None:
    page = explorer(open_page, "/?center=mirantis&as_of=2014-11-04")
    assert page.locator('#network [tabindex="0"]').count() == 1 == page.locator('#lanes svg [tabindex="0"]').count()
    page.locator('#network [tabindex="0"]').focus()
    first = page.locator("#network .node:focus").get_attribute("data-id")
    page.keyboard.press("ArrowRight")
    assert page.locator("#network .node:focus").get_attribute("data-id") != first
    page.keyboard.press("ArrowLeft")
    assert page.locator("#network .node:focus").get_attribute("data-id") == first
    page.keyboard.press("ArrowDown")
    line = page.locator("#network .edge:focus")
    assert str(first) in str(line.get_attribute("data-id")).split("/")
    page.keyboard.press("Enter")
    expect(page.locator("#evidence h2").first).to_be_focused()
    assert page.locator('#network [tabindex="0"]').count() == 1


def test_lanes_by_company(open_page: Open) -> None:
    page = explorer(open_page, "/?center=mirantis")
    page.locator("#lanes select").select_option("company")
    company = page.locator("#lanes text.group", has_text=re.compile("^Red Hat"))
    expect(company).to_be_visible()
    page.wait_for_url(re.compile("lanes=company"))
    page.reload()
    expect(company).to_be_visible()


def test_what_was_said_of_others_has_a_permanent_address(open_page: Open) -> None:
    page = explorer(open_page, "/?center=vmware")
    said = page.locator('#lanes .lane[data-id^="stance/"]').first
    name = str(said.get_attribute("data-id"))
    said.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("select=stance"))
    page.reload()
    expect(page.locator("#evidence")).to_contain_text("Who says it")
    expect(lane(page, name)).to_have_class(re.compile("selected"))


def test_zooming_ends_at_the_ends_of_the_calendar(open_page: Open) -> None:
    page = explorer(open_page, "/?center=vmware")
    for _ in range(20):
        page.locator("#lanes").get_by_role("button", name="Zoom out").click()
    expect(page.locator("#lanes .tick text").first).to_be_visible()
    assert page.locator("#lanes .tick").count() < 60
    page.locator("#lanes").get_by_role("button", name="Show all of it").click()


def test_a_refused_clock_goes_back_to_what_is_shown(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2014-11-04")
    page.route("**/v1/periods*", lambda route: route.fulfill(status=200, body="no JSON"))
    page.locator("#published-date").fill("2013-01-01")
    expect(page.locator("#said")).to_have_text("The service does not answer now.")
    expect(page.locator("#published-date")).to_have_value("")
    page.wait_for_url(re.compile(r"^((?!published_by).)*$"))


def test_a_right_click_opens_nothing(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2014-11-04")
    page.locator('#network .node[data-id="mirantis"] .shape').click(button="right")
    lane(page, INVESTMENT).click(button="right")
    expect(page.locator("#evidence")).to_be_hidden()
    assert "center" not in asked(page)


def test_around_a_center_the_picture_is_the_network_of_that_day(open_page: Open) -> None:
    for day in ("2012-04-01", "2014-11-04"):
        page = explorer(open_page, f"/?center=red-hat&depth=1&as_of={day}")
        edges = page.request.get(f"/v1/network?center=red-hat&depth=1&as_of={day}&limit=200").json()["edges"]
        assert page.locator("#network .edge:not(.none)").count() == len(edges)
        assert page.locator("#rows tr").count() == len(edges)


def test_all_that_was_published_widens_the_dates_again(open_page: Open) -> None:
    page = explorer(open_page, "/?as_of=2012-08-28&published_by=2012-09-01")
    narrow = int(str(page.locator("#day").get_attribute("max")))
    page.get_by_role("button", name="All that was published").click()
    expect(edge(page, INVESTMENT)).to_have_count(1)
    assert int(str(page.locator("#day").get_attribute("max"))) > narrow


def test_without_scripts_the_table_and_the_dates_are_there(open_page: Open) -> None:
    page = open_page("/?as_of=2014-11-04", scripts=False)
    assert page.locator("#rows tr").count() > 30
    expect(page.get_by_label("As of", exact=True)).to_be_visible()
    page.get_by_label("Around").fill("mirantis")
    page.get_by_role("button", name="Show").click()
    assert asked(page)["center"] == "mirantis"


@pytest.mark.parametrize(
    ("button", "kind", "start"),
    [
        ("SVG network", "-network.svg", b"<svg"),
        ("SVG timeline", "-timeline.svg", b"<svg"),
        ("PNG network", "-network.png", b"\x89PNG"),
        ("PNG timeline", "-timeline.png", b"\x89PNG"),
        ("CSV", ".csv", b""),
    ],
)
def test_what_is_shown_can_be_saved(open_page: Open, button: str, kind: str, start: bytes) -> None:
    page = explorer(open_page, "/?center=mirantis&as_of=2014-11-04")
    page.get_by_text("Save", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=button, exact=True).click()
    saved = Path(download.value.path()).read_bytes()
    assert download.value.suggested_filename == f"frenemies-2014-11-04{kind}"
    assert saved.startswith(start) and b"Mirantis" in saved if kind.endswith("svg") else saved.startswith(start)
    if kind == ".csv":
        lines = saved.decode().splitlines()
        assert any("investor_of" in line and "red-hat" in line for line in lines)


def test_the_first_view_is_small_and_soon_there(open_page: Open) -> None:
    """Below 300 kB, and interactive within a second on loopback: once in five times, as other tests run beside it."""
    page = explorer(open_page)
    taken = [ready_after(page)]
    while min(taken) >= 1_000 and len(taken) < 5:
        page.reload()
        taken.append(ready_after(page))
    assert min(taken) < 1_000
    sizes = page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]"
        ".map(entry => entry.decodedBodySize)"
    )
    assert sum(sizes) < 300_000


def ready_after(page: Page) -> float:
    """After how many milliseconds all of it was painted and could be used."""
    expect(page.locator(READY)).to_be_attached()
    found: float = page.evaluate("performance.getEntriesByName('ready')[0].startTime")
    return found


def test_nothing_is_loaded_from_elsewhere(open_page: Open, base: str) -> None:
    page = explorer(open_page)
    names = page.evaluate("performance.getEntriesByType('resource').map(entry => entry.name)")
    assert names and all(name.startswith(base) for name in names)


def test_it_works_at_the_width_of_a_phone(open_page: Open) -> None:
    page = explorer(open_page, "/?center=mirantis", size=(360, 740))
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    expect(page.locator("#network")).to_be_visible()
    expect(page.locator("#lanes")).to_be_visible()


def test_a_refusal_is_shown_with_the_form_to_ask_again(open_page: Open) -> None:
    page = open_page("/?center=nobody", scripts=False)
    expect(page.get_by_role("alert")).to_contain_text("nobody")
    expect(page.get_by_label("Around")).to_have_value("nobody")
