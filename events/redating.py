"""A corrected publication date moves the dates that a rule derived from it, and only those."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from msgspec.structs import replace

from events.errors import InvalidDate
from events.event_types import ClaimCorrected, ClaimRedated
from events.identity import claim_stream
from events.records import ClaimRecord, corrected
from events.rules import SAME_AS, parse_rule, resolve
from events.values import ClaimTime, MovedTime, Recorder


def redate(
    claims: Sequence[ClaimRecord],
    refs: Mapping[str, str],
    article: str,
    before: str,
    after: str,
    recorder: Recorder,
    cause: str,
) -> tuple[ClaimRedated, ...]:
    """The events that follow when `article`, published `before`, is said to be published `after`.

    `claims` are those of the article and all that take their date from another one (`same_as`), directly or not;
    `refs` maps their refs to claim ids. InvalidDate where a rule gives no date on the new day.
    """
    moved = _all_moved(claims, refs, article, before, after)
    return tuple(
        ClaimRedated(
            originator_id=claim_stream(claim.id),
            originator_version=claim.version + 1,
            recorder=recorder,
            moved=moved[claim.id],
            cause=cause,
        )
        for claim in claims
        if claim.id in moved
    )


def _all_moved(
    claims: Sequence[ClaimRecord], refs: Mapping[str, str], article: str, before: str, after: str
) -> dict[str, tuple[MovedTime, ...]]:
    """The dates that move, by claim: those of the article, then round by round those that are taken from moved ones."""
    current = {claim.id: claim.current.content.time for claim in claims}
    dates: dict[str, str] = {}
    while True:
        moved = {claim.id: _moved_times(claim, article, before, after, dates) for claim in claims}
        now = {name: m.after.edtf for name, times in moved.items() for m in times if m.before == current[name]}
        known = {ref: now[of] for ref, of in refs.items() if of in now}
        if known == dates:
            return {name: times for name, times in moved.items() if times}
        dates = known


def _moved_times(
    claim: ClaimRecord, article: str, before: str, after: str, dates: Mapping[str, str]
) -> tuple[MovedTime, ...]:
    moved = []
    for time in _times(claim):
        new = _moved(time, claim.original.article == article, before, after, dates)
        if new is not None and new != time:
            moved.append(MovedTime(time, new))
    return tuple(moved)


def _times(claim: ClaimRecord) -> list[ClaimTime]:
    """Every date that some point of the clocks can show for the claim."""
    claim.demand_whole()
    times = [claim.original.time]
    for _, amendment in claim.amendments:
        if isinstance(amendment, ClaimCorrected) and "time" in amendment.changes:
            times.append(corrected(claim.original, {"time": amendment.changes["time"]}).time)
        elif isinstance(amendment, ClaimRedated):
            after = {moved.before: moved.after for moved in amendment.moved}
            times = [after.get(time, time) for time in times]
    return list(dict.fromkeys(times))


def _moved(time: ClaimTime, is_of_article: bool, before: str, after: str, dates: Mapping[str, str]) -> ClaimTime | None:
    if time.rule is None:
        return None
    rule = parse_rule(time.rule)
    anchored = is_of_article and time.anchor == before
    anchor = after if anchored else time.anchor
    if rule.name == SAME_AS:
        edtf = dates.get(rule.argument)
        return None if edtf is None or edtf == time.edtf else replace(time, edtf=edtf, anchor=anchor)
    if not anchored:
        return None
    try:
        return replace(time, edtf=resolve(rule, after), anchor=after)
    except InvalidDate as error:
        raise error.at("/changes/published") from None
