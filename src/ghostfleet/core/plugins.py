"""Parts that other packages bring, found through entry points."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import ScenarioError

if TYPE_CHECKING:
    from importlib.metadata import EntryPoint


def loaded(entry: EntryPoint) -> Any:  # noqa: ANN401  whatever the entry point names
    """Load what an entry point names; `ScenarioError` when it cannot be imported."""
    try:
        return entry.load()
    except (ImportError, AttributeError) as error:
        msg = f"the entry point {entry.name} of {entry.group} names {entry.value}, which cannot be imported: {error}"
        raise ScenarioError(msg) from error
