"""Hypothesis strategies for histories: few relations, few dates and few asserters, so that claims collide.

A history is a list of records in the shape of import lines; every record refers to earlier ones only. `simple=True`
leaves out what the reference program does not know. The tables at the top say what is drawn.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from hypothesis import strategies as st

from tests import oracle
from tests.oracle import Record

Draw = Callable[[st.SearchStrategy[Any]], Any]

KINDS = {
    "ant": "company",
    "bee": "company",
    "cat": "company",
    "guild": "organization",
    "board": "body",
    "forge": "project",
    "kit": "product",
    "pat": "person",
}
COMPANIES = ("ant", "bee", "cat")
BODY, PERSON = "board", "pat"

THEMES: dict[str, tuple[str, tuple[str, ...], str, tuple[str, ...]]] = {  # type: subject role, who, object role, whom
    "acquisition": ("acquirer", COMPANIES, "target", COMPANIES),
    "agreement": ("party", COMPANIES, "party", COMPANIES),
    "competition": ("competitor", COMPANIES, "competitor", COMPANIES),
    "contribution": ("contributor", COMPANIES, "project", ("forge",)),
    "customer": ("customer", COMPANIES, "vendor", COMPANIES),
    "interoperability": ("provider", COMPANIES, "subject", ("kit", "forge")),
    "investment": ("investor", COMPANIES, "investee", COMPANIES),
    "membership": ("member", COMPANIES, "organization", ("guild",)),
    "partnership": ("partner", COMPANIES, "partner", COMPANIES),
    "position": ("holder", (PERSON,), "organization", COMPANIES),
    "product": ("producer", COMPANIES, "product", ("kit",)),
}
STAGES: dict[str, tuple[str, ...]] = {
    "acquisition": ("agreed", "completed", "cancelled", "withdrawn", "divested"),
    "agreement": ("ended", "extended"),
    "competition": ("ended",),
    "contribution": ("ended",),
    "customer": ("ended",),
    "interoperability": ("dropped",),
    "investment": ("announced", "closed", "exited"),
    "membership": ("applied", "admitted", "suspended", "left"),
    "partnership": ("ended", "extended"),
    "position": ("left",),
    "product": ("announced", "released", "withdrawn"),
}
VALUES: dict[str, dict[str, tuple[str, ...]]] = {  # type: attributes that make a part or a variant of a relation
    "agreement": {"term": ("price", "scope"), "change": ("wants out",)},
    "competition": {"market": ("cloud", "storage")},
    "contribution": {"release": ("1", "2")},
    "investment": {"round": ("A", "B")},
    "membership": {"level": ("gold", "silver")},
    "partnership": {"change": ("wants out",)},
    "position": {"title": ("chair", "director")},
    "product": {"version": ("1", "2")},
}
MODALITIES: tuple[str, ...] = (
    ("done",) * 7 + ("ongoing",) * 2 + ("reported", "denied", "opinion", "announced", "announced")
)
MODALITIES += ("planned", "planned", "scheduled", "proposed")
VOTE_MODALITIES = ("done",) * 5 + ("scheduled",) * 3 + ("planned", "proposed", "reported", "denied", "opinion")
STANCES = ("friendly", "sceptical", "hostile")
FIRST_DAY = date(2012, 1, 1)


# ---- dates


@st.composite
def focus_days(draw: Draw) -> list[date]:
    """Two to four days within about three years, on which the dates of a history concentrate."""
    offsets = draw(st.lists(st.integers(0, 3 * 365), min_size=2, max_size=4, unique=True))
    return [FIRST_DAY + timedelta(days=n) for n in sorted(offsets)]


@st.composite
def points(draw: Draw, days: list[date]) -> str:
    """A day, month or year around the focus days, sometimes uncertain."""
    day: date = draw(st.sampled_from(days)) + timedelta(days=draw(st.sampled_from((0, 0, 0, 0, -1, 1, 20))))
    text = day.isoformat()[: draw(st.sampled_from((10, 10, 10, 7, 4)))]
    return text + str(draw(st.sampled_from(("",) * 8 + ("~", "?"))))


@st.composite
def sets(draw: Draw, days: list[date]) -> str:
    """A set of days, sometimes open on one side."""
    first, last = draw(points(days)), draw(points(days))
    if oracle.point_range(first)[0] > oracle.point_range(last)[1]:
        first, last = last, first
    return str(draw(st.sampled_from((f"[{first}..{last}]", f"[{first}..{last}]", f"[..{last}]", f"[{first}..]"))))


@st.composite
def intervals(draw: Draw, days: list[date]) -> str:
    """An interval, sometimes open or unknown on one side."""
    first, last = (draw(st.one_of(points(days), points(days), sets(days))) for _ in range(2))
    if oracle.date_range(last)[1] < oracle.date_range(first)[0]:
        first, last = last, first
    shapes = (f"{first}/{last}", f"{first}/{last}", f"{first}/..", f"../{last}", f"{first}/", f"/{last}")
    return str(draw(st.sampled_from(shapes)))


def edtf(days: list[date]) -> st.SearchStrategy[str]:
    """A valid date of any form."""
    return st.one_of(points(days), points(days), points(days), sets(days), intervals(days))


@st.composite
def publication_dates(draw: Draw, days: list[date]) -> str:
    """A publication date: mostly a day, else a set of days or an uncertain date."""
    some = st.sampled_from(days)
    day, later = draw(some), draw(some)
    bounded = f"[{min(day, later).isoformat()}..{max(day, later).isoformat()}]"
    return str(
        draw(st.one_of(*[st.sampled_from((day.isoformat(), day.isoformat(), bounded))] * 3, points(days), sets(days)))
    )


def is_anchor(published: str) -> bool:
    """Whether a rule can be taken on a publication date: on a day, or on a bounded set of days."""
    return all(len(day) == 10 for day in oracle.anchor_days(published))


def rules() -> st.SearchStrategy[str]:
    """A rule that needs no other claim."""
    return st.one_of(
        st.sampled_from(("on_publication", "on_publication", "until_publication", "from_publication")),
        st.integers(0, 3).map(lambda n: f"days_before({n})"),
        st.integers(0, 3).map(lambda n: f"days_after({n})"),
        st.integers(0, 13).map(lambda n: f"months_before({n})"),
        st.integers(0, 2).map(lambda n: f"years_before({n})"),
        st.integers(1, 12).map(lambda n: f"named_month({n})"),
    )


# ---- a history as it grows


class Story:
    """A history that is being drawn: its records, and what the next record may refer to."""

    def __init__(self, draw: Draw, simple: bool) -> None:
        """Begin with the days and the relations that this history is about."""
        self.draw = draw
        self.simple = simple
        self.records: list[Record] = []
        self.days: list[date] = draw(focus_days())
        many = draw(st.sampled_from((1, 1, 2)))
        kinds = draw(st.lists(st.sampled_from(sorted(THEMES)), min_size=many, max_size=many, unique=True))
        self.themes = [self.theme(kind) for kind in kinds]
        self.merged: dict[str, str] = {}
        self.undoers: set[str] = set()
        self.undone: set[str] = set()

    def theme(self, kind: str) -> tuple[str, str, str]:
        """A type with a subject and an object for its relation."""
        _, subjects, _, objects = THEMES[kind]
        subject = self.draw(st.sampled_from(subjects))
        return kind, subject, self.draw(st.sampled_from([o for o in objects if o != subject]))

    def pick(self, *choices: Any) -> Any:
        """One of these."""
        return self.draw(st.sampled_from(choices))

    def chance(self, n: int) -> bool:
        """True about once in n times."""
        return bool(self.draw(st.integers(1, n)) == n)

    def add(self, record: Record) -> None:
        """Record something, after the entities that it names; it speaks of claims under any of their refs.

        Its reason is its own: else it could be a repeat.
        """
        for entity in entities_in(record):
            if entity not in self.names("entity"):
                self.records.append({"record": "entity", "id": entity, "kind": KINDS[entity], "name": entity.title()})
        if "reason" in record:
            record = record | {"reason": f"{record['reason']} ({len(self.records)})"}
        self.records.append(oracle.spoken_of(record, self.any_name))

    def any_name(self, name: str) -> str:
        """One of the refs of a claim, by the first of them; the name of all else."""
        _, first = oracle.under_first_names(self.records)
        names = [ref for ref, known in first.items() if known == name]
        return str(self.pick(*names)) if names else name

    def names(self, kind: str) -> list[str]:
        """The names of all that was recorded of a kind: entities, articles, or claims with what counts as one.

        Claims go by their first refs, or by their evidence where they got a ref later; without a ref they have no name.
        """
        if kind == "claim":
            return list(dict.fromkeys(oracle.under_first_names(self.records)[1].values()))
        return [name for record in self.records if record["record"] == kind and (name := name_of(record))]

    def current(self) -> oracle.Shelf:
        """Everything in its present version."""
        return oracle.shelve(self.records, lambda record: True)

    def is_new(self, record: Record) -> bool:
        """Whether nothing with the same meaning was recorded."""
        told, _ = oracle.under_first_names(self.records)
        return oracle.meaning(record) not in map(oracle.meaning, told)

    def surviving(self, entity: str) -> str:
        """The entity that this one was found to be, after all merges."""
        while entity in self.merged:
            entity = self.merged[entity]
        return entity

    def companies(self) -> list[str]:
        """The companies that are not merged into another."""
        return [company for company in COMPANIES if company not in self.merged]

    def relation(self) -> tuple[str, str, str] | None:
        """One of the relations that this history is about; None when its two ends were found to be one entity."""
        kind, subject, other = self.pick(*self.themes)
        ends = self.surviving(subject), self.surviving(other)
        return (kind, *ends) if ends[0] != ends[1] else None


def name_of(record: Record) -> str | None:
    """The name under which later records speak of what this one brings, if it brings something."""
    if record["record"] == "entity":
        return str(record["id"])
    if record["record"] == "article":
        return oracle.article_key(record)
    return record.get("ref") if record["record"] in ("claim", "response") else None


def entities_in(record: Record) -> list[str]:
    """The entities that a record names, besides one that it brings."""
    content = record.get("changes", record)
    by = content["by"] if isinstance(content.get("by"), dict) else content
    asserted = by.get("asserted_by") or {}
    moves = (content.get("attributes") or {}).get("moves") or {}
    found = [p["entity"] for p in content.get("participants", ())]
    found += [*asserted.get("agent", ()), *asserted.get("affiliation", ())]
    found += [moves[end] for end in ("subject", "object") if end in moves]
    found += [content[end] for end in ("entity", "into") if end in content]
    return list(dict.fromkeys(found))


# ---- single records


def draw_article(story: Story) -> None:
    """An article, by an author of its own, by one of several articles, or by nobody."""
    number = len(story.names("article")) + 1
    story.add(
        {
            "record": "article",
            "url": f"https://news.example/{number}",
            "title": f"Article {number}",
            "publisher": "news",
            "authors": story.pick([], ["Ada Writer"], [f"Writer {number}"], [f"Writer {number}", "Ada Writer"]),
            "language": "en",
            "published": story.draw(publication_dates(story.days)),
        }
    )


def draw_asserter(story: Story) -> Record:
    """Who says something."""
    companies = story.companies()
    kind = story.pick(
        *("author",) * 5, *("headline",) * 2, *("speaker",) * 4, "collective", "press_release", "unnamed_report"
    )
    if kind in ("author", "headline", "unnamed_report"):
        return {"kind": kind}
    company = story.pick(*companies)
    if kind == "speaker":
        affiliation = story.pick([company], [company], [])
        return {"kind": kind, "agent": [PERSON], "affiliation": affiliation}
    if kind == "press_release":
        return {"kind": kind, "affiliation": [company]}
    return {"kind": kind, "affiliation": story.pick([], companies[:2], [company])}


def draw_time(story: Story, article: str) -> Record:
    """When something was: a date as sent, or a rule with its anchor and the date that it gives."""
    kind = story.pick("instant", "instant", "observed")
    shelf = story.current()
    choice = story.pick("date", "date", "date", "rule", "rule", "same")
    dated = [ref for ref in story.names("claim") if shelf.claims[ref]["type"] != "response"]
    if choice == "same" and dated:
        other = story.pick(*dated)
        return {"kind": kind, "edtf": shelf.claims[other]["time"]["edtf"], "rule": f"same_as({other})"}
    if choice == "rule":
        rule, published = story.draw(rules()), shelf.articles[article]["published"]
        own = is_anchor(published) and (rule.endswith("_publication") or not story.chance(4))
        if own or not rule.endswith("_publication"):
            anchor = published if own else story.pick(*story.days).isoformat()
            return {"kind": kind, "edtf": oracle.dated(rule, anchor), "anchor": anchor, "rule": rule}
    return {"kind": kind, "edtf": story.draw(edtf(story.days))}


def draw_participants(story: Story, kind: str, subject: str, other: str) -> list[Record]:
    """The participants of a claim about a relation, sometimes more than its two ends, or no investor of a round."""
    role, _, other_role, _ = THEMES[kind]
    if kind == "investment" and not story.simple and story.chance(3):
        return [{"role": other_role, "entity": other}]
    filled = [(role, subject), (other_role, other)]
    third = story.pick(*story.companies())
    if kind == "agreement" and story.chance(3):
        filled = [("obligor", subject), ("obligee", other)]
    if story.chance(4) and third not in (subject, other):
        extra = {
            "acquisition": "seller",
            "agreement": "party",
            "competition": story.pick("competitor", "competitor" if story.simple else "rival"),
            "investment": "lead",
            "partnership": "partner",
        }.get(kind)
        filled += [(extra, third)] if extra else []
    if kind == "interoperability" and story.chance(3):
        filled += [
            ("platform", platform) for platform in story.pick(["forge"], ["kit"], ["kit", "forge"]) if platform != other
        ]
    return [{"role": role, "entity": entity} for role, entity in filled]


def draw_attributes(story: Story, kind: str, modality: str) -> Record:
    """The attributes of a claim about a relation: stage, part, variant, due day."""
    attributes: Record = {}
    if story.chance(2):
        attributes["stage"] = story.pick(*STAGES[kind])
    for name, values in VALUES.get(kind, {}).items():
        if story.chance(5):
            attributes[name] = story.pick(*values)
    planned = modality in ("planned", "scheduled", "proposed", "announced")
    if (planned or attributes.get("stage") in ("agreed", "applied", "announced")) and story.chance(2):
        attributes["due"] = story.draw(edtf(story.days))
    return attributes


def draw_about_relation(story: Story, modality: str) -> Record | None:
    """Type, participants and attributes of a claim about one of the relations of the history."""
    if not (key := story.relation()):
        return None
    attributes = draw_attributes(story, key[0], modality)
    return {"type": key[0], "participants": draw_participants(story, *key), "attributes": attributes}


def draw_vote(story: Story) -> Record | None:
    """Type, participants and attributes of a vote on one of the relations of the history, or on some motion."""
    if not (key := story.relation()):
        return None
    kind, subject, other = key
    relation = oracle.RELATIONS[kind][0]
    _, first, second = oracle.key_of(relation, subject, other)
    ends = (first, second) if story.simple else story.pick((first, second), (subject, other))
    attributes: Record = {"motion": "a motion"}
    if not story.chance(4):
        attributes["moves"] = {"relation": relation, "subject": ends[0], "object": ends[1]}
    if story.chance(2):
        attributes["outcome"] = story.pick("approved", "approved", "rejected")
    return {
        "type": "governance_vote",
        "participants": [{"role": "body", "entity": BODY}, {"role": "applicant", "entity": subject}],
        "attributes": attributes,
    }


def draw_statement(story: Story) -> Record | None:
    """Type, participants and attributes of a statement about an entity: of another, a person, or its asserters."""
    if not (key := story.relation()):
        return None
    _, subject, other = key
    attributes = {"stance": story.pick(*STANCES)} | story.pick({}, {}, {"wording": "glad"})
    speakers = story.pick([subject], [subject], [PERSON], [], [], [])
    participants = [{"role": "speaker", "entity": speaker} for speaker in speakers]
    participants.append({"role": "about", "entity": other})
    said = {"type": "statement", "participants": participants, "attributes": attributes}
    return said if speakers else said | {"asserted_by": draw_voices(story)}


def draw_voices(story: Story) -> Record:
    """Who says something for others: a person for a company, or the companies together."""
    companies = story.companies()
    return dict(
        story.pick(
            {"kind": "speaker", "agent": [PERSON], "affiliation": [story.pick(*companies)]},
            {"kind": "collective", "affiliation": companies},
        )
    )


def draw_response_claim(story: Story) -> Record | None:
    """Type, participants and attributes of a claim that is a response to an earlier one."""
    responder = story.pick(*story.companies())
    return {
        "type": "response",
        "participants": [{"role": "responder", "entity": responder}],
        "attributes": draw_answer(story, None),
    }


def draw_content(story: Story, modality: str) -> Record | None:
    """Type, participants and attributes of a claim; None where a merged entity stands in the way."""
    choice = story.pick(*("relation",) * 12, *("vote",) * 3, *("statement",) * 3, "response")
    if choice == "vote":
        return draw_vote(story)
    if choice == "statement":
        return draw_statement(story)
    if choice == "response" and story.names("claim"):
        return draw_response_claim(story)
    return draw_about_relation(story, modality)


def draw_claim(story: Story) -> None:
    """A claim of one of the articles."""
    article, modality = story.pick(*story.names("article")), story.pick(*MODALITIES)
    content = draw_content(story, modality)
    if content is None:
        return
    answers = content["type"] == "response"
    if content["type"] == "governance_vote":
        modality = story.pick(*VOTE_MODALITIES)
    ref = f"c{len(story.records) + 1}"
    claim = {
        "record": "claim",
        "ref": ref,
        "article": article,
        "asserted_by": draw_asserter(story),
        **content,
        "modality": "done" if answers else modality,
        "polarity": "positive" if answers or modality == "denied" else story.pick(*("positive",) * 3, "negative"),
        "time": draw_time(story, article),
        "evidence": {"summary": f"evidence of {ref}"},
    }
    said = content["attributes"]
    if not story.simple and story.chance(4):
        del claim["ref"]
    if story.is_new(claim) and may_undo(story, said.get("response"), ref, said.get("target")):
        story.add(claim)


def draw_answer(story: Story, by: str | None) -> Record:
    """Which claim a response answers, and how."""
    opposing, undoing = tuple(sorted(oracle.OPPOSING)), tuple(sorted(oracle.UNDOING))
    targets = [ref for ref in story.names("claim") if ref != by or not story.simple] or story.names("claim")
    answer: Record = {"response": story.pick(*opposing * 3, *undoing * 2, "confirm"), "target": story.pick(*targets)}
    return answer | dict(story.pick({}, {}, {}, {"aspect": "the price"}))


def may_undo(story: Story, response: str | None, by: str | None, target: str | None) -> bool:
    """Whether a response may be recorded; in simple histories no undoing meets another."""
    if response not in oracle.UNDOING and response != "retraction":
        return True
    if story.simple and (target in story.undoers or by in story.undone or by == target):
        return False
    story.undoers |= {by} if by else set()
    story.undone |= {target} if target else set()
    return True


def draw_response(story: Story) -> None:
    """A response of a claim, or of an article in no other claim."""
    claims = story.names("claim")
    if story.chance(4):
        by: Any = {"article": story.pick(*story.names("article")), "asserted_by": draw_asserter(story)}
    else:
        by = story.pick(*claims)
    ref = f"r{len(story.records) + 1}" if isinstance(by, dict) else None
    answer = draw_answer(story, by if ref is None else None)
    record = {"record": "response", **answer, "by": by} | ({"ref": ref} if ref else {})
    if story.is_new(record) and may_undo(story, answer["response"], ref or by, answer["target"]):
        story.add(record)


def draw_claim_correction(story: Story) -> None:
    """A correction of some fields of a claim, of the recorder or by an article."""
    shelf = story.current()
    ref = story.pick(*story.names("claim"))
    claim = shelf.claims[ref]
    content = draw_about_relation(story, claim["modality"])
    changes = story.pick(
        {"time": draw_time(story, claim["article"])},
        {"time": draw_time(story, claim["article"]), "polarity": "negative"},
        {"polarity": story.pick("positive", "negative")},
        {"modality": story.pick(*MODALITIES)},
        {"asserted_by": draw_asserter(story)},
        content,
    )
    if not changes or claim["type"] == "response" or takes_over_itself(changes, ref, shelf):
        return
    if any(claim.get(k) != v for k, v in changes.items()):
        record = {"record": "correction", "of": ref, "changes": changes, "reason": "was wrong"}
        story.add(record | backing(story))


def takes_over_itself(changes: Record, ref: str, shelf: oracle.Shelf) -> bool:
    """Whether a changed time takes over, at any distance, the date of the changed claim."""
    source = oracle.same_as(changes["time"]) if "time" in changes else None
    while source and source != ref:
        source = oracle.same_as(shelf.claims[source]["time"])
    return source == ref


def backing(story: Story) -> Record:
    """The article that a correction or retraction names, or nothing: then it is the recorder's own."""
    return {"article": story.pick(*story.names("article"))} if story.chance(3) else {}


