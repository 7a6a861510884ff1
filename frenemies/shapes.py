"""What the service answers. Fields that it may come to add are passed over."""

from __future__ import annotations

from typing import Any

import msgspec

Item = dict[str, Any]
"""A part of an answer as it was sent; openapi.yaml describes it."""


class Shape(msgspec.Struct, frozen=True, kw_only=True):
    """A part of an answer."""


class Range(Shape, frozen=True, kw_only=True):
    """A date that may be vague: as EDTF, and its first and its last possible day."""

    edtf: str
    earliest: str | None = None
    latest: str | None = None


class Asserter(Shape, frozen=True, kw_only=True):
    """Who says so: the key of the asserter, its voices, and in which articles."""

    asserter: str
    kinds: list[str] = []
    agent: list[str] = []
    affiliation: list[str] = []
    articles: list[str] = []
    article_count: int = 0


class Part(Shape, frozen=True, kw_only=True):
    """A relation in one scope, where it is told of parts."""

    status: str
    scope: Item = {}
    since: Range | None = None
    until: Range | None = None
    due: Range | None = None
    planned_since: str | None = None
    attributes: Item = {}
    contested: bool = False
    asserted_by: list[Asserter] = []
    asserter_count: int = 0
    claims: list[str] = []
    claim_count: int = 0


class Relation(Part, frozen=True, kw_only=True):
    """A relation with its status. `claims` are the newest of `claim_count`."""

    relation: str
    subject: str
    object: str
    parts: list[Part] = []
    conflicts: list[Item] = []
    conflict_count: int = 0
    excluded: list[Item] = []
    excluded_count: int = 0
    supported_on: str | None = None


class Position(Relation, frozen=True, kw_only=True):
    """A position that somebody holds in an organization."""

    holder: str
    organization: str
    title: Any = None
    titles: list[Item] = []


class Cast(Shape, frozen=True, kw_only=True):
    """How one voter voted."""

    voter: str
    vote: str


class Vote(Shape, frozen=True, kw_only=True):
    """A vote of a body."""

    body: str
    status: str
    motion: str | None = None
    motions: list[str] = []
    moves: dict[str, str] | None = None
    when: Range | None = None
    outcomes: list[str] = []
    due: Range | None = None
    missed: Range | None = None
    cast: list[Cast] = []
    conflicts: list[Item] = []
    excluded: list[Item] = []
    asserted_by: list[Asserter] = []
    claims: list[str] = []
    claim_count: int = 0


class Entity(Shape, frozen=True, kw_only=True):
    """A company, a person, or whatever claims are about."""

    id: str
    kind: str
    name: str | None = None
    version: int = 0
    last_changed: int = 0
    aliases: list[str] = []
    identifiers: Item = {}
    names: list[Item] = []
    merged_into: str | None = None
    possible_duplicates: list[str] = []
    erased: list[str] = []


class Node(Shape, frozen=True, kw_only=True):
    """An entity of a network."""

    id: str
    kind: str
    name: str | None = None


class Participant(Shape, frozen=True, kw_only=True):
    """Who takes part in what is claimed, and as what."""

    role: str
    entity: str


class Claim(Shape, frozen=True, kw_only=True):
    """One statement of one article. `standing` says whether it counts."""

    id: str
    article: str
    type: str
    standing: str
    modality: str = ""
    polarity: str = ""
    refs: list[str] = []
    version: int = 0
    last_changed: int = 0
    recorded_at: str = ""
    participants: list[Participant] = []
    attributes: Item = {}
    asserted_by: Item = {}
    time: Item = {}
    published: Range | None = None
    responses: list[str] = []
    evidence: list[Item] = []


class Article(Shape, frozen=True, kw_only=True):
    """An article with the ids of its claims."""

    id: str
    title: str
    publisher: str
    url: str | None = None
    version: int = 0
    last_changed: int = 0
    authors: list[str] = []
    language: str = ""
    published: Item = {}
    sha256: str | None = None
    text: str | None = None
    erased: list[str] = []
    claims: list[str] = []


class Change(Shape, frozen=True, kw_only=True):
    """What differs between two points: an item before and after (none: not there), and what brought it about."""

    kind: str
    key: list[str]
    before: Item | str | None = None
    after: Item | str | None = None
    changed: list[str] = []
    cause: list[Item] = []


class Belief(Shape, frozen=True, kw_only=True):
    """A change of what was believed about one matter, by one record: for which days, what before, and what after."""

    position: int
    recorded_at: str
    matter: str
    kind: str
    about: Item | None = None
    first: bool = False
    kept: dict[str, bool] = {}
    cause: Item = {}
    periods: list[Item] = []
    period_count: int = 0


class Recorded(Shape, frozen=True, kw_only=True):
    """The point of the record: the last position, and when that was recorded."""

    position: int
    recorded_at: str | None = None


class Clocks(Shape, frozen=True, kw_only=True):
    """The point that an answer is about."""

    as_of: str
    recorded_by: Recorded
    published_by: str | None = None
    according_to: str | None = None


class Answer(Shape, frozen=True, kw_only=True):
    """What every answer says: the position and the point it is about, a token to ask for it again, and notices.

    `names` are those of the entities in it, `refs` those that its claims were given by who recorded them.
    """

    position: int
    clocks: Clocks
    token: str = ""
    state_hash: str = ""
    notices: list[Item] = []
    names: dict[str, Any] = {}
    refs: dict[str, str] = {}


class State(Answer, frozen=True, kw_only=True):
    """What is known about an entity at a point."""

    entity: Entity
    relations: list[Relation] = []
    votes: list[Vote] = []
    positions: list[Position] = []
    rounds: list[Item] = []
    profile: Item = {}
    lineage: Item = {}
    stances: list[Item] = []
    conflicts: list[Item] = []
    excluded: list[Item] = []


class RelationAnswer(Relation, frozen=True, kw_only=True):
    """One relation at a point, with what every answer says (see `Answer`)."""

    position: int
    clocks: Clocks
    token: str = ""
    state_hash: str = ""
    notices: list[Item] = []
    names: dict[str, Any] = {}
    refs: dict[str, str] = {}
    circle: list[str] = []


class Changes(Answer, frozen=True, kw_only=True):
    """What differs between two points of one clock."""

    entity: Entity
    axis: str
    points: dict[str, Clocks]
    changes: list[Change] = []


class Network(Answer, frozen=True, kw_only=True):
    """All relations at one point, and those whom they relate."""

    nodes: list[Node] = []
    edges: list[Relation] = []


class Path(Answer, frozen=True, kw_only=True):
    """How two are related, through others."""

    found: bool
    length: int | None = None
    steps: list[Item] = []
    nodes: list[Node] = []
    edges: list[Relation] = []


class Pair(Shape, frozen=True, kw_only=True):
    """Two that cooperate and oppose each other, by which relations and stances."""

    entities: list[str]
    cooperate: Item = {}
    oppose: Item = {}


class Frenemies(Answer, frozen=True, kw_only=True):
    """All such pairs at a point."""

    pairs: list[Pair] = []
    nodes: list[Node] = []


class Written(Shape, frozen=True, kw_only=True):
    """A claim that was recorded, or was there already."""

    id: str
    version: int
    position: int
    created: bool
    ref: str | None = None
