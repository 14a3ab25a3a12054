"""Validate a data set: run the checks, judge what they return, tell it as text or markdown."""

from __future__ import annotations

from string import Formatter
from typing import TYPE_CHECKING, Any

from ghostfleet.core.errors import DataError
from ghostfleet.queries import text
from ghostfleet.queries.data import UnreadableError, open_data
from ghostfleet.queries.verdicts import CheckResult, Report, Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ghostfleet.core.table import Table
    from ghostfleet.queries.data import Data, Expectations
    from ghostfleet.queries.text import Query

READABLE = "file_is_readable"
READABLE_TITLE = "The file can be read to its end"
SAMPLES = 3
COUNTED = 100_000  # violations counted; more than that is "at least"
BROKEN = ("failed", "warning")  # statuses of rows that are violations
DASH = "–"


def validate(
    data: Data,
    *,
    thresholds: Mapping[str, float] | None = None,
    names: Sequence[str] | None = None,
    at: str = "",
) -> Report:
    """Run checks on an open data set; all that are about its tables unless ``names`` says which.

    ``thresholds`` overrides parameters as ``{"correlation_within_target.tolerance": 0.2}``; `DataError` for a
    name that no check has. ``at`` is the time to be written in the report.
    """
    found = text.checks()
    if unknown := sorted(set(names or ()) - {*found, READABLE}):
        raise DataError(f"there is no check {unknown[0]}; known are {', '.join(sorted({*found, READABLE}))}")
    known = {f"{check.name}.{parameter}" for check in found.values() for parameter in check.parameters}
    if strange := sorted(set(thresholds or ()) - known):
        raise DataError(f"there is no threshold {strange[0]}; known are {', '.join(sorted(known))}")
    given = {table.name for table in data.tables}
    wanted = [
        check for check in found.values() if (text.tables_of(check) <= given if names is None else check.name in names)
    ]
    judged = (_judged(data, check, thresholds or {}, at) for check in wanted)
    return Report(data.url, at, (_readable("passed", "every byte was read", at), *judged))


def validate_url(
    url: str,
    tables: Sequence[Table],
    expectations: Expectations | None = None,
    *,
    thresholds: Mapping[str, float] | None = None,
    names: Sequence[str] | None = None,
    at: str = "",
) -> Report:
    """Open a data set and validate it; one that cannot be read is a failed `file_is_readable`, not an error."""
    try:
        with open_data(url, tables, expectations) as data:
            return validate(data, thresholds=thresholds, names=names, at=at)
    except UnreadableError as error:
        return Report(url, at, (_readable("failed", str(error), at),))


def _readable(status: Status, message: str, at: str) -> CheckResult:
    advice = ("Copy or generate the file again; `ghostfleet verify` tells which part differs.",)
    return CheckResult(
        READABLE, READABLE_TITLE, "connectivity", status, "critical", message, recommendations=advice, time=at
    )


def _judged(data: Data, check: Query, thresholds: Mapping[str, float], at: str) -> CheckResult:
    """Verdict of a check; a query that breaks is an error of this check and hides no other."""
    import duckdb

    given = {
        name: thresholds[f"{check.name}.{name}"] for name in check.parameters if f"{check.name}.{name}" in thresholds
    }
    try:
        if reason := data.excuse(check) or data.lacks(check):
            return _result(check, "no_data", reason, at)
        cursor = data.store.execute(check.sql, {**check.parameters, **given} or None)
        names = [column[0] for column in cursor.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchmany(SAMPLES + 20)]
        more = _broken(names, cursor.fetchmany(COUNTED)) if rows else 0
    except (DataError, duckdb.Error) as error:
        return _result(check, "error", str(error).splitlines()[0], at)
    return _verdict(check, rows, more, at)


