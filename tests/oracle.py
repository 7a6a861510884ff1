"""What a history means, by the shortest way that is plainly right: every answer reads the whole history again.

A second implementation of the contract of the domain for tests: no storage, no speed, nothing shared with `events`.
A history is a list of records in the shape of import lines, in the order of recording; the recording number of a record
is its index + 1. Days go in and come out as ISO strings, "0000" and "9999-99" for unbounded; inside they are ordinals.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import combinations, product
from typing import Any, TypeVar

Record = dict[str, Any]
Key = tuple[str, str, str]
Range = tuple[int, int]
Scope = tuple[tuple[str, str], ...]
Said = tuple[str, tuple[str, ...]]
Report = TypeVar("Report", str, Said)

LOW, HIGH = 0, date.max.toordinal() + 1

RELATIONS: dict[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "acquisition": ("owns", ("acquirer",), ("target",)),
    "agreement": ("agreement_with", ("party", "obligor", "obligee"), ()),
    "competition": ("competes_with", ("competitor",), ()),
    "contribution": ("contributes_to", ("contributor",), ("project",)),
    "customer": ("customer_of", ("customer",), ("vendor",)),
    "interoperability": ("supports", ("provider",), ("subject",)),
    "investment": ("investor_of", ("investor", "lead"), ("investee", "issuer")),
    "membership": ("member_of", ("member",), ("organization",)),
    "partnership": ("partner_of", ("partner",), ()),
    "position": ("holds_position", ("holder",), ("organization",)),
    "product": ("offers", ("producer",), ("product",)),
}
SYMMETRIC = {relation for relation, _, objects in RELATIONS.values() if not objects}
SCOPES = ("round", "term", "change", "platform", "market")
ENDING = {"ended", "left", "exited", "divested", "withdrawn", "dropped", "dissolved", "cancelled", "suspended"}
INTENDED = {"planned", "scheduled", "proposed"}
DATED_INTENTION = {"planned", "scheduled"}
ANNOUNCED_IS_PROPOSED = {"acquisition", "product", "interoperability"}
BEGINS_ONCE = {"acquisition", "membership", "position"}
VARIANTS = ("title", "level", "version", "release")
OPPOSING = {"deny", "dispute", "contradict"}
UNDOING = {"correct": "corrected", "retract": "retracted", "supersede": "superseded"}
BEST_FIRST = ("holds", "contested", "possibly", "planned", "unconfirmed")


# ---- days and dates


def ordinal(day: str) -> int:
    """The ordinal of an ISO day; the unbounded ones are LOW and HIGH."""
    unbounded = {"0000": LOW, "9999-99": HIGH}
    return unbounded[day] if day in unbounded else date.fromisoformat(day).toordinal()


def iso(day: int) -> str:
    """The ISO day of an ordinal, "0000" and "9999-99" for unbounded."""
    return "0000" if day <= LOW else "9999-99" if day >= HIGH else date.fromordinal(day).isoformat()


def iso_range(days: Range | None) -> tuple[str, str] | None:
    """Both days in ISO form, or None."""
    return None if days is None else (iso(days[0]), iso(days[1]))


def after(day: int) -> int:
    """The next day; unbounded stays unbounded."""
    return day if day in (LOW, HIGH) else day + 1


def years(first: int, last: int) -> Range:
    """From the first day of one year to the last day of another, inside the years 1 to 9999."""
    return date(max(first, 1), 1, 1).toordinal(), date(min(last, 9999), 12, 31).toordinal()


def months(first: int, last: int) -> Range:
    """From the first day of one month to the last day of another; months are counted from year 0."""
    first, last = max(first, 12), min(last, 9999 * 12 + 11)
    low = date(first // 12, first % 12 + 1, 1).toordinal()
    return low, HIGH - 1 if last == 9999 * 12 + 11 else date((last + 1) // 12, (last + 1) % 12 + 1, 1).toordinal() - 1


def point_range(text: str) -> Range:
    """The days that a year, month or day can mean, one unit wider with `~`, `?` or `%`."""
    found = re.fullmatch(r"(\d{4})(?:-(\d\d))?(?:-(\d\d))?([~?%]?)", text)
    if not found:
        raise ValueError(f"not a date: {text}")
    year, month, day, doubt = found.groups()
    wide = 1 if doubt else 0
    if day:
        middle = date(int(year), int(month), int(day)).toordinal()
        return max(middle - wide, 1), min(middle + wide, HIGH - 1)
    if month:
        if not 1 <= int(month) <= 12 or int(year) < 1:
            raise ValueError(f"not a date: {text}")
        count = int(year) * 12 + int(month) - 1
        return months(count - wide, count + wide)
    if int(year) < 1:
        raise ValueError(f"not a date: {text}")
    return years(int(year) - wide, int(year) + wide)


def date_range(text: str) -> Range:
    """The days that an EDTF date or set can mean."""
    if not text.startswith("["):
        return point_range(text)
    first, last = text.removeprefix("[").removesuffix("]").split("..")
    low = point_range(first)[0] if first else LOW
    high = point_range(last)[1] if last else HIGH
    if low > high:
        raise ValueError(f"ends before it starts: {text}")
    return low, high


@dataclass(frozen=True)
class Days:
    """When something was: the days on which it may have happened or been seen, and those from which it may be over."""

    low: int
    high: int
    end: Range | None = None


def days_of(edtf: str) -> Days:
    """The days of an EDTF date, set or interval; both days of an interval are inside it."""
    first, _, last = edtf.partition("/")
    low, high = date_range(first) if first not in ("", "..") else (LOW, HIGH)
    if last in ("", ".."):
        return Days(low, high)
    end_low, end_high = date_range(last)
    if end_high < low:
        raise ValueError(f"ends before it starts: {edtf}")
    return Days(low, min(high, end_high), (after(max(low, end_low)), after(end_high)))


# ---- rules that give dates


def anchor_days(anchor: str) -> tuple[str, str]:
    """First and last day of an anchor, which is a day or a bounded set of days."""
    first, dots, last = anchor.strip("[]").partition("..")
    return first, last if dots else first


def dated_on_day(rule: str, day: str) -> str:
    """The EDTF date that a rule gives on one day."""
    name, _, argument = rule.removesuffix(")").partition("(")
    at, n = date.fromisoformat(day), int(argument or 0)
    if name == "on_publication":
        return day
    if name == "until_publication":
        return f"[..{day}]"
    if name == "from_publication":
        return f"[{day}..]"
    if name == "days_before":
        return (at - timedelta(days=n)).isoformat()
    if name == "days_after":
        return (at + timedelta(days=n)).isoformat()
    if name == "months_before":
        year, month = divmod(at.year * 12 + at.month - 1 - n, 12)
        return f"{year:04d}-{month + 1:02d}"
    if name == "years_before":
        return f"{at.year - n:04d}"
    if name == "named_month":
        return f"{at.year if n <= at.month else at.year - 1:04d}-{n:02d}"
    raise ValueError(f"unknown rule: {rule}")


def dated(rule: str, anchor: str) -> str:
    """The EDTF date that a rule gives on its anchor; where the days of a set give different dates, the set of these."""
    first, last = (dated_on_day(rule, day) for day in anchor_days(anchor))
    if first == last:
        return first
    if first.startswith("[.."):
        return last
    if first.endswith("..]"):
        return first
    return f"[{first}..{last}]"


# ---- what was recorded


@dataclass(frozen=True)
class Claim:
    """One claim as it reads at one point of the clocks, entities under their surviving ids."""

    ref: str
    article: str
    type: str
    participants: tuple[tuple[str, str], ...]
    attributes: dict[str, Any]
    kind: str
    agents: tuple[str, ...]
    affiliations: tuple[str, ...]
    asserter: str
    modality: str
    polarity: str
    observed: bool
    days: Days
    published: Range

    def filling(self, *roles: str) -> list[str]:
        """The entities in these roles, each once."""
        return list(dict.fromkeys(entity for role, entity in self.participants if role in roles))

    @property
    def stage(self) -> str | None:
        """The stage that the claim speaks of."""
        return self.attributes.get("stage")

    @property
    def negative(self) -> bool:
        """Whether it says that something is not so."""
        return self.polarity == "negative" or self.modality == "denied"

    def is_of(self, entity: str) -> bool:
        """Whether the entity says it, or somebody who speaks for it."""
        return entity in self.affiliations or entity in self.agents


@dataclass(frozen=True)
class Response:
    """One answer of a claim to a claim."""

    kind: str
    by: str
    target: str
    aspect: str | None


@dataclass
class Shelf:
    """The records of one point of the clocks: raw articles and claims in their versions, responses, retracted refs."""

    articles: dict[str, Record] = field(default_factory=dict)
    claims: dict[str, Record] = field(default_factory=dict)
    responses: list[Response] = field(default_factory=list)
    retracted: set[str] = field(default_factory=set)


def article_key(record: Record) -> str:
    """The name under which other records speak of an article."""
    return str(record.get("url") or record["sha256"])


def survivors(records: list[Record]) -> Callable[[str], str]:
    """The way from an entity's id to the id that it has after all merges and un-merges."""
    into: dict[str, str] = {}
    for record in records:
        if record["record"] == "merge":
            into[record["entity"]] = record["into"]
        elif record["record"] == "unmerge":
            into.pop(record["entity"], None)

    def surviving(entity: str) -> str:
        while entity in into:
            entity = into[entity]
        return entity

    return surviving


