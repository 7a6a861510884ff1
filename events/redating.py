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
    moved: dict[str, tuple[MovedTime, ...]] = {}
    waiting = {claim.id: claim for claim in claims}
    now = {claim.id: claim.current.content.time.edtf for claim in waiting.values()}
    changed = True
    while changed:
        changed = False
        for claim in list(waiting.values()):
            dates = {ref: now[of] for ref, of in refs.items() if of in moved}
            times = _moved_times(claim, article, before, after, dates)
            if times:
                moved[claim.id] = times
                current = claim.current.content.time
                now[claim.id] = next((m.after.edtf for m in times if m.before == current), current.edtf)
                del waiting[claim.id]
                changed = True
    records = {claim.id: claim for claim in claims}
    return tuple(
        ClaimRedated(
            originator_id=claim_stream(name),
            originator_version=records[name].version + 1,
            recorder=recorder,
            moved=times,
            cause=cause,
        )
        for name, times in moved.items()
    )


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
