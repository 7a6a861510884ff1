"""Whatever a recorder writes is shown as text: on every page, in every field, it makes no element and no attribute.

Each page of a hostile world is held against the same page of a harmless one: a browser finds the same elements with the
same attributes in both, and every address in it leads where it led.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from html import escape
from unicodedata import normalize
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.hostile import MARKUP, NAMES, REFUSED, STEERING, packed
from tests.http.conftest import NewService, Service
from tests.markup import Seen, seen
from tests.world import HARMLESS, World, written

OWN = re.compile(r"(?:/(?!/)|#|\?)[!-~]*|")
"""An address on this service, as it stands in a page."""
OFFERED = ("option", "value")


def addresses(world: World) -> dict[str, list[str]]:
    """The addresses of all pages that show something of a world, by the route."""
    one, two, four, board, person = map(world.id, ("one", "two", "four", "board", "person"))
    claims, articles = world.claims, world.articles
    some = ",".join(world.entities.values())
    return {
        "/": [f"/?center={one}&depth=2", f"/?entities={some}&as_of=2014-01-01", f"/?center={one}&according_to={one}"],
        "/entity/<id>": [f"/entity/{id}?as_of=2014-12-01" for id in world.entities.values()],
        "/relation/<relation>/<subject>/<object>": [
            f"/relation/owns/{one}/{two}",
            f"/relation/competes_with/{four}/{one}",
            f"/relation/customer_of/{four}/{two}",
            f"/relation/holds_position/{person}/{one}",
            f"/relation/agreement_with/{two}/{world.id('three')}",
        ],
        "/vote/<body>": [
            f"/vote/{board}?motion={written(world.text.strip())}",
            f"/vote/{board}?relation=member_of&subject={two}&object={board}",
        ],
        "/claim/<id>": [f"/claim/{id}" for id in claims.values()],
        "/article/<id>": [f"/article/{id}" for id in articles.values()],
        "/changes": [
            f"/changes?entity={one}&from=2001-01-01&to=2020-01-01",
            f"/changes?entity={one}&axis=recorded_by&from={world.began}&to={world.ended}",
        ],
        "/beliefs": [f"/beliefs?entity={one}", f"/beliefs?entity={board}"],
        "/frenemies": [f"/frenemies?entity={one}"],
        "/path": [f"/path?from={two}&to={person}"],
        "/record": ["/record"],
        "/record/entity": ["/record/entity"],
        "/record/claim": [
            f"/record/claim?article={articles['first']}",
            f"/record/claim?article={articles['first']}&type=position",
        ],
        "/record/correction": [
            f"/record/correction?claim={claims[name]}" for name in ("invests", "is", "vote", "rival")
        ],
        "/record/retraction": [f"/record/retraction?claim={claims['figure']}"],
        "/record/response": [f"/record/response?claim={claims['stance']}"],
        "/docs": ["/docs"],
        "/operator": ["/operator"],
    }


@pytest.fixture(scope="module")
def service(new_service: NewService) -> Iterator[Service]:
    with new_service(feed_port=8001, feed_secret="s" * 64) as made:
        yield made


@pytest.fixture(scope="module")
def harmless(service: Service) -> World:
    return World(service, "w", HARMLESS, HARMLESS)


@pytest.fixture(scope="module")
def plain(service: Service, harmless: World) -> Callable[[str, int], Seen]:
    """What is found on a page of the harmless world."""

    @cache
    def page(route: str, index: int) -> Seen:
        return shown(service, addresses(harmless)[route][index])

    return page


def shown(service: Service, address: str) -> Seen:
    """What is found on a page. How many entities it offers to choose from is left out: those of all worlds."""
    answer = service.get(address)
    assert (answer.status_code, answer.mimetype) == (200, "text/html"), address
    found = seen(answer.text)
    found.shape[OFFERED] = min(found.shape[OFFERED], 1)
    return found


def test_every_page_is_looked_at(service: Service, harmless: World) -> None:
    pages = {rule.rule for rule in service.app.url_map.iter_rules() if rule.endpoint.startswith("pages.")}
    assert pages == addresses(harmless).keys() | {"/record/edtf", "/login", "/logout"}


def demand_text(service: Service, world: World, plain: Callable[[str, int], Seen]) -> None:
    """No page of a world has an element, an attribute or a way out that the same page of the harmless one has not."""
    for route, found in addresses(world).items():
        for index, address in enumerate(found):
            own = shown(service, address)
            assert own.shape == plain(route, index).shape, address
            demand_harmless(own)


def demand_harmless(page: Seen) -> None:
    """Nothing runs, and nothing leads elsewhere but to the articles."""
    assert not [name for name in page.attributes if name.startswith("on") or name in ("style", "srcdoc")]
    for tag, attribute, value in page.addresses:
        is_article = (tag, attribute) == ("a", "href") and urlsplit(value)[:2] == ("https", "example.org")
        assert is_article or OWN.fullmatch(value), (tag, attribute, value)


NAMES_TOGETHER, TEXTS_TOGETHER = list(packed(NAMES)), list(packed(STEERING, 1_000))


@pytest.mark.parametrize("number", range(len(NAMES_TOGETHER)))
def test_no_page_takes_a_name_for_markup(service: Service, plain: Callable[[str, int], Seen], number: int) -> None:
    name = NAMES_TOGETHER[number]
    world = World(service, f"n{number}", name, f"{name} {name}")
    demand_text(service, world, plain)
    assert normalize("NFC", name) in shown(service, f"/entity/{world.id('one')}").text


@pytest.mark.parametrize("number", range(len(TEXTS_TOGETHER)))
def test_no_page_takes_a_text_for_markup(service: Service, plain: Callable[[str, int], Seen], number: int) -> None:
    demand_text(service, World(service, f"t{number}", f"{HARMLESS} {number}", TEXTS_TOGETHER[number]), plain)


@pytest.mark.soak
@pytest.mark.parametrize("kind", NAMES | STEERING)
def test_no_page_takes_a_single_text_for_markup(service: Service, plain: Callable[[str, int], Seen], kind: str) -> None:
    text = (NAMES | STEERING)[kind]
    number = list(NAMES | STEERING).index(kind)
    demand_text(service, World(service, f"s{number}", NAMES.get(kind, f"{HARMLESS} s{number}"), text), plain)


@pytest.mark.parametrize("kind", REFUSED)
def test_what_is_no_text_is_refused_in_every_field(service: Service, kind: str) -> None:
    with pytest.raises(AssertionError, match="NUL or half of a surrogate pair"):
        World(service, "r", HARMLESS, REFUSED[kind])
    with pytest.raises(AssertionError, match="NUL or half of a surrogate pair"):
        World(service, "r", REFUSED[kind], HARMLESS)


@pytest.mark.parametrize("kind", MARKUP)
def test_markup_that_is_not_escaped_is_found(kind: str) -> None:
    """What the comparison is worth: where a page took the text as it is, a browser would find something else."""
    text = MARKUP[kind]
    pages = ("<p>{}</p>", '<input value="{}">', "<input value='{}'>", "<input value={}>", "<script>{}</script>")
    plain = [seen(page.format(HARMLESS)) for page in pages]
    raw = [seen(page.format(text)) for page in pages]
    is_found = any(one.shape != other.shape for one, other in zip(raw, plain, strict=True))
    leads = any(not OWN.fullmatch(value) for _, _, value in seen(f'<a href="{escape(text)}">').addresses)
    assert is_found or leads


ASKED = (
    "as_of published_by recorded_by according_to center entities entity depth relation status from to axis matter kind"
    " motion subject object type article claim text of cursor limit after until"
).split()
WORD, BREAKER = "harmless words", "'\"><b onclick=alert(1)></script></title></textarea><script>alert(1)</script>"


def test_what_is_asked_is_shown_as_text(service: Service, harmless: World) -> None:
    """A page tells what it was asked, and why it refuses that: in every part of an address the same as with words."""
    service.catch_up()
    for route, found in addresses(harmless).items():
        path, _, query = found[-1].partition("?")
        told = dict(parse_qsl(query))
        ways = [(path, told | {name: "{}"}) for name in ASKED]
        ways += [(path.replace(f"/{part}", "/{}"), told) for part in path.split("/")[2:] if "<" in route]
        for way in ways:
            demand_same_answer(service, *way)


def demand_same_answer(service: Service, path: str, query: dict[str, str]) -> None:
    """An answer to a text that is no failure, and has nothing in it but what the answer to plain words has."""
    client = service.app.test_client()
    own, other = (
        client.get(
            path.format(written(text)), query_string={name: text if v == "{}" else v for name, v in query.items()}
        )
        for text in (BREAKER.replace("/", "") if "{}" in path else BREAKER, WORD)
    )
    assert own.status_code == other.status_code < 500, own.request.url
    assert OWN.fullmatch(own.headers.get("Location", ""))
    if own.mimetype == "text/html":
        assert seen(own.text).shape == seen(other.text).shape, own.request.url
        demand_harmless(seen(own.text))