def _broken(names: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> int:
    """Count violations among rows that will not be shown."""
    if "status" not in names:
        return len(rows)
    place = names.index("status")
    return sum(row[place] in BROKEN for row in rows)


def _verdict(check: Query, rows: list[dict[str, Any]], more: int, at: str) -> CheckResult:
    """Judge rows: each is a violation, unless its column `status` says passed or no_data."""
    usual = check.header.get("status", "failed")
    found = [(row.get("status", usual), row) for row in rows]
    violations = [row for status, row in found if status in BROKEN]
    if violations:
        grave = any(status == "failed" for status, _ in found)
        count = len(violations) + more
        message = _filled(check.header.get("message", "{count} violations"), violations[0], count)
        samples = tuple(violations[:SAMPLES])
        return _result(check, "failed" if grave else "warning", message, at, count=count, details=samples)
    if rows and all(status == "no_data" for status, _ in found):
        return _result(check, "no_data", str(rows[0].get("reason", "too little data")), at)
    measured = [row for status, row in found if status == "passed"]
    if not measured and "unjudged" in check.header:
        return _result(check, "no_data", check.header["unjudged"], at)
    message = _filled(check.header.get("measured", "no violation"), measured[0] if measured else {}, 0)
    return _result(check, "passed", message, at)


def _result(
    check: Query, status: Status, message: str, at: str, *, count: int = 0, details: tuple[dict[str, Any], ...] = ()
) -> CheckResult:
    header = check.header
    return CheckResult(
        name=check.name,
        title=check.title,
        category=header.get("category", "validity"),
        status=status,
        severity=header.get("severity", "medium"),
        message=message,
        count=count,
        details=details,
        recommendations=(header["advice"],) if "advice" in header else (),
        defect=int(header["defect"]) if "defect" in header else None,
        time=at,
    )


class _Forgiving(Formatter):
    """Fills templates; a value that is absent or does not fit its format is an en dash."""

    def get_value(self, key: int | str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Value of a column."""
        del args
        return kwargs.get(str(key))

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401
        """Value as the template wants it."""
        try:
            return DASH if value is None else format(value, format_spec)
        except (TypeError, ValueError):
            return str(value)


def _filled(template: str, row: Mapping[str, Any], count: int) -> str:
    said = f"at least {COUNTED}" if count > COUNTED else str(count)
    return _Forgiving().vformat(template, (), {**row, "count": said})


def as_text(report: Report) -> str:
    """Report as a table for a terminal."""
    counts = report.as_dict()["by_status"]
    told = ", ".join(f"{count} {status.replace('_', ' ')}" for status, count in counts.items() if count)
    verdict = "refused" if report.exit_code else "accepted"
    lines = [f"{report.url}: {verdict}, score {report.score:.1f} of 100, which is {report.status} ({told})", ""]
    width = max((len(result.name) for result in report.results), default=0)
    for result in report.by_status():
        lines.append(f"{result.status.replace('_', ' '):8} {result.severity:8} {result.name:{width}}  {result.message}")
        lines += [f"{'':{width + 20}}→ {advice}" for advice in result.recommendations if _needs_advice(result)]
    return "\n".join(lines) + "\n"


def as_markdown(report: Report) -> str:
    """Report as markdown."""
    verdict = "Refused" if report.exit_code else "Accepted"
    head = f"# {verdict}: {report.score:.1f} of 100, which is {report.status}\n\nSource: `{report.url}`"
    head += f", {report.time}\n\n" if report.time else "\n\n"
    lines = ["| verdict | severity | check | says |", "|---|---|---|---|"]
    for result in report.by_status():
        said = result.message.replace("|", "\\|").replace("\n", "; ")
        lines.append(f"| {result.status.replace('_', ' ')} | {result.severity} | `{result.name}` | {said} |")
    tail = [
        f"\n## {bucket.capitalize()}\n\n" + "\n".join(f"* {advice}" for advice in advices)
        for bucket, advices in report.recommendations().items()
        if advices
    ]
    return head + "\n".join(lines) + "\n" + "\n".join(tail) + ("\n" if tail else "")


def _needs_advice(result: CheckResult) -> bool:
    return result.broken or result.status == "warning"