def publications(records: list[Record], counts: Callable[[Record], bool]) -> dict[str, Range]:
    """The publication range of each article, after the corrections that count."""
    found: dict[str, str] = {}
    for record in records:
        if record["record"] == "article":
            found[article_key(record)] = record["published"]
        elif record["record"] == "correction" and record["of"] in found and counts(record):
            found[record["of"]] = record["changes"].get("published", found[record["of"]])
    return {article: date_range(published) for article, published in found.items()}


def counting(records: list[Record], published_by: int | None) -> Callable[[Record], bool]:
    """Whether a record counts on the publication clock: one that names an article, from that article's latest day."""

    def known_from(dates: dict[str, Range]) -> Callable[[Record], bool]:
        return lambda record: (
            published_by is None or not record.get("article") or dates[record["article"]][1] <= published_by
        )

    as_recorded = publications(records, lambda record: True)
    return known_from(publications(records, known_from(as_recorded)))


def moved_times(claims: dict[str, Record], article: str, old: str, new: str) -> dict[str, Record]:
    """The new times of claims whose date follows a publication date that is corrected from `old` to `new`."""
    moved: dict[str, Record] = {}
    for ref, claim in claims.items():
        time = claim["time"]
        rule = time.get("rule") or ""
        if claim["article"] == article and rule and not rule.startswith("same_as") and time.get("anchor") == old:
            moved[ref] = time | {"anchor": new, "edtf": dated(rule, new)}
    while followers := {
        ref: claim["time"] | {"edtf": moved[same]["edtf"]}
        for ref, claim in claims.items()
        if ref not in moved and (same := same_as(claim["time"])) in moved
    }:
        moved |= followers
    return moved


