"""What shipped scenarios give: a digest of all values, and a few statistics to see what a change did."""

import hashlib
import json
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from ghostfleet.core import compiled
from ghostfleet.core.batch import Quanta, Spelled, Text, Values, spelt
from ghostfleet.core.window import DAY_S
from ghostfleet.generate import Generator
from ghostfleet.spec import loading, reading

FOLDER = Path(__file__).parent
DAYS = 40
MISSING = np.iinfo(np.int64).min
# Name of a golden: settings, and how many days of the span; by default the whole of it.
CASES: dict[str, dict[str, tuple[tuple[str, ...], int | None]]] = {
    "capacity": {
        "daily": ((), None),
        "hourly": (("data.num_servers=3", "data.granularity=hourly"), DAYS),
        "daily_rows_p95": (("data.num_servers=3", "data.daily_rows=p95"), DAYS),
    },
    "hosts": {"five minutes": (("hosts.count=24",), 2)},
    "estate": {"graph": ((), 1)},
    "small": {"graph": ((), 1)},
    # Stories are the estate with incidents of their own, which some of its tables show.
    "trading-crisis": {"services": (("tables=[system_metrics]",), 1)},
    "cost-spiral": {"costs": (("tables=[cost_metrics]",), 4)},
    "security-breach": {"events": (("tables=[security_events]",), 1)},
    "executive-value": {"costs": (("tables=[cost_metrics]",), 1)},
    "commerce": {"a thousandth": (("estate.load=0.001", "estate.days=1"), None)},
    "events": {"two thousand": (("estate.total=2000",), None)},
    "demo": {"requests": (("tables=[transactions, events, spans, logs]", "estate.load=0.001"), None)},
}


def made(scenario: str) -> dict[str, Any]:
    """Golden of a shipped scenario, made now."""
    return {name: _case(scenario, *case) for name, case in CASES[scenario].items()}


def kept(scenario: str) -> dict[str, Any]:
    """Golden of a shipped scenario as it was kept."""
    return json.loads(path(scenario).read_text(encoding="utf-8"))


def path(scenario: str) -> Path:
    """File of a scenario's golden."""
    return FOLDER / f"{scenario}.json"


def text(golden: dict[str, Any]) -> str:
    """Golden as the text that is kept."""
    return json.dumps(golden, indent=2) + "\n"


def _case(scenario: str, assignments: tuple[str, ...], days: int | None) -> dict[str, Any]:
    document = reading.read(loading.shipped()[scenario], f"{scenario}.yaml")
    generator = Generator(loading.load(document, loading.Settings(assignments=assignments)).scenario)
    until_s = None if days is None else generator.window().since_s + days * DAY_S
    window, tables = generator.window(until_s=until_s), generator.tables()
    plan = generator.plan(window, tables)
    return {table.name: _table(generator, [plan.tasks[number] for number in plan.of(table.name)]) for table in tables}


def _table(generator: Generator, tasks: list[Any]) -> dict[str, Any]:
    # A digest of its own: goldens speak of the data, and must not change when sinks digest another way.
    rows, units, digests = 0, defaultdict[str, list[np.ndarray]](list), defaultdict[str, Any](hashlib.sha256)
    per_one: dict[str, int] = {}
    for task in tasks:
        for batch in generator.batches(task):
            rows += len(batch)
            for name, values in batch.columns.items():
                digests[name].update(_whole(values).astype("<i8").tobytes())
                if isinstance(values, Quanta):
                    per_one[name] = values.per_one
                    units[name].append(values.units if values.missing is None else values.units[~values.missing])
    names = "".join(f"{name} {digest.hexdigest()}\n" for name, digest in digests.items())
    told = {name: np.concatenate(parts) for name, parts in units.items()}
    columns = {name: _statistics(values, per_one[name]) for name, values in told.items() if len(values)}
    return {"rows": rows, "sha256": hashlib.sha256(names.encode()).hexdigest(), "columns": columns}


def _whole(values: Values) -> np.ndarray:
    """Column as integers: a text is the first eight bytes of its blake2b, a missing value one number."""
    if isinstance(values, Spelled):
        rows = np.arange(len(values))
        codes = rows if values.missing is None else np.where(values.missing, -1, rows)
        return _whole(Text(codes, tuple(text or "" for text in spelt(values))))
    if isinstance(values, Text):
        hashes = [hashlib.blake2b(word.encode(), digest_size=8).digest() for word in values.vocabulary]
        return np.frombuffer(b"".join([*hashes, b"missing."]), dtype="<i8")[values.codes]  # of which -1 is the code
    units = values.units if isinstance(values, Quanta) else values.values
    return units if values.missing is None else np.where(values.missing, MISSING, units)


def _statistics(units: np.ndarray, per_one: int) -> dict[str, float]:
    whole = int(units.sum(dtype=np.int64))  # in integers, so that it is one number on every machine
    return {
        "min": int(units.min()) / per_one,
        "mean": round(whole / len(units) / per_one, 4),
        "max": int(units.max()) / per_one,
    }


if __name__ == "__main__":
    if "without-loops" in sys.argv:
        setattr(compiled, "loops", lambda: None)  # noqa: B010  no checker need know
    sys.stdout.write(text({scenario: made(scenario) for scenario in CASES}))
