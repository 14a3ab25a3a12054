"""What a name of an estate says by itself."""

from __future__ import annotations

import re

# Sections whose keys name things that metrics, incidents and truth speak of.
SECTIONS = (
    "networks",
    "clusters",
    "databases",
    "machines",
    "balancers",
    "web_services",
    "services",
    "applications",
    "externals",
)
ARROW = " → "  # between the two ends of a call, as truth names one
_WORDS = {
    "prod": "production",
    "production": "production",
    "staging": "staging",
    "stage": "staging",
    "dev": "development",
    "development": "development",
}


def environment(name: str, otherwise: str) -> str:
    """Environment that the first word of a name says: ``prod-risk-cluster`` is in production."""
    return _WORDS.get(re.split(r"[^A-Za-z0-9]", name, maxsplit=1)[0].lower(), otherwise)