def same_as(time: Record) -> str | None:
    """The ref of the claim whose date this time takes over, if it does."""
    rule = time.get("rule") or ""
    return rule.removeprefix("same_as(").removesuffix(")") if rule.startswith("same_as(") else None


def correct(shelf: Shelf, record: Record) -> None:
    """Put a correction of an article or a claim into effect; dates with a rule follow a publication date."""
    of, changes = record["of"], record["changes"]
    if of in shelf.claims:
        shelf.claims[of] = shelf.claims[of] | changes
        return
    old = shelf.articles[of]["published"]
    shelf.articles[of] = shelf.articles[of] | changes
    if (new := shelf.articles[of]["published"]) != old:
        for ref, time in moved_times(shelf.claims, of, old, new).items():
            shelf.claims[ref] = shelf.claims[ref] | {"time": time}


def as_claim(record: Record, name: str) -> Record:
    """A response that an article gives in no other claim, as the claim of type response that it is, yet undated."""
    return {
        "ref": name,
        "article": record["by"]["article"],
        "type": "response",
        "participants": [],
        "attributes": {k: record[k] for k in ("response", "target", "aspect") if record.get(k)},
        "asserted_by": record["by"]["asserted_by"],
        "modality": "done",
        "polarity": "positive",
        "time": {},
    }


def meaning(record: Record) -> str:
    """What makes two records the same: all but their names and reasons, participants in sorted order."""
    plain = {k: v for k, v in record.items() if k not in ("ref", "evidence", "reason")}
    if "participants" in plain:
        plain["participants"] = sorted((p["role"], p["entity"]) for p in plain["participants"])
    return repr(sorted(plain.items(), key=lambda item: item[0]))


def spoken_of(record: Record, name: Callable[[str], str]) -> Record:
    """The record with the claims that it speaks of under other names."""
    other = {k: name(v) for k, v in record.items() if k in ("of", "target", "by") and isinstance(v, str)}
    if target := (record.get("attributes") or {}).get("target"):
        other["attributes"] = record["attributes"] | {"target": name(target)}
    if source := same_as(record.get("time") or {}):
        other["time"] = record["time"] | {"rule": f"same_as({name(source)})"}
    if "changes" in record:
        other["changes"] = spoken_of(record["changes"], name)
    return record | other


def under_first_names(records: list[Record]) -> tuple[list[Record], dict[str, str]]:
    """The records with each claim under the ref that it was first sent with, and this name for each of its refs.

    A claim that was first sent without a ref goes by its evidence. Where one was sent again stands a record of nothing.
    """
    told: list[Record] = []
    first: dict[str, str] = {}
    sent: dict[str, str] = {}
    for record in records:
        said = spoken_of(record, lambda name: first.get(name, name))
        if name := said.get("ref") or said.get("evidence", {}).get("summary"):
            known = sent.setdefault(meaning(said), name)
            said = said | {"ref": name} if known == name else {"record": "again", "of": known}
            if "ref" in record:
                first[record["ref"]] = known
        told.append(said)
    return told, first


def shelve(records: list[Record], counts: Callable[[Record], bool]) -> Shelf:
    """Everything that was recorded, each thing in the version that counts."""
    shelf = Shelf()
    for number, record in enumerate(under_first_names(records)[0], 1):
        name = record.get("ref") or f"record:{number}"
        what = record["record"]
        if what == "article":
            shelf.articles[article_key(record)] = record
        elif what == "claim":
            shelf.claims[name] = record
        elif what == "response" and isinstance(record["by"], dict):
            shelf.claims[name] = as_claim(record, name)
        elif what == "response":
            shelf.responses.append(Response(record["response"], record["by"], record["target"], record.get("aspect")))
        elif what == "correction" and counts(record):
            correct(shelf, record)
        elif what == "retraction" and counts(record):
            shelf.retracted.add(record["of"])
        elif what == "reinstatement":
            shelf.retracted.discard(record["of"])
    for name, record in shelf.claims.items():
        if not record["time"]:
            published = shelf.articles[record["article"]]["published"]
            shelf.claims[name] = record | {"time": {"kind": "instant", "edtf": published}}
        if record["type"] == "response" and record["polarity"] == "positive":
            says = record["attributes"]
            shelf.responses.append(Response(says["response"], name, says["target"], says.get("aspect")))
    return shelf


def asserter_of(raw: Record, article: Record, agents: Iterable[str], affiliations: Iterable[str]) -> str:
    """Who asserts a claim: affiliations, else agents, else the authors, else a voice of the article."""
    by = raw["asserted_by"]["kind"]
    authors = article.get("authors") if by == "author" else None
    return "+".join(sorted(set(affiliations)) or sorted(set(agents)) or sorted(authors or [f"{by}:{raw['article']}"]))


def read_claim(ref: str, raw: Record, article: Record, surviving: Callable[[str], str]) -> Claim:
    """A claim from its raw version, entities under their surviving ids."""
    by, time = raw["asserted_by"], raw["time"]
    agents = tuple(surviving(a) for a in by.get("agent") or [])
    affiliations = tuple(surviving(a) for a in by.get("affiliation") or [])
    attributes = dict(raw["attributes"])
    if moves := attributes.get("moves"):
        attributes["moves"] = moves | {end: surviving(moves[end]) for end in ("subject", "object")}
    return Claim(
        ref=ref,
        article=raw["article"],
        type=raw["type"],
        participants=tuple((p["role"], surviving(p["entity"])) for p in raw["participants"]),
        attributes=attributes,
        kind=by["kind"],
        agents=agents,
        affiliations=affiliations,
        asserter=asserter_of(raw, article, agents, affiliations),
        modality=raw["modality"],
        polarity=raw["polarity"],
        observed=time["kind"] == "observed",
        days=days_of(time["edtf"]),
        published=date_range(article["published"]),
    )


