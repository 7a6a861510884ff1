"""Where the reading commands get their answers: a running service, or the same routes within this process."""

# What is slow to load is imported where it is used: a question to a running service needs no database driver.

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from dataclasses import replace
from typing import IO, TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

from service.cli.database import open_existing
from service.cli.group import Failure, Refused, Unavailable, WrongUsage
from service.cli.options import Place
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    from service.bootstrap import Services

_SECONDS = 30.0
_PAGE = 200


class Answer(NamedTuple):
    """What a route answered."""

    status: int
    body: Any


class Streamed(NamedTuple):
    """What a route answers, block by block."""

    status: int
    media: str
    blocks: Iterable[bytes]


class Source(Protocol):
    """Answers the questions of the REST interface."""

    def get(self, address: str) -> Answer:
        """The answer to GET of a path with its query."""

    def stream(self, address: str, media: str) -> AbstractContextManager[Streamed]:
        """The answer in another medium than JSON, as it comes."""


def ask(source: Source, *segments: str, **parameters: str) -> Any:
    """The answer of `/v1/<segments>`. A Failure, with the exit code for it, when there is none."""
    return _got(source, _address(segments, parameters))


def copy(source: Source, media: str, output: IO[bytes], *segments: str, **parameters: str) -> None:
    """Writes the answer of `/v1/<segments>` in a medium other than JSON. A Failure when there is none, or a part."""
    with source.stream(_address(segments, parameters), media) as answer:
        if answer.status != 200:
            raise failure_of(answer.status, _complaint(Answer(answer.status, _problem(b"".join(answer.blocks)))))
        if answer.media != media:
            raise Unavailable(f"What answered does not know {media}; it sent {answer.media or 'nothing'}.")
        output.writelines(answer.blocks)
        output.flush()


def ask_all(source: Source, items: str, most: int | None, *segments: str, **parameters: str) -> Any:
    """The answer with all its pages put together; `items` names the list that has pages, `most` ends it early.

    Token and hash are those of the first page. With a token that page is the one of the token, which says its length.
    """
    from frenemies.pages import add_page

    limit = {} if "token" in parameters else {"limit": str(min(most or _PAGE, _PAGE))}
    whole = ask(source, *segments, **parameters, **limit)
    following = whole.pop("next")
    while following is not None and (most is None or len(whole[items]) < most):
        page = _got(source, following)
        add_page(whole, page, items)
        following = page["next"]
    del whole[items][most or len(whole[items]) :]
    return whole


def _address(segments: Sequence[str], parameters: Mapping[str, str]) -> str:
    path = "/v1/" + "/".join(quote(segment, safe="") for segment in segments)
    return f"{path}?{urlencode(parameters)}" if parameters else path


def _problem(body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        return None


def _got(source: Source, address: str) -> Any:
    answer = source.get(address)
    if answer.status != 200:
        raise failure_of(answer.status, _complaint(answer))
    return answer.body


@contextmanager
def open_source(place: Place) -> Iterator[Source]:
    """The source for a place, for the time of the block."""
    if place.url is not None:
        with _remote(place.url, read_settings().key) as source:
            yield source
    else:
        with _local(place.settings()) as source:
            yield source


@contextmanager
def _remote(base: str, key: str | None) -> Iterator[Source]:
    import httpx2

    headers = {"Accept": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {})
    try:
        with httpx2.Client(base_url=base, headers=headers, timeout=_SECONDS, follow_redirects=True) as client:
            yield _Remote(client)
    except (httpx2.InvalidURL, httpx2.UnsupportedProtocol) as error:
        raise WrongUsage(f"{base!r} is not the address of a service: {error}") from error
    except httpx2.HTTPError as error:
        raise Unavailable(f"The service at {base} cannot be reached: {error}") from error


class _Remote:
    def __init__(self, client: Any) -> None:
        self._client = client

    def get(self, address: str) -> Answer:
        from frenemies.heeding import Heed

        heed = Heed()
        while heed.is_again(answer := self._client.get(address)):
            pass
        try:
            return Answer(answer.status_code, answer.json())
        except ValueError:
            return Answer(502, {"detail": "what answered does not look like Frenemies"})

    @contextmanager
    def stream(self, address: str, media: str) -> Iterator[Streamed]:
        from frenemies.heeding import Heed

        heed, is_told = Heed(), False
        while not is_told:
            with self._client.stream("GET", address, headers={"Accept": media}) as answer:
                is_told = not heed.is_again(answer)
                if is_told:
                    kind = answer.headers.get("Content-Type", "").partition(";")[0]
                    yield Streamed(answer.status_code, kind, answer.iter_bytes())


@contextmanager
def _local(settings: Settings) -> Iterator[Source]:
    from service.app import create_app
    from service.bootstrap import build, prepare

    with open_existing(settings) as (settings, url):
        if settings.database_url is None:
            prepare(settings, url)
        with closing(build(settings, url)) as services:
            catch_up(services)
            own = replace(settings, rate=0)
            app = create_app(services.timeline, own, subscriptions=services.subscriptions)
            yield _Local(app.test_client(), settings.admin_key)


class _Local:
    def __init__(self, client: Any, key: str | None) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, address: str) -> Answer:
        answer = self._client.get(address, headers=self._headers)
        return Answer(answer.status_code, answer.get_json(silent=True))

    @contextmanager
    def stream(self, address: str, media: str) -> Iterator[Streamed]:
        with closing(self._client.get(address, headers=self._headers | {"Accept": media})) as answer:
            yield Streamed(answer.status_code, answer.mimetype, answer.iter_encoded())


def catch_up(services: Services) -> None:
    """Has the read tables take in what is missing: perhaps nobody is there to do it."""
    from service.bootstrap import projections

    state = services.timeline.readiness()
    if state.position < state.head:
        with projections(services.settings, services.url) as projectors:
            projectors.catch_up()
        state = services.timeline.readiness()
    if not state.ready:
        hint = "Is this the database of the service, and does it run? `frenemies migrate` prepares one."
        raise Unavailable(f"{state.reason}\n{hint}")


def _complaint(answer: Answer) -> str:
    problem = answer.body if isinstance(answer.body, dict) else {}
    lines = [" ".join(str(problem[name]) for name in ("title", "detail") if problem.get(name))]
    for item in problem.get("errors") or []:
        if isinstance(item, dict) and item.get("detail"):
            detail = item["detail"]
            placed = f"{item.get('pointer') or item.get('parameter') or ''}: {detail}".removeprefix(": ")
            if lines[0].endswith(detail):
                lines[0] = lines[0].removesuffix(detail) + placed
            else:
                lines.append(placed)
    return "\n".join(lines) if lines[0] else f"The service answered {answer.status}."


def failure_of(status: int, said: str) -> Failure:
    """The failure, with its exit code, for a status of HTTP and what was said."""
    if status == 401:
        wanted = "another key" if read_settings().key else "a key"
        return WrongUsage(f"The service wants {wanted}: set FRENEMIES_KEY to one that is good (frenemies keys).")
    if status in (404, 409, 410):
        return Refused(said)
    return WrongUsage(said) if status < 500 and status != 429 else Unavailable(said)
