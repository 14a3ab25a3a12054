"""JSON Schema of scenario files, from the same models that check them."""

from __future__ import annotations

from typing import Any

import msgspec

from ghostfleet.spec.scenario import Scenario

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Schema of a scenario file."""
    made: dict[str, Any] = msgspec.json.schema(Scenario)
    return {"$schema": DIALECT, "title": "ghostfleet scenario", **made}
