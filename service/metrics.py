"""What the service counts and times, for Prometheus: names, labels and buckets, fixed here and nowhere else.

Where the environment names a folder for them (`service.slots.FOLDER`) the numbers of a process that has begun are
in files there, for one process to tell those of all; elsewhere in its memory. No label holds what somebody has sent:
each has a few values that are known beforehand.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, values
from prometheus_client.metrics import MetricWrapperBase

from service import errors
from service.slots import FOLDER
from service.slotted import Number, keep_numbers_in

REGISTRY = CollectorRegistry()

values.ValueClass = Number

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_ATTEMPT_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 15.0)
_CALLERS = (1, 2, 4, 8, 16, 32, 64, 128)

DONE = "done"
REPLAYED = "replayed"
# The first that fits counts.
_REFUSALS: tuple[tuple[type[Exception], str], ...] = (
    (errors.OutcomeUnknown, "unknown"),
    (errors.StoreUnavailable, "unavailable"),
    (errors.DeadlineExceeded, "timeout"),
    (errors.StreamConflict, "conflict"),
    (errors.GuardFailed, "conflict"),
    (errors.KeyTaken, "conflict"),
    (errors.TextTaken, "conflict"),
    (errors.AppendRefused, "refused"),
)
_FAILED = "failed"
OUTCOMES = (DONE, REPLAYED, *dict.fromkeys(outcome for _, outcome in _REFUSALS), _FAILED)
"""What can come of an append."""

REQUESTS = Histogram(
    "frenemies_request_seconds",
    "Requests and how long they took, by route, method and status.",
    ["route", "method", "status"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
APPENDS = Histogram(
    "frenemies_append_seconds",
    "Appends and how long they took, waiting for their turn included, by outcome: " + ", ".join(OUTCOMES) + ".",
    ["outcome"],
    buckets=_SECONDS,
    registry=REGISTRY,
)
# Made beforehand, so that a first failure is seen as a rise from zero.
_APPENDS_BY_OUTCOME = {outcome: APPENDS.labels(outcome) for outcome in OUTCOMES}
EVENTS_APPENDED = Counter(
    "frenemies_events_appended",
    "Events appended to the log by requests; imports, commands and checkpoints are not counted.",
    registry=REGISTRY,
)
FLUSHES = Histogram(
    "frenemies_flush_seconds",
    "Statements that append, and how long they took: wait for the lock of the log, work, and flush to disk.",
    buckets=_SECONDS,
    registry=REGISTRY,
)
FLUSH_CALLERS = Histogram(
    "frenemies_flush_callers", "How many callers shared a flush.", buckets=_CALLERS, registry=REGISTRY
)
AT_THE_DOOR = ("not-authorized", "forbidden", "quota-exceeded", "from-another-site")
REQUESTS_REFUSED = Counter(
    "frenemies_requests_refused",
    "Requests that were not let in, by the code of the refusal: " + ", ".join(AT_THE_DOOR) + ".",
    ["code"],
    registry=REGISTRY,
)
_REFUSED_BY_CODE = {code: REQUESTS_REFUSED.labels(code) for code in AT_THE_DOOR}
STREAMS = Gauge(
    "frenemies_streams", "Streams and waited pages that are open.", multiprocess_mode="livesum", registry=REGISTRY
)
STREAMS_MOST = Gauge(
    "frenemies_streams_limit",
    "Streams and waited pages that may be open at once.",
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
STREAMS_CUT = Counter(
    "frenemies_streams_cut", "Streams that were cut off because the client did not take them.", registry=REGISTRY
)
FEED_ANSWERS = Counter(
    "frenemies_feed_answers",
    "Answers of the feed process that have ended, streams included, by address and status;"
    " 499 is a client that left before.",
    ["route", "status"],
    registry=REGISTRY,
)
FEED_POSITION = Gauge(
    "frenemies_feed_position",
    "The last position that the feed process hands on to streams.",
    multiprocess_mode="livemax",
    registry=REGISTRY,
)
RELAY_POSITION = Gauge(
    "frenemies_relay_position",
    "The last position that the relay has in JetStream, by stream; only where there is a relay.",
    ["stream"],
    multiprocess_mode="livemax",
    registry=REGISTRY,
)
RELAY_HALTED = Gauge(
    "frenemies_relay_halted",
    "Whether the relay publishes nothing because the stream holds another log, by stream.",
    ["stream"],
    multiprocess_mode="livemax",
    registry=REGISTRY,
)
FOLLOWED = Counter(
    "frenemies_followed_events",
    "Events that a follower read that follows through JetStream, by source: jetstream, leader.",
    ["source"],
    registry=REGISTRY,
)
_FEED_EVENTS = Counter("frenemies_feed_events", "Events handed on by streams and waited pages.", registry=REGISTRY)
STARTS = Counter(
    "frenemies_process_starts",
    "Processes that have begun to work, by name: more than at the start are some that ended by themselves.",
    ["process"],
    registry=REGISTRY,
)
CONNECTIONS_IN_USE = Gauge(
    "frenemies_connections_in_use",
    "Connections to the database that are in use, by pool.",
    ["pool"],
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
CONNECTIONS_AWAITED = Gauge(
    "frenemies_connections_awaited",
    "Callers that wait for a connection to the database, by pool.",
    ["pool"],
    multiprocess_mode="livesum",
    registry=REGISTRY,
)
DELIVERIES = Histogram(
    "frenemies_delivery_seconds",
    "Attempts to deliver an event to a webhook and how long they took, by result: delivered, refused, slow,"
    " unreachable, blocked.",
    ["result"],
    buckets=_ATTEMPT_SECONDS,
    registry=REGISTRY,
)
ANSWERED, MOVED, PASSED = "answered", "moved", "passed"
QUESTIONS = Counter(
    "frenemies_replica_questions",
    "Questions to a service with a replica: answered by it, moved to the primary because it lacked something or failed,"
    " or passed on to the primary because it is not current.",
    ["outcome"],
    registry=REGISTRY,
)
_QUESTIONS_BY_OUTCOME = {outcome: QUESTIONS.labels(outcome) for outcome in (ANSWERED, MOVED, PASSED)}
COUNTED: tuple[MetricWrapperBase, ...] = (
    REQUESTS, REQUESTS_REFUSED, APPENDS, EVENTS_APPENDED, FLUSHES, FLUSH_CALLERS, STREAMS, STREAMS_MOST, STREAMS_CUT,
    FEED_ANSWERS, FEED_POSITION, _FEED_EVENTS, RELAY_POSITION, RELAY_HALTED, FOLLOWED, DELIVERIES, CONNECTIONS_IN_USE,
    CONNECTIONS_AWAITED, STARTS, QUESTIONS,
)  # fmt: skip
"""What the processes count as they work."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A present value that is asked of the database, or of the process that tells, when it is wanted."""

    name: str
    help: str
    labels: tuple[str, ...] = ()


