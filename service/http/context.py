"""What a handler needs of its surroundings: the timeline, the settings, and what the headers say."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from threading import BoundedSemaphore
from uuid import UUID

from flask import Flask, current_app, g, request

from events.errors import DomainError
from events.text import clean_name
from events.values import Recorder
from service.budget import Turns
from service.errors import StoreUnavailable
from service.feeds.cursor import LARGEST
from service.hooks.subscriptions import Subscriptions
from service.http.errors import BadHeader, BadPath
from service.keys.doorkeeper import Doorkeeper
from service.keys.logins import Logins
from service.keys.scopes import ADMIN_ID, LOCAL_ID, Holder
from service.overview.overview import Overview
from service.replica.replicated import Replicated
from service.settings import Limits, Settings
from service.timeline.timeline import Timeline
from service.timeline.views import RequestKey
from service.transfer.importer import Importer

EXTENSION = "frenemies"
NOTE_HEADER = "Frenemies-Note"
KEY_HEADER = "Idempotency-Key"
IF_MATCH = "If-Match"
_KEY = re.compile("[\x21-\x7e]{1,255}")
_VERSION = re.compile('"(-?[0-9]{1,18})"')


@dataclass(frozen=True)
class Surroundings:
    """What an application works with; whoever imports, or reads much, holds one of the turns.

    `replicated`: the database of the timeline, where it has a replica.
    """

    timeline: Timeline
    settings: Settings
    importer: Importer | None
    subscriptions: Subscriptions | None
    door: Doorkeeper
    logins: Logins
    import_turns: BoundedSemaphore
    replay_turns: BoundedSemaphore
    heavy_turns: Turns
    replicated: Replicated | None = None
    overview: Overview | None = None


def surroundings(app: Flask | None = None) -> Surroundings:
    """Those of an application, or of the current one."""
    found: Surroundings = (app or current_app).extensions[EXTENSION]
    return found


def timeline() -> Timeline:
    """The timeline that answers."""
    return surroundings().timeline


def importer() -> Importer:
    """What imports. StoreUnavailable in an application that was made without a database."""
    found = surroundings().importer
    if found is None:
        raise StoreUnavailable("There is no database to import into.")
    return found


def subscriptions() -> Subscriptions:
    """Who is sent events. StoreUnavailable in an application that was made without a database."""
    found = surroundings().subscriptions
    if found is None:
        raise StoreUnavailable("There is no database to keep subscriptions in.")
    return found


def overview() -> Overview:
    """How everything stands. StoreUnavailable in an application that was made without a database."""
    found = surroundings().overview
    if found is None:
        raise StoreUnavailable("There is no database to look at.")
    return found


def holder() -> Holder:
    """Who asks; not for a route that is open."""
    found: Holder = g.holder
    return found


def owner() -> str:
    """Whose subscriptions the request is about: the id of the key. Where none is needed, that of the settings' key."""
    return ADMIN_ID if holder().id == LOCAL_ID else holder().id


def limits() -> Limits:
    """How much one request may bring."""
    return surroundings().settings.limits


def request_id() -> str:
    """The id of the current request, as it is logged and told to the client."""
    return str(g.get("request_id", ""))


def recorder() -> Recorder:
    """Who records: the id of the key that was used, and the note in the header. BadHeader when the note is none."""
    key = holder().id
    note = request.headers.get(NOTE_HEADER)
    if note is None:
        return Recorder(key)
    try:
        return Recorder(key, clean_name(_as_sent(note)))
    except (DomainError, UnicodeDecodeError):
        raise BadHeader("a note is one line of at most 200 characters, in UTF-8", NOTE_HEADER) from None


def _as_sent(header: str) -> str:
    """The text of a header; servers hand its bytes over as Latin-1."""
    return header.encode("latin-1").decode()


def request_key() -> RequestKey | None:
    """The idempotency key of the request with the hash of what it asks for. BadHeader when it is not well-formed."""
    key = request.headers.get(KEY_HEADER)
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise BadHeader("a key has 1 to 255 visible ASCII characters", KEY_HEADER)
    asked = f"{request.method} {request.path}\n".encode() + request.get_data()
    return RequestKey(key, hashlib.sha256(asked).hexdigest())


def expected_version() -> int | None:
    """The version that `If-Match` demands. BadHeader unless it is one strong entity tag with a number."""
    tag = request.headers.get(IF_MATCH)
    if tag is None:
        return None
    match = _VERSION.fullmatch(tag.strip())
    if match is None:
        raise BadHeader('If-Match names one version, like "3"', IF_MATCH)
    return int(match[1])


def refuse_version() -> None:
    """For what has no version yet. BadHeader when one is demanded all the same."""
    if IF_MATCH in request.headers:
        raise BadHeader("there is no version to match: this does not change anything that exists", IF_MATCH)


def own_id(text: str) -> str:
    """The id of a claim or an article in a path. BadPath unless it is a UUID in canonical form, and not the nil one."""
    try:
        found = UUID(text)
    except ValueError:
        found = UUID(int=0)
    if str(found) != text or found.int == 0:
        raise BadPath("an id is a UUID of lower-case hexadecimal digits and hyphens", "id")
    return text


def own_position(text: str) -> int:
    """The position of an event in a path. BadPath unless it is a whole number that could be one."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 19 and int(text) <= LARGEST):
        raise BadPath("a position is a whole number", "position")
    return int(text)
