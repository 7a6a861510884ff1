"""The shapes of answers about the log, the read side and the process."""

from __future__ import annotations

from service.http.shapes import (
    ANYTHING,
    COUNT,
    FLAG,
    INSTANT,
    NUMBER,
    TEXT,
    UUID,
    Json,
    items,
    mapping,
    maybe,
    obj,
    one_of,
    ref,
)

_OF_AN_EVENT: Json = {
    "specversion": one_of("1.0"),
    "id": TEXT,
    "source": TEXT,
    "type": TEXT,
    "subject": TEXT,
    "time": INSTANT,
    "dataschema": TEXT,
    "datacontenttype": TEXT,
    "sequence": TEXT,
    "streamversion": COUNT,
    "data": mapping(ANYTHING),
    "data_base64": TEXT,
}
LOG_SCHEMAS: Json = {
    "CloudEvent": obj("An event (CloudEvents 1.0.2) as it was stored; `sequence` is its log position.", **_OF_AN_EVENT)
    | {"required": sorted(_OF_AN_EVENT.keys() - {"data", "data_base64"})},
    "CloudEvents": items(
        obj(
            "An event (CloudEvents 1.0.2) as it was stored; `sequence` is its log position. A checkpoint has only the"
            " first five: a page of chosen events may end with one, when everything up to its position was looked at.",
            specversion=one_of("1.0"),
            id=TEXT,
            source=TEXT,
            type=TEXT,
            sequence=TEXT,
        )
        | {"properties": _OF_AN_EVENT}
    ),
    "AtomFeed": TEXT
    | {"description": "A feed in Atom (RFC 4287), the newest event first; links lead to archives (RFC 5005)."},
    "EventTypes": obj(
        "Every type and version of events that was ever stored.",
        event_types=items(
            obj(
                "A type and version. The feed holds each event in the version in which it was stored.",
                type=TEXT,
                name=TEXT,
                version=COUNT,
                description=TEXT,
                dataschema=TEXT,
                superseded_by=maybe(TEXT),
                lifted_by=maybe(TEXT),
            )
        ),
    ),
    "EventSchema": mapping(ANYTHING, "A schema of JSON Schema 2020-12."),
    "CheckpointNote": TEXT | {"description": "A signed note: name of the log, size, root in base64, signatures."},
    "LogKeys": obj(
        "Who signs checkpoints.",
        origin=maybe(TEXT),
        keys=items(
            obj("A verifier key; `from_size` is null before its first checkpoint.", key=TEXT, from_size=maybe(COUNT))
        ),
    ),
    "LogRestores": obj(
        "The identity of the log, and each time that it was put back from a copy.",
        epoch=UUID,
        restores=items(
            obj(
                "The log went on after `position`: events that were recorded later were lost, if there were any."
                " `checkpoint_size` is that of the checkpoint that was given; `lost`: it shows that there were some."
                " Cursors, tokens and checkpoints of before are of `from_epoch`. `made_at`: when the backup was made;"
                " null where the server of the database recovered it.",
                restored_at=INSTANT,
                made_at=maybe(INSTANT),
                position=COUNT,
                checkpoint_size=maybe(COUNT),
                lost=FLAG,
                from_epoch=UUID,
                epoch=UUID,
            )
        ),
    ),
    "InclusionProof": obj(
        "A Merkle inclusion proof; bytes are in base64, `index` is the place of the leaf, counted from 0.",
        position=COUNT,
        index=COUNT,
        size=COUNT,
        root=TEXT,
        leaf=TEXT,
        leaf_hash=TEXT,
        hashes=items(TEXT),
    ),
    "ConsistencyProof": obj(
        "A Merkle consistency proof; hashes are in base64.",
        **{"from": COUNT},
        to=COUNT,
        from_root=TEXT,
        to_root=TEXT,
        hashes=items(TEXT),
    ),
    "Rebuild": obj(
        "The last rebuild; `done` of `total` and `seconds_left` are those of the phase, `rate` is per second;"
        " `whole_seconds_left` is reckoned for all that is left of it. Null where it cannot be told.",
        phase=one_of(
            "loading",
            "indexing",
            "amending",
            "catching up",
            "verifying",
            "done",
            "refused",
            "cancelled",
            "failed",
            "interrupted",
        ),
        is_running=FLAG,
        started_by=TEXT,
        started_at=INSTANT,
        updated_at=INSTANT,
        done=COUNT,
        total=COUNT,
        rate=NUMBER,
        seconds_left=maybe(NUMBER),
        whole_seconds_left=maybe(NUMBER),
        note=TEXT,
    ),
    "Projections": obj(
        "How far the projections are.",
        projections=items(
            obj(
                "One projection. `lag_seconds` is the age of the first event it has not taken in.",
                name=TEXT,
                version=COUNT,
                position=COUNT,
                head=COUNT,
                lag=COUNT,
                lag_seconds=NUMBER,
                is_built=FLAG,
                parked=COUNT,
                rebuild=maybe(ref("Rebuild")),
            )
        ),
    ),
    "ImportAnswer": obj(
        "What an import came to: how many lines were new, already there and refused, and which were refused.",
        **{"import": UUID},
        recorded=COUNT,
        present=COUNT,
        refused=COUNT,
        position=COUNT
        | {"description": "Where the log ended then. With it as `min_position` answers know of all the lines."},
        refusals_from=COUNT | {"description": "The line with which `refusals` begins: that where this go at it began."},
        refusals=items(
            obj(
                "A refused line: where, why, and its data, or its text where it is not JSON.",
                line=COUNT,
                place=TEXT,
                pointer=TEXT,
                code=TEXT,
                detail=TEXT,
                record=ANYTHING,
                further=items(
                    obj("One more error.", place=TEXT, pointer=TEXT, code=TEXT, detail=TEXT), "At most 19 more errors."
                ),
                more=COUNT | {"description": "How many errors there are besides."},
            )
        ),
    ),
    "Health": obj("The process answers.", status=one_of("ok")),
    "Readiness": obj(
        "Whether questions can be answered.",
        ready=FLAG,
        reason=TEXT,
        position=COUNT,
        head=COUNT,
        parked=COUNT,
        following=maybe(ref("Following")),
        replica=maybe(ref("Replica")),
    ),
    "Replica": obj(
        "How the replica of the database stands from which questions are answered: `current`, it is asked; `behind` by"
        " more than it may be, `unreachable`, `promoted` (it is no replica any more), `other` (of another database, or"
        " with another log), and the primary is asked. `lag_seconds`: how old the first is of what it"
        " lacks; null where that is not known, too.",
        state=one_of("current", "behind", "unreachable", "promoted", "other"),
        position=maybe(COUNT),
        lag_events=maybe(COUNT),
        lag_seconds=maybe(NUMBER),
    ),
    "Following": obj(
        "How far a follower is behind its leader; `lag_seconds` is how long ago it last had all that the leader had, 0"
        " while it has. `verified_size`: how many events the last checkpoint covers that was found right.",
        leader=TEXT,
        position=COUNT,
        leader_position=COUNT,
        lag_events=COUNT,
        lag_seconds=NUMBER,
        verified_size=COUNT,
        error=maybe(TEXT),
    ),
}
