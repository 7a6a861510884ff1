"""Every view of the page: read by axe-core in both schemes and at both widths, printed, and with hostile text in it."""

from __future__ import annotations

import json
from urllib.request import Request, urlopen

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Open, explorer

VIEWS = {
    "explorer": "/?center=mirantis&as_of=2014-11-04",
    "everybody": "/?as_of=2013-06-01&published_by=2013-11-08",
    "table": "/?center=red-hat&as_of=2014-11-04&view=table&select=investor_of/red-hat/mirantis",
    "entity": "/entity/red-hat?as_of=2014-11-04",
    "relation": "/relation/agreement_with/mirantis/red-hat?as_of=2014-11-04",
    "vote": "/vote/openstack-foundation-board?relation=member_of&subject=vmware&object=openstack-foundation",
    "claim": "/claim/000-02",
    "changes": "/changes?entity=mirantis&axis=as_of&from=2012-01-01&to=2014-12-01",
    "beliefs": "/beliefs?entity=vmware",
    "frenemies": "/frenemies?as_of=2014-11-04",
    "path": "/path?from=mirantis&to=vmware&as_of=2014-11-04",
    "record": "/record",
    "docs": "/docs",
    "refusal": "/entity/nobody",
}
GRAVE = ("serious", "critical")
HOSTILE = "<img src=x onerror=alert(1)><script>alert(2)</script>"


def shown(open_page: Open, address: str, **more: object) -> Page:
    """A page that needs no scripts."""
    return open_page(address, **more)


def demand_accessible(page: Page) -> None:
    """Nothing serious is found by axe-core."""
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    grave = [violation for violation in found.response["violations"] if violation["impact"] in GRAVE]
    told = [(v["id"], [(node["html"][:120], node["failureSummary"]) for node in v["nodes"][:3]]) for v in grave]
    assert not told, json.dumps(told, indent=1)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_a_view_is_accessible_and_fits(open_page: Open, view: str, scheme: str, size: tuple[int, int]) -> None:
    address = VIEWS[view]
    show = explorer if address.startswith("/?") else shown
    page = show(open_page, address, size=size, scheme=scheme)
    expect(page.locator("h1, [role=alert]").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
    demand_accessible(page)


@pytest.fixture
def hostile(base: str) -> str:
    """An entity with hostile text for a name, and a claim about it, recorded through the API."""
    said = {
        "record": "claim", "ref": "hostile-1", "article": "https://example.org/hostile", "type": "competition",
        "participants": [{"role": "competitor", "entity": "hostile"}, {"role": "competitor", "entity": "mirantis"}],
        "attributes": {"market": HOSTILE}, "asserted_by": {"kind": "author"}, "modality": "ongoing",
        "polarity": "positive", "time": {"kind": "observed", "edtf": "2014"}, "evidence": {"summary": HOSTILE},
    }  # fmt: skip
    lines = [
        {"record": "entity", "id": "hostile", "kind": "company", "name": HOSTILE},
        {"record": "article", "url": "https://example.org/hostile", "title": HOSTILE, "publisher": "hostile",
         "authors": [HOSTILE], "language": "en", "published": "2014-11-04"},
        said,
    ]  # fmt: skip
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    request = Request(f"{base}/v1/import", body, {"Content-Type": "application/x-ndjson"})  # noqa: S310
    with urlopen(request):  # noqa: S310
        pass
    with urlopen(f"{base}/readyz") as answer:  # noqa: S310
        head = json.load(answer)["head"]
    with urlopen(f"{base}/v1/entities/hostile/state?min_position={head}"):  # noqa: S310
        return "hostile"


@pytest.mark.parametrize(
    "address",
    [
        "/?center={0}", "/?center={0}&view=table", "/entity/{0}", "/relation/competes_with/{0}/mirantis",
        "/claim/hostile-1", "/changes?entity={0}&axis=as_of&from=2010-01-01&to=2015-01-01", "/beliefs?entity={0}",
        "/path?from={0}&to=mirantis", "/record", "/record/retraction?claim=hostile-1",
    ],
)  # fmt: skip
def test_hostile_text_renders_inert(open_page: Open, hostile: str, address: str) -> None:
    page = (explorer if address.startswith("/?") else shown)(open_page, address.format(hostile))
    page.on("dialog", lambda dialog: pytest.fail(f"a script ran: {dialog.message}"))
    if address.startswith("/?"):
        page.locator("#lanes .lane").first.focus()
        page.keyboard.press("Enter")
        expect(page.locator("#evidence .status").first).to_be_visible()
    assert page.locator("img[src=x], [onerror]").count() == 0
    assert page.locator("script:not([src]):not([type='application/json'])").count() == 0