# ---- which claims count


@dataclass(frozen=True)
class Knowledge:
    """What can be known at one point of the clocks, for everybody or for one entity."""

    live: list[Claim]
    silent: list[Claim]
    undone: list[tuple[Claim, str]]
    responses: list[Response]
    surviving: Callable[[str], str]


def reached(start: str, edges: Iterable[tuple[str, str]]) -> set[str]:
    """Everything that a chain of edges leads to from here."""
    found: set[str] = set()
    while fresh := {target for by, target in edges if by in found | {start}} - found:
        found |= fresh
    return found


def circles(unsettled: set[str], edges: set[tuple[str, str]]) -> set[str]:
    """Those unsettled that are answered, at any distance, only by such as they answer themselves."""
    inside = {(by, target) for by, target in edges if by in unsettled and target in unsettled}
    back = {(target, by) for by, target in inside}
    return {ref for ref in unsettled if reached(ref, back) <= reached(ref, inside)}


def reasons_undone(undoings: list[Response], retracted: set[str]) -> dict[str, set[str]]:
    """Why each undone claim is undone: by the recorder, by a claim that stands, or in a circle of undoings."""
    edges = {(r.by, r.target) for r in undoings}
    refs = {ref for edge in edges for ref in edge} | retracted
    undone, standing = set(retracted), set[str]()
    circular: set[tuple[str, str]] = set()
    while unsettled := refs - undone - standing:
        counting_edges = {(by, target) for by, target in edges if by not in undone}
        settled = unsettled - {target for _, target in counting_edges}
        hit = unsettled & {target for by, target in counting_edges if by in standing}
        if not settled and not hit:
            hit = circles(unsettled, counting_edges)
            circular |= {(by, target) for by, target in counting_edges if by in hit and target in hit}
        undone |= hit
        standing |= settled
    why: dict[str, set[str]] = {ref: {"retracted"} for ref in retracted}
    for r in undoings:
        if r.by in standing or (r.by, r.target) in circular:
            why.setdefault(r.target, set()).add(UNDOING[r.kind])
    return why


def is_silent(claim: Claim, heard: dict[str, Claim], responses: list[Response]) -> bool:
    """Whether a headline stands against another claim of its own article."""
    partners = {r.target for r in responses if r.kind in OPPOSING and r.by == claim.ref}
    partners |= {r.by for r in responses if r.kind in OPPOSING and r.target == claim.ref}
    return claim.kind == "headline" and any(
        heard[ref].article == claim.article for ref in partners - {claim.ref} if ref in heard
    )


def sellers_end(claim: Claim) -> list[Claim]:
    """The end of the sellers' owning, which a completed acquisition tells; who buys from itself goes on owning."""
    sellers = [s for s in claim.filling("seller") if s not in claim.filling("acquirer")]
    if claim.type != "acquisition" or not sellers or effect(claim) != "open":
        return []
    parts = tuple(("acquirer", s) for s in sellers) + tuple(("target", t) for t in claim.filling("target"))
    return [replace(claim, participants=parts, attributes={"stage": "divested"})]


def denied_as_negative(denial: Claim, target: Claim) -> list[Claim]:
    """What a denial says for the one who denies: the opposite; of an intended change also that things go on."""
    said = replace(
        target,
        ref=denial.ref,
        article=denial.article,
        kind=denial.kind,
        agents=denial.agents,
        affiliations=denial.affiliations,
        asserter=denial.asserter,
        published=denial.published,
    )
    modality = "done" if target.modality == "denied" else target.modality
    opposite = replace(said, modality=modality, polarity="positive" if target.negative else "negative")
    if "change" not in dict(scope(target)):
        return [opposite]
    goes_on = {k: v for k, v in target.attributes.items() if k not in (*SCOPES, "stage", "due")}
    parts = tuple((role, entity) for role, entity in target.participants if role not in SCOPES)
    return [
        opposite,
        replace(
            said,
            participants=parts,
            attributes=goes_on,
            modality="ongoing",
            polarity="positive",
            observed=True,
            days=Days(denial.days.low, denial.days.high),
        ),
    ]


def denials(entity: str, heard: dict[str, Claim], responses: list[Response]) -> Iterator[Claim]:
    """What the denials of an entity say for it; one that names an aspect says nothing about the whole."""
    for r in responses:
        if r.kind == "deny" and not r.aspect and r.by in heard and r.target in heard:
            denial = heard[r.by]
            if denial.is_of(entity) and not is_silent(denial, heard, responses):
                yield from denied_as_negative(denial, heard[r.target])


