"""Every limit for those who meet it: what it bounds, what comes back beyond it, and what to do instead.

Made of it: docs/limits.md, and a test that each limit has a test. Those that can be set are in `service.settings`.
"""

from __future__ import annotations

from typing import NamedTuple

from events.attributes import MOST_ATTRIBUTES
from events.identity import LONGEST_URL
from events.text import LONGEST_NAME
from events.validation import LONGEST_TITLE, MOST_NAMES, MOST_PARTICIPANTS, MOST_RELATIONS
from service.settings import KIB, MIB, DatabaseSettings, Limits

_OURS, _DATABASE = Limits(), DatabaseSettings("")
_LESS = "ask for less at once, or again later"
_SMALLER = "ask for a part: a smaller `limit`, one relation, fewer entities; without `published_by` and `according_to`"


class Limit(NamedTuple):
    """One limit. `name` is that of a field of `Limits` or `DatabaseSettings`, or its own where it is fixed."""

    name: str
    bounds: str
    value: str
    beyond: str
    instead: str


def _size(count: int) -> str:
    unit, name = (MIB, "MiB") if count >= MIB else (KIB, "KiB")
    return f"{count // unit:,} {name}"


RECORDING = (
    Limit("json_body", "the body of a request", _size(_OURS.json_body), "413 `too-large`", "send it in parts"),
    Limit("article_body", "the body with an article, and a line of an import", _size(_OURS.article_body),
          "413 `too-large`", "send the text shortened, or only its `sha256`"),
    Limit("article_text", "the text of an article", _size(_OURS.article_text), "422 `misshapen`",
          "send it shortened, or only its `sha256`"),
    Limit("batch_claims", "claims in a batch", str(_OURS.batch_claims), "413 `too-large`",
          "several batches, or `POST /v1/import`"),
    Limit("batch_body", "the body with a batch of claims", _size(_OURS.batch_body), "413 `too-large`",
          "several batches, or `POST /v1/import`"),
    Limit("import_body", "the body of `POST /v1/import`", _size(_OURS.import_body), "413 `too-large`",
          "send it in parts, or use `frenemies import`, which has no limit in length"),
    Limit("body_seconds", "seconds in which a body comes; an import is exempt", f"{_OURS.body_seconds:g}",
          "408 `body-stalled`", "send less at once, or as an import"),
    Limit("silence", "seconds without a byte of an import, or in which an answer is not taken", f"{_OURS.silence:g}",
          "408 `body-stalled`; the connection is closed", "send it again: nothing is recorded twice"),
    Limit("head_seconds", "seconds in which a client says what it wants", f"{_OURS.head_seconds:g}",
          "the connection is closed", "send the head of a request at once"),
    Limit("json_depth", "levels of JSON", str(_OURS.json_depth), "400 `malformed-json`", "nest less"),
    Limit("string", "a text, in bytes of UTF-8", _size(_OURS.string), "422 `misshapen` or `invalid`",
          "shorten it; a quote needs only the words that say it"),
    Limit("name", "a name, alias or id, in characters, also in normal form KC", str(LONGEST_NAME),
          "422 `invalid` or `misshapen`", "shorten it"),
    Limit("title", "the title of an article, in characters", str(LONGEST_TITLE), "422 `invalid`", "shorten it"),
    Limit("url", "the address of an article, in characters", f"{LONGEST_URL:,}", "422 `invalid` or `misshapen`",
          "name it by `sha256`"),
    Limit("names", "aliases or identifiers of an entity, authors of an article", str(MOST_NAMES),
          "422 `misshapen` or `too-many`", "leave some out"),
    Limit("participants", "participants of a claim; voices of each kind", str(MOST_PARTICIPANTS),
          "422 `misshapen` or `too-many`", "several claims"),
    Limit("relations", "relations that a claim speaks of", str(MOST_RELATIONS), "422 `too-many`", "several claims"),
    Limit("attributes", "attributes of a claim", str(MOST_ATTRIBUTES), "422 `invalid`", "several claims"),
    Limit("request_key", "characters of an `Idempotency-Key`", "255", "400 `bad-header`", "a shorter one: a UUID"),
    Limit("imports", "imports at once in a process", str(_OURS.imports), "503 `too-many-imports`",
          "send it again after `Retry-After`"),
    Limit("subscriptions", "subscriptions of an owner", str(_OURS.subscriptions), "409 `too-many-subscriptions`",
          "delete one; one subscription can want many types and entities"),
)  # fmt: skip
READING = (
    Limit("address", "path and query, in bytes", "8,000", "414 `url-too-long`", "name fewer things at once"),
    Limit("page", "items of a page", str(_OURS.page), "422 `bad-query`", "follow `next`"),
    Limit("fold_claims", "claims, or beliefs, read for one answer", f"{_OURS.fold_claims:,}",
          "422 `query-too-expensive`, before they are read", _SMALLER),
    Limit("light", "records, or beliefs, that are read without a turn", f"{_OURS.light:,}",
          "the question needs a turn (next line)", _SMALLER),
    Limit("heavy", "questions with a turn at once in a process; every answer that is written while it is found has one",
          str(_OURS.heavy), "503 `too-many-questions`", "ask again after `Retry-After`, or for less"),
    Limit("replays", "of these, replays of the log or of the beliefs", str(_OURS.replays), "503 `too-many-replays`",
          "ask again after `Retry-After`, or read pages"),
    Limit("request_deadline", "seconds of a question; what is written while it is found is exempt",
          f"{_OURS.request_deadline:g}", "503 `out-of-time`", _LESS),
    Limit("statement_timeout", "of these, seconds of one statement in the database", f"{_DATABASE.statement_timeout:g}",
          "503 `out-of-time`; of an append `deadline-exceeded`", _LESS),
    Limit("lock_timeout", "seconds that an append waits for its turn", f"{_DATABASE.lock_timeout:g}",
          "503 `deadline-exceeded`; nothing was stored", "send it again after `Retry-After`"),
    Limit("pool_timeout", "seconds until there is a connection to the database", f"{_DATABASE.pool_timeout:g}",
          "503 `store-unavailable`", "ask again after `Retry-After`"),
    Limit("idle_in_transaction_timeout", "seconds that a transaction may wait for us",
          f"{_DATABASE.idle_in_transaction_timeout:g}", "503 `store-unavailable`", "ask again after `Retry-After`"),
    Limit("settle_timeout", "seconds beyond those of its statement that an append takes, to settle a lost reply",
          f"{_DATABASE.settle_timeout:g}", "503 `outcome-unknown`",
          "send it again: the same record is not recorded twice"),
    Limit("position_wait", "seconds that a question waits for `min_position`", f"{_OURS.position_wait:g}",
          "503 `read-side-behind`", "ask again after `Retry-After`"),
    Limit("graph_depth", "relations away from the `center` of a network", str(_OURS.graph_depth), "422 `bad-query`",
          "ask around one of the outer entities"),
    Limit("graph_nodes", "entities of a neighbourhood, of a choice, or on the way of a path", str(_OURS.graph_nodes),
          "422 `query-too-expensive`", "a smaller depth, one relation, or the whole network page by page"),
    Limit("path_steps", "relations of a path", str(_OURS.path_steps), "200 with `found: false`",
          "ask for the network around either end"),
    Limit("period_relations", "relations whose periods are told at once", f"{_OURS.period_relations:,}",
          "422 `query-too-expensive`", "one kind of relation, or fewer entities"),
    Limit("stream_lines", "lines of a network", f"{_OURS.stream_lines:,}",
          "the last line names the rest; other forms are cut off", "follow `next`"),
    Limit("stream_seconds", "seconds in which they are found", f"{_OURS.stream_seconds:g}", "the same",
          "follow `next`"),
    Limit("filter", "types, or entities, of a filter", "100", "422 `invalid`", "several filters"),
    Limit("long_poll", "milliseconds that a page of a feed waits", f"{_OURS.long_poll:,}", "422 `bad-query`",
          "ask again when it is empty"),
    Limit("lease_wait", "seconds that a worker waits for events", f"{_OURS.lease_wait:g}", "422 `misshapen`",
          "ask again when there are none"),
    Limit("lease_waits", "workers that wait at once in a process", str(_OURS.lease_waits),
          "200 at once, with no event", "ask again in a second"),
    Limit("lease_seconds", "seconds of a lease", f"{_OURS.lease_seconds:,}", "422 `misshapen`", "extend it"),
    Limit("streams", "streams and waiting pages at once", f"{_OURS.streams:,}", "503 `too-many-streams`",
          "come back after `Retry-After`"),
    Limit("streams_a_key", "of these, with one key", str(_OURS.streams_a_key), "503 `too-many-streams`",
          "close one"),
    Limit("remembered", "what a process remembers of states that it told", _size(_OURS.remembered),
          "they are worked out anew", "nothing"),
)  # fmt: skip
LIMITS = (*RECORDING, *READING)
