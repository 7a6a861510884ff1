"""Valid things to send. A test states only what it changes."""

from __future__ import annotations

from typing import Any

URL = "https://example.org/a"
PUBLISHED = "2014-11-04"
COMPANIES = {"red-hat": "Red Hat", "mirantis": "Mirantis", "vmware": "VMware"}

Json = dict[str, Any]


def registration(**changes: Any) -> Json:
    return {"kind": "company", "name": "Red Hat"} | changes


def article(**changes: Any) -> Json:
    return {
        "url": URL, "title": "A", "publisher": "network-world", "authors": ["Ann Author"], "language": "en",
        "published": PUBLISHED,
    } | changes  # fmt: skip


def claim(**changes: Any) -> Json:
    """Red Hat invested in Mirantis in 2013, says the author."""
    return {
        "article": URL,
        "type": "investment",
        "participants": [{"role": "investor", "entity": "red-hat"}, {"role": "investee", "entity": "mirantis"}],
        "attributes": {},
        "asserted_by": {"kind": "author"},
        "modality": "done",
        "polarity": "positive",
        "time": {"kind": "instant", "edtf": "2013"},
        "evidence": {"summary": "Red Hat put money into Mirantis."},
    } | changes


def ownership(**changes: Any) -> Json:
    """VMware bought Mirantis on a day, says the author."""
    return (
        claim(
            type="acquisition",
            participants=[{"role": "acquirer", "entity": "vmware"}, {"role": "target", "entity": "mirantis"}],
            time={"kind": "instant", "edtf": "2014-01-01"},
        )
        | changes
    )


def vote(**changes: Any) -> Json:
    """The board of Mirantis voted that VMware be a member of Red Hat."""
    return (
        claim(
            type="governance_vote",
            participants=[{"role": "body", "entity": "mirantis"}],
            attributes={
                "motion": "membership of VMware",
                "moves": {"relation": "member_of", "subject": "vmware", "object": "red-hat"},
                "outcome": "approved",
            },
            time={"kind": "instant", "edtf": "2014-05-05"},
        )
        | changes
    )
