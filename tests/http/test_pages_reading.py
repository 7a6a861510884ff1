"""The views for reading: what changed, what was believed, who is friend and enemy at once, and the path between two."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from service.cli.demo import load_sample
from service.settings import Settings
from tests.conftest import Servers
from tests.http import examples
from tests.http.conftest import NewService, Service

MEMBER = "member_of/vmware/openstack-foundation"
HOSTILE = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}", "'; DROP TABLE x; --")
VIEWS = ("/changes", "/beliefs", "/frenemies", "/path")


@pytest.fixture(scope="module")
def sample(servers: Servers, new_service: NewService) -> Iterator[Service]:
    """The five articles."""
    with new_service() as made:
        url = made.app.extensions["frenemies"].settings.database_url
        load_sample(Settings(), url)
        yield made


def shown(service: Service, path: str, **query: str) -> str:
    """A page as it is sent."""
    page = service.get(path, **query)
    assert page.status_code == 200 and page.mimetype == "text/html", page.text
    assert 'role="alert"' not in page.text
    return page.text


def words(html: str) -> str:
    """What a reader sees of it."""
    text = re.sub("<[^>]*>", " ", re.sub("<(datalist|option|title).*?</\\1>", "", html, flags=re.DOTALL))
    text = re.sub(r"\s+", " ", text.replace("&#34;", '"').replace("&#39;", "'"))
    return re.sub(" (?=[,.;:])", "", text)


def group(html: str, heading: str) -> str:
    """The words below a heading."""
    found = [part for part in re.split('<section class="group">', html) if f"<h2>{heading} <" in part]
    return words(found[0]) if found else ""


def link(html: str, text: str) -> str:
    """Where a link with this text leads to."""
    found = re.search(f'href="([^"]*)"[^>]*>{re.escape(text)}</a>', html)
    assert found is not None, f"no link {text!r}"
    return found[1].replace("&amp;", "&")


# what changed


def test_tells_what_began_between_two_days_and_because_of_what(sample: Service) -> None:
    html = shown(sample, "/changes", entity="red-hat", from_="2013-01-01", to="2014-11-04")
    assert "what happened between two days: 2013-01-01 to 2014-11-04" in words(html).lower()
    added, changed = group(html, "Added"), group(html, "Changed")
    assert "Red Hat owns eNovance not held → became holds" in added
    assert "Because of 1 record" in added and "log position 173, AcquisitionClaimed" in added
    assert "published 2014-11-04; says the author" in added
    assert "Red Hat investor of Mirantis possibly" in changed
    assert not group(html, "Newly learned, but old")


def test_what_is_newly_learned_but_old_stands_apart(sample: Service) -> None:
    html = shown(sample, "/changes", entity="red-hat", axis="published_by", from_="2014-01-01", to="2014-12-31")
    old, new = group(html, "Newly learned, but old"), group(html, "Added")
    assert "Red Hat investor of Mirantis" in old and "since 2013" in old
    assert "Red Hat investor of Mirantis" not in new
    assert "Red Hat owns eNovance" in new
    assert "newly learned, but old" in old and "newly learned, but old" not in new
    assert "Paul Cormier holds position Red Hat holds newly learned, perhaps old since [..2014-11-04]" in new
    back = shown(sample, "/changes", entity="red-hat", axis="published_by", from_="2014-12-31", to="2014-01-01")
    assert "newly learned" not in words(back)


def test_tells_what_the_service_learned(sample: Service) -> None:
    html = shown(sample, "/changes", entity="vmware", axis="recorded_by", from_="150", to="160")
    assert "log position 150 to 160" in words(html)
    assert "Board of the OpenStack Foundation votes on VMware member of OpenStack Foundation" in group(html, "Changed")
    assert "log position 155, GovernanceVoteClaimed" in words(html)


def test_ends_that_are_left_out_are_the_beginning_and_now(sample: Service) -> None:
    answer = sample.get("/changes", entity="red-hat", axis="recorded_by", published_by="2014-12-31", endpoint="x")
    asked = parse_qs(urlsplit(answer.headers["Location"]).query)
    assert answer.status_code == 302
    assert asked == {
        "entity": ["red-hat"], "axis": ["recorded_by"], "from": ["0"], "to": ["259"], "published_by": ["2014-12-31"],
    }  # fmt: skip
    days = parse_qs(urlsplit(sample.get("/changes", entity="red-hat").headers["Location"]).query)
    assert days["from"] == ["0001-01-01"] and days["to"][0] > "2026-01-01"


def test_what_ended_is_told_as_ended(sample: Service) -> None:
    forth = shown(sample, "/changes", entity="red-hat", from_="2013-01-01", to="2014-11-04")
    back = shown(sample, "/changes", entity="red-hat", from_="2014-11-04", to="2013-01-01")
    assert "Red Hat owns eNovance" in group(forth, "Added") and not group(forth, "Ended")
    assert "Red Hat owns eNovance" in group(back, "Ended") and not group(back, "Added")


def test_the_clock_along_which_is_asked_does_not_stand_in_the_way(sample: Service) -> None:
    html = shown(sample, "/changes", entity="red-hat", from_="2013-01-01", to="2014-11-04", as_of="2014-11-04")
    assert sample.get(link(html, "as JSON")).status_code == 200


def test_nothing_changed_is_said(sample: Service) -> None:
    html = shown(sample, "/changes", entity="red-hat", from_="2014-11-04", to="2014-11-04")
    assert "Nothing is told otherwise at the second point." in words(html)


# what was believed


def test_tells_when_a_belief_changed_and_why(sample: Service) -> None:
    text = words(shown(sample, "/beliefs", relation=MEMBER))
    places = [text.index(part) for part in ("log position 104", "log position 132", "log position 155") if part in text]
    assert len(places) >= 2 and places == sorted(places)
    assert text.index("first") < places[1]
    assert text.count(" first ") == 1
    assert "from 2012-08-27 nothing → became holds since 2012-08-27" in text
    assert "2012-08-27 to 2012-08-28 holds → became planned" in text
    assert "VMware Joins OpenStack, Embraces Its 'Ugly Sister'" in text and "says the headline" in text


def test_draws_each_belief_change_over_the_days_with_its_text(sample: Service) -> None:
    html = shown(sample, "/beliefs", entity="vmware", kind="vote", after="154", until="155")
    labels = re.findall('role="img" aria-label="([^"]*)"', html)
    assert labels == [
        "to 2012-08-26: before unknown, after possibly; 2012-08-27 to 2012-08-28: before scheduled, after possibly;"
        " 2012-08-29 to 2013-11-07: before unconfirmed, after possibly;"
        " from 2013-11-08: before unconfirmed, after occurred"
    ]
    drawing = html[html.index('<svg class="days"') :]
    drawing = drawing[: drawing.index("</svg>")]
    assert len(re.findall('<rect class="cell', drawing)) == 8
    assert {"unknown", "planned", "unconfirmed", "possibly", "holds"} == set(re.findall(r"#fill-(\w+)", drawing))
    assert re.findall(r"<text[^>]*>([0-9-]+)", drawing) == ["2012-08-27", "2012-08-29", "2013-11-08"]


def test_every_filling_that_is_used_is_defined_and_differs(sample: Service) -> None:
    html = shown(sample, "/beliefs", limit="200")
    fillings = dict(re.findall('<pattern id="fill-([a-z_]+)".*?>(.*?)</pattern>', html))
    assert set(re.findall(r"#fill-(\w+)", html)) <= fillings.keys()
    drawn = [re.sub(' (class|width|height)="[^"]*"', "", inner) for inner in fillings.values()]
    assert len(set(drawn)) == len(drawn) - 1, "all but the full and the empty one have lines of their own"


@pytest.mark.parametrize("path, query", [
    ("/beliefs", {"entity": "red-hat", "limit": "5"}),
    ("/changes", {"entity": "red-hat", "from": "2013-01-01", "to": "2014-11-04", "limit": "5"}),
    ("/frenemies", {"as_of": "2014-11-04", "limit": "1"}),
])  # fmt: skip
def test_pages_follow_each_other_to_the_end(sample: Service, path: str, query: dict[str, str]) -> None:
    whole = shown(sample, path, **(query | {"limit": "200"}))
    html, seen = shown(sample, path, **query), list[str]()
    heading = "<h3>(.*?)</h3>" if path == "/changes" else "<h2>(.*?)</h2>"
    for _ in range(100):
        seen += re.findall(heading, html)
        if 'rel="next"' not in html:
            break
        html = shown(sample, link(html, "Next page"))
    assert set(re.findall(heading, whole)) == set(seen)
    assert 'rel="next"' not in whole


def test_investors_and_voices_go_by_their_names(sample: Service) -> None:
    text = words(shown(sample, "/beliefs", entity="mirantis", kind="rounds"))
    assert "investors Red Hat not held" in text and "published 2014-11-04; says the author" in text


def test_a_merge_and_the_correction_of_an_article_are_causes_too(own_service: Service) -> None:
    service = own_service
    service.known("red-hat", "vm-ware")
    year = {"kind": "instant", "edtf": "2013", "expression": "last year", "anchor": "2014-11-04"}
    moved = {"time": year | {"rule": "years_before(1)"}}
    vm_ware = [{"role": "investor", "entity": "vm-ware"}, {"role": "investee", "entity": "mirantis"}]
    service.claim(participants=vm_ware, **moved)
    merged = service.post("/v1/entities/vm-ware/merge", {"into": "vmware", "reason": "the same"}).json["position"]
    correction = {"changes": {"published": "2013-11-05"}, "reason": "a slip"}
    corrected = service.post(f"/v1/articles/{service.article()}/corrections", correction).json["position"]
    for html in (
        shown(service, "/beliefs", entity="vm-ware"),
        shown(service, "/changes", entity="vm-ware", axis="recorded_by", from_=str(merged - 1), to=str(corrected)),
    ):
        text = words(html)
        assert f"log position {merged}, EntityMerged" in text and "the merge" in text
        assert "the article A" in text and "ArticleCorrected" in text
        assert "vm-ware was merged: this is the answer for VMware." in text
        assert link(html, "A").startswith("/article/")


# friends and enemies


def test_shows_how_two_cooperate_beside_how_they_oppose(sample: Service) -> None:
    html = shown(sample, "/frenemies", as_of="2014-11-04", entity="microsoft")
    (pair,) = re.findall('<article class="panel pair">(.*?)</article>', html, re.DOTALL)
    left, right = (words(part) for part in pair.split('<section class="oppose">'))
    assert "Microsoft and Red Hat" in left and "Microsoft agreement with Red Hat holds since [..2009-02-16]" in left
    assert "Microsoft competes with Red Hat possibly since [..2015-11-04]" in right
    assert "Paul Cormier is sceptical to Microsoft" in right
    assert "agreement with" not in right and "competes with" not in left
    assert "VMware" not in words(shown(sample, "/frenemies", as_of="2008-01-01", published_by="2008-01-01"))


def test_none_who_are_both_is_said(sample: Service) -> None:
    text = words(shown(sample, "/frenemies", as_of="1990-01-01", published_by="1990-01-01"))
    assert "No two are known to cooperate and to oppose each other on this day." in text


def test_a_path_is_a_chain_and_a_picture(sample: Service) -> None:
    html = shown(sample, "/path", from_="mirantis", to="microsoft", as_of="2014-11-04")
    assert "From Mirantis to Microsoft" in words(html) and "2 steps; no way is shorter." in words(html)
    assert 'role="img" aria-label="Mirantis, then Red Hat, then Microsoft"' in html
    assert html.count('<circle class="stop"') == 3 and html.count('<line class="link') == 5
    assert "Red Hat investor of Mirantis holds since 2013" in words(html)
    only = shown(sample, "/path", from_="mirantis", to="microsoft", as_of="2014-11-04", relation="owns")
    assert "Nothing is known that would link the two" in words(only)
    assert "Both are the same." in words(shown(sample, "/path", from_="mirantis", to="mirantis"))


# all of them


@pytest.mark.parametrize("path", VIEWS)
def test_an_empty_form_says_what_to_do_and_gives_an_example_that_works(sample: Service, path: str) -> None:
    html = shown(sample, path)
    example = re.search(r'ry <a href="([^"]*)">\?(?:entity|from)=', html)
    assert example is not None and sample.get(example[1].replace("&amp;", "&")).status_code in (200, 302)
    assert '<option value="red-hat">Red Hat (company)</option>' in html
    assert link(html, "Explore") == "/" or path == "/changes"


@pytest.mark.parametrize("path, query", [
    ("/changes", {"entity": "red-hat", "from": "2013-01-01", "to": "2014-11-04"}),
    ("/beliefs", {"entity": "red-hat"}),
    ("/frenemies", {"entity": "red-hat"}),
    ("/path", {"from": "mirantis", "to": "red-hat"}),
])  # fmt: skip
def test_each_view_keeps_the_clocks_and_leads_back_and_to_json(
    sample: Service, path: str, query: dict[str, str]
) -> None:
    clocks = {"published_by": "2015-12-31", "recorded_by": "250"}
    html = shown(sample, path, **query, **clocks)
    explore = re.search(r'href="(/\?[^"]*center=[^"]*)"', html)
    assert explore is not None
    back = parse_qs(urlsplit(explore[1].replace("&amp;", "&")).query)
    assert {name: back[name] for name in clocks} == {name: [value] for name, value in clocks.items()}
    for name, value in clocks.items():
        assert re.search(f'<input [^>]*name="{name}"[^>]* value="{value}"', html)
    assert sample.get(link(html, "as JSON")).mimetype == "application/json"


@pytest.mark.parametrize("path, query, status, said", [
    ("/changes", {"entity": "nobody", "from": "2013-01-01", "to": "2014-01-01"}, 404, "nobody"),
    ("/changes", {"entity": "Black Hat", "from": "2013-01-01", "to": "2014-01-01"}, 422, "nobody is known by the name"),
    ("/changes", {"entity": "red-hat", "from": "soon", "to": "2014-01-01"}, 422, "soon"),
    ("/changes", {"entity": "red-hat", "from": "2013-01-01", "to": "2013-02-30"}, 422, "to:"),
    ("/changes", {"entity": "red-hat", "from": "1", "to": "2", "axis": "sideways"}, 422, "axis"),
    ("/changes", {"entity": "red-hat", "from": "1", "to": "2", "axis": "entity"}, 422, "axis"),
    ("/changes", {"entity": "red-hat", "from": "1", "to": "999999", "axis": "recorded_by"}, 422, "999999"),
    ("/changes", {"entity": "red-hat", "from": "1", "to": "2999-01-01T00:00:00Z", "axis": "recorded_by"}, 422, "to:"),
    ("/changes", {"entity": "red-hat", "from": "1", "to": "2", "axis": "recorded_by", "cursor": "x"}, 400, "cursor"),
    ("/beliefs", {"entity": "nobody"}, 404, "nobody"),
    ("/beliefs", {"relation": "likes/a/b"}, 422, "relation"),
    ("/beliefs", {"relation": "owns/nobody/red-hat"}, 404, "nobody"),
    ("/beliefs", {"entity": "red-hat", "relation": MEMBER}, 422, "beside"),
    ("/beliefs", {"matter": "x"}, 422, "matter"),
    ("/beliefs", {"kind": "x"}, 422, "kind"),
    ("/beliefs", {"until": "999999"}, 422, "999999"),
    ("/beliefs", {"after": "yesterday"}, 422, "yesterday"),
    ("/beliefs", {"after": "9", "until": "8"}, 422, "until"),
    ("/beliefs", {"limit": "0"}, 422, "limit"),
    ("/frenemies", {"entity": "nobody"}, 404, "nobody"),
    ("/frenemies", {"as_of": "2014"}, 422, "2014"),
    ("/frenemies", {"recorded_by": "999999"}, 422, "999999"),
    ("/frenemies", {"according_to": "nobody"}, 404, "nobody"),
    ("/frenemies", {"cursor": "x"}, 400, "cursor"),
    ("/path", {"from": "nobody", "to": "red-hat"}, 404, "nobody"),
    ("/path", {"from": "red-hat", "to": "nobody"}, 404, "nobody"),
    ("/path", {"from": "red-hat", "to": "mirantis", "relation": "likes"}, 422, "relation"),
    ("/path", {"from": "red-hat", "to": "mirantis", "status": "sure"}, 422, "status"),
    ("/path", {"from": "red-hat", "to": "mirantis", "published_by": "x"}, 422, "published_by"),
])  # fmt: skip
def test_what_is_wrong_is_said_beside_the_form(
    sample: Service, path: str, query: dict[str, str], status: int, said: str
) -> None:
    page = sample.get(path, **query)
    alert = re.search('<p class="refusal" role="alert">(.*?)</p>', page.text)
    assert (page.status_code, page.mimetype) == (status, "text/html")
    assert alert is not None and said in words(alert[1])
    assert '<form class="panel asking"' in page.text


@pytest.mark.parametrize("path", [*VIEWS, "/", "/record/claim", "/relation/owns/a/b"])
def test_text_that_cannot_be_is_refused_wherever_it_stands(sample: Service, path: str) -> None:
    for name in ("entity", "center", "claim", "from", "q", "anything"):
        page = sample.get(path, **{name: "a\0b"})
        assert (page.status_code, page.mimetype) == (422, "text/html") and 'role="alert"' in page.text


@pytest.mark.parametrize("path", [
    *VIEWS, "/changes?entity=red-hat&from=2013-01-01&to=2014-11-04", "/beliefs?entity=red-hat",
    "/frenemies?as_of=2014-11-04", "/path?from=mirantis&to=microsoft",
])  # fmt: skip
def test_pages_have_labels_and_nothing_inline(sample: Service, path: str) -> None:
    html = shown(sample, path)
    assert "<script" not in html and "<style" not in html and not re.search(r'\s(on\w+|style)="', html)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', html)
    unlabelled = re.sub("<label.*?</label>", "", html, flags=re.DOTALL)
    assert not re.search('<(select|input(?! type="hidden"))', unlabelled)
    levels = [int(level) for level in re.findall(r"<h(\d)", html)]
    assert levels[0] == 1 and all(lower - upper <= 1 for upper, lower in zip(levels, levels[1:], strict=False))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_shown_as_text(own_service: Service, text: str) -> None:
    service = own_service
    service.known("red-hat", "vmware")
    service.put("/v1/entities/mirantis", examples.registration(name=text))
    url = "https://example.org/hostile"
    service.article(url=url, title=text)
    both = [{"role": "competitor", "entity": "red-hat"}, {"role": "competitor", "entity": "mirantis"}]
    about = {"article": url, "evidence": {"summary": text}}
    statement = {
        "type": "statement", "modality": "opinion", "attributes": {"stance": "hostile", "wording": text},
        "participants": [{"role": "speaker", "entity": "red-hat"}, {"role": "about", "entity": "mirantis"}],
    }  # fmt: skip
    fact = {
        "type": "market_fact", "attributes": {"measure": text, "value": text},
        "participants": [{"role": "subject", "entity": "mirantis"}],
    }  # fmt: skip
    motion = {"attributes": {"motion": text}, "article": url, "evidence": {"summary": text}}
    for changes in (about, about | statement, about | fact, about | {"type": "competition", "participants": both}):
        assert service.post("/v1/claims", examples.claim(**changes)).status_code == 201
    assert service.post("/v1/claims", examples.vote(**motion)).status_code == 201
    for path in (
        "/changes?entity=mirantis&axis=recorded_by&from=0&to=8",
        "/changes?entity=mirantis&from=2000-01-01&to=2020-01-01",
        "/beliefs", "/frenemies?entity=mirantis", "/path?from=red-hat&to=mirantis",
    ):  # fmt: skip
        html = shown(service, path)
        assert "<script" not in html and "<img" not in html and "49" not in re.findall(">([^<]*)<", html)
        assert words(text.replace("<", "&lt;").replace(">", "&gt;")) in words(html)
    for path in VIEWS:
        query: dict[str, Any] = dict.fromkeys(
            ("entity", "from", "to", "axis", "as_of", "relation", "kind", "matter", "after", "recorded_by"), text
        )
        page = service.get(path, **query)
        assert page.status_code in (302, 404, 422)
        assert "<script>" not in page.text and "<img" not in page.text