def draw_article_correction(story: Story) -> None:
    """A corrected publication date; one that rules are anchored on stays a day or a bounded set of days."""
    article = story.pick(*story.names("article"))
    old = story.current().articles[article]["published"]
    new = story.draw(publication_dates(story.days))
    if new != old and (is_anchor(new) or not is_anchor(old)):
        story.add({"record": "correction", "of": article, "changes": {"published": new}, "reason": "typing error"})


def draw_retraction(story: Story) -> None:
    """A claim withdrawn by the recorder, on its own or because of an article; or, unless simple, one taken back."""
    retracted = sorted(story.current().retracted)
    if retracted and not story.simple and story.chance(2):
        story.add({"record": "reinstatement", "of": story.pick(*retracted), "reason": "it was in the text"})
        return
    ref = story.pick(*story.names("claim"))
    if ref not in retracted and may_undo(story, "retraction", None, ref):
        story.add({"record": "retraction", "of": ref, "reason": "not in the text"} | backing(story))


def draw_merge(story: Story) -> None:
    """Two companies found to be one, or a merge taken back."""
    if story.merged and story.chance(2):
        entity = story.pick(*sorted(story.merged))
        into = story.merged.pop(entity)
        story.add({"record": "unmerge", "entity": entity, "into": into, "reason": "two companies after all"})
    elif len(companies := story.companies()) > 1:
        entity = story.pick(*companies)
        into = story.pick(*[company for company in companies if company != entity])
        story.merged[entity] = into
        story.add({"record": "merge", "entity": entity, "into": into, "reason": "the same company"})


