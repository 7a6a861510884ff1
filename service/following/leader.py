"""The leader, as its follower asks it."""

from __future__ import annotations

from typing import Any, Self
from uuid import UUID

import httpx2
import msgspec

from frenemies import Client
from frenemies.event import EVENT
from frenemies.feed import FeedLines
from frenemies.waiting import seconds_of
from service.feeds.cursor import BadCursor, format_cursor, parse_cursor
from service.feeds.events import EventReader
from service.following.errors import LeaderUnreachable
from service.store.protocol import StoredRecord

TIMEOUT = 10.0
HEARING_TIMEOUT = 2.0
PATIENCE = 0.0
"""When the link breaks, all is begun anew, and so checked anew: another log may answer then."""
_NOT_HEARD = (403, 404, 405)
"""What a leader of a version without followers says; one that is a follower itself refuses whatever is sent."""


class Key(msgspec.Struct, frozen=True):
    """A verifier key of the leader; it has not signed yet where it has no size."""

    key: str
    from_size: int | None


class Identity(msgspec.Struct, frozen=True):
    """The name of the log in checkpoints, and the keys that sign them in the order of their use."""

    origin: str | None
    keys: list[Key]

    @property
    def verifiers(self) -> list[str]:
        """The keys."""
        return [one.key for one in self.keys]

    @property
    def present_key(self) -> str | None:
        """The key of checkpoints to come."""
        coming = [one.key for one in self.keys if one.from_size is None]
        named = coming or self.verifiers
        return named[-1] if named else None


class Leader:
    """Asks another service. LeaderUnreachable without a proper answer; the feed raises what the client does."""

    def __init__(self, url: str, key: str | None) -> None:
        """ValueError for what is no address, or holds more than one: it is told to whoever asks for the leader."""
        self.url = url.rstrip("/")
        self._client = Client(self.url, key, TIMEOUT)
        parsed = httpx2.URL(self.url)
        if parsed.userinfo or parsed.query or parsed.fragment:
            raise ValueError("the address has to be one without a password, a query or a fragment")
        headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._http = httpx2.Client(base_url=self.url, headers=headers, timeout=TIMEOUT)

    def close(self) -> None:
        """Ends all connections."""
        self._client.close()
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def identity(self) -> Identity:
        """Who signs its checkpoints."""
        identity: Identity = self._read("/v1/log/keys", Identity)
        return identity

    def head(self) -> int:
        """The last position of its log."""
        told = self._read("/v1/projections", dict[str, list[dict[str, Any]]])
        heads = [one.get("head") for one in told.get("projections", [])]
        return max((head for head in heads if isinstance(head, int)), default=0)

    def epoch(self) -> UUID:
        """The identity of its log."""
        with self._client.feed_lines(until=0, patience=PATIENCE) as lists:
            for lines in lists:
                for line in lines:
                    try:
                        return parse_cursor(line.cursor).epoch
                    except BadCursor as error:
                        raise LeaderUnreachable(f"{self.url} sends no cursors of a feed.") from error
        raise LeaderUnreachable(f"{self.url} does not tell which log it has.")

    def event(self, epoch: UUID, position: int) -> StoredRecord | None:
        """The event at a position; None where its log does not go so far. BadEvent for what is none."""
        after = format_cursor(epoch, position - 1)
        with self._client.feed_lines(after, until=position, patience=PATIENCE) as lists:
            events = [line.raw for lines in lists for line in lines if line.kind == EVENT]
        return EventReader(epoch).record(events[0]) if events else None

    def lines(self, epoch: UUID, after: int, *, live: bool, until: int | None = None) -> FeedLines:
        """The feed after a position and up to one, and if it is `live`, on as it comes."""
        cursor = format_cursor(epoch, after)
        return self._client.feed_lines(cursor, until=until, follow=live, texts=True, patience=PATIENCE)

    def hear(self, name: UUID, called: str, cursor: str) -> bool:
        """Says how far a follower is; False where the leader takes no such thing."""
        said = {"name": called, "cursor": cursor}
        path = f"/v1/log/followers/{name}"
        answer = self._asked("PUT", path, json=said, timeout=HEARING_TIMEOUT)
        if answer.status_code in _NOT_HEARD:
            return False
        if not answer.is_success:
            raise self._refused(path, answer)
        return True

    def _read(self, path: str, kind: Any) -> Any:
        answer = self._asked("GET", path)
        if answer.status_code != 200:
            raise self._refused(path, answer)
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except ValueError as error:
            raise LeaderUnreachable(f"{self.url}{path} does not look like Frenemies: {error}") from error

    def _asked(self, method: str, path: str, **more: Any) -> httpx2.Response:
        try:
            return self._http.request(method, path, **more)
        except httpx2.HTTPError as error:
            raise LeaderUnreachable(f"{self.url}: {error or type(error).__name__}") from error

    def _refused(self, path: str, answer: httpx2.Response) -> LeaderUnreachable:
        hint = " It wants a key: --follow-key." if answer.status_code == 401 else ""
        again = seconds_of(answer.headers.get("Retry-After"))
        return LeaderUnreachable(f"{self.url}{path} answered {answer.status_code}.{hint}", again)