BUILD = Asked("frenemies_build_info", "Always 1; the labels say what runs.", ("version", "python"))
DATABASE_UP = Asked(
    "frenemies_database_up", "Whether the database answered within a second; if not, what is asked of it is missing."
)
LOG_HEAD = Asked("frenemies_log_head", "The last position of the log.")
LOCK_WAITING = Asked("frenemies_append_lock_waiting", "Sessions that wait for the lock of the log.")
LOCK_WAIT = Asked("frenemies_append_lock_wait_seconds", "How long the longest of them has been waiting.")
LOCK_HELD = Asked(
    "frenemies_append_lock_held_seconds",
    "How long the transaction that holds the lock of the log has lasted; 0 when nobody holds it.",
)
LOG_UNSIGNED = Asked(
    "frenemies_log_unsigned_seconds",
    "Age of the first event that no signed checkpoint covers; 0 without one, and missing where none are signed.",
)
DATABASE_SIZE = Asked("frenemies_database_bytes", "How large the database is.")
DATABASE_SESSIONS = Asked("frenemies_database_sessions", "Sessions of its server, those of others included.")
DATABASE_SESSIONS_MOST = Asked(
    "frenemies_database_sessions_limit", "Sessions that its server takes from those who are no superuser."
)
PROJECTION_BUILT = Asked(
    "frenemies_projection_built", "Whether its tables are there and have ever been complete.", ("projection",)
)
PROJECTION_POSITION = Asked("frenemies_projection_position", "The last position handled.", ("projection",))
PROJECTION_LAG_EVENTS = Asked("frenemies_projection_lag_events", "Events not yet handled.", ("projection",))
PROJECTION_LAG = Asked(
    "frenemies_projection_lag_seconds", "Age of the first event not yet handled; 0 without one.", ("projection",)
)
PROJECTION_PARKED = Asked("frenemies_projection_parked", "Streams held back by an event that failed.", ("projection",))
REBUILD_RUNNING = Asked("frenemies_rebuild_running", "Whether a rebuild runs.", ("projection",))
REBUILD_DONE = Asked(
    "frenemies_rebuild_done", "How much of the phase of the last rebuild is done.", ("projection", "phase")
)
REBUILD_TOTAL = Asked("frenemies_rebuild_total", "How much there is to do in that phase.", ("projection", "phase"))
REBUILD_LEFT = Asked(
    "frenemies_rebuild_left_seconds", "What the rest of the phase takes at the present rate.", ("projection", "phase")
)
REBUILD_WHOLE_LEFT = Asked(
    "frenemies_rebuild_whole_left_seconds", "What all that is left of the rebuild takes, reckoned.", ("projection",)
)
SUBSCRIPTIONS = Asked("frenemies_subscriptions", "Subscriptions, by state.", ("state",))
DELIVERIES_PENDING = Asked("frenemies_deliveries_pending", "Events taken for subscriptions and not delivered yet.")
DELIVERIES_LEASED = Asked("frenemies_deliveries_leased", "Of these, events that workers have leased.")
DELIVERIES_PARKED = Asked("frenemies_deliveries_parked", "Events whose delivery was given up.")
DELIVERIES_OVERDUE = Asked(
    "frenemies_deliveries_overdue_seconds",
    "For how long the attempt at a webhook has been due that waits longest; 0 without one. Paused ones do not count.",
)
FOLLOWING_LEADER_HEAD = Asked("frenemies_following_leader_head", "Of a follower: the head of its leader, as known.")
FOLLOWING_LAG_EVENTS = Asked("frenemies_following_lag_events", "Of a follower: events of its leader that it lacks.")
FOLLOWING_LAG = Asked(
    "frenemies_following_lag_seconds",
    "Of a follower: how long ago it last had all that its leader had; 0 while it has it and hears of its leader.",
)
FOLLOWING_VERIFIED = Asked(
    "frenemies_following_verified_size", "Of a follower: events under the last checkpoint that was found right."
)
FOLLOWING_HALTED = Asked(
    "frenemies_following_halted", "Of a follower: whether nothing more is taken over, because something is wrong."
)
FOLLOWERS = Asked("frenemies_followers", "Followers of this service that say how far they are, at present.")
FOLLOWERS_LAG_EVENTS = Asked(
    "frenemies_followers_lag_events", "Events that the one of them lacks that lacks most; 0 without one."
)
FOLLOWERS_LAG = Asked(
    "frenemies_followers_lag_seconds", "Age of the first event that one of them lacks, the greatest; 0 without one."
)
REPLICA_USED = Asked("frenemies_replica_used", "Of a service with a replica: whether that is current, and so asked.")
REPLICA_POSITION = Asked("frenemies_replica_position", "Of a replica that follows: the last position of its log.")
REPLICA_LAG_EVENTS = Asked("frenemies_replica_lag_events", "Of a replica that follows: events that it lacks.")
REPLICA_LAG = Asked(
    "frenemies_replica_lag_seconds",
    "Of a replica that follows: how long ago that was written of which it lacks the most; 0 while it lacks nothing.",
)
ASKED = (
    BUILD, DATABASE_UP, LOG_HEAD, LOCK_WAITING, LOCK_WAIT, LOCK_HELD, LOG_UNSIGNED,
    DATABASE_SIZE, DATABASE_SESSIONS, DATABASE_SESSIONS_MOST,
    PROJECTION_BUILT, PROJECTION_POSITION, PROJECTION_LAG_EVENTS, PROJECTION_LAG, PROJECTION_PARKED,
    REBUILD_RUNNING, REBUILD_DONE, REBUILD_TOTAL, REBUILD_LEFT, REBUILD_WHOLE_LEFT,
    SUBSCRIPTIONS, DELIVERIES_PENDING, DELIVERIES_LEASED, DELIVERIES_PARKED, DELIVERIES_OVERDUE,
    FOLLOWING_LEADER_HEAD, FOLLOWING_LAG_EVENTS, FOLLOWING_LAG, FOLLOWING_VERIFIED, FOLLOWING_HALTED,
    FOLLOWERS, FOLLOWERS_LAG_EVENTS, FOLLOWERS_LAG,
    REPLICA_USED, REPLICA_POSITION, REPLICA_LAG_EVENTS, REPLICA_LAG,
)  # fmt: skip
"""What is asked when somebody wants to know."""


