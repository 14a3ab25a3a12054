"""JSON Schema of scenario files, from the same models that check them."""

from __future__ import annotations

from typing import Any

import msgspec

from ghostfleet import incidents, shapes
from ghostfleet.spec.scenario import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Schema of a scenario file."""
    made: dict[str, Any] = msgspec.json.schema(Scenario)
    (shape,), kinds = msgspec.json.schema_components([shapes.union()], ref_template="#/$defs/{name}")
    made["$defs"] |= kinds
    for holder in ("Archetype", "Entry"):
        made["$defs"][holder]["properties"]["shapes"]["items"] = shape
    (incident,), kinds = msgspec.json.schema_components([incidents.union()], ref_template="#/$defs/{name}")
    made["$defs"] |= kinds
    for holder in ("Scheduled", "Placed"):
        made["$defs"][holder]["properties"]["incident"] |= incident
    added = made["$defs"]["LedgerEntry"]["properties"]["incident"]
    made["$defs"]["LedgerEntry"]["properties"]["incident"] = {**added, "anyOf": [incident, {"type": "null"}]}
    return {"$schema": DIALECT, "title": "ghostfleet scenario", **made}
