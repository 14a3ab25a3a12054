"""Small estates for the laws, and their tables and states as comparable arrays."""

from functools import cache
from pathlib import Path

import numpy as np

from ghostfleet.core.batch import Batch, Quanta, Spelled, Text, Values, spelt
from ghostfleet.core.window import MINUTE_S, Window
from ghostfleet.generate import Generator
from ghostfleet.spec import loading, reading
from ghostfleet.spec.scenario import Scenario
from ghostfleet.state.estate import State

Cells = dict[str, np.ndarray]
MATERIAL = Path(__file__).parent / "material"
START = 1741186800 // MINUTE_S  # 2025-03-05 15:00, half an hour before the first incident of small_estate.yaml
NULL = -(2**60)
FOLDED = ("system_metrics", "database_metrics", "network_metrics")
TABLES = (*FOLDED, "changes", "security_events", "cost_metrics")


@cache
def text(name: str) -> str:
    """Text of a scenario of the material, or of a shipped one."""
    path = MATERIAL / f"{name}.yaml"
    return path.read_text(encoding="utf-8") if path.exists() else loading.shipped()[name]


def scenario(name: str = "small_estate", *assignments: str, changed: tuple[str, str] = ("", "")) -> Scenario:
    """Scenario with some keys set, or with one text of it replaced."""
    document = reading.read(text(name).replace(*changed, 1) if changed[0] else text(name), f"{name}.yaml")
    return loading.load(document, loading.Settings(assignments=assignments)).scenario


def window(low: int, high: int, row_s: int = MINUTE_S) -> Window:
    """Rows of ``row_s`` seconds that start in minutes [low, high) after `START`."""
    return Window.between((START + low) * MINUTE_S, (START + high) * MINUTE_S, row_s)


def rows(generator: Generator, table: str, span: Window) -> Cells:
    """Rows of a table in a window, as the plan makes them, one task after another."""
    found = generator.observer(table).table
    plan = generator.plan(span, [found])
    return joined([cells(batch) for task in plan.tasks for batch in generator.batches(task)], found.names)


def cells(batch: Batch) -> Cells:
    """Batch as plain arrays: texts as texts, decimals as whole units, nulls as one number."""
    return {name: _plain(batch[name]) for name in batch.table.names}


def _plain(values: Values) -> np.ndarray:
    if isinstance(values, Spelled):
        return np.array([text or "" for text in spelt(values)])
    if isinstance(values, Text):
        return np.array((*values.vocabulary, ""))[np.asarray(values.codes)]
    units = values.units if isinstance(values, Quanta) else values.values.astype(np.int64)
    return units if values.missing is None else np.where(values.missing, NULL, units)


def joined(parts: list[Cells], names: tuple[str, ...]) -> Cells:
    """Rows after one another."""
    if not parts:
        return {name: np.zeros(0) for name in names}
    return {name: np.concatenate([part[name] for part in parts]) for name in names}


def assert_equal(one: Cells, other: Cells) -> None:
    """Same rows in the same order."""
    assert list(one) == list(other)
    for name in one:
        np.testing.assert_array_equal(one[name], other[name], err_msg=name)


def arrays(state: State) -> dict[str, np.ndarray]:
    """Every array of a state that has a value for each tick."""
    parts = (state.rates, state.rates.answers, state.outcomes)
    named = [
        (f"{type(part).__name__}.{name}", getattr(part, name)) for part in parts for name in part.__struct_fields__
    ]
    return {name: value for name, value in named if isinstance(value, np.ndarray)}