def observe_request(seconds: float, route: str, method: str, status: int) -> None:
    """A request was answered; `route` is the template of the address, not the address."""
    REQUESTS.labels(route, method, status).observe(seconds)


def observe_refusal(code: str) -> None:
    """A request was refused; it is counted where that happened at the door."""
    if code in _REFUSED_BY_CODE:
        _REFUSED_BY_CODE[code].inc()


def observe_append(seconds: float, outcome: str, events: int) -> None:
    """An append ended with one of `OUTCOMES`; it stored that many events."""
    _APPENDS_BY_OUTCOME[outcome].observe(seconds)
    if events:
        EVENTS_APPENDED.inc(events)


def outcome_of(error: BaseException) -> str:
    """The outcome of an append that raised."""
    return next((outcome for kind, outcome in _REFUSALS if isinstance(error, kind)), _FAILED)


def observe_flush(seconds: float, callers: int) -> None:
    """One statement appended for that many callers, or failed for all of them."""
    FLUSHES.observe(seconds)
    FLUSH_CALLERS.observe(callers)


def observe_question(outcome: str) -> None:
    """A question met a replica, and that came of it."""
    _QUESTIONS_BY_OUTCOME[outcome].inc()


def observe_delivery(seconds: float, result: str) -> None:
    """An attempt to deliver an event ended so."""
    DELIVERIES.labels(result).observe(seconds)


