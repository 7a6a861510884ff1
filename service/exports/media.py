"""The forms in which answers go to other tools, by their short names, and their media types."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NDJSON = "application/x-ndjson"
CSV = "text/csv"
GRAPHML = "application/graphml+xml"
JSON_LD = "application/ld+json"
FTM = "application/json+ftm"

NETWORK_FORMATS: Mapping[str, str] = MappingProxyType({"csv": CSV, "graphml": GRAPHML, "ftm": FTM, "ndjson": NDJSON})
STATE_FORMATS: Mapping[str, str] = MappingProxyType({"jsonld": JSON_LD, "ftm": FTM})
