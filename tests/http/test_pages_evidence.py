"""The pages about what stands behind an answer: relations, votes, claims, articles and entities."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pytest

from service.web.marking import Place, marked
from service.web.wording import days, edtf_words, rule_words, web_address
from tests.http import examples
from tests.http.conftest import NewService, Service

DENIAL = "https://example.org/denial"
HOSTILE = """<script>alert(1)</script> "><img src=x onerror=alert(1)> '{{7*7}}' {% raw %} javascript:alert(1)"""
BLOCKS = ("dd", "td", "br", "blockquote")
PARTNERS = [{"role": "partner", "entity": "red-hat"}, {"role": "partner", "entity": "vmware"}]
DAY = {"as_of": "2014-12-01"}


@dataclass
class Seen(HTMLParser):
    """What a reader sees of a page: its text, with one space for any number of them, and its tags."""

    texts: list[str] = field(default_factory=list)
    tags: list[tuple[str, dict[str, str | None]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in BLOCKS:
            self.texts.append(" ")
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    def links(self) -> list[str]:
        return [str(attrs["href"]) for tag, attrs in self.tags if tag == "a"]

    def ids(self) -> list[str]:
        return [str(attrs["id"]) for _, attrs in self.tags if "id" in attrs]

    def headings(self) -> list[int]:
        return [int(tag[1]) for tag, _ in self.tags if re.fullmatch("h[1-6]", tag)]


def read(html: str) -> Seen:
    seen = Seen()
    seen.feed(html)
    return seen


def page(service: Service, path: str, status: int = 200, **query: str) -> Seen:
    """A page as a reader sees it; the tags of each follow the rules for all."""
    answer = service.get(path, **query)
    assert (answer.status_code, answer.mimetype) == (status, "text/html"), answer.text
    seen = read(answer.text)
    ids, levels = seen.ids(), seen.headings()
    assert len(ids) == len(set(ids))
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False)), levels
    return seen


def section(service: Service, path: str, **query: str) -> Seen:
    """What a script shows of a page beside the graph."""
    html = service.get(path, **query).text
    found = re.search('<section id="evidence-of".*</section>', html, re.DOTALL)
    assert found
    return read(found[0])


@pytest.fixture(scope="module")
def claims(service: Service) -> dict[str, str]:
    """Red Hat invested in Mirantis, which is denied; VMware is to buy it; one claim was corrected, one withdrawn."""
    evidence = {"summary": "Red Hat put money into Mirantis.", "position": {"start": 10, "end": 20}}
    time = {
        "kind": "instant", "edtf": "2014-10", "expression": "last month", "anchor": "2014-11-04",
        "rule": "months_before(1)",
    }  # fmt: skip
    made = {"p-1": service.claim(ref="p-1", evidence=evidence, time=time)}
    spoken = {
        "kind": "speaker",
        "agent": ["vmware"],
        "affiliation": ["red-hat"],
        "chain": ["author", "wired", "vmware"],
    }
    quoted = {"summary": "S", "quote": {"exact": "They paid."}}
    made["p-2"] = service.claim(
        ref="p-2",
        asserted_by=spoken,
        time={"kind": "observed", "edtf": "2014"},
        evidence=quoted,
    )
    planned = examples.ownership(modality="planned", attributes={"due": "2015-06"})
    made["p-3"] = service.claim(**planned | {"ref": "p-3", "time": {"kind": "instant", "edtf": "2014-11-04"}})
    made["vote"] = service.claim(**examples.vote(ref="p-vote"))
    made["p-4"] = service.claim(ref="p-4", attributes={"round": "B"})
    service.article(url=DENIAL, title="No", authors=["Bea Byline"])
    by = {"article": DENIAL, "asserted_by": {"kind": "author"}}
    denied = {"response": "deny", "by": by, "reason": "It never did."}
    made["denial"] = service.post(f"/v1/claims/{made['p-1']}/responses", denied).json["id"]
    corrected = {"changes": {"modality": "reported"}, "reason": "A slip of the pen."}
    assert service.post(f"/v1/claims/{made['p-2']}/corrections", corrected).status_code == 201
    assert service.post(f"/v1/claims/{made['p-4']}/retraction", {"reason": "It was a mistake."}).status_code == 201
    return made