def draw_repeat(story: Story) -> None:
    """A claim sent again with another ref, before or behind its others in their order; sometimes with more evidence."""
    claim = story.pick(*(record for record in story.records if record["record"] == "claim" or record.get("ref")))
    ref = f"{story.pick('a', 'z')}{len(story.records) + 1}"
    evidence = {"evidence": {"summary": f"evidence of {ref}"}} if "evidence" in claim and story.chance(3) else {}
    story.records.append(claim | {"ref": ref} | evidence)


SIMPLE: tuple[Callable[[Story], None], ...] = (draw_response,) * 4 + (draw_retraction, draw_repeat, draw_repeat)
ALL = (*SIMPLE, draw_retraction, draw_claim_correction, draw_claim_correction, draw_article_correction, draw_merge)


@st.composite
def histories(draw: Draw, max_claims: int = 8, simple: bool = False) -> list[Record]:
    """A history of at most so many claims; `simple` ones hold only what the reference program knows."""
    story = Story(draw, simple)
    for _ in range(draw(st.integers(2, 5))):
        draw_article(story)
    for _ in range(draw(st.one_of(st.integers(1, max_claims), st.just(max_claims)))):
        draw_claim(story)
        if story.names("claim") and not story.chance(3):
            story.pick(*(SIMPLE if simple else ALL))(story)
    return story.records


