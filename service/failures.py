"""What the driver and the server say of a failure, as errors of ours: here and nowhere else."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import psycopg

from service import errors


class LinkLost(errors.StoreUnavailable):
    """The connection to the database broke."""


@contextmanager
def translated(*, sent: bool = False) -> Iterator[None]:
    """Turns errors of the driver into ours. `sent`: a change is under way, so a broken connection leaves it unknown."""
    try:
        yield
    except psycopg.Error as error:
        raise translate(error, sent=sent) from error


def translate(error: psycopg.Error, *, sent: bool = False) -> errors.ServiceError:
    """Our error for one of the driver."""
    if _is_lost(error):
        return errors.OutcomeUnknown(str(error)) if sent else _lost(error)
    return error_of(error.sqlstate or "", str(error), error.diag.message_detail)


def error_of(state: str, message: str, detail: str | None) -> errors.ServiceError:
    """Our error for an SQLSTATE, with what the server said."""
    if state in _OURS:
        return _OURS[state](json.loads(detail or "{}"))
    if state in _BY_STATE:
        return _BY_STATE[state](message)
    if state == "42501":
        return errors.NotPermitted(f"{_name_of(state)} {state}: {message}")
    if state.startswith(("22", "54")):  # data exception, program limit exceeded
        return errors.Unstorable(message)
    if state.startswith("23"):  # integrity constraint violation
        return errors.AppendRefused(message)
    return errors.StoreError(f"{_name_of(state)} {state}: {message}")


def _name_of(state: str) -> str:
    try:
        return psycopg.errors.lookup(state).__name__
    except KeyError:
        return "PostgreSQL"


def _is_lost(error: psycopg.Error) -> bool:
    state = error.sqlstate
    if state is None:
        return isinstance(error, psycopg.OperationalError | psycopg.InterfaceError)
    return state.startswith("08") or state in {"57P01", "57P02", "57P03", "57P05", "25P03"}


def _lost(error: psycopg.Error) -> errors.StoreUnavailable:
    from_pool = type(error).__module__.startswith("psycopg_pool")
    return errors.StoreUnavailable(str(error)) if from_pool else LinkLost(str(error))


# The states that our own SQL raises, with what it says in DETAIL.
_OURS: Mapping[str, Callable[[dict[str, Any]], errors.ServiceError]] = {
    "FR001": lambda about: errors.StreamConflict(about["stream"], about["expected"], about["actual"]),
    "FR002": lambda about: errors.GuardFailed(about["stream"], about["expected"], about["actual"]),
    "FR003": lambda about: errors.KeyTaken(about["kind"], about["key"], about["stream"]),
    "FR004": lambda about: errors.TextTaken(about["scope"], UUID(about["reference"])),
    "FR005": lambda about: errors.RequestMismatch(about["key"]),
    "FR006": lambda about: errors.HistoryImmutable(),
    "FR008": lambda about: errors.ReadOnly(about["leader"]),
    "FR010": lambda about: errors.OtherLog(f"It is {about['own']}, and not {about['wanted']}."),
    "FR011": lambda about: errors.OwnLog("Follow with an empty one: another DATABASE_URL, or a new folder (--data)."),
}

_BY_STATE: Mapping[str, type[errors.ServiceError]] = {
    "FR009": errors.NotNext,
    "FR012": errors.AppendRefused,
    "57014": errors.DeadlineExceeded,  # query_canceled, by statement_timeout
    "55P03": errors.Locked,  # lock_not_available, by lock_timeout
    "42P01": errors.SchemaMissing,  # undefined_table
    "25006": errors.StoreUnavailable,  # read_only_sql_transaction: a replica, or a server before its promotion
    "40001": errors.BrokenOff,  # serialization_failure: on a replica, what is replayed took away what was being read
    "40P01": errors.BrokenOff,  # deadlock_detected
    "53100": errors.StoreFull,  # disk_full
    "53200": errors.StoreUnavailable,  # out_of_memory
    "53300": errors.StoreUnavailable,  # too_many_connections
    "58030": errors.StoreUnavailable,  # io_error
}
