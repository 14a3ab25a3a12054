"""Load shapes that a section of a scenario names, made and checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.shapes import Shape


def shaped(wanted: Sequence[dict[str, Any]]) -> tuple[Shape, ...]:
    """Make the shapes of what a key `shapes` says; ValueError naming the place where it says something else."""
    if not wanted:  # most archetypes have none, and to find all kinds takes a while
        return ()
    from ghostfleet import shapes

    made = []
    for place, options in enumerate(wanted):
        shape = shapes.kind_named(str(options.get("kind")))
        if shape is None:
            valid = ", ".join(shapes.kinds())
            msg = f"shapes.{place}.kind: {options.get('kind')!r} is no load shape; valid are {valid}"
            raise ValueError(msg)
        try:
            made.append(msgspec.convert(options, shape))
        except msgspec.ValidationError as error:
            said, _, at = str(error).partition(" - at `$")
            path = f"shapes.{place}{at.strip('`').replace('[', '.').replace(']', '')}"
            unknown = re.fullmatch(r"Object contains unknown field `(.*)`", said)
            if unknown:
                fields = msgspec.structs.fields(shape)
                valid = ", ".join(("kind", *(field.encode_name for field in fields)))
                path, said = f"{path}.{unknown[1]}", f"a {options['kind']} has no such key (valid here: {valid})"
            msg = f"{path}: {said}"
            raise ValueError(msg) from error
    return tuple(made)