RELATION = "/relation/investor_of/red-hat/mirantis"


class TestRelation:
    def test_tells_what_is_so_and_who_disagrees(self, service: Service, claims: dict[str, str]) -> None:
        seen = page(service, RELATION, **DAY)
        assert "Red Hat investor of Mirantis contested" in seen.text
        assert "since 2014-10: between 2014-10-01 and 2014-10-31" in seen.text
        assert "Contested denied" in seen.text and "the author in No p-1" not in seen.text
        assert "Does not count p-4 withdrawn" in seen.text
        assert f"/v1/relations/investor_of/red-hat/mirantis?as_of={DAY['as_of']}" in seen.links()

    def test_shows_everything_about_each_claim(self, service: Service, claims: dict[str, str]) -> None:
        text = page(service, RELATION, **DAY).text
        assert "Red Hat put money into Mirantis." in text and "They paid." in text
        assert "Says it happened, or is so (done)" in text
        assert "investor Red Hat, investee Mirantis" in text
        assert "VMware (a speaker), for Red Hat as told by the author › wired › VMware" in text
        assert "Article A, network-world (read the original), characters 10 to 20" in text
        assert "About when 2014-10: between 2014-10-01 and 2014-10-31 (one event)" in text
        assert "How read last month is 1 month before 2014-11-04" in text
        assert "About when 2014: between 2014-01-01 and 2014-12-31 (seen to be so then)" in text
        assert "Published 2014-11-04" in text
        position = service.get(f"/v1/claims/{claims['p-1']}").json["evidence"][0]["recorded_at_position"]
        assert re.search(rf"Recorded \d{{4}}-\d\d-\d\d [0-9:]+ UTC, at position {position}, by local", text)
        assert "Standing counts, and is contested" in text
        assert "denied by the author in No: It never did. the response" in text
        assert "Standing does not count: it was withdrawn" in text

    def test_the_section_makes_sense_alone(self, service: Service, claims: dict[str, str]) -> None:
        seen = section(service, RELATION, **DAY)
        assert seen.headings()[0] == 2 and 1 not in seen.headings()
        assert seen.ids() == ["evidence-of"]
        assert all(link.startswith(("/", "https://example.org/")) for link in seen.links())
        assert "Red Hat investor of Mirantis" in seen.text and "As of 2014-12-01" in seen.text

    def test_keeps_the_clocks_in_its_links(self, service: Service, claims: dict[str, str]) -> None:
        links = page(service, RELATION, **DAY, published_by="2014-11-30").links()
        assert f"/claim/{claims['p-1']}?as_of=2014-12-01&published_by=2014-11-30" in links

    def test_a_relation_of_which_nobody_speaks_is_unknown(self, service: Service, claims: dict[str, str]) -> None:
        text = page(service, "/relation/customer_of/red-hat/mirantis").text
        assert "Red Hat customer of Mirantis unknown" in text and "Nobody says anything about it" in text

    def test_shows_the_parts(self, service: Service) -> None:
        parties = [{"role": "party", "entity": name} for name in ("red-hat", "vmware")]
        for value in ("low", "high"):
            service.claim(type="agreement", participants=parties, attributes={"term": "price", "value": value})
        text = page(service, "/relation/agreement_with/red-hat/vmware", **DAY).text
        assert "Parts holds term: price since 2013: between 2013-01-01 and 2013-12-31" in text

    def test_pages_hold_twenty_claims_and_lead_to_the_rest(self, service: Service) -> None:
        supplier = [{"role": "customer", "entity": "vmware"}, {"role": "vendor", "entity": "mirantis"}]
        refs = [f"many-{number:02d}" for number in range(25)]
        for day, ref in enumerate(refs, start=1):
            time = {"kind": "observed", "edtf": f"2014-10-{day:02d}"}
            service.claim(type="customer", participants=supplier, time=time, ref=ref)
        first = page(service, "/relation/customer_of/vmware/mirantis", **DAY)
        (following,) = [link for link in first.links() if "cursor=" in link]
        service.claim(type="customer", participants=supplier, time={"kind": "observed", "edtf": "2014"}, ref="later")
        second = page(service, following)
        on_pages = [re.findall(r"(many-\d\d|later) customer\b", seen.text) for seen in (first, second)]
        assert [len(found) for found in on_pages] == [20, 5]
        assert sorted(on_pages[0] + on_pages[1]) == refs
        assert not [link for link in second.links() if "cursor=" in link]

    @pytest.mark.parametrize(
        ("path", "query", "status", "told"),
        [
            ("/relation/loves/red-hat/mirantis", {}, 404, "there is no relation 'loves'"),
            ("/relation/owns/red-hat/nobody", {}, 404, "there is no entity 'nobody'"),
            ("/relation/owns/Red%20Hat/mirantis", {}, 422, "an id consists of"),
            (RELATION, {"as_of": "soon"}, 422, "soon"),
            (RELATION, {"recorded_by": "999999"}, 422, ""),
            (RELATION, {"according_to": "nobody"}, 404, "there is no entity 'nobody'"),
            (RELATION, {"cursor": "x"}, 400, "not a cursor"),
            ("/vote/mirantis", {}, 422, "A vote is named by"),
            ("/vote/mirantis", {"relation": "member_of", "subject": "vmware"}, 422, "A vote is named by"),
            ("/vote/nobody", {"motion": "m"}, 404, "there is no entity 'nobody'"),
            ("/vote/mirantis", {"relation": "loves", "subject": "vmware", "object": "red-hat"}, 404, "loves"),
            ("/claim/nothing", {}, 404, "there is no claim 'nothing'"),
            ("/claim/00000000-0000-4000-8000-000000000000", {}, 404, "there is no claim"),
            ("/article/nothing", {}, 422, "an id is a UUID"),
            ("/article/00000000-0000-4000-8000-000000000000", {}, 404, "there is no article"),
            ("/entity/nobody", {}, 404, "there is no entity 'nobody'"),
            ("/entity/No%20Id", {}, 422, "an id consists of"),
            ("/entity/mirantis", {"as_of": "soon"}, 422, "soon"),
            ("/entity/mirantis", {"cursor": "x"}, 400, "not a cursor"),
        ],
    )
    def test_what_is_wrong_is_said_on_the_page(
        self, service: Service, claims: dict[str, str], path: str, query: dict[str, str], status: int, told: str
    ) -> None:
        seen = page(service, path, status, **query)
        assert ("div", {"class": "refusal", "role": "alert"}) in seen.tags
        assert told in seen.text


