"""`frenemies state --verify`: an answer computed anew from an export, and compared with the hash in its token."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from service.cli.database import open_existing
from service.cli.group import Refused, WrongUsage
from service.cli.options import Place
from service.settings import Settings
from service.timeline.tokens import BadToken, Token, parse_token

if TYPE_CHECKING:
    from service.timeline.timeline import Timeline


def recomputed(text: str, path: str, log: Path | None, place: Place) -> tuple[Token, str | None]:
    """A token, and the hash of the state that its question has in the export; None where there is no such page.

    Without a file, the export is that of the database. Refused where it ends before the position of the token.
    """
    try:
        token = parse_token(text)
        token.demand_path(path)
    except BadToken as error:
        raise WrongUsage(f"{error.title} {error.detail}") from None
    with _replay(token, log, place) as timeline:
        if timeline.head() < token.records:
            raise Refused(f"the export holds {timeline.head()} records; the token was made after {token.records}")
        return token, _hash_of(token, path, timeline)


@contextmanager
def _replay(token: Token, log: Path | None, place: Place) -> Iterator[Timeline]:
    from service.bootstrap import build, exporter, replay
    from service.transfer.lines import Lines
    from service.transfer.replaying import chunks_of

    if log is not None:
        settings = place.settings()
        yield replay(settings, Lines(str(log), log, settings.limits.article_body).chunks())
        return
    with open_existing(place.settings()) as (settings, url), closing(build(settings, url)) as services:
        token.demand_epoch(services.timeline.epoch())
        yield replay(settings, chunks_of(exporter(services).lines(until=token.position)))


def _hash_of(token: Token, path: str, timeline: Timeline) -> str | None:
    """The hash of the page of the token. The pages before it are asked for first: only they lead to it."""
    from service.app import create_app

    client = create_app(timeline, Settings()).test_client()
    asked = token.parameters() | {"recorded_by": str(token.records)}
    following: str | None = f"{quote(path)}?{urlencode(asked)}"
    while following is not None:
        answer: Any = client.get(following).get_json(silent=True)
        if "token" not in answer:
            raise Refused(f"{answer.get('title', '')} {answer.get('detail', '')}".strip())
        if parse_token(answer["token"]).after == token.after:
            return str(answer["state_hash"])
        following = answer.get("next")
    return None