def know(
    history: list[Record], published_by: str | None, recorded_by: int | None, according_to: str | None
) -> Knowledge:
    """The claims and responses that count on the knowledge clocks and for a perspective."""
    records = history if recorded_by is None else history[:recorded_by]
    limit = None if published_by is None else ordinal(published_by)
    surviving = survivors(records)
    entity = surviving(according_to) if according_to else None
    shelf = shelve(records, counting(records, limit))
    known = {
        ref: claim
        for ref, raw in shelf.claims.items()
        if (claim := read_claim(ref, raw, shelf.articles[raw["article"]], surviving))
        and (limit is None or claim.published[1] <= limit)
    }
    responses = [r for r in shelf.responses if r.by in known]
    undoings = [r for r in responses if r.kind in UNDOING and (entity is None or known[r.by].is_of(entity))]
    why = reasons_undone(undoings, shelf.retracted)
    heard = {ref: claim for ref, claim in known.items() if ref not in why}
    mine = [claim for claim in known.values() if entity is None or claim.is_of(entity)]
    silent = [claim for claim in mine if claim.ref in heard and is_silent(claim, heard, responses)]
    live = [claim for claim in mine if claim.ref in heard and claim not in silent]
    live += denials(entity, heard, responses) if entity else []
    live += [end for claim in live for end in sellers_end(claim)]
    undone = [(claim, reason) for claim in mine for reason in sorted(why.get(claim.ref, ()))]
    return Knowledge(live, silent, undone, responses, surviving)


# ---- what a claim says


def key_of(relation: str, subject: str, other: str) -> Key:
    """The key of a relation; symmetric ones have one key, sorted."""
    ends = sorted((subject, other)) if relation in SYMMETRIC else [subject, other]
    return relation, ends[0], ends[1]


def keys(claim: Claim) -> set[Key]:
    """The relations that a claim is about; none of an entity with itself."""
    if claim.type == "governance_vote":
        moves = claim.attributes.get("moves")
        found = {key_of(moves["relation"], moves["subject"], moves["object"])} if moves else set()
    elif claim.type not in RELATIONS:
        found = set()
    else:
        relation, subjects, objects = RELATIONS[claim.type]
        if claim.type == "competition" and claim.filling("rival"):
            objects = ("rival",)
        ends = product(claim.filling(*subjects), claim.filling(*objects))
        found = {key_of(relation, *pair) for pair in (ends if objects else combinations(claim.filling(*subjects), 2))}
    return {key for key in found if key[1] != key[2]}


def scope(claim: Claim) -> Scope:
    """The part of a relation that a claim is about; an intended end is a part of its own, () is the whole."""
    if claim.modality in INTENDED and claim.stage in ENDING:
        return (("change", str(claim.stage)),)
    named = {name: claim.attributes.get(name) or "+".join(sorted(claim.filling(name))) for name in SCOPES}
    return tuple((name, str(value)) for name, value in named.items() if value)


def effect(claim: Claim) -> str:
    """What a claim does to its fact: open, observe, end, negative, plan, refuse (which ends plans only) or nothing."""
    if claim.modality == "opinion":
        return "nothing"
    if claim.modality in INTENDED:
        return "refuse" if claim.negative else "plan"
    if claim.type == "governance_vote":
        return effect_of_vote(claim)
    if claim.stage in ENDING:
        return "nothing" if claim.negative else "end" if ends_a_state(claim) else "refuse"
    if is_proposed(claim):
        return "refuse" if claim.negative else "plan"
    if claim.negative:
        return "negative"
    goes_on = claim.observed or claim.stage == "extended" or claim.type == "contribution"
    return "observe" if goes_on else "open"


def effect_of_vote(claim: Claim) -> str:
    """A vote that was held opens what it moved when approved, and ends its plan when it went otherwise."""
    outcome = claim.attributes.get("outcome")
    if claim.negative or not outcome:
        return "nothing"
    return "open" if outcome == "approved" else "refuse"


def ends_a_state(claim: Claim) -> bool:
    """Whether an ending stage ends what holds: a cancelled deal or a withdrawn offer was none yet, products are."""
    return claim.stage != "cancelled" and (claim.stage != "withdrawn" or claim.type == "product")


def is_proposed(claim: Claim) -> bool:
    """Whether it tells of a proposal: an agreed deal, an application, or what was only announced."""
    if claim.stage in ("agreed", "applied"):
        return True
    announced = claim.stage == "announced" or claim.modality == "announced"
    done = claim.stage in ("completed", "closed", "released")
    return announced and not done and claim.type in ANNOUNCED_IS_PROPOSED


def due(claim: Claim) -> int:
    """The last day on which a plan was to come true; HIGH when none was said."""
    if said := claim.attributes.get("due"):
        last = said.split("/")[-1]
        return date_range(last)[1] if last not in ("", "..") else HIGH
    return claim.days.high if claim.modality in DATED_INTENTION else HIGH


def proposed_from(claim: Claim) -> int:
    """The day from which a plan counts: that of its publication, or of the proposal if that is earlier."""
    published, said = claim.published[0], claim.days.low
    return published if claim.modality in DATED_INTENTION or said == LOW else min(said, published)


# ---- one fact


@dataclass(frozen=True)
class Start:
    """Positive evidence: the days of an opening or observation, and until when it said that it would go on."""

    low: int
    high: int
    opening: bool
    until: int = LOW

    @property
    def speaks_from(self) -> int:
        """The first day that it speaks of; a range unbounded below speaks of its last day only."""
        return self.high if self.low == LOW else self.low


