"""Runs that are small and yet have many tasks."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ghostfleet import generate
from ghostfleet.run import history
from ghostfleet.run.history import Outcome, Request
from ghostfleet.spec import loading, reading

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ghostfleet.spec.scenario import Scenario

SETTINGS = {
    "data.num_servers": 11,
    "data.years_of_data": None,
    "data.start_date": "2025-01-01",
    "data.end_date": "2025-02-10",
    "data.granularity": "hourly",
}
ROWS_PER_TASK = 1_500


def scenario(**overrides: Any) -> Scenario:
    """A fleet of eleven servers over 41 days of hours."""
    document = reading.read(loading.shipped()["capacity"], "capacity.yaml")
    wanted = SETTINGS | {path.replace("__", "."): value for path, value in overrides.items()}
    return loading.load(
        document, loading.Settings(overrides={path: (value, "test") for path, value in wanted.items()})
    ).scenario


@contextmanager
def many_tasks() -> Iterator[None]:
    """Cut plans into many small tasks."""
    before = generate.ROWS_PER_TASK
    generate.ROWS_PER_TASK = ROWS_PER_TASK
    try:
        yield
    finally:
        generate.ROWS_PER_TASK = before


def write(url: Path | str, **request: Any) -> Outcome:
    """Write the small scenario in many tasks."""
    made = request.pop("scenario", None) or scenario()
    with many_tasks():
        return history.write(made, Request(urls=(str(url),), compressed=True, **request))
