"""Questions over HTTP, and their answers or refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar
from urllib.parse import quote

import httpx2
import msgspec

from frenemies.asked import written
from frenemies.errors import Malformed, Unreachable, refusal
from frenemies.heeding import Heed
from frenemies.link import problem_of
from frenemies.pages import add_page

Shaped = TypeVar("Shaped")
_PAGE = 200
_JSON = "application/json"


class Calls:
    """Asks for one thing, or for all pages of one."""

    _http: httpx2.Client

    def _one(self, shape: type[Shaped], *segments: str, **query: object) -> Shaped:
        return shaped(self._get(_address(segments), _query(query)), shape)

    def _whole(self, shape: type[Shaped], items: str, *segments: str, **query: object) -> Shaped:
        """The answer with all its pages put together; `items` names the list that has pages."""
        pages = self._pages(_address(segments), _query(query))
        whole = next(pages)
        for page in pages:
            add_page(whole, page, items)
        return shaped(whole, shape)

    def _each(self, shape: type[Shaped], items: str, *segments: str, **query: object) -> Iterator[Shaped]:
        """The items of all pages, each page asked for when it is needed."""
        for page in self._pages(_address(segments), _query(query)):
            yield from shaped(page.get(items), list[shape])  # type: ignore[valid-type]

    def _post(self, shape: type[Shaped], address: str, body: bytes | Iterable[bytes], media: str) -> Shaped:
        def ask() -> httpx2.Response:
            return self._http.post(address, content=body, headers={"Content-Type": media})

        # A body that is read as it is sent cannot be sent again.
        return shaped(_told(_answered(ask) if isinstance(body, bytes) else _asked_once(ask)), shape)

    def _said(self, address: str, body: Mapping[str, Any]) -> bytes:
        """What is answered to a wish, in the bytes in which it came."""
        written = msgspec.json.encode(body)
        answer = _answered(lambda: self._http.post(address, content=written, headers={"Content-Type": _JSON}))
        if not answer.is_success:
            raise refusal(answer.status_code, problem_of(answer.content))
        return answer.content

    def _pages(self, address: str, query: Mapping[str, str]) -> Iterator[dict[str, Any]]:
        page = self._get(address, query if "token" in query else {"limit": str(_PAGE), **query})
        yield page
        while isinstance(following := page.get("next"), str):
            if not following.startswith("/"):
                raise Malformed(f"the next page is not one of this service: {following}")
            page = self._get(following, None)
            yield page

    def _get(self, address: str, query: Mapping[str, str] | None) -> dict[str, Any]:
        return _told(_answered(lambda: self._http.get(address, params=query, headers={"Accept": "application/json"})))


def _answered(ask: Callable[[], httpx2.Response]) -> httpx2.Response:
    """The answer to a question, which waits where it is asked too often."""
    heed = Heed()
    while heed.is_again(answer := _asked_once(ask)):
        pass
    return answer


def _asked_once(ask: Callable[[], httpx2.Response]) -> httpx2.Response:
    with _reached():
        return ask()


def shaped(told: Any, shape: type[Shaped]) -> Shaped:
    """An answer in its shape. Malformed for what has another one."""
    try:
        return msgspec.convert(told, shape)
    except msgspec.ValidationError as error:
        raise Malformed(f"the answer has another shape: {error}") from error


@contextmanager
def _reached() -> Iterator[None]:
    try:
        yield
    except httpx2.HTTPError as error:
        raise Unreachable(str(error) or type(error).__name__) from error


def _told(answer: httpx2.Response) -> dict[str, Any]:
    told = problem_of(answer.content)
    if not answer.is_success:
        raise refusal(answer.status_code, told)
    if not isinstance(told, dict):
        raise Malformed("what answered does not look like Frenemies")
    return told


def _address(segments: Iterable[str]) -> str:
    return "/v1/" + "/".join(quote(segment, safe="") for segment in segments)


def _query(given: Mapping[str, object]) -> dict[str, str]:
    """Parameters as they are sent. A name that Python keeps for itself is written with `_` behind it."""
    return {name.removesuffix("_"): _value(value) for name, value in given.items() if value not in (None, ())}


def _value(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple | set | frozenset) else written(value)
