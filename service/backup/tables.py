"""Which tables a backup holds, and why the others are left out. A test finds a table that is in neither list."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

BACKED_UP = (
    "log.epoch",
    "log.events",
    "log.keys",
    "log.links",
    "log.requests",
    "log.texts",
    "log.erased",
    "log.erasures",
    "log.tree",
    "log.tiles",
    "log.tree_edge",
    "log.checkpoint_keys",
    "log.checkpoints",
    "log.imports",
    "log.import_batches",
    "log.following",
    "log.restores",
    "projections.acts",
    "access.keys",
    "hooks.subscriptions",
    "hooks.secrets",
    "hooks.deliveries",
)
"""What cannot be made again, in an order in which rows come after those that they refer to."""

LEFT_OUT: Mapping[str, str] = MappingProxyType(
    {
        "log.migrations": "the manifest names them, and putting back applies them",
        "log.snapshots": "claims are summed up anew from their events",
        "log.followers": "each says again how far it is, every few seconds",
        "projections.rebuilds": "it tells of tables that are made anew",
    }
)
"""What the service makes again. The tables of projections, in schemas `read_...`, are as little in a backup."""

BEGUN = frozenset(("log.epoch", "log.erasures", "log.tree"))
"""Tables of one row that a new database has already."""

SCHEMAS = tuple(dict.fromkeys(table.partition(".")[0] for table in (*BACKED_UP, *LEFT_OUT)))
"""Where the tables are that do not follow from the log alone."""
