"""Exports, from plain answers: what stands in a table, a graph, triples and FollowTheMoney."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any
from uuid import UUID

import networkx
import pytest
import rdflib

from events.facts import CONTESTED, HOLDS, NOT_HELD, PLANNED, POSSIBLY, UNCONFIRMED, UNKNOWN
from events.vocabulary import ENTITY_KINDS, RELATIONS
from service.errors import QueryTooExpensive
from service.exports import chapters as parts
from service.exports import csv_tables, ftm, graphml, jsonld
from service.exports.chapters import Chapter
from tests.ftm_model import ENDS, IS_A, PROPERTIES, demand_valid

DOCUMENT = (Path(__file__).parents[2] / "docs" / "exports.md").read_text(encoding="utf-8")
EPOCH = UUID("00000000-0000-4000-8000-000000000001")
CLAIM, ARTICLE = "00000000-0000-5000-8000-00000000000c", "00000000-0000-5000-8000-00000000000a"
CLOCKS = {
    "as_of": "2014-11-04",
    "published_by": None,
    "recorded_by": {"position": 7, "recorded_at": "2026-11-21T10:00:00Z"},
    "according_to": None,
}
NASTY = 'x"; <a>&amp; \uffff\n=1'
PROV, FR = rdflib.Namespace("http://www.w3.org/ns/prov#"), rdflib.Namespace(jsonld.VOCABULARY)
SCHEMA = rdflib.Namespace("https://schema.org/")


def node(id: str, /, **changes: Any) -> dict[str, Any]:
    return {"id": id, "kind": "company", "name": id.title()} | changes


def when(edtf: str, earliest: str | None, latest: str | None) -> dict[str, Any]:
    return {"edtf": edtf, "earliest": earliest, "latest": latest}


def by(**changes: Any) -> dict[str, Any]:
    return {"asserter": "acme", "agent": [], "affiliation": ["acme"], "articles": [ARTICLE]} | changes


def relation(**changes: Any) -> dict[str, Any]:
    return {
        "relation": "owns",
        "subject": "acme",
        "object": "bolt",
        "status": HOLDS,
        "since": when("2013", "2013-01-01", "2013-12-31"),
        "until": None,
        "due": None,
        "attributes": {},
        "contested": False,
        "asserted_by": [by()],
        "claims": [CLAIM],
        "claim_count": 1,
        "supported_on": "2014-11-04",
    } | changes


def claim(**changes: Any) -> dict[str, Any]:
    return {
        "id": CLAIM,
        "refs": ["a-1"],
        "recorded_at": "2026-11-21T10:00:00Z",
        "article": ARTICLE,
        "type": "acquisition",
        "asserted_by": {"kind": "speaker", "agent": ["ann"], "affiliation": ["acme"], "chain": []},
        "modality": "done",
        "polarity": "positive",
        "time": {"edtf": "2013"},
        "standing": "live",
        "evidence": [{"summary": "Acme bought Bolt."}],
    } | changes


def article(**changes: Any) -> dict[str, Any]:
    told = {"id": ARTICLE, "url": "https://example.org/a", "title": "A", "publisher": "p", "language": "en"}
    return told | {"published": "2014-11-04"} | changes


def chapter(*relations: dict[str, Any], nodes: Iterable[dict[str, Any]] = (), **more: Any) -> Chapter:
    return Chapter([node("acme"), node("bolt"), *nodes], relations, {ARTICLE: article()}, **more)


def table(*chapters: Chapter) -> list[dict[str, str]]:
    text = b"".join(csv_tables.lines(chapters, CLOCKS)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def graph(*chapters: Chapter) -> Any:
    return networkx.parse_graphml(b"".join(graphml.lines(chapters, CLOCKS)).decode(), force_multigraph=True)


def money(*chapters: Chapter, entity: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in ftm.lines(chapters, CLOCKS, entity)]
    demand_valid(found)
    return found


def links(*chapters: Chapter) -> list[dict[str, Any]]:
    return [one for one in money(*chapters) if one["schema"] not in IS_A]


def triples(*chapters: Chapter, clocks: dict[str, Any] = CLOCKS, **entity: Any) -> rdflib.Graph:
    own = node("acme", aliases=[], identifiers={}) | entity
    text = b"".join(jsonld.lines(own, chapters, clocks, EPOCH)).decode()
    return rdflib.Graph().parse(data=text, format="json-ld")


# tables


def test_a_table_is_lines_of_rfc_4180() -> None:
    told = chapter(relation(), nodes=[node("bolt", name='Bolt, "the" bolt')])
    header, row, end = b"".join(csv_tables.lines([told], CLOCKS)).split(b"\r\n")
    assert header.decode() == ",".join(csv_tables.COLUMNS)
    assert b'"Bolt, ""the"" bolt"' in row and end == b""


def test_a_row_holds_both_ends_all_dates_and_the_clocks() -> None:
    planned = relation(status=PLANNED, since=None, due=when("[..2015-01]", None, "2015-01-31"), attributes={"a": 1})
    (row,) = table(chapter(planned))
    assert (row["subject"], row["subject_name"], row["object_kind"]) == ("acme", "Acme", "company")
    assert (row["since"], row["due"], row["due_earliest"], row["due_latest"]) == ("", "[..2015-01]", "", "2015-01-31")
    assert (row["directed"], row["contested"], row["claim_count"]) == ("true", "false", "1")
    assert (row["as_of"], row["published_by"], row["position"]) == ("2014-11-04", "", "7")
    assert json.loads(row["attributes"]) == {"a": 1}


@pytest.mark.case(number=63)
@pytest.mark.parametrize("name", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "\uff1d1", "'=1", "''@x"])
def test_what_could_be_a_formula_is_marked_and_can_be_had_back(name: str) -> None:
    (row,) = table(chapter(relation(), nodes=[node("bolt", name=name)]))
    assert row["object_name"] == f"'{name}"


@pytest.mark.case(number=63)
@pytest.mark.parametrize("name", ["Acme", "O'Neil", "'t Hooft", "1-2", "a=b", NASTY])
def test_what_is_no_formula_is_left_as_it_is(name: str) -> None:
    (row,) = table(chapter(relation(), nodes=[node("bolt", name=name)]))
    assert row["object_name"] == name


def test_an_erased_name_is_empty_and_a_table_of_nothing_has_its_header() -> None:
    (row,) = table(chapter(relation(), nodes=[node("bolt", name=None)]))
    assert row["object_name"] == ""
    assert b"".join(csv_tables.lines([], CLOCKS)).decode() == ",".join(csv_tables.COLUMNS) + "\r\n"


# graphs


def test_a_graph_has_typed_attributes_and_the_clocks() -> None:
    found = graph(chapter(relation(), relation(relation="partner_of")))
    assert found.nodes["acme"] == {"label": "Acme", "kind": "company"}
    edges = {name: data for *_, name, data in found.edges(keys=True, data=True)}
    assert edges.keys() == {"owns:acme:bolt", "partner_of:acme:bolt"}
    owns = edges["owns:acme:bolt"]
    assert (owns["claim_count"], owns["contested"], owns["directed"]) == (1, False, True)
    assert (owns["since"], owns["since_earliest"], "until" in owns) == ("2013", "2013-01-01", False)
    assert (found.graph["as_of"], found.graph["position"]) == ("2014-11-04", 7)


def test_a_graph_takes_any_name() -> None:
    assert graph(chapter(relation(), nodes=[node("bolt", name=NASTY)])).nodes["bolt"]["label"] == NASTY.replace(
        "\uffff", "\ufffd"
    )
    assert graph(chapter(relation(), nodes=[node("bolt", name=None)])).nodes["bolt"]["label"] == "bolt"


def test_every_value_of_a_graph_has_a_declared_key() -> None:
    text = b"".join(graphml.lines([chapter(relation(due=when("2015", "2015-01-01", "2015-12-31")))], CLOCKS)).decode()
    declared = {part.split('"')[1] for part in text.split("<key ")[1:]}
    names = [part.split('attr.name="')[1].split('"')[0] for part in text.split("<key ")[1:]]
    assert len(names) == len(set(names)) == len(declared)
    used = {part.split('"')[1] for part in text.split("<data ")[1:]}
    assert used and used <= declared


def test_an_entity_is_told_once_and_before_its_relations() -> None:
    text = b"".join(graphml.lines([chapter(relation()), chapter(relation(relation="offers"))], CLOCKS)).decode()
    assert text.count('<node id="acme"') == 1
    assert text.index('<node id="bolt"') < text.index("<edge ")


@pytest.mark.parametrize("write", [graphml.lines, ftm.lines])
def test_more_entities_than_can_be_kept_in_mind_are_refused(write: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts, "MOST_ENTITIES", 1)
    with pytest.raises(QueryTooExpensive, match="CSV"):
        list(write([chapter(relation())], CLOCKS))


def test_an_end_of_which_nothing_can_be_told_is_told_by_its_id() -> None:
    nodes = parts.with_all_ends([node("acme")], [relation()])
    told = Chapter(nodes, [relation()])
    assert table(told)[0]["object_kind"] == ""
    assert graph(told).nodes["bolt"] == {"label": "bolt"}
    assert [one["schema"] for one in money(told)] == ["Company", "LegalEntity", "UnknownLink"]
    assert (jsonld_entity("bolt"), SCHEMA.name, None) not in triples(told)


def jsonld_entity(name: str) -> rdflib.URIRef:
    return rdflib.URIRef(jsonld.entity_iri(name))


# FollowTheMoney


def test_every_relation_and_every_kind_of_entity_has_a_schema() -> None:
    assert ftm.LINKS.keys() == RELATIONS.keys()
    assert ftm.SCHEMATA.keys() == set(ENTITY_KINDS)
    for link in (*ftm.LINKS.values(), ftm.UNKNOWN_LINK):
        assert [PROPERTIES[link.schema][end] for end in link.ends] == list(link.ranges)
        assert link.lossy or link.schema != "UnknownLink"
    for range_, schemata in ftm.KINDS_OF.items():
        told = {*ftm.SCHEMATA.values(), ftm.ANY_SCHEMA}
        assert schemata == {schema for schema in told if range_ in IS_A[schema]}


@pytest.mark.parametrize("name", RELATIONS)
@pytest.mark.parametrize("kind", ENTITY_KINDS)
def test_every_relation_between_any_kinds_is_valid(name: str, kind: str) -> None:
    for other in ENTITY_KINDS:
        told = Chapter([node("acme", kind=kind), node("bolt", kind=other)], [relation(relation=name)])
        (link,) = links(told)
        assert [link["properties"][end] for end in ENDS[link["schema"]]] == [["acme"], ["bolt"]]


@pytest.mark.parametrize(
    ("status", "is_told"),
    [(HOLDS, 1), (POSSIBLY, 1), (CONTESTED, 0), (PLANNED, 0), (UNCONFIRMED, 0), (NOT_HELD, 0), (UNKNOWN, 0)],
)
def test_only_what_holds_or_possibly_holds_is_a_link(status: str, is_told: int) -> None:
    assert len(links(chapter(relation(status=status)))) == is_told


def test_a_link_has_dates_sources_and_an_id_of_its_key() -> None:
    (link,) = links(chapter(relation()))
    told = link["properties"]
    assert (link["schema"], told["owner"], told["asset"]) == ("Ownership", ["acme"], ["bolt"])
    assert (told["startDate"], told["status"], told["recordId"]) == (["2013"], [HOLDS], [CLAIM])
    assert (told["sourceUrl"], told["publisher"]) == (["https://example.org/a"], ["p"])
    (later,) = links(chapter(relation(status=POSSIBLY, since=None, claims=[])))
    assert later["id"] == link["id"] and "startDate" not in later["properties"]
    assert links(chapter(relation(relation="offers")))[0]["id"] != link["id"]


@pytest.mark.parametrize(
    ("earliest", "latest", "expected"),
    [
        ("2013-05-01", "2013-05-01", "2013-05-01"),
        ("2013-05-01", "2013-05-31", "2013-05"),
        ("2013-05-03", "2013-06-01", "2013"),
        ("2012-12-31", "2013-01-01", None),
        (None, "2013-01-01", None),
        ("2013-01-01", None, None),
    ],
)
def test_a_date_is_as_exact_as_it_is_certain(earliest: str | None, latest: str | None, expected: str | None) -> None:
    assert ftm.partial_date(when("x", earliest, latest)) == expected


def test_titles_are_roles() -> None:
    told = relation(relation="holds_position", attributes={"title": ["CEO", "founder"]})
    (link,) = links(Chapter([node("acme", kind="person"), node("bolt")], [told]))
    assert (link["schema"], link["properties"]["role"]) == ("Directorship", ["CEO", "founder"])


def test_the_entity_of_a_state_is_told_with_its_identifiers() -> None:
    known = {"wikidata": "Q1", "lei": "5493001KJTIIGC8Y1R12", "domain": "acme.example", "duns": "1"}
    first, *_ = money(chapter(relation()), entity=node("acme", aliases=["Acme Inc."], identifiers=known))
    assert first["properties"] == {
        "name": ["Acme"],
        "alias": ["Acme Inc."],
        "wikidataId": ["Q1"],
        "leiCode": ["5493001KJTIIGC8Y1R12"],
        "website": ["https://acme.example/"],
    }
    product = node("acme", kind="product", aliases=[], identifiers=known | {"wikidata": "no such"})
    assert money(entity=product)[0]["properties"] == {"name": ["Acme"]}


def test_the_model_written_by_hand_is_that_of_the_package() -> None:
    model = pytest.importorskip("followthemoney").model
    for schema, properties in PROPERTIES.items():
        for name, kind in properties.items():
            found = model.get(schema).get(name)
            assert found is not None, (schema, name)
            assert kind == "text" or kind in (found.type.name, found.range and found.range.name), (schema, name)
    for schema, parents in IS_A.items():
        assert all(model.get(schema).is_a(parent) for parent in parents)
        assert {parent for others in IS_A.values() for parent in others if model.get(schema).is_a(parent)} == parents


# triples


def test_a_relation_is_derived_from_claims_that_somebody_made_in_an_article() -> None:
    found = triples(chapter(relation(), claims=(claim(standing="contested"),), nodes=[node("ann", kind="person")]))
    (told,) = found.subjects(FR.relation, FR.owns)
    source, piece = rdflib.URIRef(f"urn:uuid:{CLAIM}"), rdflib.URIRef(f"urn:uuid:{ARTICLE}")
    for expected in (
        (told, rdflib.RDF.type, PROV.Entity),
        (told, FR.status, FR.holds),
        (told, FR.since, rdflib.Literal("2013", datatype=jsonld.EDTF)),
        (told, FR.sinceLatest, rdflib.Literal("2013-12-31", datatype=rdflib.XSD.date)),
        (told, FR.position, rdflib.Literal(7)),
        (told, PROV.generatedAtTime, rdflib.Literal("2026-11-21T10:00:00Z", datatype=rdflib.XSD.dateTime)),
        (told, PROV.specializationOf, rdflib.URIRef("urn:frenemies:relation:owns:acme:bolt")),
        (told, PROV.wasDerivedFrom, source),
        (told, FR.contestedClaim, source),
        (source, rdflib.RDF.type, SCHEMA.Claim),
        (source, PROV.wasAttributedTo, jsonld_entity("ann")),
        (source, PROV.wasAttributedTo, jsonld_entity("acme")),
        (source, SCHEMA.appearance, piece),
        (piece, rdflib.RDF.type, SCHEMA.NewsArticle),
        (piece, SCHEMA.url, rdflib.Literal("https://example.org/a", datatype=rdflib.XSD.anyURI)),
        (piece, SCHEMA.datePublished, rdflib.Literal("2014-11-04")),
        (jsonld_entity("ann"), rdflib.RDF.type, SCHEMA.Person),
        (jsonld_entity("acme"), rdflib.RDF.type, SCHEMA.Organization),
    ):
        assert expected in found, expected
    (state,) = found.subjects(rdflib.RDF.type, FR.State)
    assert (state, PROV.hadMember, told) in found and (state, SCHEMA.about, jsonld_entity("acme")) in found


def test_nothing_has_to_be_fetched_and_no_word_is_lost() -> None:
    text = b"".join(
        jsonld.lines(node("acme", aliases=["A"], identifiers={"lei": "x"}), [chapter(relation())], CLOCKS, EPOCH)
    )
    document = json.loads(text)
    assert isinstance(document["@context"], dict)
    words = {word for one in document["@graph"] for word in one}
    assert {word for word in words if not word.startswith("@")} <= document["@context"].keys()


def test_a_voice_without_a_name_is_one_of_its_article() -> None:
    unnamed = claim(asserted_by={"kind": "author", "agent": [], "affiliation": [], "chain": []})
    found = triples(chapter(relation(), claims=(unnamed,)))
    voice = rdflib.URIRef(f"urn:uuid:{ARTICLE}#author")
    assert (rdflib.URIRef(f"urn:uuid:{CLAIM}"), PROV.wasAttributedTo, voice) in found
    assert (voice, rdflib.RDF.type, PROV.Agent) in found


def test_states_of_two_points_do_not_mix() -> None:
    then = triples(chapter(relation(), claims=(claim(),)))
    earlier = CLOCKS | {"as_of": "2012-01-01"}
    now = triples(chapter(relation(status=PLANNED), claims=(claim(),)), clocks=earlier)
    both = then + now
    assert len(set(both.subjects(FR.relation, FR.owns))) == 2
    assert all(len(set(both.objects(told, FR.status))) == 1 for told in both.subjects(FR.relation, FR.owns))


def test_an_uncertain_day_of_publication_is_no_date_of_schema_org() -> None:
    told = Chapter([node("acme"), node("bolt")], [relation()], {ARTICLE: article(published="[2013-11-05..2013-11-08]")})
    found = triples(told)
    assert not list(found.objects(None, SCHEMA.datePublished))
    assert list(found.objects(None, FR.published))


def test_before_anything_was_recorded_there_is_no_instant() -> None:
    empty = CLOCKS | {"recorded_by": {"position": 0, "recorded_at": None}}
    found = triples(clocks=empty, identifiers={"wikidata": "Q1"})
    assert not list(found.objects(None, PROV.generatedAtTime))
    assert (jsonld_entity("acme"), SCHEMA.sameAs, rdflib.URIRef("http://www.wikidata.org/entity/Q1")) in found


# the page about them


def test_every_column_and_every_link_is_documented() -> None:
    tables = DOCUMENT.replace(
        "the same of `until` and `due`",
        " ".join(f"`{name}`" for name in csv_tables.COLUMNS if name[:3] in ("unt", "due")),
    )
    assert not [name for name in csv_tables.COLUMNS if f"`{name}`" not in tables]
    for name, link in ftm.LINKS.items():
        assert f"| `{name}` | {link.schema}" in DOCUMENT