@dataclass(frozen=True)
class Fact:
    """The evidence for one fact, sorted by what it does."""

    starts: list[Start]
    said_ends: set[Range]
    ends: set[Range]
    refusals: list[int]
    plans: list[Range]
    clashes: list[tuple[int, Start]]

    def ends_before(self, start: Start) -> frozenset[Range]:
        """The ends that positive evidence comes after."""
        return frozenset(end for end in self.ends if self.begins_after(start, end) and self.outlasts(start, end))

    def begins_after(self, start: Start, end: Range) -> bool:
        """Whether evidence begins at or after an end; an unknown beginning may, but no opening after a said end."""
        if start.low == LOW:
            return end[0] == LOW or not start.opening or end not in self.said_ends
        return start.low >= end[0]

    def outlasts(self, start: Start, end: Range) -> bool:
        """Whether evidence goes beyond an end; on the very day of it an opening does if the fact held before."""
        reopens = start.opening and start.high == end[1] and any(s.high < end[0] for s in self.starts)
        return max(start.high, start.until) > end[1] or reopens


@dataclass(frozen=True)
class Spell:
    """Days between two ends for which there is positive evidence."""

    low: int
    high: int
    opened: bool
    disagreed: bool
    before: frozenset[Range]
    limit: int


@dataclass
class State:
    """The answer for one fact on one day; `over_by` is the day by which what ended it, or may have, had come."""

    status: str
    since: Range | None = None
    until: Range | None = None
    due: int | None = None
    over_by: int | None = None
    asserted_by: list[str] = field(default_factory=list)


def first_openings(claims: list[Claim]) -> list[Claim]:
    """The openings that came first: those of the earliest latest day, and of these the earliest."""
    openings = [c for c in claims if effect(c) == "open"]
    first = min(((c.days.high, c.days.low) for c in openings), default=None)
    return [c for c in openings if (c.days.high, c.days.low) == first]


def said_ends(claims: list[Claim]) -> set[Range]:
    """The ends that claims speak of, as an end or as the far end of an interval."""
    told = {(c.days.low, c.days.high) for c in claims if effect(c) == "end"}
    return told | {c.days.end for c in claims if effect(c) in ("open", "observe") and c.days.end}


def is_opening(claim: Claim, claims: list[Claim]) -> bool:
    """Whether a claim opens the fact; a later opening that does not contradict the first says that it goes on."""
    first = first_openings(claims)
    if effect(claim) != "open" or claim.days.low <= first[0].days.high:
        return effect(claim) == "open"
    if any(end[1] <= claim.days.low for end in said_ends(claims)):
        return True
    return claim.type in BEGINS_ONCE and any(same_variant(claim, other) for other in first)


def same_variant(claim: Claim, other: Claim) -> bool:
    """Whether two claims speak of the same title, level, version and release."""
    return all(claim.attributes.get(name) == other.attributes.get(name) for name in VARIANTS)


def starts_of(claims: list[Claim]) -> list[Start]:
    """The positive evidence in claims."""
    return [
        Start(c.days.low, c.days.high, is_opening(c, claims), c.days.end[0] if c.days.end else LOW)
        for c in claims
        if effect(c) in ("open", "observe")
    ]


def contradicted(claim: Claim, starts: list[Start]) -> list[Start]:
    """The positive evidence that speaks of the same days as a negative."""
    low, high = claim.days.low, claim.days.high
    return [s for s in starts if s.speaks_from <= high and (low <= s.high or low < s.until)]


def inferred_end(claim: Claim, starts: list[Start], ends: set[Range]) -> Range:
    """When a fact ended that a negative observation finds ended: after the last evidence before, by its last day."""
    low, high = claim.days.low, claim.days.high
    last = [s.high for s in starts if s.high < low] + [a for a, _ in ends if LOW < a < low]
    return (after(max(last)) if last else high), high


def gather(claims: list[Claim]) -> Fact:
    """The evidence in the claims about one fact."""
    starts, ends = starts_of(claims), said_ends(claims)
    negatives = [c for c in claims if effect(c) == "negative"]
    clashing = [c for c in negatives if contradicted(c, starts)]
    silent = [c for c in negatives if c not in clashing]
    inferred = {inferred_end(c, starts, ends) for c in silent if c.observed}
    refusing = [c for c in claims if effect(c) == "refuse"] + [c for c in silent if not c.observed]
    return Fact(
        starts=starts,
        said_ends=ends,
        ends=ends | inferred,
        refusals=[c.days.high for c in refusing],
        plans=[(proposed_from(c), due(c)) for c in claims if effect(c) == "plan"],
        clashes=[(c.days.low, s) for c in clashing for s in contradicted(c, starts)],
    )


def spells_of(fact: Fact) -> list[Spell]:
    """The spells of a fact, the one that began last at the end."""
    found = [spell_after(fact, before) for before in {fact.ends_before(s) for s in fact.starts}]
    return sorted(found, key=lambda spell: (spell.high, spell.low, sorted(spell.before)))


def spell_after(fact: Fact, before: frozenset[Range]) -> Spell:
    """The spell after these ends and before all others, begun when all of its evidence can agree on."""
    starts = [s for s in fact.starts if fact.ends_before(s) == before]
    openings = [s for s in starts if s.opening]
    limit = min((b for a, b in fact.ends - before), default=HIGH)
    low, high = max((s.low for s in openings), default=LOW), min(s.high for s in starts)
    disagreed = low > high
    if disagreed:
        high = max(s.high for s in openings)
    if disagreed or not openings:
        low = min(s.low for s in starts)
    return Spell(low, min(high, limit), bool(openings), disagreed, before, limit)


def may_have_begun(spell: Spell, day: int, opens_later: bool) -> bool:
    """Whether a spell may have begun by a day; one of unknown beginning not on an end before it, nor across one."""
    if not spell.low <= day < spell.high:
        return False
    if spell.low != LOW or all(b < day for _, b in spell.before):
        return True
    return not opens_later and all(day < b for _, b in spell.before)


