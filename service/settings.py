"""What can be set from outside. The environment is read once, by `read_settings`, and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from urllib.parse import unquote

from environs import Env, EnvError

from events.text import LONGEST_TEXT
from service.errors import SettingsError

KIB = 1024
MIB = 1024 * KIB
METRICS_PORT = 9464
"""Where metrics are told when no port is set and this one is free."""

_SECRET = (
    "FRENEMIES_ADMIN_KEY", "FRENEMIES_FEED_SECRET", "FRENEMIES_FOLLOW_KEY", "FRENEMIES_KEY", "FRENEMIES_LOG_KEY",
    "FRENEMIES_LOGIN_SECRET", "PGPASSWORD",
)  # fmt: skip
_WITH_PASSWORD = ("DATABASE_URL", "MIGRATE_URL", "READ_DATABASE_URL")
_OF_NATS = ("FRENEMIES_RELAY", "FRENEMIES_FOLLOW_THROUGH")
REPLICAS = (1, 3, 5)
"""On how many servers NATS keeps a stream."""
OTLP, CONSOLE, _NO_TRACES = "otlp", "console", "none"
"""Where traces go: to a collector, to stdout, or nowhere."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much one request may bring or ask for. Sizes are bytes, times are seconds; `long_poll` is milliseconds.

    `imports`, `replays` and `heavy` are those at once in a process that answers requests, `streams` those of the feed
    process, `subscriptions` those of an owner; `lease_waits` workers wait at once in a process for events. A question
    is heavy that reads more than `light` records or beliefs, and every answer that is written while it is found;
    replays are among them. What each limit means for those who meet it: `service.limits`.

    `remembered`: about how much a process remembers of the states that it told; 0 is nothing.
    How much one claim, article or entity may hold is the domain's to say: `events.validation` and `events.text`.
    """

    json_body: int = 1 * MIB
    article_body: int = 2 * MIB
    article_text: int = 1 * MIB
    batch_claims: int = 500
    batch_body: int = 5 * MIB
    import_body: int = 2_048 * MIB
    json_depth: int = 32
    string: int = LONGEST_TEXT
    page: int = 200
    fold_claims: int = 25_000
    graph_depth: int = 3
    graph_nodes: int = 500
    path_steps: int = 6
    period_relations: int = 1_000
    stream_lines: int = 100_000
    stream_seconds: float = 30.0
    request_deadline: float = 5.0
    position_wait: float = 4.0
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    light: int = 1_000
    heavy: int = 4
    imports: int = 2
    replays: int = 2
    streams: int = 1_000
    streams_a_key: int = 50
    long_poll: int = 60_000
    subscriptions: int = 20
    lease_seconds: int = 3_600
    lease_wait: float = 4.0
    lease_waits: int = 4
    silence: float = 30.0
    remembered: int = 64 * MIB


@dataclass(frozen=True, slots=True)
class DatabaseSettings:
    """How a process connects to PostgreSQL. Times are seconds.

    A caller waits `pool_timeout` for a connection. An append may wait `lock_timeout` for its turn and run for
    `statement_timeout`; when its reply was lost, it is tried to find out what became of it. In all it takes no more
    than `settle_timeout` longer than its statement may, which is less than the deadline of a request.
    """

    url: str = field(repr=False)
    pool_size: int = 8
    pool_timeout: float = 1.0
    statement_timeout: float = 3.0
    lock_timeout: float = 2.0
    idle_in_transaction_timeout: float = 2.0
    settle_timeout: float = 1.5

    @property
    def append_timeout(self) -> float:
        """The seconds of an append in all."""
        return self.statement_timeout + self.settle_timeout if self.statement_timeout else inf


@dataclass(frozen=True)
class Settings:
    """The settings of one process. Without `database_url` the embedded server in `data` is used. `read_url` is a
    replica of that database, from which questions are answered.

    `metrics_port` 0 is none; None is `METRICS_PORT`, if it is free. `feed_port` None is the one after `port`, if it is
    free. `feed_url` is where clients reach the feed process; None is `feed_port` of the host that they asked.
    `feed_secret` is known to the processes that send clients on and to the one that takes them in. `one_core`: each
    process that answers requests keeps to one core at a time (see `service.cores`). `allow_loss`: the database may be
    one that loses acknowledged events in a crash.

    `ready_lag`: seconds that a ready service may be behind; None is `service.timeline.timeline.LONGEST_LAG`, and any
    for a follower. `log_requests`: a line is logged of each request. `traces`: where OpenTelemetry is to send traces,
    if anywhere. `webhooks_loopback`: webhooks may lead to this machine, too. `follow`: the service whose log is taken
    over, the key that it wants, and the verifier keys whose checkpoints count there, if not those that it names.
    `follow_through`: the stream of NATS that its events are read from. `relay`: the one that the log is published to,
    and on how many servers it is kept where it is made here.
    `key` is what a command shows the service it asks. `erasures`: the file that keeps which texts were erased.

    `login_secret` is known to the processes that answer pages; `secure_cookies`: what browsers keep is for TLS only.
    `rate`: requests a minute with one key, `rate_wrong_keys`: wrong keys a minute from one address; 0 is any number.
    They are counted in `rates_file`, which all processes share; None is by each process for itself.
    """

    database_url: str | None = field(default=None, repr=False)
    migrate_url: str | None = field(default=None, repr=False)
    read_url: str | None = field(default=None, repr=False)
    data: Path | None = None
    host: str = "127.0.0.1"
    port: int = 8000
    metrics_port: int | None = None
    feed_port: int | None = None
    feed_url: str | None = None
    feed_secret: str | None = field(default=None, repr=False)
    admin_key: str | None = field(default=None, repr=False)
    key: str | None = field(default=None, repr=False)
    login_secret: str | None = field(default=None, repr=False)
    secure_cookies: bool = False
    rate: int = 6_000
    rate_wrong_keys: int = 60
    rates_file: Path | None = None
    log_key: str | None = field(default=None, repr=False)
    log_origin: str | None = None
    pool_size: int = 8
    pool_timeout: float = 1.0
    statement_timeout: float = 3.0
    lock_timeout: float = 2.0
    ready_lag: float | None = None
    log_requests: bool = True
    traces: str | None = None
    one_core: bool = True
    allow_loss: bool = False
    webhooks_loopback: bool = False
    follow: str | None = None
    follow_key: str | None = field(default=None, repr=False)
    follow_verifiers: tuple[str, ...] = ()
    follow_through: str | None = field(default=None, repr=False)
    relay: str | None = field(default=None, repr=False)
    relay_replicas: int = 1
    erasures: Path | None = None
    limits: Limits = Limits()

    def database(self, url: str) -> DatabaseSettings:
        """How to connect to `url` with these settings."""
        return DatabaseSettings(
            url=url,
            pool_size=self.pool_size,
            pool_timeout=self.pool_timeout,
            statement_timeout=self.statement_timeout,
            lock_timeout=self.lock_timeout,
        )


def read_settings() -> Settings:
    """The settings from the environment; an empty variable counts as not set. SettingsError names the bad one."""
    env = Env()
    try:
        return Settings(
            database_url=env.str("DATABASE_URL", None) or None,
            migrate_url=env.str("MIGRATE_URL", None) or env.str("DATABASE_URL", None) or None,
            read_url=env.str("READ_DATABASE_URL", None) or None,
            data=_path(env.str("FRENEMIES_DATA", None)),
            host=env.str("FRENEMIES_HOST", None) or Settings.host,
            port=_whole(env, "FRENEMIES_PORT", Settings.port, 0, 65_535),
            metrics_port=_port_or_none(env, "FRENEMIES_METRICS_PORT"),
            feed_port=_port_or_none(env, "FRENEMIES_FEED_PORT"),
            feed_url=(env.str("FEED_URL", None) or "").rstrip("/") or None,
            feed_secret=env.str("FRENEMIES_FEED_SECRET", None) or None,
            admin_key=env.str("FRENEMIES_ADMIN_KEY", None) or None,
            key=env.str("FRENEMIES_KEY", None) or env.str("FRENEMIES_ADMIN_KEY", None) or None,
            login_secret=env.str("FRENEMIES_LOGIN_SECRET", None) or None,
            secure_cookies=_flag(env, "FRENEMIES_SECURE_COOKIES", Settings.secure_cookies),
            rate=_whole(env, "FRENEMIES_RATE", Settings.rate, 0, 10_000_000),
            rate_wrong_keys=_whole(env, "FRENEMIES_RATE_REFUSED", Settings.rate_wrong_keys, 0, 10_000_000),
            rates_file=_path(env.str("FRENEMIES_RATES_FILE", None)),
            log_key=env.str("FRENEMIES_LOG_KEY", None) or None,
            log_origin=env.str("FRENEMIES_LOG_ORIGIN", None) or None,
            pool_size=_whole(env, "FRENEMIES_POOL_SIZE", Settings.pool_size, 1, 1_000),
            pool_timeout=_seconds(env, "FRENEMIES_POOL_TIMEOUT", Settings.pool_timeout),
            statement_timeout=_seconds(env, "FRENEMIES_STATEMENT_TIMEOUT", Settings.statement_timeout),
            lock_timeout=_seconds(env, "FRENEMIES_LOCK_TIMEOUT", Settings.lock_timeout),
            ready_lag=_seconds_or_none(env, "FRENEMIES_READY_LAG"),
            log_requests=_flag(env, "FRENEMIES_LOG_REQUESTS", Settings.log_requests),
            traces=_traces(env),
            allow_loss=_flag(env, "FRENEMIES_ALLOW_LOSS", Settings.allow_loss),
            one_core=_flag(env, "FRENEMIES_ONE_CORE", Settings.one_core),
            follow=(env.str("FRENEMIES_FOLLOW", None) or "").rstrip("/") or None,
            follow_key=env.str("FRENEMIES_FOLLOW_KEY", None) or None,
            follow_verifiers=tuple((env.str("FRENEMIES_FOLLOW_VERIFIER", None) or "").split()),
            follow_through=env.str("FRENEMIES_FOLLOW_THROUGH", None) or None,
            relay=env.str("FRENEMIES_RELAY", None) or None,
            relay_replicas=_whole(env, "FRENEMIES_RELAY_REPLICAS", Settings.relay_replicas, 1, 5),
            erasures=_path(env.str("FRENEMIES_ERASURES", None)),
            webhooks_loopback=_flag(env, "FRENEMIES_WEBHOOKS_LOOPBACK", Settings.webhooks_loopback),
            limits=Limits(
                import_body=MIB * _whole(env, "FRENEMIES_IMPORT_MIB", Limits().import_body // MIB, 1, 1_048_576),
                streams=_whole(env, "FRENEMIES_STREAMS", Limits().streams, 1, 100_000),
                streams_a_key=_whole(env, "FRENEMIES_STREAMS_A_KEY", Limits().streams_a_key, 1, 100_000),
                remembered=MIB * _whole(env, "FRENEMIES_REMEMBERED_MIB", Limits().remembered // MIB, 0, 1_048_576),
            ),
        )
    except EnvError as error:
        raise SettingsError(str(error)) from error


def secrets() -> tuple[str, ...]:
    """What the environment holds that nobody else may know, as it is and as it stands in addresses."""
    env = Env()
    given = [env.str(name, "") for name in _SECRET] + [_password(env.str(name, "")) for name in _WITH_PASSWORD]
    given += [_shown(address) for name in _OF_NATS for address in env.str(name, "").split(",")]
    return tuple(dict.fromkeys(form for one in given for form in (one, unquote(one)) if one))


def _password(url: str) -> str:
    return url.partition("://")[2].rpartition("@")[0].partition(":")[2]


def _shown(address: str) -> str:
    """The password, or the token, in an address of NATS."""
    user, _, password = address.partition("://")[2].rpartition("@")[0].partition(":")
    return password or user


def _path(text: str | None) -> Path | None:
    return Path(text).expanduser() if text else None


def _port_or_none(env: Env, name: str) -> int | None:
    return _whole(env, name, 0, 0, 65_535) if env.str(name, None) else None


def _seconds_or_none(env: Env, name: str) -> float | None:
    return _seconds(env, name, 0.0) if env.str(name, None) else None


def _traces(env: Env) -> str | None:
    """As OpenTelemetry says: an exporter by its name, else that of an address to send to."""
    if _flag(env, "OTEL_SDK_DISABLED", False):
        return None
    addresses = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
    default = OTLP if any(env.str(name, None) for name in addresses) else _NO_TRACES
    chosen = env.str("OTEL_TRACES_EXPORTER", None) or default
    if chosen not in (OTLP, CONSOLE, _NO_TRACES):
        raise SettingsError(f"OTEL_TRACES_EXPORTER has to be {OTLP}, {CONSOLE} or {_NO_TRACES}.")
    return None if chosen == _NO_TRACES else chosen


def _whole(env: Env, name: str, default: int, least: int, most: int) -> int:
    value = env.int(name) if env.str(name, None) else default
    if not least <= value <= most:
        raise SettingsError(f"{name} has to be from {least} to {most}.")
    return value


def _flag(env: Env, name: str, default: bool) -> bool:
    return env.bool(name) if env.str(name, None) else default


def _seconds(env: Env, name: str, default: float) -> float:
    value = env.float(name) if env.str(name, None) else default
    if not 0 < value <= 3_600:
        raise SettingsError(f"{name} has to be more than 0 and at most 3600 seconds.")
    return value