# ---- questions


@dataclass(frozen=True)
class Question:
    """One question at one point of the clocks: about a relation (its key), or about a vote (body and what it moves)."""

    about: tuple[Any, ...]
    as_of: str
    published_by: str | None = None
    recorded_by: int | None = None
    according_to: str | None = None

    @property
    def is_vote(self) -> bool:
        """Whether it asks about a vote."""
        return len(self.about) == 2

    @property
    def clocks(self) -> dict[str, Any]:
        """The point of the knowledge clocks and the perspective, as keyword arguments."""
        return {
            "published_by": self.published_by,
            "recorded_by": self.recorded_by,
            "according_to": self.according_to,
        }

    def ask(self, history: list[Record]) -> dict[str, Any]:
        """The answer of the oracle."""
        if self.is_vote:
            body, motion = self.about
            return oracle.vote(history, body, motion, self.as_of, **self.clocks)
        name, subject, other = self.about
        return oracle.relation(history, (name, subject, other), self.as_of, **self.clocks)


def claims_ever(history: list[Record]) -> list[oracle.Claim]:
    """Every version that a claim ever had."""
    changing = [n for n, record in enumerate(history) if record["record"] == "correction"]
    shelves = [oracle.shelve(history[:n], lambda record: True) for n in [*changing, len(history)]]
    return [
        oracle.read_claim(ref, raw, shelf.articles[raw["article"]], str)
        for shelf in shelves
        for ref, raw in shelf.claims.items()
    ]


