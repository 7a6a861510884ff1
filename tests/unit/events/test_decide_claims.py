"""Commands on claims: the events that they give, and why they are refused."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from events.commands import ClaimCommand, CorrectClaim, RecordClaim, ReinstateClaim, RetractClaim
from events.decide import decide_claim
from events.errors import Conflict, DomainError, Invalid, InvalidDate, TooMany, Unknown
from events.event_types import (
    ClaimCorrected,
    ClaimRedated,
    ClaimRefAdded,
    ClaimReinstated,
    ClaimRetracted,
    DomainEvent,
    EvidenceAdded,
    PartnershipClaimed,
)
from events.records import ClaimRecord, fold_stream
from events.validation import MOST_PARTICIPANTS, MOST_RELATIONS, normal_new_claim
from events.values import AssertedBy, ClaimContent, ClaimTime, Evidence, MovedTime, Position, Quote
from tests.unit.events.examples import EVIDENCE, ME, SECRET, claim

PUBLISHED = "2014-06-01"
PLACE: dict[str, Any] = {"originator_id": "claim-c", "recorder": ME}
MORE = Evidence("It says so again.", Position(3, 9), Quote(SECRET))


def record_claim(content: ClaimContent | None = None, **changes: Any) -> RecordClaim:
    published, same_as = changes.pop("published", PUBLISHED), changes.pop("same_as", None)
    usual: dict[str, Any] = {
        "content": normal_new_claim(content or claim(), published, same_as),
        "evidence": EVIDENCE,
        "recorder": ME,
    }
    return RecordClaim("c", **(usual | changes))


def correct(reason: str = "misread", article: str | None = None, **changes: Any) -> CorrectClaim:
    return CorrectClaim("c", changes, reason, ME, PUBLISHED, article)


def retract(reason: str = "misread", article: str | None = None) -> RetractClaim:
    return RetractClaim("c", reason, ME, article)


def reinstate(reason: str = "well read", article: str | None = None) -> ReinstateClaim:
    return ReinstateClaim("c", reason, ME, article)


def after(*steps: ClaimCommand | DomainEvent, content: ClaimContent | None = None) -> ClaimRecord:
    """The record of a claim after these commands."""
    events: list[DomainEvent] = []
    for step in (record_claim(content), *steps):
        found = fold_stream(events)
        assert found is None or isinstance(found, ClaimRecord)
        events += (step,) if isinstance(step, DomainEvent) else decide_claim(step, found)
    found = fold_stream(events)
    assert isinstance(found, ClaimRecord)
    return found


def decided(content: ClaimContent, published: str = PUBLISHED, same_as: str | None = None) -> ClaimContent:
    (event,) = decide_claim(record_claim(content, published=published, same_as=same_as), None)
    found: ClaimContent = event.content  # type: ignore[attr-defined]
    return found


def refused(command: ClaimCommand, record: ClaimRecord | None = None) -> DomainError:
    with pytest.raises(DomainError) as refusal:
        decide_claim(command, record)
    return refusal.value


def refusal_of(content: ClaimContent, **changes: Any) -> tuple[type[DomainError], str]:
    with pytest.raises(DomainError) as refusal:
        decide_claim(record_claim(content, **changes), None)
    return type(refusal.value), refusal.value.pointer


# Recording.


def test_a_claim_is_recorded_as_an_event_of_its_type() -> None:
    assert decide_claim(record_claim(ref="000-01"), None) == (
        PartnershipClaimed(**PLACE, originator_version=1, content=claim(), evidence=EVIDENCE, ref="000-01"),
    )


def test_a_claim_sent_again_gives_no_event() -> None:
    assert decide_claim(record_claim(), after()) == ()


def test_new_evidence_and_a_new_ref_are_events_of_the_same_claim() -> None:
    again = record_claim(evidence=MORE, ref="000-02")
    assert decide_claim(again, after()) == (
        ClaimRefAdded(**PLACE, originator_version=2, ref="000-02"),
        EvidenceAdded(**PLACE, originator_version=3, evidence=MORE),
    )
    assert decide_claim(again, after(again)) == ()


def test_evidence_is_kept_once_and_trimmed() -> None:
    assert decide_claim(record_claim(evidence=Evidence(" It says so. ")), after()) == ()


@pytest.mark.parametrize(
    ("evidence", "place"),
    [
        (Evidence(" "), "/evidence/summary"),
        (Evidence("x", Position(-1, 2)), "/evidence/position"),
        (Evidence("x", Position(2, 2)), "/evidence/position"),
    ],
)
def test_evidence_that_points_nowhere_is_refused(evidence: Evidence, place: str) -> None:
    assert refusal_of(claim(), evidence=evidence) == (Invalid, place)


def test_attributes_are_brought_into_their_normal_form() -> None:
    assert decided(claim("investment", amount="010.50")).attributes == {"amount": "10.5"}


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (claim(modality="maybe"), "/modality"),
        (claim(polarity="neutral"), "/polarity"),
        (claim(by=AssertedBy("rumour")), "/asserted_by/kind"),
        (claim(by=AssertedBy("speaker", ("The Ant",))), "/asserted_by/agent/0"),
        (claim(by=AssertedBy("speaker", ("pat",), ("ant", ""))), "/asserted_by/affiliation/1"),
        (claim(by=AssertedBy("author", chain=("author", " "))), "/asserted_by/chain/1"),
        (claim(also=[("lover", "cat")]), "/participants/2/role"),
        (claim(also=[("partner", "The Cat")]), "/participants/2/entity"),
        (claim(also=[("partner", "ant")]), "/participants"),
        (claim(roles=[("partner", "ant")]), "/participants"),
        (claim("agreement", roles=[("obligor", "ant"), ("party", "bee")]), "/participants"),
        (claim("acquisition", roles=[("acquirer", "ant"), ("target", "ant")]), "/participants"),
        (claim("competition", also=[("rival", "ant")]), "/participants"),
        (claim(seen="once"), "/time/kind"),
        (claim("investment", amount="-1"), "/attributes/amount"),
    ],
)
def test_what_the_vocabulary_does_not_know_is_refused_with_its_place(content: ClaimContent, place: str) -> None:
    assert refusal_of(content) == (Invalid, place)


def test_a_claim_has_a_known_type() -> None:
    with pytest.raises(DomainError) as caught:
        record_claim(replace(claim(), type="rumour"))
    refusal = caught.value
    assert (refusal.pointer, refusal.detail[:29]) == ("/type", "a type is one of: investment,")


@pytest.mark.parametrize(
    "roles",
    [
        [("obligor", "ant"), ("obligee", "bee")],
        [("party", "ant"), ("party", "bee"), ("party", "cat")],
    ],
)
def test_the_roles_that_a_type_needs_have_alternatives(roles: list[tuple[str, str]]) -> None:
    assert len(decided(claim("agreement", roles=roles)).participants) == len(roles)


def test_one_entity_can_have_two_roles_where_no_relation_follows() -> None:
    assert decided(claim("organization", also=[("founder", "ant")])).entities("founder") == ["ant"]


def test_participants_voices_and_relations_have_limits() -> None:
    many = [("partner", f"p{n}") for n in range(MOST_PARTICIPANTS + 1)]
    assert refusal_of(claim(roles=many)) == (TooMany, "/participants")
    assert len(decided(claim(roles=many[:25])).participants) == 25
    assert MOST_RELATIONS == 25 * 24 // 2
    assert refusal_of(claim(roles=many[:26])) == (TooMany, "/participants")
    voices = tuple(name for _, name in many)
    assert refusal_of(claim(by=AssertedBy("collective", voices))) == (TooMany, "/asserted_by/agent")


# Times and their rules.


@pytest.mark.parametrize(
    ("time", "place"),
    [
        (ClaimTime("instant", "2014-02-30"), "/time/edtf"),
        (ClaimTime("instant", "2014", anchor="soon"), "/time/anchor"),
        (ClaimTime("instant", "2014", rule="soon"), "/time/rule"),
        (ClaimTime("instant", "2014-06-02", rule="on_publication"), "/time/rule"),
        (ClaimTime("instant", "2014-06-02", anchor="2014-06-02", rule="on_publication"), "/time/rule"),
        (ClaimTime("instant", "2014-05-01", rule="same_as(c)"), "/time/rule"),
    ],
)
def test_a_time_that_does_not_fit_is_refused_with_its_place(time: ClaimTime, place: str) -> None:
    changes: dict[str, Any] = {
        "time": {name: getattr(time, name) for name in time.__struct_fields__ if getattr(time, name)}
    }
    refusal = refused(CorrectClaim("c", changes, "misread", ME, PUBLISHED), after())
    assert (type(refusal), refusal.pointer) == (InvalidDate, place)


@pytest.mark.parametrize(
    ("rule", "edtf"),
    [("on_publication", PUBLISHED), ("until_publication", "[..2014-06-01]"), ("months_before(1)", "2014-05")],
)
def test_a_rule_without_an_anchor_is_anchored_on_the_publication(rule: str, edtf: str) -> None:
    assert decided(claim(edtf=edtf, rule=rule)).time == ClaimTime("instant", edtf, anchor=PUBLISHED, rule=rule)


def test_a_counted_rule_can_have_another_anchor() -> None:
    content = claim(edtf="2013-12-31", rule="days_before(1)", anchor="2014-01-01")
    assert decided(content) == content


def test_an_anchor_without_a_rule_is_only_kept() -> None:
    assert decided(claim(anchor="2014-01")).time.anchor == "2014-01"


def test_a_date_can_be_that_of_another_claim() -> None:
    content = claim(edtf="2014-05-01", rule="same_as(other)")
    assert decided(content, same_as="[2014-05-01..2014-05-01]") == content
    assert refusal_of(content, same_as="2014-05-02") == (InvalidDate, "/time/rule")


# Corrections.


def test_a_correction_keeps_the_claim_and_names_what_it_changes() -> None:
    assert decide_claim(correct(" misread ", polarity="negative"), after()) == (
        ClaimCorrected(**PLACE, originator_version=2, changes={"polarity": "negative"}, reason="misread"),
    )
    assert after(correct(polarity="negative")).current.content == claim(polarity="negative")


def test_changes_are_kept_in_normal_form() -> None:
    (event,) = decide_claim(correct(attributes={"scope": " x ", "amount": 5}), after())
    assert isinstance(event, ClaimCorrected)
    assert event.changes == {"attributes": {"amount": "5", "scope": "x"}}


def test_a_correction_to_what_is_so_gives_no_event() -> None:
    assert decide_claim(correct(polarity="positive"), after()) == ()
    assert decide_claim(correct(polarity="negative"), after(correct(polarity="negative"))) == ()


def test_an_article_can_confirm_by_a_correction_what_is_so_but_only_once() -> None:
    backed = correct(article="july", polarity="positive")
    (event,) = decide_claim(backed, after())
    assert isinstance(event, ClaimCorrected) and event.article == "july"
    assert decide_claim(backed, after(backed)) == ()


def test_a_correction_can_be_corrected_back_and_again_for_another_reason() -> None:
    there, back = correct(polarity="negative"), correct("it was right", polarity="positive")
    again = correct("misread after all", polarity="negative")
    assert after(there, back).current.content.polarity == "positive"
    assert after(there, back, again).current.content.polarity == "negative"


def test_a_correction_made_before_is_a_repeat_whatever_came_in_between() -> None:
    there, back = correct(polarity="negative"), correct("it was right", polarity="positive")
    assert decide_claim(there, after(there, back)) == ()
    assert decide_claim(correct(article="july", polarity="negative"), after(there, back)) != ()


def test_a_correction_counts_again_for_another_reason_after_a_publication_date_moved_it() -> None:
    moved = ClaimTime("instant", "2014-05-31", anchor="2014-06-01", rule="days_before(1)")
    wanted = ClaimTime("instant", "2014-05-30", anchor="2014-05-31", rule="days_before(1)")
    change = correct(time={"kind": "instant", "edtf": "2014-05-30", "anchor": "2014-05-31", "rule": "days_before(1)"})
    redated = ClaimRedated(**PLACE, originator_version=3, moved=(MovedTime(wanted, moved),), cause="article-june@2")
    assert after(change, redated).current.content.time == moved
    assert decide_claim(change, after(change, redated)) == ()
    again = msgspec.structs.replace(change, reason="the date is right")
    assert after(change, redated, again).current.content.time == wanted


@pytest.mark.parametrize(
    ("changes", "place"),
    [
        ({}, "/changes"),
        ({"article": "july"}, "/changes/article"),
        ({"evidence": {}}, "/changes/evidence"),
        ({"polarity": "neutral"}, "/polarity"),
        ({"type": "membership"}, "/participants/0/role"),
    ],
)
def test_a_correction_that_is_not_valid_is_refused(changes: dict[str, Any], place: str) -> None:
    refusal = refused(CorrectClaim("c", changes, "misread", ME, PUBLISHED), after())
    assert (type(refusal), refusal.pointer) == (Invalid, place)


def test_a_correction_needs_a_reason() -> None:
    assert refused(correct("", polarity="negative"), after()).pointer == "/reason"


def test_a_claim_that_no_longer_fits_its_old_rule_can_still_be_corrected_elsewhere() -> None:
    """The time is checked when it is changed; an article corrected meanwhile does not block other corrections."""
    record = after(content=claim(edtf=PUBLISHED, rule="on_publication"))
    change = CorrectClaim("c", {"polarity": "negative"}, "misread", ME, "2014-06-02")
    assert len(decide_claim(change, record)) == 1


# Retractions.


def test_a_claim_is_retracted_and_reinstated() -> None:
    assert decide_claim(retract(" misread ", "july"), after()) == (
        ClaimRetracted(**PLACE, originator_version=2, reason="misread", article="july"),
    )
    assert decide_claim(reinstate(), after(retract())) == (
        ClaimReinstated(**PLACE, originator_version=3, reason="well read"),
    )
    again = retract("misread after all")
    found = [after(), after(retract()), after(retract(), reinstate()), after(retract(), reinstate(), again)]
    assert [record.current.is_retracted for record in found] == [False, True, False, True]


def test_a_repetition_gives_no_event() -> None:
    assert decide_claim(retract(), after(retract())) == ()
    assert decide_claim(reinstate(), after(retract(), reinstate())) == ()
    assert decide_claim(retract(), after(retract(), reinstate())) == ()


def test_a_retracted_claim_is_not_retracted_for_another_reason() -> None:
    assert isinstance(refused(retract("another"), after(retract())), Conflict)
    assert isinstance(refused(retract(article="july"), after(retract())), Conflict)


@pytest.mark.parametrize("steps", [[], [retract(), reinstate("other")]])
def test_only_a_retracted_claim_is_reinstated(steps: list[ClaimCommand]) -> None:
    assert isinstance(refused(reinstate(), after(*steps)), Conflict)


def test_retractions_need_a_reason() -> None:
    assert refused(retract(""), after()).pointer == "/reason"
    assert refused(reinstate(" "), after(retract())).pointer == "/reason"


@pytest.mark.parametrize("command", [correct(polarity="negative"), retract(), reinstate()])
def test_a_claim_that_was_not_recorded_is_unknown(command: ClaimCommand) -> None:
    assert isinstance(refused(command), Unknown)
