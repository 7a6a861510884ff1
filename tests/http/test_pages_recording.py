"""Recording on the page: through the forms, and read back through the API."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from werkzeug.test import TestResponse

from events.rules import COUNTED, ON_PUBLICATION, SAME_AS
from events.vocabulary import ASSERTER_KINDS, CLAIM_TYPES, MODALITIES, RESPONSES, STAGES, TIME_KINDS
from service.settings import Limits
from service.web import choices, wording
from service.web.edtf import PUBLICATION, explained
from tests.http import examples
from tests.http.conftest import NewService, Service

TEXT = "Ann said so. \U0001f600 Red Hat put money into Mirantis last year.\nIt was much.\n"
WORDS = "Red Hat put money into Mirantis"
START, END = TEXT.index(WORDS), TEXT.index(WORDS) + len(WORDS)
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "javascript:alert(1)",
    "'\\\n</textarea>",
)
ARTICLE = {
    "/title": "Typed", "/url": "https://example.org/typed", "/publisher": "network-world", "/language": "en",
    "/published": "2014-11-04", "/authors": "Ann Author\r\nBea Byline", "/text": TEXT.replace("\n", "\r\n"),
}  # fmt: skip
CLAIM = {
    "/type": "investment",
    "/participants/0/role": "investor", "/participants/0/entity": "Red Hat",
    "/participants/1/role": "lead", "/participants/1/entity": "",
    "/participants/2/role": "investee", "/participants/2/entity": "mirantis",
    "/attributes/amount": "100", "/attributes/currency": "USD", "/more/0/name": "note_of_ours", "/more/0/value": "yes",
    "/asserted_by/kind": "speaker", "/asserted_by/agent": "", "/asserted_by/affiliation": "VMware, red-hat",
    "/modality": "done", "/polarity": "positive",
    "/time/kind": "instant", "/time/edtf": "2013", "/time/expression": "last year", "/time/anchor": "",
    "/time/rule": "years_before", "/time/argument": "1",
    "/evidence/summary": "Money.", "/evidence/position/start": str(START), "/evidence/position/end": str(END),
    "/evidence/quote/exact": WORDS, "/ref": "",
}  # fmt: skip


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    """A service that does not wait for projectors, which follow only when they are told to."""
    with new_service(limits=replace(Limits(), position_wait=0.0)) as made:
        made.known(*examples.COMPANIES)
        made.catch_up()
        yield made


def send(service: Service, path: str, fields: Mapping[str, str], **headers: str) -> TestResponse:
    """The answer to a form that was filled in, the read side having caught up."""
    service.catch_up()
    return service.send("POST", path, data=dict(fields), headers=headers)


def article_of(service: Service, **changes: str) -> str:
    """The id of the article that was typed."""
    sent = send(service, "/record", {**ARTICLE, **changes})
    return re.search("article=([0-9a-f-]{36})", sent.headers.get("Location", sent.text))[1]  # type: ignore[index]


def claim_of(service: Service, **changes: str) -> str:
    """The id of the claim that was typed."""
    sent = send(service, f"/record/claim?article={article_of(service)}", {**CLAIM, **changes})
    return re.search("/claim/([0-9a-f-]{36})", sent.headers.get("Location", sent.text))[1]  # type: ignore[index]


def refused(answer: TestResponse, status: int, name: str, detail: str) -> str:
    """The page of a refusal that is shown beside a field, and on top with a link to it."""
    page = html.unescape(answer.text)
    place = name.replace("/", "-")
    assert (answer.status_code, answer.mimetype) == (status, "text/html"), page
    assert 'role="alert"' in page and f'href="#f{place}"' in page, page
    assert re.search(f'id="f{place}-fault1">[^<]*{re.escape(detail)}', page), page
    return page


# recording, step by step


def test_an_article_is_recorded_and_its_claims_come_next(service: Service) -> None:
    sent = send(service, "/record", {**ARTICLE, "/url": "https://example.org/first"})
    assert sent.status_code == 303
    following = sent.headers["Location"]
    found = service.get("/v1/articles/" + following.partition("article=")[2]).json
    assert (found["title"], found["text"], found["published"]["edtf"]) == ("Typed", TEXT, "2014-11-04")
    assert found["authors"] == ["Ann Author", "Bea Byline"]
    types = html.unescape(service.get(following).text)
    assert all(f"type={name}" in types for name in CLAIM_TYPES if name != "response")


def test_an_article_known_by_its_text_alone_is_recorded(service: Service) -> None:
    article = article_of(service, **{"/url": "", "/text": "Only here."})
    assert service.get(f"/v1/articles/{article}").json["url"] is None


def test_a_claim_is_recorded_as_it_was_typed(service: Service) -> None:
    found = service.get(f"/v1/claims/{claim_of(service)}").json
    assert found["participants"] == [
        {"role": "investor", "entity": "red-hat"},
        {"role": "investee", "entity": "mirantis"},
    ]
    assert found["attributes"] == {"amount": "100", "currency": "USD", "note_of_ours": "yes"}
    assert found["asserted_by"]["affiliation"] == ["vmware", "red-hat"]
    assert (found["time"]["rule"], found["time"]["anchor"]) == ("years_before(1)", "2014-11-04")
    (evidence,) = found["evidence"]
    assert evidence["position"] == {"start": START, "end": END} and evidence["quote"]["exact"] == WORDS


def test_a_date_that_is_left_out_follows_from_its_rule(service: Service) -> None:
    changes = {"/time/edtf": "", "/time/rule": "months_before", "/time/expression": "last month"}
    assert service.get(f"/v1/claims/{claim_of(service, **changes)}").json["time"]["edtf"] == "2014-10"


def test_a_vote_names_what_it_moves(service: Service) -> None:
    fields = {name: value for name, value in CLAIM.items() if not name.startswith(("/participants", "/attributes"))}
    vote = {
        **fields, "/type": "governance_vote", "/participants/0/role": "body", "/participants/0/entity": "mirantis",
        "/attributes/moves/relation": "member_of", "/attributes/moves/subject": "VMware",
        "/attributes/moves/object": "red-hat", "/attributes/outcome": "approved",
    }  # fmt: skip
    sent = send(service, f"/record/claim?article={article_of(service)}", vote)
    moves = service.get("/v1/claims/" + sent.headers["Location"].rpartition("/")[2]).json["attributes"]["moves"]
    assert moves == {"relation": "member_of", "subject": "vmware", "object": "red-hat"}


def test_a_correction_sends_the_changed_fields_only(service: Service) -> None:
    claim = claim_of(service, **{"/attributes/amount": "1"})
    fields = typed(service.get(f"/record/correction?claim={claim}").text)
    sent = send(service, f"/record/correction?claim={claim}", fields | {"/attributes/amount": "2", "/reason": "a slip"})
    assert sent.status_code == 303 and sent.headers["Location"] == f"/claim/{claim}"
    corrected = service.get(f"/v1/claims/{claim}/history").json["events"][-1]["data"]
    assert list(corrected["changes"]) == ["attributes"] and corrected["reason"] == "a slip"
    assert service.get(f"/v1/claims/{claim}").json["attributes"]["amount"] == "2"


def test_a_correction_leaves_alone_what_somebody_else_put_right_meanwhile(service: Service) -> None:
    claim = claim_of(service, **{"/attributes/amount": "3"})
    fields = typed(service.get(f"/record/correction?claim={claim}").text)
    service.post(f"/v1/claims/{claim}/corrections", {"changes": {"modality": "announced"}, "reason": "it was"})
    send(service, f"/record/correction?claim={claim}", fields | {"/polarity": "negative", "/reason": "not so"})
    found = service.get(f"/v1/claims/{claim}").json
    assert (found["modality"], found["polarity"]) == ("announced", "negative")


def test_attributes_of_other_kinds_survive_a_correction_of_their_neighbours(service: Service) -> None:
    claim = service.claim(attributes={"amount": 4, "is_secret": True, "places": ["here", "there"]})
    fields = typed(service.get(f"/record/correction?claim={claim}").text)
    send(service, f"/record/correction?claim={claim}", fields | {"/attributes/amount": "5", "/reason": "a slip"})
    found = service.get(f"/v1/claims/{claim}").json["attributes"]
    assert found == {"amount": "5", "is_secret": True, "places": ["here", "there"]}


def test_a_claim_is_withdrawn(service: Service) -> None:
    claim = claim_of(service, **{"/attributes/amount": "6"})
    assert "Money." in service.get(f"/record/retraction?claim={claim}").text
    sent = send(service, f"/record/retraction?claim={claim}", {"/reason": "read wrongly"})
    assert sent.status_code == 303
    assert service.get(f"/v1/claims/{claim}").json["standing"] == "retracted"


def test_somebody_in_an_article_responds_to_a_claim(service: Service) -> None:
    claim = claim_of(service, **{"/attributes/amount": "7"})
    fields = {
        "/response": "deny", "/voice": "article", "/by/article": ARTICLE["/url"], "/by/asserted_by/kind": "speaker",
        "/by/asserted_by/affiliation": "Mirantis", "/aspect": "amount", "/reason": "They never got it.", "/by": "",
    }  # fmt: skip
    sent = send(service, f"/record/response?claim={claim}", fields)
    response = service.get("/v1/claims/" + sent.headers["Location"].rpartition("/")[2]).json
    assert response["attributes"] == {"response": "deny", "target": claim, "aspect": "amount"}
    assert response["asserted_by"]["affiliation"] == ["mirantis"]
    assert service.get(f"/v1/claims/{claim}").json["responses"] == [response["id"]]


def test_another_claim_responds_to_a_claim(service: Service) -> None:
    claim, other = claim_of(service, **{"/attributes/amount": "8"}), claim_of(service, **{"/ref": "typed-9"})
    fields = {"/response": "confirm", "/voice": "claim", "/by": "typed-9", "/by/article": "", "/reason": ""}
    sent = send(service, f"/record/response?claim={claim}", fields)
    response = service.get("/v1/claims/" + sent.headers["Location"].rpartition("/")[2]).json
    assert response["attributes"]["by"] == other


def test_an_entity_that_is_missing_is_registered(service: Service) -> None:
    sent = send(service, "/record/entity", {"/kind": "company", "/name": "Zoë & Söhne", "/id": ""})
    assert sent.status_code == 303 and sent.headers["Location"] == "/entity/zoe-sohne"
    assert service.get("/v1/entities/zoe-sohne").json["name"] == "Zoë & Söhne"


def test_the_id_of_a_person_does_not_tell_the_name(service: Service) -> None:
    fields = typed(service.get("/record/entity").text) | {"/kind": "person", "/name": "Carla Careful"}
    name = send(service, "/record/entity", fields).headers["Location"].rpartition("/")[2]
    assert re.fullmatch("person-[0-9a-f]{12}", name)
    assert service.get(f"/v1/entities/{name}").json["name"] == "Carla Careful"


def test_forms_are_taken_in_parts_too(service: Service) -> None:
    fields = {**ARTICLE, "/url": "https://example.org/parts"}
    sent = service.send("POST", "/record", data=fields, content_type="multipart/form-data")
    assert sent.status_code == 303


# the form follows


@pytest.mark.parametrize("name", choices.TYPES)
def test_the_form_of_a_type_offers_its_roles_and_attributes(service: Service, name: str) -> None:
    page = service.get(f"/record/claim?article={article_of(service)}&type={name}").text
    roles = set(re.findall(r'<option value="([a-z_]+)" selected>', page))
    assert set(CLAIM_TYPES[name].roles) <= roles
    for needed in CLAIM_TYPES[name].required:
        assert any(f'name="/attributes/{one}' in page for one in needed.split("|"))


def test_every_word_of_the_vocabulary_is_offered() -> None:
    assert set(choices.CHOICES) == set(CLAIM_TYPES) and set(choices.RESPONSES) == set(RESPONSES)
    assert set(wording.KINDS) == set(ASSERTER_KINDS) and set(wording.MODALITIES) == set(MODALITIES)
    assert set(choices.TIMES) == set(TIME_KINDS) and set(choices.RULES) == {*ON_PUBLICATION, *COUNTED, SAME_AS}
    assert {stage for choice in choices.CHOICES.values() for stage in choice.stages} == STAGES


def test_another_type_keeps_what_was_typed_and_records_nothing(service: Service) -> None:
    article = article_of(service)
    with service.nothing_recorded():
        answer = send(service, f"/record/claim?article={article}", {**CLAIM, "/type": "acquisition", "step": "type"})
    fields = typed(answer.text)
    assert answer.status_code == 200 and fields["/participants/0/entity"] == "Red Hat"
    assert "acquirer" in fields.values() and fields["/evidence/summary"] == "Money."


def test_more_rows_are_offered_when_they_are_asked_for(service: Service) -> None:
    article = article_of(service)
    before = send(service, f"/record/claim?article={article}", {**CLAIM, "step": "type"}).text
    after = send(service, f"/record/claim?article={article}", {**CLAIM, "step": "rows"}).text
    assert after.count('class="pair"') == before.count('class="pair"') + 5


def test_the_place_of_a_quote_is_found_in_the_text(service: Service) -> None:
    fields = {**CLAIM, "/evidence/position/start": "", "/evidence/position/end": "", "step": "find"}
    path = f"/record/claim?article={article_of(service)}"
    answer = send(service, path, fields)
    found = typed(answer.text)
    assert (found["/evidence/position/start"], found["/evidence/position/end"]) == (str(START), str(END))
    assert f"<mark>{WORDS}</mark>" in answer.text
    refused(send(service, path, fields | {"/evidence/quote/exact": "nowhere"}), 422, "/evidence/quote/exact", "no such")
    refused(send(service, path, fields | {"/evidence/quote/exact": "a"}), 422, "/evidence/quote/exact", "times")


def test_every_character_of_the_text_counts(service: Service) -> None:
    article = service.article(url="https://example.org/returns", text="a\r\nb \U0001f600 & <c>\r\n")
    page = service.get(f"/record/claim?article={article}&type=statement").text
    assert ">a&#13;\nb \U0001f600 &amp; &lt;c&gt;&#13;\n</div>" in page


def test_dates_are_explained_while_they_are_typed(service: Service) -> None:
    answer = service.get("/record/edtf", text="2014-11~").json
    assert (answer["earliest"], answer["latest"], answer["is_date"]) == ("2014-10-01", "2014-12-31", True)
    wrong = service.get("/record/edtf", text="2014-02-30").json
    assert not wrong["is_date"] and "there is no such day" in wrong["sentence"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("2014-11-04", "4 November 2014. Earliest day: 2014-11-04; latest day: 2014-11-04."),
        ("2014", "Some day in 2014. Earliest day: 2014-01-01; latest day: 2014-12-31."),
        ("2014?", "Perhaps 2014 (one year more on each side). Earliest day: 2013-01-01; latest day: 2015-12-31."),
        ("[..2014-02]", "Some day up to 28 February 2014. Earliest day: not known; latest day: 2014-02-28."),
        ("[2014-01-02..2014-02]", "Some day between 2 January 2014 and 28 February 2014. Earliest day: 2014-01-02;"),
        ("2012/2014-03", "From some day in 2012 to some day in March 2014. Earliest day: 2012-01-01; latest"),
        ("2012/..", "From some day in 2012 on, with no end so far. Earliest day: 2012-01-01; latest day: not known."),
        ("/2012-01-01", "From an unknown start to 1 January 2012. Earliest day: not known; latest day: 2012-01-01."),
        ("", "Like 2014,"),
        ("soon", "Not a date yet: 'soon' is not a date"),
    ],
)
def test_a_date_in_words(text: str, words: str) -> None:
    assert explained(text).sentence.startswith(words)


def test_no_interval_is_a_date_of_publication() -> None:
    assert not explained("2012/2013", PUBLICATION).is_date and explained("2012/2013").is_date


# refusals


@pytest.mark.parametrize(
    ("changes", "status", "name", "detail"),
    [
        ({"/title": " "}, 422, "/title", "This is needed."),
        ({"/published": "2014-02-30"}, 422, "/published", "there is no such day"),
        ({"/published": "2012/2013"}, 422, "/published", "not an interval"),
        ({"/language": "English"}, 422, "/language", "A language is a tag"),
        ({"/url": "javascript:alert(1)"}, 422, "/url", "A url is an absolute http or https address"),
        ({"/url": "", "/text": ""}, 422, "/url", "An article is known by its url"),
        ({"/authors": "A\n\0"}, 422, "/authors", "NUL"),
        ({"/title": "Another"}, 409, "/title", "The article is registered with another title"),
        ({"/text": "Another."}, 409, "/text", "The article is registered with another"),
    ],
)
def test_what_is_wrong_with_an_article_is_said_beside_its_field(
    service: Service, changes: dict[str, str], status: int, name: str, detail: str
) -> None:
    article = article_of(service)
    with service.nothing_recorded():
        answer = send(service, "/record", ARTICLE | changes)
    page = refused(answer, status, name, detail)
    kept = typed(answer.text)
    assert all(
        kept[field] == value.replace("\r\n", "\n") for field, value in (ARTICLE | changes).items() if "\0" not in value
    )
    assert (f"article={article}" in page) == (status == 409)


@pytest.mark.parametrize(
    ("changes", "status", "name", "detail"),
    [
        ({"/participants/0/entity": "Nobody Known"}, 422, "/participants/0/entity", "Nobody is known by the name"),
        ({"/participants/0/entity": "nobody-known"}, 422, "/participants/0/entity", "nobody-known"),
        ({"/participants/2/role": ""}, 422, "/participants/1/role", "This is needed."),
        ({"/participants/2/role": "acquirer"}, 422, "/participants/1/role", "has the roles"),
        ({"/participants/2/entity": ""}, 422, "/participants", "needs at least"),
        ({"/attributes/amount": "-1"}, 422, "/attributes/amount", "may not be negative"),
        ({"/attributes/currency": "EURO"}, 422, "/attributes/currency", "is not a currency code"),
        ({"/more/0/name": "Not A Name"}, 422, "/attributes", "The name of an attribute"),
        ({"/more/0/value": ""}, 422, "/more/0/value", "has a name and a value"),
        ({"/asserted_by/kind": ""}, 422, "/asserted_by/kind", "This is needed."),
        ({"/asserted_by/affiliation": "red-hat, No One"}, 422, "/asserted_by/affiliation", "Nobody is known"),
        ({"/modality": "certain"}, 422, "/modality", "one of"),
        ({"/time/kind": ""}, 422, "/time/kind", "This is needed."),
        ({"/time/edtf": "2014-13"}, 422, "/time/edtf", "there is no month 13"),
        ({"/time/edtf": "2012"}, 422, "/time/rule", "does not give 2012"),
        ({"/time/rule": "once"}, 422, "/time/rule", "is not a rule"),
        ({"/time/anchor": "soon"}, 422, "/time/anchor", "is not a date"),
        ({"/evidence/summary": ""}, 422, "/evidence/summary", "This is needed."),
        ({"/evidence/position/start": "x"}, 422, "/evidence/position/start", "This is a whole number."),
        ({"/evidence/position/start": ""}, 422, "/evidence/position/start", "This is needed."),
        ({"/evidence/position/end": "3"}, 422, "/evidence/position", "A position runs from its start"),
        ({"/evidence/position/end": "9999"}, 422, "/evidence/position/end", "The text has"),
        ({"/evidence/quote/exact": "Other"}, 422, "/evidence/quote/exact", "Other words stand at"),
        ({"/evidence/summary": "a\0"}, 422, "/evidence/summary", "NUL"),
    ],
)
def test_what_is_wrong_with_a_claim_is_said_beside_its_field(
    service: Service, changes: dict[str, str], status: int, name: str, detail: str
) -> None:
    path = f"/record/claim?article={article_of(service)}"
    service.catch_up()
    with service.nothing_recorded():
        answer = send(service, path, CLAIM | changes)
    refused(answer, status, name, detail)
    kept = set(typed(answer.text).values())
    assert {value for value in (CLAIM | changes).values() if value and "\0" not in value} <= kept


def test_a_name_that_several_have_is_not_guessed(service: Service) -> None:
    for id in ("twin-1", "twin-2"):
        service.put(f"/v1/entities/{id}", examples.registration(name="Twin"))
    path = f"/record/claim?article={article_of(service)}"
    answer = send(service, path, {**CLAIM, "/participants/0/entity": "Twin"})
    refused(answer, 422, "/participants/0/entity", "Several are called")
    assert "twin-1, twin-2" in answer.text


def test_a_name_for_a_claim_that_another_has_is_refused(service: Service) -> None:
    claim_of(service, **{"/ref": "taken", "/attributes/amount": "10"})
    path = f"/record/claim?article={article_of(service)}"
    refused(
        send(service, path, {**CLAIM, "/ref": "taken", "/attributes/amount": "11"}), 409, "/ref", "names another claim"
    )


@pytest.mark.parametrize(
    ("changes", "status", "name", "detail"),
    [
        ({"/reason": ""}, 422, "/reason", "This is needed."),
        ({"/attributes/amount": "-1", "/reason": "r"}, 422, "/attributes/amount", "may not be negative"),
        ({"/time/edtf": "never", "/reason": "r"}, 422, "/time/edtf", "is not a date"),
        ({"/modality": "", "/reason": "r"}, 422, "/modality", "may not be left out"),
        ({"/polarity": "negative", "/reason": "r", "/article": "nowhere"}, 422, "/article", "nowhere"),
    ],
)
def test_what_is_wrong_with_a_correction_is_said_beside_its_field(
    service: Service, changes: dict[str, str], status: int, name: str, detail: str
) -> None:
    claim = claim_of(service)
    path = f"/record/correction?claim={claim}"
    fields = typed(service.get(path).text) | changes
    with service.nothing_recorded():
        refused(send(service, path, fields), status, name, detail)


def test_a_correction_that_changes_nothing_is_refused(service: Service) -> None:
    path = f"/record/correction?claim={claim_of(service)}"
    answer = send(service, path, typed(service.get(path).text) | {"/reason": "r"})
    assert answer.status_code == 422 and "Nothing was changed yet" in answer.text


def test_what_is_wrong_with_a_retraction_is_said(service: Service) -> None:
    claim = claim_of(service, **{"/attributes/amount": "12"})
    path = f"/record/retraction?claim={claim}"
    refused(send(service, path, {"/reason": " ", "/article": ""}), 422, "/reason", "This is needed.")
    refused(send(service, path, {"/reason": "r", "/article": "nowhere"}), 422, "/article", "nowhere")
    send(service, path, {"/reason": "first"})
    again = send(service, path, {"/reason": "second"})
    assert (
        again.status_code == 409
        and "already retracted" in again.text
        and ">second</textarea>" in again.text.replace("\n", "")
    )


@pytest.mark.parametrize(
    ("changes", "status", "name", "detail"),
    [
        ({"/response": ""}, 422, "/response", "This is needed."),
        ({"/response": "applaud"}, 422, "/response", "one of"),
        ({"/by/article": ""}, 422, "/by/article", "This is needed."),
        ({"/by/article": "nowhere"}, 422, "/by/article", "nowhere"),
        ({"/by/asserted_by/kind": "rumour"}, 422, "/by/asserted_by/kind", "one of"),
        ({"/by/asserted_by/agent": "No One"}, 422, "/by/asserted_by/agent", "Nobody is known"),
        ({"/voice": "claim"}, 422, "/by", "This is needed."),
        ({"/voice": "claim", "/by": "no-such-ref"}, 422, "/by", "no-such-ref"),
    ],
)
def test_what_is_wrong_with_a_response_is_said_beside_its_field(
    service: Service, changes: dict[str, str], status: int, name: str, detail: str
) -> None:
    fields = {
        "/response": "deny", "/voice": "article", "/by/article": ARTICLE["/url"], "/by/asserted_by/kind": "author",
        "/by/asserted_by/agent": "", "/by": "", "/aspect": "", "/reason": "kept",
    }  # fmt: skip
    claim = claim_of(service)
    with service.nothing_recorded():
        answer = send(service, f"/record/response?claim={claim}", fields | changes)
    refused(answer, status, name, detail)
    assert "kept</textarea>" in answer.text


@pytest.mark.parametrize(
    ("fields", "status", "name", "detail"),
    [
        ({"/kind": "", "/name": "A", "/id": "a"}, 422, "/kind", "This is needed."),
        ({"/kind": "planet", "/name": "A", "/id": "a"}, 422, "/kind", "one of"),
        ({"/kind": "company", "/name": "", "/id": "a"}, 422, "/name", "This is needed."),
        ({"/kind": "company", "/name": "A", "/id": "Not An Id"}, 422, "/id", "An id consists of"),
        ({"/kind": "company", "/name": "漢字", "/id": ""}, 422, "/id", "This is needed."),
        ({"/kind": "company", "/name": "Another", "/id": "red-hat"}, 409, "/id", "This id is that of Red Hat"),
    ],
)
def test_what_is_wrong_with_an_entity_is_said_beside_its_field(
    service: Service, fields: dict[str, str], status: int, name: str, detail: str
) -> None:
    with service.nothing_recorded():
        answer = send(service, "/record/entity", fields)
    refused(answer, status, name, detail)
    assert html.escape(fields["/name"]) in answer.text


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/record/claim?article=nowhere", 404),
        ("/record/claim?article=https://example.org/nowhere", 404),
        ("/record/claim?article=00000000-0000-0000-0000-000000000000", 404),
        ("/record/correction", 404),
        ("/record/correction?claim=nobody", 404),
        ("/record/retraction?claim=nobody", 404),
        ("/record/response?claim=nobody", 404),
    ],
)
def test_what_is_not_there_is_said_on_a_page(service: Service, path: str, status: int) -> None:
    for answer in (service.get(path), send(service, path, CLAIM)):
        assert (answer.status_code, answer.mimetype) == (status, "text/html") and 'role="alert"' in answer.text


def test_no_other_types_are_taken(service: Service) -> None:
    path = f"/record/claim?article={article_of(service)}"
    assert service.get(f"{path}&type=gossip").status_code == 422
    for type_ in ("gossip", "response", ""):
        assert send(service, path, {**CLAIM, "/type": type_}).status_code == 422


def test_without_an_article_the_page_asks_for_one(service: Service) -> None:
    assert 'name="article"' in service.get("/record/claim").text


# repeats


def test_a_repeat_says_so_and_links_to_what_is_there(service: Service) -> None:
    article, claim = article_of(service), claim_of(service)
    correction, retraction = f"/record/correction?claim={claim}", f"/record/retraction?claim={claim}"
    corrected = typed(service.get(correction).text) | {"/time/expression": "the year before", "/reason": "a slip"}
    answered = {
        "/response": "dispute", "/voice": "article", "/by/article": article, "/by/asserted_by/kind": "headline",
    }  # fmt: skip
    for path, fields, link in (
        ("/record", ARTICLE, f"/record/claim?article={article}"),
        ("/record/entity", {"/kind": "company", "/name": "Red Hat", "/id": "red-hat"}, "/entity/red-hat"),
        (f"/record/claim?article={article}", CLAIM, f"/claim/{claim}"),
        (correction, corrected, f"/claim/{claim}"),
        (f"/record/response?claim={claim}", answered, "/claim/"),
        (retraction, {"/reason": "read wrongly"}, f"/claim/{claim}"),
    ):
        send(service, path, fields)
        with service.nothing_recorded():
            again = send(service, path, fields)
        assert again.status_code == 200 and "was already recorded" in again.text, path
        assert f'href="{link}' in again.text


def test_new_evidence_for_a_known_claim_is_recorded(service: Service) -> None:
    claim = claim_of(service, **{"/attributes/amount": "13"})
    claim_of(service, **{"/attributes/amount": "13", "/evidence/summary": "More money."})
    assert len(service.get(f"/v1/claims/{claim}").json["evidence"]) == 2


# safety


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
        {"Sec_Fetch_Site": "cross-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:8000"},
        {"Origin": "http://[evil"},
    ],
)
@pytest.mark.parametrize("path", ["/record", "/record/entity", "/record/claim", "/record/retraction"])
def test_a_form_of_another_site_is_refused(service: Service, path: str, headers: dict[str, str]) -> None:
    with service.nothing_recorded():
        answer = send(service, path, ARTICLE, **headers)
    assert (answer.status_code, answer.mimetype) == (403, "text/html") and 'role="alert"' in answer.text


@pytest.mark.parametrize(
    "headers", [{"Sec_Fetch_Site": "same-origin"}, {"Sec_Fetch_Site": "none"}, {"Origin": "http://localhost"}, {}]
)
def test_a_form_of_ours_is_taken(service: Service, headers: dict[str, str]) -> None:
    assert send(service, "/record", ARTICLE, **headers).status_code in (200, 303)


def test_our_pages_let_their_origin_be_told_to_ourselves(service: Service) -> None:
    """Browsers that do not say from which site a form comes would send no origin under the policy of the service."""
    assert '<meta name="referrer" content="same-origin">' in service.get("/record").text


def test_a_form_that_is_too_large_is_refused(service: Service) -> None:
    most = Limits().article_body
    with service.nothing_recorded():
        for media in ("application/x-www-form-urlencoded", "multipart/form-data"):
            fields = {**ARTICLE, "/text": "a" * most}
            answer = service.send("POST", "/record", data=fields, content_type=media)
            assert (answer.status_code, answer.mimetype) == (413, "text/html") and f"{most} bytes" in answer.text
    refused(
        send(service, "/record", {**ARTICLE, "/text": "a" * (Limits().article_text + 1)}), 422, "/text", "Longer than"
    )


def test_a_form_with_too_many_parts_is_refused(service: Service) -> None:
    fields = {f"/more/{number}/name": "x" for number in range(2_000)}
    assert service.send("POST", "/record", data=fields, content_type="multipart/form-data").status_code == 413


@pytest.mark.parametrize("media", ["application/json", "text/plain", None])
def test_only_forms_are_taken(service: Service, media: str | None) -> None:
    answer = service.raw("/record", b'{"/title": "T"}', media)
    assert (answer.status_code, answer.mimetype) == (415, "text/html")


@pytest.mark.parametrize("path", ["/v1/articles", "/v1/claims"])
def test_the_api_takes_no_forms(service: Service, path: str) -> None:
    assert service.raw(path, b"title=T", "application/x-www-form-urlencoded").status_code == 415


@pytest.mark.parametrize("raw", [b"", b"&&&=", b"\xff\xfe=1", b"%2Ftitle=%FF%00", b"/participants/0/x/y=1&/time=2"])
def test_no_form_breaks_a_page(service: Service, raw: bytes) -> None:
    article, claim = article_of(service), claim_of(service)
    for path in (
        "/record", "/record/entity", f"/record/claim?article={article}", f"/record/correction?claim={claim}",
        f"/record/retraction?claim={claim}", f"/record/response?claim={claim}",
    ):  # fmt: skip
        assert service.raw(path, raw, "application/x-www-form-urlencoded").status_code == 422, path


def test_the_key_is_asked_for_before_anything_is_recorded(new_service: NewService) -> None:
    with new_service(admin_key="secret", limits=replace(Limits(), position_wait=0.0)) as guarded:
        assert guarded.send("POST", "/record", data=ARTICLE).status_code == 401
        answer = guarded.send("POST", "/record", data=ARTICLE, headers={"Authorization": "Basic OnNlY3JldA=="})
        assert answer.status_code == 303


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_any_field_renders_inert(service: Service, text: str) -> None:
    article, claim = article_of(service), claim_of(service)
    correction = f"/record/correction?claim={claim}"
    for path, fields in (
        ("/record", ARTICLE),
        ("/record/entity", {"/kind": "company", "/name": "N", "/id": "n", "/opaque": ""}),
        (f"/record/claim?article={article}", CLAIM),
        (correction, typed(service.get(correction).text)),
        (f"/record/retraction?claim={claim}", {"/reason": "", "/article": ""}),
        (f"/record/response?claim={claim}", {"/response": "", "/by/article": "", "/by": "", "/reason": ""}),
    ):
        hostile = dict.fromkeys(fields, text) | {name: fields[name] for name in ("/type", "/seen") if name in fields}
        with service.nothing_recorded():
            answer = send(service, path, hostile)
        assert answer.status_code in (409, 422), path
        assert is_inert(answer.text) and text in html.unescape(answer.text), path


def test_hostile_text_that_was_recorded_renders_inert(service: Service) -> None:
    bad = HOSTILE[1]
    article = article_of(service, **{"/url": "https://example.org/bad", "/title": bad, "/text": bad * 2})
    service.known("red-hat")
    fields = {**CLAIM, "/evidence/summary": bad, "/attributes/round": bad, "/evidence/quote/exact": bad, "/ref": bad}
    path = f"/record/claim?article={article}"
    sent = send(service, path, fields | {"/evidence/position/start": "0", "/evidence/position/end": str(len(bad))})
    claim = sent.headers["Location"].rpartition("/")[2]
    for name in ("correction", "retraction", "response"):
        assert is_inert(service.get(f"/record/{name}?claim={claim}").text)
    assert is_inert(service.get(f"{path}&type=statement").text)


def is_inert(page: str) -> bool:
    """Whether a page has no script but ours, and no element or address of others."""
    scripts = re.findall("<script[^>]*>", page)
    are_ours = all('src="/static/js/' in script for script in scripts)
    return are_ours and "<img" not in page and 'href="javascript' not in page


def typed(page: str) -> dict[str, str]:
    """What stands in the fields of the form of a page."""
    form: dict[str, Any] = {}
    for tag in re.findall("<input[^>]*>", page):
        name, value = re.search('name="([^"]*)"', tag), re.search('value="([^"]*)"', tag)
        if name and ('type="radio"' not in tag or " checked" in tag):
            form[name[1]] = html.unescape(value[1]) if value else ""
    for name, content in re.findall(r'<textarea[^>]*name="([^"]*)"[^>]*>\n(.*?)</textarea>', page, re.S):
        form[name] = html.unescape(content)
    for name, content in re.findall(r'<select[^>]*name="([^"]*)"[^>]*>(.*?)</select>', page, re.S):
        chosen = re.search('<option value="([^"]*)" selected', content) or re.search('<option value="([^"]*)"', content)
        form[name] = html.unescape(chosen[1]) if chosen else ""
    return form
