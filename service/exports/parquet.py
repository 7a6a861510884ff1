"""Versions of relations as a Parquet file, written in row groups: a group at a time is in memory."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from events.versions import Version
from service.exports.versions import version_row

FORMAT = 1
"""The version of the columns: they may grow in number under the same one."""
MOST_ROWS = 50_000
MOST_BYTES = 64 << 20
"""A row group ends with the first batch that makes it have so many rows, or so many bytes."""
_BATCH = 200


def _needed(name: str, kind: pa.DataType) -> pa.Field:
    return pa.field(name, kind, nullable=False)


_INSTANT = pa.timestamp("us", tz="UTC")
SCHEMA = pa.schema(
    [
        _needed("relation", pa.string()),
        _needed("subject", pa.string()),
        _needed("object", pa.string()),
        _needed("known_from_position", pa.int64()),
        pa.field("known_to_position", pa.int64()),
        _needed("known_from", _INSTANT),
        pa.field("known_to", _INSTANT),
        pa.field("valid_from", pa.date32()),
        pa.field("valid_to", pa.date32()),
        _needed("is_kept", pa.bool_()),
        pa.field("status", pa.string()),
        pa.field("contested", pa.bool_()),
        *(
            pa.field(f"{name}_{end}", pa.date32())
            for name in ("since", "until", "due")
            for end in ("earliest", "latest")
        ),
        pa.field("planned_since", pa.date32()),
        pa.field("attributes", pa.string()),
        pa.field("parts", pa.string()),
        pa.field("asserter_count", pa.int64()),
        pa.field("claim_count", pa.int64()),
        pa.field("claims", pa.list_(pa.string())),
        pa.field("conflict_count", pa.int64()),
        pa.field("excluded_count", pa.int64()),
        pa.field("supported_on", pa.date32()),
    ]
)


def write(file: IO[bytes], versions: Iterable[Version], about: Mapping[str, str]) -> int:
    """Writes the versions in their order, `about` as metadata of the schema; gives how many rows there are."""
    rows = 0
    named = {f"frenemies.{name}": value for name, value in {"format": str(FORMAT), **about}.items()}
    with pq.ParquetWriter(file, SCHEMA.with_metadata(named), compression="zstd") as writer:
        for group in _groups(versions):
            writer.write_table(group.replace_schema_metadata(named))
            rows += group.num_rows
    return rows


def _groups(versions: Iterable[Version]) -> Iterator[pa.Table]:
    batches: list[pa.RecordBatch] = []
    rows = size = 0
    waiting = map(version_row, versions)
    while some := list(islice(waiting, _BATCH)):
        batch = pa.RecordBatch.from_pylist(some, SCHEMA)
        batches.append(batch)
        rows, size = rows + batch.num_rows, size + batch.nbytes
        if rows >= MOST_ROWS or size >= MOST_BYTES:
            yield pa.Table.from_batches(batches)
            batches, rows, size = [], 0, 0
    if batches:
        yield pa.Table.from_batches(batches)
