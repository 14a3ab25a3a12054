"""Statistics of a data set (CAP-20): what it is, how each metric runs, what the checks say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ghostfleet.queries import Data, Report

FIGURES = ("mean", "deviation", "low", "high", "p95")
_BYTES_PER_CELL = 8  # a double, a time or a code of a text: what the rows take as columns


@dataclass(frozen=True)
class Statistics:
    """Facts of a data set; ``None`` where a column that they need is absent."""

    source: str
    overview: dict[str, Any]
    types: list[dict[str, Any]]
    metrics: list[dict[str, Any]]
    memory_bytes: int
    score: float | None
    status: str
    checks: dict[str, str]

    @property
    def headline(self) -> str:
        """One line that says what the data set is."""
        if not self.overview:
            return self.source
        facts = self.overview
        return (
            f"{facts['records']:,} rows · {facts['servers']:,} servers · {facts['since'][:10]} to {facts['until'][:10]}"
        )

    def as_dict(self) -> dict[str, Any]:
        """Facts as plain values, for `statistics.json`."""
        return {
            "source": self.source,
            **self.overview,
            "server_types": {row["server_type"]: row["servers"] for row in self.types},
            "metrics": {row["metric"]: {key: row[key] for key in (*FIGURES, "missing")} for row in self.metrics},
            "missing": sum(row["missing"] for row in self.metrics),
            "memory_bytes": self.memory_bytes,
            "validation": {"score": self.score, "status": self.status, "checks": self.checks},
        }


def statistics(data: Data, report: Report | None) -> Statistics:
    """Ask for the statistics of an open data set."""
    overview = [_texts(row) for row in data.ask("overview").dicts()]
    metrics = data.ask("statistics").dicts()
    facts = overview[0] if overview else {}
    columns = sum(data.has(table.name, column) for table in data.tables for column in table.names)
    return Statistics(
        source=data.url,
        overview=facts,
        types=data.ask("server_types").dicts(),
        metrics=[{key: round(v, 4) if isinstance(v, float) else v for key, v in row.items()} for row in metrics],
        memory_bytes=facts.get("records", 0) * columns * _BYTES_PER_CELL,
        score=None if report is None else round(report.score, 1),
        status="" if report is None else report.status,
        checks={} if report is None else {result.name: result.status for result in report.by_status()},
    )


def _texts(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value.isoformat() + "Z" if hasattr(value, "isoformat") else value for key, value in row.items()}


def as_text(facts: Statistics) -> str:
    """Statistics for a terminal or a text file."""
    lines = [facts.source, ""]
    lines += [f"{key.replace('_', ' '):16}{_said(value)}" for key, value in facts.overview.items()]
    lines += [f"{'memory':16}{facts.memory_bytes / 1e6:,.1f} MB as columns", ""]
    lines += [f"{row['server_type']:16}{row['servers']:>6} servers  {row['share_pct']:5.1f} %" for row in facts.types]
    lines += ["", f"{'metric':16}" + "".join(f"{name:>11}" for name in (*FIGURES, "missing"))]
    for row in facts.metrics:
        lines.append(f"{row['metric']:16}" + "".join(_figure(row[name]) for name in FIGURES) + f"{row['missing']:>11,}")
    if facts.checks:
        lines += ["", f"validation      {facts.status}, {facts.score} of 100"]
        lines += [f"{status.replace('_', ' '):16}{name}" for name, status in facts.checks.items()]
    return "\n".join(lines) + "\n"


def _figure(value: float | None) -> str:
    return f"{'–':>11}" if value is None else f"{value:>11.2f}"


def _said(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)
