"""All pages, on one blueprint."""

from __future__ import annotations

from service.web import (
    amending,
    article,
    beliefs,
    changes,
    claim,
    docs,
    edtf,
    entity,
    explorer,
    frenemies,
    login,
    names,
    operator,
    path,
    recording,
    recording_claims,
    relation,
    same_site,
    vote,
    wording,
)
from service.web.blueprint import PAGES

BLUEPRINT = PAGES
MODULES = (
    amending,
    article,
    beliefs,
    changes,
    claim,
    docs,
    edtf,
    entity,
    explorer,
    frenemies,
    login,
    names,
    operator,
    path,
    recording,
    recording_claims,
    relation,
    same_site,
    vote,
    wording,
)
"""Each puts its pages on the blueprint when it is imported."""