def turning_days(history: list[Record]) -> list[str]:
    """The days on which an answer can change, and those beside them."""
    days: set[int] = set()
    for claim in claims_ever(history):
        days |= {claim.days.low, claim.days.high, *(claim.days.end or ()), *claim.published, oracle.due(claim)}
    beside = {day + n for day in days for n in (-1, 0, 1) if 1 < day < oracle.HIGH - 1}
    return [oracle.iso(day) for day in sorted(beside)] or ["2013-01-01"]


def subjects(history: list[Record]) -> list[tuple[Any, ...]]:
    """The relations and votes that a history speaks about."""
    claims = claims_ever(history)
    found: list[tuple[Any, ...]] = sorted({key for claim in claims for key in oracle.keys(claim)})
    for claim in claims:
        if claim.type == "governance_vote":
            asked = (claim.filling("body")[0], claim.attributes.get("moves") or claim.attributes["motion"])
            found += [asked] if asked not in found else []
    return found or [("owns", "ant", "bee")]


def questions(history: list[Record]) -> st.SearchStrategy[Question]:
    """A question about something in a history, at days and positions where answers change."""
    days = st.sampled_from(turning_days(history))
    return st.builds(
        Question,
        about=st.sampled_from(subjects(history)),
        as_of=days,
        published_by=st.one_of(st.none(), st.none(), st.none(), days),
        recorded_by=st.one_of(st.none(), st.none(), st.integers(0, len(history))),
        according_to=st.sampled_from((*(None,) * 8, *COMPANIES, PERSON)),
    )


