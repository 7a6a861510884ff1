"""Where the reading commands get their answers: a running service, or the same routes within this process."""

# What is slow to load is imported where it is used: a question to a running service needs no database driver.

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol
from urllib.parse import quote, urlencode

import click

from service.cli.group import Failure, Refused, Unavailable, WrongUsage
from service.cli.options import Place
from service.serve.database import demo_folder, has_data, open_database, own_folder
from service.settings import Settings, read_settings

if TYPE_CHECKING:
    from service.bootstrap import Services

_SECONDS = 30.0
_PAGE = 200


class Answer(NamedTuple):
    """What a route answered."""

    status: int
    body: Any


class Source(Protocol):
    """Answers the questions of the REST interface."""

    def get(self, address: str) -> Answer:
        """The answer to GET of a path with its query."""


def ask(source: Source, *segments: str, **parameters: str) -> Any:
    """The answer of `/v1/<segments>`. A Failure, with the exit code for it, when there is none."""
    path = "/v1/" + "/".join(quote(segment, safe="") for segment in segments)
    return _got(source, f"{path}?{urlencode(parameters)}" if parameters else path)


def ask_all(source: Source, items: str, most: int | None, *segments: str, **parameters: str) -> Any:
    """The answer with all its pages put together; `items` names the list that has pages, `most` ends it early."""
    whole = ask(source, *segments, **parameters, limit=str(min(most or _PAGE, _PAGE)))
    following = whole.pop("next")
    while following is not None and (most is None or len(whole[items]) < most):
        page = _got(source, following)
        whole[items] += page[items]
        whole.get("refs", {}).update(page.get("refs", {}))
        following = page["next"]
    del whole[items][most or len(whole[items]) :]
    return whole


def _got(source: Source, address: str) -> Any:
    answer = source.get(address)
    if answer.status != 200:
        raise _failure(answer.status)(_complaint(answer))
    return answer.body


@contextmanager
def open_source(place: Place) -> Iterator[Source]:
    """The source for a place, for the time of the block."""
    if place.url is not None:
        with _remote(place.url, read_settings().admin_key) as source:
            yield source
    else:
        with _local(_with_data(place.settings())) as source:
            yield source


def _with_data(settings: Settings) -> Settings:
    """Where nothing is set and nothing was ever recorded, the demo's data is read, if there is any."""
    if settings.database_url or settings.data or has_data(own_folder()):
        return settings
    demo = demo_folder()
    if not has_data(demo):
        raise Unavailable(
            "There is no data yet: start with `frenemies demo` or `frenemies import FILE`, or say where the data is"
            " (--url, --database-url, --data)."
        )
    click.echo(f"frenemies: reading the demo's data in {demo}", err=True)
    return replace(settings, data=demo)


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
        answer = self._client.get(address)
        try:
            return Answer(answer.status_code, answer.json())
        except ValueError:
            return Answer(502, {"detail": "what answered does not look like Frenemies"})


@contextmanager
def _local(settings: Settings) -> Iterator[Source]:
    from service.app import create_app
    from service.bootstrap import build, prepare

    with open_database(settings) as url:
        if settings.database_url is None:
            prepare(settings, url)
        with closing(build(settings, url)) as services:
            _catch_up(services)
            yield _Local(create_app(services.timeline, settings).test_client(), settings.admin_key)


class _Local:
    def __init__(self, client: Any, key: str | None) -> None:
        self._client = client
        self._headers = {"Authorization": f"Bearer {key}"} if key else {}

    def get(self, address: str) -> Answer:
        answer = self._client.get(address, headers=self._headers)
        return Answer(answer.status_code, answer.get_json(silent=True))


def _catch_up(services: Services) -> None:
    """Has the read tables take in what is missing: perhaps nobody is there to do it."""
    from service.bootstrap import projection

    state = services.timeline.readiness()
    if state.position < state.head:
        with projection(services.settings, services.url) as (projector, _):
            projector.catch_up()
        state = services.timeline.readiness()
    if not state.ready:
        hint = "Is this the database of the service, and does it run? `frenemies migrate` prepares one."
        raise Unavailable(f"{state.reason}\n{hint}")


def _complaint(answer: Answer) -> str:
    problem = answer.body if isinstance(answer.body, dict) else {}
    lines = [" ".join(str(problem[name]) for name in ("title", "detail") if problem.get(name))]
    for item in problem.get("errors") or []:
        if isinstance(item, dict) and item.get("detail") and item["detail"] not in lines[0]:
            lines.append(f"{item.get('pointer') or item.get('parameter') or ''}: {item['detail']}".removeprefix(": "))
    return "\n".join(lines) if lines[0] else f"The service answered {answer.status}."


def _failure(status: int) -> type[Failure]:
    if status in (404, 409):
        return Refused
    return WrongUsage if status < 500 else Unavailable
