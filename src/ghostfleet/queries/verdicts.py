"""Verdicts of checks: results, the score (EST-53) and the report (EST-54)."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Status = Literal["passed", "warning", "failed", "error", "no_data"]

WEIGHTS = {"passed": 1.0, "warning": 0.7, "failed": 0.3, "error": 0.0}  # EST-53; no_data does not count
GRADES = ((90, "excellent"), (75, "good"), (60, "fair"), (40, "poor"))
SEVERITIES = ("low", "medium", "high", "critical")
BROKEN = ("failed", "error")
ORDER = ("error", "failed", "warning", "passed", "no_data")  # worst first, as people read
CATEGORIES = ("schema", "completeness", "validity", "consistency", "realism")  # together: data quality


@dataclass(frozen=True)
class CheckResult:
    """Verdict of one check; ``count`` says how many violations, ``details`` shows up to three of them."""

    name: str
    title: str
    category: str
    status: Status
    severity: str
    message: str
    count: int = 0
    details: tuple[dict[str, Any], ...] = ()
    recommendations: tuple[str, ...] = ()
    defect: int | None = None  # number in section 1.8 of the requirements
    time: str = ""  # when it was judged, as the caller says

    @property
    def broken(self) -> bool:
        """Whether the check failed or could not be run."""
        return self.status in BROKEN


@dataclass(frozen=True)
class Report:
    """Verdicts of a data set."""

    url: str
    time: str
    results: tuple[CheckResult, ...]

    @property
    def score(self) -> float:
        """Mean weight of the checks that could be judged, in percent; 0 when there is none (EST-53)."""
        weights = [WEIGHTS[result.status] for result in self.results if result.status in WEIGHTS]
        return 100 * sum(weights) / len(weights) if weights else 0.0

    @property
    def status(self) -> str:
        """Grade of the score; one check that failed or is in error makes it good at best."""
        grade = next((word for least, word in GRADES if self.score >= least), "critical")
        return "good" if grade == "excellent" and self.exit_code else grade

    @property
    def exit_code(self) -> int:
        """0, or 1 when a check failed or could not be run."""
        return int(any(result.broken for result in self.results))

    def by_status(self) -> list[CheckResult]:
        """Results, worst first."""
        worst = {severity: place for place, severity in enumerate(reversed(SEVERITIES))}
        return sorted(self.results, key=lambda r: (ORDER.index(r.status), worst.get(r.severity, 0), r.name))

    def named(self, name: str) -> CheckResult:
        """Result of one check; KeyError when it did not run."""
        return {result.name: result for result in self.results}[name]

    def as_dict(self) -> dict[str, Any]:
        """Report as plain values (EST-54)."""
        return {
            "source": self.url,
            "time": self.time,
            "status": self.status,
            "score": round(self.score, 1),
            "checks": len(self.results),
            "by_status": {status: self._count(status) for status in ORDER},
            "by_severity": {
                severity: sum(r.severity == severity for r in self.results) for severity in reversed(SEVERITIES)
            },
            "results": [_plain(asdict(result)) for result in self.by_status()],
            "high_priority": [r.name for r in self.by_status() if r.broken and r.severity in ("high", "critical")],
            "recommendations": self.recommendations(),
            "indicators": self.indicators(),
        }

    def _count(self, status: str) -> int:
        return Counter(str(result.status) for result in self.results)[status]

    def recommendations(self) -> dict[str, list[str]]:
        """Advice without repetition: broken and grave first, broken next, warnings to be watched."""
        buckets: dict[str, list[str]] = {"immediate": [], "optimisation": [], "monitoring": []}
        for result in self.by_status():
            if not result.broken and result.status != "warning":
                continue
            grave = result.severity in ("high", "critical")
            bucket = ("immediate" if grave else "optimisation") if result.broken else "monitoring"
            seen = [advice for advices in buckets.values() for advice in advices]
            buckets[bucket] += [advice for advice in result.recommendations if advice not in seen]
        return buckets

    def indicators(self) -> dict[str, float | None]:
        """Four indicators in percent; null where no check speaks of it."""
        ran = [result for result in self.results if result.status != "no_data"]
        return {
            "connectivity": _passed([r for r in ran if r.category == "connectivity"]),
            "data_quality": _passed([r for r in ran if r.category in CATEGORIES]),
            "performance": _passed([r for r in ran if r.category == "performance"]),
            "error_handling": _share([r.status != "error" for r in ran]),
        }


def _passed(results: Sequence[CheckResult]) -> float | None:
    return _share([result.status == "passed" for result in results])


def _share(good: Sequence[bool]) -> float | None:
    return round(100 * sum(good) / len(good), 1) if good else None


def _plain(value: Any) -> Any:  # noqa: ANN401  whatever a query returned
    """Value as JSON knows it; dates and the like as their texts."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return value if abs(value) < float("inf") else None  # JSON has neither NaN nor infinity
    return value if value is None or isinstance(value, (str, int)) else str(value)