class TestVote:
    def test_tells_the_outcome_and_the_claims(self, service: Service, claims: dict[str, str]) -> None:
        moved = {"relation": "member_of", "subject": "vmware", "object": "red-hat"}
        seen = page(service, "/vote/mirantis", **moved, **DAY)
        assert "Mirantis votes on VMware member of Red Hat occurred approved held 2014-05-05" in seen.text
        assert "p-vote governance vote" in seen.text and "motion: membership of VMware" in seen.text
        assert f"/relation/member_of/vmware/red-hat?as_of={DAY['as_of']}" in seen.links()
        assert section(service, "/vote/mirantis", **moved).ids() == ["evidence-of"]

    def test_shows_also_claims_that_do_not_count(self, service: Service, claims: dict[str, str]) -> None:
        wrong = service.claim(**examples.vote(ref="p-wrong", attributes={"motion": "to sell", "outcome": "approved"}))
        service.claim(**examples.vote(attributes={"motion": "to sell", "outcome": "rejected"}))
        assert service.post(f"/v1/claims/{wrong}/retraction", {"reason": "misread"}).status_code == 201
        text = page(service, "/vote/mirantis", motion="to sell").text
        assert "occurred rejected" in text and "Does not count p-wrong withdrawn" in text
        assert "p-wrong governance vote retracted" in text

    def test_is_found_by_its_motion(self, service: Service, claims: dict[str, str]) -> None:
        service.claim(**examples.vote(attributes={"motion": "to build more"}))
        assert "Mirantis votes on to build more" in page(service, "/vote/mirantis", motion="to build more").text


