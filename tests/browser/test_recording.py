"""Recording on the page: an article is pasted, words in it are selected, and the claim appears in the explorer."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import PHONE, Open, explorer

TEXT = "Good news \N{ROCKET} from the fair. Mirantis now resells the appliances of Rackspace. Nothing else happened."
WORDS = "Mirantis now resells the appliances of Rackspace."


def record_article(open_page: Open, url: str) -> Page:
    """The form for a claim of an article that was recorded just now."""
    page = open_page("/record")
    page.locator('[name="/title"]').fill("An appliance fair")
    page.locator('[name="/url"]').fill(url)
    page.locator('[name="/publisher"]').fill("GigaOM")
    page.locator('[name="/language"]').fill("en")
    page.locator('[name="/published"]').fill("2015-03-02")
    page.locator('[name="/text"]').fill(TEXT)
    page.locator("form button.main").click()
    page.wait_for_url(re.compile("/record/claim"))
    page.get_by_role("link", name="competition").click()
    return page


def select(page: Page, words: str) -> None:
    """Selects words of the article as a reader would with the mouse."""
    page.evaluate(
        """(words) => {
            const node = document.querySelector("#text").firstChild;
            const at = node.data.indexOf(words);
            const range = document.createRange();
            range.setStart(node, at);
            range.setEnd(node, at + words.length);
            getSelection().removeAllRanges();
            getSelection().addRange(range);
            document.querySelector("#text").dispatchEvent(new PointerEvent("pointerup", { bubbles: true }));
            document.querySelector("#text").dispatchEvent(new MouseEvent("mouseup", { bubbles: true }));
        }""",
        words,
    )


def fill(page: Page, role: str, edtf: str) -> None:
    """Fills in who and when, and what else every claim says."""
    for number, entity in enumerate(("mirantis", "rackspace")):
        page.locator('select[name^="/participants/"]').nth(number).select_option(role)
        page.locator('input[name^="/participants/"]').nth(number).fill(entity)
    chosen = {"/asserted_by/kind": "author", "/modality": "ongoing", "/polarity": "positive", "/time/kind": "observed"}
    for name, value in chosen.items():
        page.locator(f'[name="{name}"]').select_option(value)
    page.locator('[name="/time/edtf"]').fill(edtf)


def test_a_claim_is_recorded_from_selected_text_and_appears(open_page: Open) -> None:
    page = record_article(open_page, "https://example.org/fair")
    page.locator('[name="/type"]').select_option("partnership")
    roles = page.locator('select[name^="/participants/"][name$="/role"]')
    expect(roles.first).to_contain_text("partner")
    fill(page, "partner", "2015-03~")
    select(page, WORDS)
    expect(page.locator('[name="/evidence/position/start"]')).to_have_value(str(TEXT.index(WORDS)))
    expect(page.locator('[name="/evidence/position/end"]')).to_have_value(str(TEXT.index(WORDS) + len(WORDS)))
    expect(page.locator('[name="/evidence/quote/exact"]')).to_have_value(WORDS)
    page.locator('[name="/evidence/summary"]').fill("Mirantis sells what Rackspace makes.")
    expect(page.get_by_text("About March 2015")).to_be_visible()
    page.get_by_role("button", name="Record the claim").click()
    page.wait_for_url(re.compile("/claim/"))
    expect(page.locator("main")).to_contain_text("Mirantis sells what Rackspace makes.")

    page = explorer(open_page, "/?center=mirantis&as_of=2015-06-01")
    edge = page.locator('#network .edge[data-id="partner_of/mirantis/rackspace"]')
    expect(edge).to_have_class(re.compile("holds"))
    page.locator('#lanes .lane[data-id="partner_of/mirantis/rackspace"]').focus()
    page.keyboard.press("Enter")
    expect(page.locator("#evidence")).to_contain_text("Mirantis sells what Rackspace makes.")
    page.locator("#evidence").get_by_role("link", name="An appliance fair").first.click()
    expect(page.locator("mark").first).to_contain_text("Mirantis now resells")


def test_a_date_that_cannot_be_is_said_while_it_is_typed_and_nothing_is_lost(open_page: Open) -> None:
    page = record_article(open_page, "https://example.org/fair-2")
    fill(page, "competitor", "2015-02-30")
    expect(page.locator("#form")).to_contain_text(re.compile("there is no day|no such day|30", re.IGNORECASE))
    page.locator('[name="/evidence/summary"]').fill("Kept.")
    page.get_by_role("button", name="Record the claim").click()
    expect(page.locator('[name="/evidence/summary"]')).to_have_value("Kept.")
    expect(page.locator(".fault").first).to_be_visible()


def test_a_type_that_was_chosen_before_the_script_was_there_is_followed_too(open_page: Open) -> None:
    page = record_article(open_page, "https://example.org/slow")
    page.wait_for_url(re.compile("type=competition"))
    asked: list[Route] = []
    page.route("**/record.js*", lambda route: asked.append(route))
    with page.expect_request("**/record.js*"):
        page.reload(wait_until="commit")
    page.locator('[name="/type"]').select_option("partnership")
    for one in asked:
        one.continue_()
    expect(page.locator('select[name^="/participants/"]').first).to_contain_text("partner")


def test_the_forms_fit_on_a_phone(open_page: Open) -> None:
    page = open_page("/record", size=PHONE)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