def state_of(fact: Fact, day: int) -> State:
    """The state of one fact on one day."""
    spells = spells_of(fact)
    opens_later = any(s.opened and day < s.low for s in spells)
    running = [s for s in spells if s.high <= day < s.limit]
    beginning = [s for s in spells if may_have_begun(s, day, opens_later)]
    if running or beginning:
        return state_in_spell(fact, (running or beginning)[-1], day, bool(running))
    if not opens_later and (planned := state_of_plans(fact, day)):
        return planned
    return state_outside(fact, spells, day)


def state_in_spell(fact: Fact, spell: Spell, day: int, begun: bool) -> State:
    """The state inside a spell that has begun, or that may have."""
    ahead = fact.ends - spell.before
    until = (min(a for a, _ in ahead), min(b for _, b in ahead)) if ahead else None
    ending = min((b for a, b in ahead if begun and a <= day), default=None)
    clash = any(day >= since and fact.ends_before(start) == spell.before for since, start in fact.clashes)
    since = (spell.low if spell.opened else LOW, spell.high)
    if clash or (spell.disagreed and not begun):
        return State("contested", since, until)
    return State("holds" if begun and ending is None else "possibly", since, until, over_by=ending)


def last_no(fact: Fact, day: int) -> int | None:
    """The last day by which it was said not to be so."""
    return max((no for no in [b for _, b in fact.ends] + fact.refusals if no <= day), default=None)


def state_of_plans(fact: Fact, day: int) -> State | None:
    """The state that plans newer than the last no give; undated ones add nothing beside dated ones."""
    no = last_no(fact, day)
    dues = [last for known, last in fact.plans if known <= day and (no is None or known > no)]
    if not dues:
        return None
    last = max((d for d in dues if d != HIGH), default=None)
    return State("planned" if last is None or day <= last else "unconfirmed", due=last)


def state_outside(fact: Fact, spells: list[Spell], day: int) -> State:
    """The state on a day that no spell and no plan covers: not held if something says so, else unknown."""
    no = last_no(fact, day)
    passed = max(((b, a) for a, b in fact.ends if b <= day), default=None)
    until = (passed[1], passed[0]) if passed else None
    reopens = min((s.low for s in spells if s.opened and day < s.low), default=None)
    if reopens is None:
        return State("unknown" if no is None else "not_held", until=until, over_by=no)
    held_between = any(day < a <= reopens for a, _ in fact.said_ends)
    return State("unknown" if no is None and held_between else "not_held", until=until)


# ---- answers


def conflicts_of(knowledge: Knowledge, key: Key) -> list[tuple[str, str, str | None]]:
    """The pairs of claims of different asserters that stand against each other about a relation."""
    heard = {c.ref: c for c in knowledge.live + knowledge.silent}
    about = {c.ref for c in knowledge.live + knowledge.silent if key in keys(c)}
    found = {
        (r.by, r.target, r.aspect)
        for r in knowledge.responses
        if r.kind in OPPOSING and r.by in heard and r.target in heard and {r.by, r.target} & about
        if heard[r.by].asserter != heard[r.target].asserter
    }
    return sorted(found, key=lambda conflict: (conflict[0], conflict[1], conflict[2] or ""))


def disputed_state(state: State, about: list[Claim], sides: set[str]) -> State:
    """The state of a fact, contested where the claims it rests on stand against others."""
    disputed = {effect(c) for c in about if c.ref in sides}
    refuted = {c.days.high for c in about if c.ref in sides and effect(c) in ("end", "negative", "refuse")}
    held = state.status in ("holds", "possibly") and disputed & {"open", "observe"}
    planned = state.status in ("planned", "unconfirmed") and "plan" in disputed
    return replace(state, status="contested") if held or planned or state.over_by in refuted else state


def fact_states(mine: list[Claim], sides: set[str], day: int) -> dict[Scope, State]:
    """The state of the whole and of each part; an unscoped end or negative ends the parts too."""
    whole_ends = [c for c in mine if not scope(c) and effect(c) in ("end", "negative")]
    states = {}
    for part in [(), *sorted({scope(c) for c in mine} - {()})]:
        about = [c for c in mine if scope(c) == part]
        state = state_of(gather(about + (whole_ends if part else [])), day)
        asserters = sorted({c.asserter for c in about})
        states[part] = replace(disputed_state(state, about, sides), asserted_by=asserters)
    return states


def strongest(states: dict[Scope, State]) -> State:
    """The state of the relation: that of its best fact; an intended change says nothing about the whole."""
    telling = [s for part, s in states.items() if "change" not in dict(part) and s.status in BEST_FIRST]
    return min(telling, key=lambda s: (BEST_FIRST.index(s.status), (s.since or (HIGH, HIGH))[::-1]), default=states[()])


def excluded_from(knowledge: Knowledge, key: Key) -> list[tuple[str, str]]:
    """The claims about a relation that left the fold, each with the reason."""
    gone = {(c.ref, why) for c, why in knowledge.undone if any(key in keys(k) for k in [c, *sellers_end(c)])}
    return sorted(gone | {(c.ref, "headline") for c in knowledge.silent if key in keys(c)})