class TestClaim:
    def test_is_found_by_id_and_by_ref(self, service: Service, claims: dict[str, str]) -> None:
        for name in (claims["p-1"], "p-1"):
            seen = page(service, f"/claim/{name}")
            assert "p-1 investment contested" in seen.text and claims["p-1"] in seen.text
            assert RELATION in seen.links()

    def test_history_tells_what_changed(self, service: Service, claims: dict[str, str]) -> None:
        text = page(service, "/claim/p-2").text
        assert "recorded position" in text and "corrected position" in text
        assert "A slip of the pen. (a slip of the recorder) modality: done reported" in text
        assert "withdrawn position" in page(service, "/claim/p-4").text

    def test_history_marks_what_came_after_the_point(self, service: Service, claims: dict[str, str]) -> None:
        position = service.get(f"/v1/claims/{claims['p-4']}/history").json["events"][0]["position"]
        text = page(service, "/claim/p-4", recorded_by=str(position)).text
        assert "Standing counts" in text and "later than what is shown above" in text

    def test_leads_to_the_forms_that_change_it(self, service: Service, claims: dict[str, str]) -> None:
        links = page(service, "/claim/p-1").links()
        for form in ("correction", "retraction", "response"):
            assert f"/record/{form}?claim={claims['p-1']}" in links

    def test_a_response_names_what_it_answers(self, service: Service, claims: dict[str, str]) -> None:
        seen = page(service, f"/claim/{claims['denial']}")
        assert "About denied: p-1" in seen.text and f"/claim/{claims['p-1']}" in seen.links()

    def test_a_date_that_moved_with_its_article_says_so(self, own_service: Service) -> None:
        rule = {"kind": "instant", "edtf": "2014-11-04", "anchor": "2014-11-04", "rule": "on_publication"}
        claim = own_service.claim(time=rule)
        moved = {"changes": {"published": "2014-11-05"}, "reason": "It was a day later."}
        assert own_service.post(f"/v1/articles/{own_service.article()}/corrections", moved).status_code == 201
        text = page(own_service, f"/claim/{claim}").text
        assert "dated anew" in text and "on_publication of 2014-11-05" in text


