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


def published() -> dict[str, Any]:
    """Schema for editors: of sections it asks for no key, because what `extends` names may say it."""
    made = schema()
    root = made["$defs"][made["$ref"].rpartition("/")[2]] if "$ref" in made else made
    _relax(root, made["$defs"])
    root["required"] = ["scenario"]
    return made


def _relax(node: dict[str, Any], known: dict[str, Any]) -> None:
    """Forget what is required of sections that are merged key by key: not of parts of lists, nor of unions."""
    node.pop("required", None)
    below = [*node.get("properties", {}).values(), node.get("additionalProperties")]
    for one in below:
        options = one.get("anyOf", [one]) if isinstance(one, dict) else []
        named = [option["$ref"].rpartition("/")[2] for option in options if "$ref" in option]
        if len(named) == 1 and known[named[0]].get("type") == "object":
            _relax(known[named[0]], known)
        elif isinstance(one, dict) and isinstance(one.get("additionalProperties"), dict):
            _relax(one, known)
