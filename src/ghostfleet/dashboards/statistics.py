"""Statistics of a data set (CAP-20): what it is, how each metric runs, what the checks say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ghostfleet.queries import query

if TYPE_CHECKING:
    from ghostfleet.dashboards.panels import Dashboard
    from ghostfleet.queries import Data, Report

_BYTES_PER_CELL = 8  # a double, a time or a code of a text: what the rows take as columns


@dataclass(frozen=True)
class Parts:
    """What the entities are made up of; rows are a name, how many there are, and their share in percent."""

    name: str  # of the query
    title: str
    rows: list[tuple[str, int, float]]


@dataclass(frozen=True)
class Statistics:
    """Facts of a data set; ``None`` where a column that they need is absent."""

    source: str
    entities: str
    overview: dict[str, Any]
    parts: Parts
    metrics: dict[str, dict[str, Any]]  # figures of each, in the order of the query
    units: dict[str, str]
    memory_bytes: int
    score: float | None
    status: str
    checks: dict[str, str]

    @property
    def figures(self) -> tuple[str, ...]:
        """What is told of each metric."""
        return tuple(next(iter(self.metrics.values()), ()))

    @property
    def missing(self) -> int:
        """Values of all metrics that are missing."""
        return sum(figures["missing"] for figures in self.metrics.values())

    @property
    def headline(self) -> str:
        """One line that says what the data set is."""
        if not self.overview:
            return self.source
        facts = self.overview
        times = f"{facts['since'][:10]} to {facts['until'][:10]}" if facts["since"] else "no time that could be read"
        return f"{facts['records']:,} rows · {facts[self.entities]:,} {self.entities} · {times}"

    def as_dict(self) -> dict[str, Any]:
        """Facts as plain values, for `statistics.json`."""
        return {
            "source": self.source,
            **self.overview,
            self.parts.name: {name: count for name, count, _ in self.parts.rows},
            "metrics": self.metrics,
            "units": self.units,
            "missing": self.missing,
            "memory_bytes": self.memory_bytes,
            "validation": {"score": self.score, "status": self.status, "checks": self.checks},
        }


def statistics(data: Data, report: Report | None, shown: Dashboard) -> Statistics:
    """Ask for the statistics of an open data set, by the queries that its dashboard names."""
    asked = shown.statistics
    overview = [_texts(row) for row in data.ask(asked.overview).dicts()]
    metrics = {row.pop("metric"): _rounded(row) for row in data.ask(asked.metrics).dicts()}
    facts = overview[0] if overview else {}
    columns = [column for table in data.tables for column in table.columns if data.has(table.name, column.name)]
    return Statistics(
        source=data.url,
        entities=shown.entities,
        overview=facts,
        parts=Parts(asked.parts, query(asked.parts).title, data.ask(asked.parts).rows),
        metrics=metrics,
        units={column.name: column.unit for column in columns if column.name in metrics},
        memory_bytes=facts.get("records", 0) * len(columns) * _BYTES_PER_CELL,
        score=None if report is None else round(report.score, 1),
        status="" if report is None else report.status,
        checks={} if report is None else {result.name: result.status for result in report.by_status()},
    )


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() + "Z" if hasattr(value, "isoformat") else value for key, value in row.items()}


def _rounded(row: dict[str, Any]) -> dict[str, Any]:
    return {key: round(value, 4) if isinstance(value, float) else value for key, value in row.items()}


def as_text(facts: Statistics) -> str:
    """Statistics for a terminal or a text file."""
    lines = [facts.source, ""]
    lines += [f"{key.replace('_', ' '):16}{_said(value)}" for key, value in facts.overview.items()]
    lines += [f"{'memory':16}{facts.memory_bytes / 1e6:,.1f} MB as columns", ""]
    wide = max((len(name) + 2 for name, _, _ in facts.parts.rows), default=0)
    lines += [
        f"{name:{max(16, wide)}}{count:>6} {facts.entities}  {share:5.1f} %" for name, count, share in facts.parts.rows
    ]
    lines += ["", *_table(facts)]
    if facts.checks:
        lines += ["", f"validation      {facts.status}, {facts.score} of 100"]
        lines += [f"{status.replace('_', ' '):16}{name}" for name, status in facts.checks.items()]
    return "\n".join(lines) + "\n"


def _table(facts: Statistics) -> list[str]:
    rows = [["metric", "unit", *facts.figures]]
    rows += [
        [name, facts.units.get(name, ""), *map(figure, figures.values())] for name, figures in facts.metrics.items()
    ]
    widths = [max(map(len, column)) + 2 for column in zip(*rows, strict=True)]
    return [
        f"{name:{max(16, widths[0])}}{unit:{widths[1]}}"
        + "".join(f"{text:>{max(11, width)}}" for text, width in zip(figures, widths[2:], strict=True))
        for name, unit, *figures in rows
    ]


def figure(value: float | None) -> str:
    """Count or figure with two decimals; an en dash where there is none."""
    if value is None:
        return "–"
    return f"{value:,}" if isinstance(value, int) else f"{value:,.2f}"


def _said(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
