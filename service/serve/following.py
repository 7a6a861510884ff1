"""The supervisor's part in following: a log follows a leader or is one of its own, and that is settled at the start."""

from __future__ import annotations

from collections.abc import Mapping
from time import monotonic

import structlog

from service.bootstrap import followed, follower
from service.errors import SettingsError
from service.following.errors import LeaderUnreachable
from service.serve.child import Child
from service.serve.follower import main
from service.serve.signals import Signals
from service.settings import Settings

BEGIN_WITHIN = 60.0
_PAUSE = 1.0
_log = structlog.get_logger(__name__)


def settle(settings: Settings, url: str, signals: Signals) -> None:
    """Has the log of the database begin to follow, where that is wanted and not so yet.

    SettingsError for a log that follows and is to be served as one of its own. OwnLog for one of its own that is to
    follow. LeaderUnreachable when the leader did not answer within a minute.
    """
    found = followed(settings, url)
    if settings.follow is None and found is not None:
        raise SettingsError(
            f"This database follows {found.leader}: serve it with --follow {found.leader}, or serve another database."
        )
    if settings.follow is None or (found is not None and found.leader == settings.follow):
        return
    with follower(settings, url) as (made, _):
        deadline = monotonic() + BEGIN_WITHIN
        while not signals.stopping:
            try:
                return made.begin()
            except LeaderUnreachable as error:
                if monotonic() > deadline:
                    raise
                _log.warning("waiting for the leader", error=str(error))
                signals.wait(_PAUSE)


def following_child(environment: Mapping[str, str], settings: Settings) -> Child:
    """The process that takes over the log; it alone finds in its environment the key that the leader wants, and the
    address of NATS.
    """
    own = {
        "FRENEMIES_FOLLOW_KEY": settings.follow_key or "",
        "FRENEMIES_FOLLOW_THROUGH": settings.follow_through or "",
    }
    return Child("follower", main, {**environment, **own})
