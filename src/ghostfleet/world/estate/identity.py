"""Ids of entities: a function of their names, and never anyone's."""

from __future__ import annotations

import re

from ghostfleet.core.hashes import blake2b

ACCOUNT = "123456789012"  # the account that Amazon's documentation uses in its examples
DOMAIN = "example"  # reserved for documentation (RFC 2606)
LONGEST_SLUG = 40


def digest(kind: str, name: str, length: int = 17) -> str:
    """Hexadecimal digits that belong to a name."""
    return blake2b(f"{kind}\x1f{name}".encode(), digest_size=32).hexdigest()[:length]


def slug(name: str) -> str:
    """Name as a part of a host's name: letters, digits and dashes; what loses something gets digits of its own."""
    short = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:LONGEST_SLUG].strip("-")
    return short if short == name else f"{short}-{digest('slug', name, 8)}".strip("-")


def arn(service: str, region: str, rest: str) -> str:
    """Amazon resource name."""
    return f"arn:aws:{service}:{region}:{ACCOUNT}:{rest}"