class TestArticle:
    def test_lists_its_claims_in_the_order_of_the_text(self, service: Service) -> None:
        url = "https://example.org/in-order"
        article = service.article(url=url, title="In order")
        for ref, start in (("third", 30), ("first", 1), ("second", 20)):
            evidence = {"summary": ref, "position": {"start": start, "end": start + 5}}
            time = {"kind": "observed", "edtf": f"2014-01-{start:02d}"}
            service.claim(
                article=url, ref=f"o-{ref}", type="partnership", participants=PARTNERS, evidence=evidence, time=time
            )
        seen = page(service, f"/article/{article}")
        assert re.findall("o-(first|second|third) partnership", seen.text) == ["first", "second", "third"]
        assert "In order network-world, published 2014-11-04, by Ann Author" in seen.text
        assert ("a", {"class": "outside", "rel": "noopener noreferrer nofollow", "href": url}) in seen.tags
        assert "The text itself is not kept here." in seen.text

    def test_marks_the_places_of_claims_in_its_text(self, service: Service) -> None:
        text, url = "\U0001f600 Red Hat bought <b>it</b> & more.", "https://example.org/marked"
        article = service.article(url=url, text=text)
        made = {}
        places = {"outer": (2, 16), "inner": (10, 16), "across": (12, 20), "beyond": (30, 99), "off": (50, 60)}
        for ref, (start, end) in places.items():
            evidence = {"summary": ref, "position": {"start": start, "end": end}}
            time = {"kind": "observed", "edtf": f"2014-01-{len(made) + 1:02d}"}
            made[ref] = service.claim(
                article=url, type="partnership", participants=PARTNERS, evidence=evidence, time=time
            )
        html = service.get(f"/article/{article}").text
        body = re.search('<div class="body" lang="en">(.*?)</div>', html, re.DOTALL)
        assert body
        shown = re.sub("<sup>.*?</sup>", "", body[1])
        assert re.sub("<[^>]+>", "", shown) == "\U0001f600 Red Hat bought &lt;b&gt;it&lt;/b&gt; &amp; more."
        marks = re.findall('<mark class="depth-([0-9])"><a href="/claim/([^"]+)">([^<]*)</a></mark>', body[1])
        assert marks == [
            ("1", made["outer"], "Red Hat "),
            ("2", made["inner"], "bo"),
            ("3", made["inner"], "ught"),
            ("1", made["across"], " &lt;b&gt;"),
            ("1", made["beyond"], "ore."),
        ]
        ids = page(service, f"/article/{article}").ids()
        assert {f"m-{claim}" for claim in made.values()} <= set(ids)

    def test_every_place_is_cut_where_another_begins_or_ends(self) -> None:
        same = [Place(0, 2, 1, "a"), Place(0, 2, 2, "b"), Place(1, 9, 3, "c")]
        pieces = list(marked("xyz", same))
        assert [(piece.text, piece.depth) for piece in pieces] == [("x", 2), ("y", 3), ("z", 1)]
        assert [[place.claim for place in piece.opening] for piece in pieces] == [["a", "b"], ["c"], []]
        assert [[place.claim for place in piece.closing] for piece in pieces] == [[], ["a", "b"], ["c"]]
        assert [piece.narrowest.claim for piece in pieces if piece.narrowest] == ["a", "a", "c"]
        assert list(marked("", same)) == []


class TestEntity:
    def test_shows_all_that_is_known(self, service: Service, claims: dict[str, str]) -> None:
        service.put("/v1/entities/kim", {"kind": "person", "name": "Kim"})
        holder = [{"role": "holder", "entity": "kim"}, {"role": "organization", "entity": "mirantis"}]
        service.claim(type="position", participants=holder, attributes={"title": "CEO"})
        investee = [{"role": "investor", "entity": "vmware"}, {"role": "investee", "entity": "mirantis"}]
        service.claim(participants=investee, attributes={"round": "C"})
        service.claim(participants=investee[1:], attributes={"round": "C", "amount": 5, "currency": "USD"})
        subject = [{"role": "subject", "entity": "mirantis"}]
        service.claim(type="organization", participants=subject, attributes={"headquarters": "Campbell"})
        service.claim(
            type="market_fact", participants=subject, attributes={"measure": "staff", "value": 7, "unit": "people"}
        )
        stance = [{"role": "speaker", "entity": "vmware"}, {"role": "about", "entity": "mirantis"}]
        service.claim(type="statement", participants=stance, attributes={"stance": "hostile"}, modality="opinion")
        service.put("/v1/entities/fuel", {"kind": "company", "name": "Fuel"})
        became = [{"role": "subject", "entity": "mirantis"}, {"role": "predecessor", "entity": "fuel"}]
        service.claim(type="organization", participants=became, attributes={"stage": "merged"})
        service.post("/v1/entities/mirantis/rename", {"name": "Mirantis Inc", "since": "2014-06"})
        seen = page(service, "/entity/mirantis", **DAY)
        for told in (
            "Mirantis Inc company", "from 2014-06: Mirantis Inc", "Red Hat investor of Mirantis Inc contested",
            "VMware owns Mirantis Inc planned due 2015-06", "Kim holds position Mirantis Inc", "CEO seen 2013",
            "Round C 5 USD occurred on 2013 VMware holds 1 claim", "headquarters Campbell", "staff 7 people",
            "VMware is hostile to Mirantis Inc",
            "came from Fuel merged", "Mirantis Inc votes on VMware member of Red Hat occurred",
            "Who disagrees Contested denied", "Does not count p-4 withdrawn",
        ):  # fmt: skip
            assert told in seen.text, told
        links = seen.links()
        assert f"{RELATION}?as_of=2014-12-01" in links and f"/claim/{claims['p-1']}?as_of=2014-12-01" in links
        assert "/?center=mirantis&as_of=2014-12-01" in links or "/?as_of=2014-12-01&center=mirantis" in links
        assert {link[1:] for link in links if link.startswith("#")} - {"main"} <= set(seen.ids())

    def test_what_is_over_is_shown_on_demand(self, own_service: Service) -> None:
        own_service.claim()
        end = {"attributes": {"stage": "exited"}, "time": {"kind": "instant", "edtf": "2014-02"}}
        own_service.claim(**end)
        assert "Red Hat investor of Mirantis not held" not in page(own_service, "/entity/mirantis").text
        assert "Red Hat investor of Mirantis not held" in page(own_service, "/entity/mirantis", ended="yes").text

    def test_shows_what_was_published_by_a_day(self, service: Service, claims: dict[str, str]) -> None:
        text = page(service, "/entity/mirantis", **DAY, published_by="2014-01-01").text
        assert "Nothing is known" in text and "as published by 2014-01-01" in text

    def test_a_merged_entity_is_answered_by_the_one_that_goes_on(self, own_service: Service) -> None:
        own_service.claim()
        own_service.put("/v1/entities/rh", {"kind": "company", "name": "RH"})
        own_service.post("/v1/entities/rh/merge", {"into": "red-hat", "reason": "the same"})
        assert "RH was merged: this is the answer for Red Hat." in page(own_service, "/entity/rh").text