# ---- other orders


def needed_by(record: Record) -> set[str]:
    """The names that a record refers to."""
    content = record.get("changes", record)
    by = content.get("by")
    names = {record.get("of"), record.get("article"), record.get("target"), by if isinstance(by, str) else None}
    names |= {by["article"]} if isinstance(by, dict) else set()
    names |= {(content.get("attributes") or {}).get("target"), oracle.same_as(content.get("time") or {})}
    return {name for name in names if name} | set(entities_in(record))


def settles(record: Record) -> set[str]:
    """What a record changes in a way that depends on the records before: a version, a standing, an identity."""
    if record["record"] in ("correction", "retraction", "reinstatement"):
        return {("standing " if record["record"] != "correction" else "version ") + record["of"]}
    return {"identity"} if record["record"] in ("merge", "unmerge") else set()


def date_sources(ref: str, history: list[Record]) -> set[str]:
    """A claim and all claims whose dates its date takes over, in any version."""
    found = {ref}
    for _ in history:
        times = [r.get("changes", r).get("time") for r in history if found & {r.get("ref"), r.get("of")}]
        found |= {source for time in times if (source := oracle.same_as(time or {}))}
    return found


def rests_on(record: Record, history: list[Record]) -> set[str]:
    """What the date of a claim rests on: the versions of its sources and of the articles of all of them."""
    time = record.get("changes", record).get("time")
    if not time or (record["record"] == "claim" and not time.get("rule")):
        return set()
    sources = date_sources(record.get("ref") or record["of"], history)
    articles = {r["article"] for r in history if r["record"] == "claim" and r["ref"] in sources}
    return {f"version {name}" for name in sources | articles}