def relation(
    history: list[Record],
    key: Key,
    as_of: str,
    published_by: str | None = None,
    recorded_by: int | None = None,
    according_to: str | None = None,
) -> dict[str, Any]:
    """The answer for one relation: its state, its parts, its claims, its conflicts and what was excluded."""
    knowledge = know(history, published_by, recorded_by, according_to)
    key = key_of(key[0], knowledge.surviving(key[1]), knowledge.surviving(key[2]))
    mine = [c for c in knowledge.live if key in keys(c)]
    conflicts = conflicts_of(knowledge, key)
    quiet = {c.ref for c in knowledge.silent}
    sides = {ref for by, to, aspect in conflicts if not aspect and not {by, to} & quiet for ref in (by, to)}
    states = fact_states(mine, sides, ordinal(as_of))
    best = strongest(states)
    return {
        "status": best.status,
        "since": iso_range(best.since),
        "until": iso_range(best.until),
        "due": None if best.due is None else iso(best.due),
        "parts": {
            part: {"status": s.status, "since": iso_range(s.since), "asserted_by": s.asserted_by}
            for part, s in states.items()
            if part
        },
        "claims": sorted({c.ref for c in mine}),
        "conflicts": conflicts,
        "excluded": excluded_from(knowledge, key),
    }


def motion_of(claim: Claim) -> Any:
    """What a vote is known by, besides its body: what it moves, else the text of its motion."""
    moves = claim.attributes.get("moves")
    return key_of(moves["relation"], moves["subject"], moves["object"]) if moves else claim.attributes.get("motion")


def meetings(reports: list[tuple[Range, Report]]) -> list[tuple[Range, set[Report]]]:
    """Reports that can mean one day taken together, their ranges intersected: (range, what they say), by their days."""
    found: list[tuple[Range, set[Report]]] = []
    for (low, high), says in sorted(reports, key=lambda report: (report[0][1], report[0][0], report[1])):
        if found and low <= found[-1][0][1]:
            (first, last), said = found.pop()
            found.append(((max(first, low), last), said | {says}))
        else:
            found.append(((low, high), {says}))
    return found


def vote(
    history: list[Record],
    body: str,
    moves_or_motion: dict[str, str] | str,
    as_of: str,
    published_by: str | None = None,
    recorded_by: int | None = None,
    according_to: str | None = None,
) -> dict[str, Any]:
    """The answer for a vote, known by its body and what it moves, or by its motion."""
    knowledge = know(history, published_by, recorded_by, according_to)
    surviving, day = knowledge.surviving, ordinal(as_of)
    motion: Any = moves_or_motion
    if isinstance(motion, dict):
        motion = key_of(motion["relation"], surviving(motion["subject"]), surviving(motion["object"]))
    about = [
        c
        for c in knowledge.live
        if c.type == "governance_vote" and motion_of(c) == motion and surviving(body) in c.filling("body")
    ]
    answer = {"status": "unknown", "when": None, "outcome": None, "due": None, "claims": sorted({c.ref for c in about})}
    return answer | vote_state(about, day)


def vote_state(about: list[Claim], day: int) -> dict[str, Any]:
    """What the claims about a vote say on a day: it was held, it was missed, it is due, or nothing."""
    said = [c for c in about if c.modality not in INTENDED | {"opinion"}]
    held = meetings([((c.days.low, c.days.high), c.attributes.get("outcome") or "") for c in said if not c.negative])
    if past := [meeting for meeting in held if meeting[0][0] <= day]:
        when, outcomes = past[-1]
        status = "occurred" if when[1] <= day else "possibly"
        return {"status": status, "when": iso_range(when), "outcome": "/".join(sorted(outcomes - {""})) or None}
    missed = max((c.days.high for c in said if c.negative and c.days.high <= day), default=None)
    plans = [c for c in about if c.modality in DATED_INTENTION and not c.negative and c.published[0] <= day]
    last = max((due(c) for c in plans), default=None)
    if missed is not None and (last is None or missed >= last):
        return {"status": "did_not_occur"}
    if last is not None:
        return {"status": "scheduled" if day <= last else "unconfirmed", "due": iso(last)}
    return {}


StanceKey = tuple[str, bool, str, str, str | None]


def stances(
    history: list[Record],
    entity: str,
    as_of: str,
    published_by: str | None = None,
    recorded_by: int | None = None,
    according_to: str | None = None,
) -> dict[StanceKey, list[tuple[str, str, list[str]]]]:
    """The stance points that an entity takes, that are taken for it or about it, those that can have been by a day."""
    knowledge = know(history, published_by, recorded_by, according_to)
    entity, day = knowledge.surviving(entity), ordinal(as_of)
    said: dict[StanceKey, list[tuple[Range, Said]]] = {}
    for claim in knowledge.live:
        for key in stance_keys(claim):
            spoken_for = claim.affiliations if key[0] in claim.agents else ()
            said.setdefault(key, []).append(((claim.days.low, claim.days.high), (claim.ref, spoken_for)))
    points: dict[StanceKey, list[tuple[str, str, list[str]]]] = {}
    for key, reports in said.items():
        for (low, high), group in meetings(reports):
            concerned = {key[0], key[2]}.union(*(spoken_for for _, spoken_for in group))
            if low <= day and entity in concerned:
                points.setdefault(key, []).append((iso(low), iso(high), sorted({ref for ref, _ in group})))
    return points


def stance_keys(claim: Claim) -> list[StanceKey]:
    """The stances that a statement takes: who takes it (its asserter when nobody is named), about whom, which."""
    if claim.type != "statement" or claim.negative:
        return []
    named = claim.filling("speaker")
    stance, wording = claim.attributes.get("stance", ""), claim.attributes.get("wording")
    ends = product(named or [claim.asserter], claim.filling("about"))
    return [(speaker, bool(named), about, stance, wording) for speaker, about in ends]