@pytest.fixture(scope="module")
def hostile(new_service: NewService) -> Iterator[tuple[Service, dict[str, str]]]:
    """Hostile text wherever a sender may write text."""
    with new_service() as service:
        url = "https://example.org/hostile?a=<b>"
        service.put(
            "/v1/entities/evil",
            {"kind": "company", "name": HOSTILE, "aliases": [f"{HOSTILE} 2"], "identifiers": {"x": HOSTILE}},
        )
        service.put("/v1/entities/good", {"kind": "company", "name": "Good"})
        service.post("/v1/entities/evil/rename", {"name": f"{HOSTILE} 3", "since": "2014"})
        shape = {"url": url, "title": HOSTILE, "publisher": HOSTILE, "authors": [HOSTILE], "text": f"{HOSTILE} and on"}
        article = service.article(**shape)
        ends = [{"role": "party", "entity": "evil"}, {"role": "party", "entity": "good"}]
        told = {"term": HOSTILE, "value": HOSTILE, "wording": HOSTILE}
        evidence = {"summary": HOSTILE, "quote": {"exact": HOSTILE}, "position": {"start": 3, "end": 20}}
        time = {"kind": "instant", "edtf": "2014", "expression": HOSTILE}
        body = examples.claim(
            article=url,
            type="agreement",
            participants=ends,
            attributes=told,
            evidence=evidence,
            time=time,
            ref=HOSTILE[:40],
        )
        note = {"Frenemies-Note": HOSTILE}
        claim = service.post("/v1/claims", body, **note).json["id"]
        vote = examples.vote(
            article=url, participants=[{"role": "body", "entity": "evil"}], attributes={"motion": HOSTILE}
        )
        assert service.post("/v1/claims", vote).status_code == 201
        by = {"article": url, "asserted_by": {"kind": "author"}}
        response = {"response": "dispute", "aspect": HOSTILE, "reason": HOSTILE, "by": by}
        assert service.post(f"/v1/claims/{claim}/responses", response).status_code == 201
        correction = {"changes": {"attributes": {**told, "value": f"{HOSTILE} 4"}}, "reason": HOSTILE}
        assert service.post(f"/v1/claims/{claim}/corrections", correction).status_code == 201
        yield service, {"claim": claim, "article": article}