def relayed(stream: str, position: int) -> None:
    """All events up to a position are in a stream of JetStream."""
    RELAY_POSITION.labels(stream).set(position)
    RELAY_HALTED.labels(stream).set(0)


def relay_halted(stream: str) -> None:
    """Nothing more is published to a stream until somebody has looked at it."""
    RELAY_HALTED.labels(stream).set(1)


class PoolUse:
    """How much the pool of a name is used: one block around the wait for a connection, one around its use."""

    def __init__(self, pool: str) -> None:
        self._awaited, self._in_use = CONNECTIONS_AWAITED.labels(pool), CONNECTIONS_IN_USE.labels(pool)

    def waiting(self) -> AbstractContextManager[None]:
        """Around the wait."""
        return self._awaited.track_inprogress()

    def using(self) -> AbstractContextManager[None]:
        """Around the use."""
        return self._in_use.track_inprogress()


def begin(process: str) -> None:
    """To be called once in a process of this name, after the fork: its start is counted, and what it counts is told."""
    if FOLDER in os.environ:
        keep_numbers_in(Path(os.environ[FOLDER]))
    STARTS.labels(process).inc()


class Tally:
    """Counts what happens too often to be told each time. For one thread."""

    def __init__(self, counter: Counter) -> None:
        self._counter = counter
        self._count = 0

    def add(self, count: int) -> None:
        """So many more."""
        self._count += count

    def tell(self) -> None:
        """What was added is counted."""
        self._counter.inc(self._count)
        self._count = 0


FEED_EVENTS = Tally(_FEED_EVENTS)


def described() -> Iterable[tuple[str, str, tuple[str, ...], str]]:
    """Name, kind, labels and meaning of everything that is told."""
    for counted in COUNTED:
        (family,) = counted.describe()
        suffix = "_total" if family.type == "counter" else ""
        yield family.name + suffix, family.type, counted._labelnames, family.documentation
    for asked in ASKED:
        yield asked.name, "gauge", asked.labels, asked.help