def orders(history: list[Record]) -> list[set[int]]:
    """For each record the places of those that have to come before it."""
    bound: list[set[int]] = []
    told, _ = oracle.under_first_names(history)
    settling = [settles(record) for record in told]
    resting = [rests_on(record, told) for record in told]
    for place, record in enumerate(history):
        needs = needed_by(told[place]) | needed_by(record)
        bound.append(
            {
                earlier
                for earlier, other in enumerate(history[:place])
                if {name_of(other), name_of(told[earlier])} & needs
                or settling[earlier] & (settling[place] | resting[place])
                or settling[place] & resting[earlier]
            }
        )
    return bound


@st.composite
def reorderings(draw: Draw, history: list[Record]) -> list[Record]:
    """The same records in another order that keeps each after what it refers to and what it rests on."""
    bound, done = orders(history), list[int]()
    while len(done) < len(history):
        ready = [n for n in range(len(history)) if n not in done and bound[n] <= set(done)]
        done.append(draw(st.sampled_from(ready)))
    return [history[n] for n in done]


# ---- the shape of the reference program


def to_reference(history: list[Record]) -> tuple[list[Record], list[Record]]:
    """A simple history as the claims and responses that the reference program takes."""
    shelf = oracle.shelve(history, lambda record: True)
    places = {record["ref"]: n for n, record in enumerate(history, 1) if record.get("ref")}
    claims = [
        reference_claim(ref, raw, shelf.articles[raw["article"]], places[ref]) for ref, raw in shelf.claims.items()
    ]
    by = {claim["id"]: claim for claim in claims}
    responses = [
        {"response": raw["attributes"]["response"], "by": ref, "target": raw["attributes"]["target"]}
        | {"aspect": raw["attributes"].get("aspect"), "published": by[ref]["published"], "recorded": places[ref]}
        for ref, raw in shelf.claims.items()
        if raw["type"] == "response"
    ]
    for place, record in enumerate(oracle.under_first_names(history)[0], 1):
        if record["record"] == "response" and isinstance(record["by"], str):
            answer = {k: record.get(k) for k in ("response", "by", "target", "aspect")}
            responses.append(answer | {"published": by[record["by"]]["published"], "recorded": place})
        if record["record"] == "retraction":
            responses.append(reference_retraction(record, shelf, place))
    return claims, responses


def published_range(article: Record) -> tuple[str, str]:
    """The publication range of an article, as ISO days."""
    low, high = oracle.date_range(article["published"])
    return oracle.iso(low), oracle.iso(high)


def reference_claim(ref: str, raw: Record, article: Record, place: int) -> Record:
    """A claim in the reference's shape; authors stand as agents, for it does not know them."""
    by = raw["asserted_by"]
    agents = by.get("agent") or []
    if by["kind"] == "author" and not agents and not by.get("affiliation"):
        agents = article["authors"]
    asserted = {"kind": by["kind"], "agent": agents, "affiliation": by.get("affiliation") or []}
    return raw | {"id": ref, "asserted_by": asserted, "published": published_range(article), "recorded": place}


def reference_retraction(record: Record, shelf: oracle.Shelf, place: int) -> Record:
    """A retraction in the reference's shape; without an article it counts on the recorded clock only."""
    published = published_range(shelf.articles[record["article"]]) if "article" in record else ("0000", "0000")
    return {
        "response": "retract",
        "by": None,
        "target": record["of"],
        "aspect": None,
        "published": published,
        "recorded": place,
    }