class TestHostileText:
    @pytest.mark.parametrize(
        "path",
        [
            "/relation/agreement_with/evil/good", "/vote/evil?motion", "/claim/{claim}", "/article/{article}",
            "/entity/evil", "/entity/evil?ended=yes", "/entity/evil?as_of=2013-01-01",
        ],
    )  # fmt: skip
    def test_renders_inert(self, hostile: tuple[Service, dict[str, str]], path: str) -> None:
        service, made = hostile
        query = {"motion": HOSTILE} if path.endswith("?motion") else {}
        answer = service.get(path.removesuffix("?motion").format(**made), **query)
        assert answer.status_code == 200
        seen = read(answer.text)
        assert HOSTILE in seen.text.replace("\u201c", "")
        assert not {"script", "img", "style", "iframe"} & {tag for tag, _ in seen.tags}
        for _, attrs in seen.tags:
            assert not [name for name in attrs if name.startswith("on") or name == "style"]
            assert not str(attrs.get("href", "")).lstrip().startswith(("javascript:", "data:", "//"))

    @pytest.mark.parametrize(
        "url", ["javascript:alert(1)", "JAVASCRIPT:alert(1)", "data:text/html,x", "//x.org", "ftp://x"]
    )
    def test_only_addresses_of_the_web_are_linked(self, service: Service, url: str) -> None:
        assert web_address(url) is None
        outside = service.app.jinja_env.get_template("evidence.html").module.outside
        seen = read(str(outside(url)))
        assert not seen.tags and url in seen.text


PATHS = ["/docs", "/entity/mirantis", RELATION, "/vote/mirantis?motion=m", "/claim/p-1"]


@pytest.mark.parametrize("path", PATHS)
def test_pages_take_nothing_from_elsewhere_and_have_no_inline_scripts(
    service: Service, claims: dict[str, str], path: str
) -> None:
    for tag, attrs in page(service, path).tags if path != "/docs" else read(service.get(path).text).tags:
        assert "style" not in attrs and not [name for name in attrs if name.startswith("on")]
        assert tag != "style" and (tag != "script" or str(attrs.get("src")).startswith("/static/js/"))
        if tag != "a":
            assert not re.match("(?:https?:)?//", str(attrs.get("src") or attrs.get("href") or ""))


class TestWords:
    @pytest.mark.parametrize(
        ("rule", "words"),
        [
            ("on_publication", "the day of publication, 2014-11-04"),
            ("until_publication", "some day up to publication, 2014-11-04"),
            ("from_publication", "some day from publication on, 2014-11-04"),
            ("days_before(2)", "2 days before 2014-11-04"),
            ("days_after(1)", "1 day after 2014-11-04"),
            ("months_before(1)", "1 month before 2014-11-04"),
            ("years_before(3)", "3 years before 2014-11-04"),
            ("named_month(4)", "the last April up to 2014-11-04"),
            ("same_as(a-1)", "the date of a-1"),
        ],
    )
    def test_every_rule_has_words(self, rule: str, words: str) -> None:
        assert rule_words({"rule": rule, "anchor": "2014-11-04"}) == words

    @pytest.mark.parametrize(
        ("edtf", "words"),
        [
            ("2014-11-04", ""),
            ("2014-11", "between 2014-11-01 and 2014-11-30"),
            ("2014-11-04~", "between 2014-11-03 and 2014-11-05"),
            ("[..2014-11-04]", "on 2014-11-04 or before"),
            ("[2014-11-04..]", "on 2014-11-04 or after"),
            ("2014-11-04/2014-11-06", "on 2014-11-04; over on 2014-11-07"),
            ("../2014", "on 2014-12-31 or before; over between 2014-01-02 and 2015-01-01"),
        ],
    )
    def test_every_date_has_words(self, edtf: str, words: str) -> None:
        assert edtf_words(edtf) == words

    def test_a_range_without_bounds_is_some_day(self) -> None:
        assert days(None) == days({"earliest": None, "latest": None}) == "some day"
