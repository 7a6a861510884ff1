"""The follower: takes over what the leader hands out, batch by batch, and checks it before it is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from time import monotonic
from uuid import UUID

import structlog
from psycopg.rows import scalar_row

from frenemies import EpochChanged, FrenemiesError, Gap, Refused, Unreachable
from frenemies.feed import FeedLines
from service.db import Database
from service.errors import AppendRefused, NotNext
from service.feeds.events import BadEvent
from service.following.ahead import ahead
from service.following.batch import Batch, batches
from service.following.checking import Checker, checkpoints_in, hash_of
from service.following.errors import EpochLost, FeedBroken, Halted, LeaderUnreachable
from service.following.leader import Leader
from service.following.taking import Columns, Taker, columns_of
from service.following.telling import Teller
from service.following.through import LinesThrough
from service.jetstream.messages import Reading
from service.store.following import read_following
from service.tree.errors import BadKey
from service.tree.notes import VerifierKey
from service.tree.reading import QUERIES, TreeReader

AHEAD = 2
QUIET_SECONDS = 5.0
MOST_QUIET = 3
"""How often in a row nothing comes, though the leader has more, until the link is made anew."""
_NO_STREAMS = "no-feed-process"
Ready = tuple[Batch, Columns | None]
"""A batch, and what is written of it; nothing of one without events."""
_log = structlog.get_logger(__name__)


class Follower:
    """Keeps the log of a database the same as that of a leader. For one thread; `stop` is for any."""

    def __init__(
        self,
        leader: Leader,
        database: Database,
        pinned: Sequence[str] = (),
        through: Callable[[int], Reading] | None = None,
    ) -> None:
        """`pinned`: the only verifier keys whose checkpoints count; else those that the leader names at first.
        `through` reads the log of the leader in JetStream.
        """
        self.teller = Teller(leader)
        """What tells the leader how far this is."""
        self._leader = leader
        self._database = database
        self._taker = Taker(database)
        self._reader = TreeReader(database)
        self._pinned = list(pinned)
        self._keys: list[VerifierKey] = []
        self._known: set[str] = set()
        self._is_live = True
        self._through = through
        self._lines: FeedLines | LinesThrough | None = None
        self._is_stopped = False

    def begin(self) -> None:
        """Has an empty log begin to follow. OwnLog or OtherLog where it cannot, LeaderUnreachable without an answer."""
        with _as_ours():
            self._taker.begin(self._leader.url, self._leader.epoch())

    def stop(self) -> None:
        """Ends `follow` soon."""
        self._is_stopped = True
        if self._lines is not None:
            self._lines.close()

    def follow(self, still: Callable[[], None]) -> None:
        """Takes over what there is and what comes, until stopped, or the leader has nothing more to say.

        `still` is called in between, at least each few seconds, and raises where this is not ours to do any more.
        Halted where what the leader sends cannot be taken over; LeaderUnreachable where it can later.
        """
        with _as_ours():
            epoch = self._prepare()
            checker = Checker(self._reader)
            self._demand_same(epoch, checker.size)
            self._introduce_self(epoch, checker.size)
            head = self._hear()
        try:
            self._follow(self._lines_from(epoch, checker.size, head), epoch, checker, still)
        except Halted:
            if self._through is not None:
                # It may be the stream that is wrong, and not the leader.
                self._through = None
                _log.warning("JetStream is not read any more: from now on the leader is asked itself")
            raise

    def _lines_from(self, epoch: UUID, after: int, head: int) -> FeedLines | LinesThrough:
        if self._through is not None:
            return LinesThrough(self._leader, self._through, epoch, after, head)
        return self._leader.lines(epoch, after, live=self._is_live)

    def _follow(
        self, lines: FeedLines | LinesThrough, epoch: UUID, checker: Checker, still: Callable[[], None]
    ) -> None:
        with _as_ours(), lines as self._lines:
            try:
                self._take_all(_made_ready(batches(self._lines, epoch)), checker, still)
            except Refused as refused:
                if refused.code != _NO_STREAMS:
                    raise
                self._is_live = False
                _log.warning("the leader has no feed process: it is asked each second")

    def _prepare(self) -> UUID:
        """Makes sure that log and tree are whole, and tells the log what the leader is called and how far it is."""
        tree = self._reader.tree()
        if tree.size != tree.head:
            raise Halted(f"The log ends at {tree.head}, its tree covers {tree.size}: run `frenemies verify`.")
        self._introduce()
        epoch: UUID = self._database.read(QUERIES["epoch"], {}, scalar_row)[0]
        return epoch

    def _demand_same(self, epoch: UUID, position: int) -> None:
        """FeedBroken where the leader has another event than is here last; LeaderUnreachable where it has none there.

        A leader that was restored from an old copy of its database goes on with other events under the same epoch.
        """
        own = self._reader.event(position) if position else None
        if own is None:
            return
        told = self._leader.event(epoch, position)
        if told is None:
            raise LeaderUnreachable(f"Its log ends before {position}, which is here: it lags, or has lost events.")
        if hash_of(told) != own.hash():
            raise FeedBroken(f"It has another event at position {position} than was taken over: it has lost events.")

    def _hear(self) -> int:
        """The head of the leader, which is noted."""
        head = self._leader.head()
        self._taker.hear(head, is_even=False)
        return head

    def _introduce_self(self, epoch: UUID, position: int) -> None:
        following = read_following(self._database)
        if following is not None:
            self.teller.begin(following.id, epoch, position)

    def _take_all(self, found: Iterator[Ready], checker: Checker, still: Callable[[], None]) -> None:
        asked, quiet = monotonic(), 0
        end = self._lines.close if self._lines is not None else lambda: None
        with ahead(found, AHEAD, QUIET_SECONDS, end) as read_ahead:
            for ready in read_ahead:
                still()
                if self._is_stopped:
                    return
                if ready is not None:
                    self._take(*ready, checker)
                if ready is None or (not ready[0].is_even and monotonic() - asked > QUIET_SECONDS):
                    asked = monotonic()
                    has_more = self._hear() > checker.size
                    quiet = quiet + 1 if ready is None and has_more else 0
                    if quiet == MOST_QUIET:
                        raise LeaderUnreachable("It sends nothing, though it has more events.")

    def _take(self, batch: Batch, columns: Columns | None, checker: Checker) -> None:
        if columns is None:
            self._taker.hear(batch.position, is_even=batch.is_even)
            return
        if checkpoints_in(batch.records) and not self._keys:
            self._introduce()
        growth = checker.grow(batch.records, self._keys)
        self._taker.take(columns, growth)
        self.teller.reached(checker.size)
        if not self._known.issuperset(one.key for one in growth.vouched):
            self._introduce()

    def _introduce(self) -> None:
        """Notes who signs, and whom of these to trust: those named first, or those that were given."""
        identity = self._leader.identity()
        self._known = set(identity.verifiers)
        following = read_following(self._database)
        kept = list(following.keys) if following else []
        trusted = self._pinned or kept or identity.verifiers
        if trusted != kept:
            self._taker.trust(trusted)
        self._keys = [VerifierKey.parse(text) for text in trusted]
        # What is not trusted here is not handed on to those who follow in turn.
        self._taker.introduce(identity.origin, identity.present_key if identity.present_key in trusted else None)


def _made_ready(found: Iterator[Batch]) -> Iterator[Ready]:
    """Here it is done ahead, while the database writes what came before."""
    for batch in found:
        yield batch, columns_of(batch) if batch.records else None


@contextmanager
def _as_ours() -> Iterator[None]:
    """What the client and the store say of what the leader sends, as what it means for a follower."""
    try:
        yield
    except EpochChanged as error:
        raise EpochLost(error.detail) from error
    except Gap as error:
        raise FeedBroken(f"{str(error).capitalize()}.") from error
    except (BadEvent, AppendRefused) as error:
        raise FeedBroken(error.detail or error.title) from error
    except NotNext as error:
        raise LeaderUnreachable(error.detail) from error
    except BadKey as error:
        raise LeaderUnreachable(f"It names a key that is none. {error.detail}") from error
    except FrenemiesError as error:
        raise LeaderUnreachable(str(error), error.retry_after if isinstance(error, Unreachable) else 0.0) from error
