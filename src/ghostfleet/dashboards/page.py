"""A page that holds picture, statistics and verdicts, and needs neither network nor script."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from ghostfleet.dashboards.statistics import FIGURES

if TYPE_CHECKING:
    from ghostfleet.dashboards.statistics import Statistics
    from ghostfleet.dashboards.themes import Theme
    from ghostfleet.queries import CheckResult, Report

HEADINGS = {"mean": "Mean", "deviation": "Deviation", "low": "Minimum", "high": "Maximum", "p95": "P95"}
TONES = {"passed": "ok", "warning": "warn", "failed": "crit", "error": "crit", "no_data": "none"}


def html(title: str, picture: bytes, facts: Statistics, report: Report | None, theme: Theme) -> str:
    """Page as one text."""
    template = Template((files(__package__) / "page.html").read_text("utf-8"))
    return template.substitute(
        title=escape(title),
        headline=escape(facts.headline),
        colours=" ".join(f"--{name}: {colour};" for name, colour in asdict(theme).items()),
        picture=b64encode(picture).decode(),
        facts=_facts(facts),
        metrics=_metrics(facts),
        types=_types(facts),
        checks=_checks(report),
    )


def _facts(facts: Statistics) -> str:
    overview = facts.overview
    shown = [
        ("Rows", _number(overview.get("records"))),
        ("Servers", _number(overview.get("servers"))),
        ("Days", _number(overview.get("duration_days"))),
        ("Missing values", _number(sum(row["missing"] for row in facts.metrics))),
        ("Doubled rows", _number(overview.get("duplicates"))),
        ("Memory as columns", f"{facts.memory_bytes / 1e6:,.1f} <small>MB</small>"),
    ]
    if facts.score is not None:
        shown.insert(0, ("Validation", f"{facts.score:g} <small>{escape(facts.status)}</small>"))
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown)


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "–"


def _metrics(facts: Statistics) -> str:
    head = "".join(f"<th class=n>{HEADINGS[name]}</th>" for name in FIGURES)
    rows = "".join(
        f"<tr><td>{escape(row['metric'])}</td>"
        + "".join(f"<td class=n>{'–' if row[name] is None else format(row[name], '.2f')}</td>" for name in FIGURES)
        + f"<td class=n>{row['missing']:,}</td></tr>"
        for row in facts.metrics
    )
    return f"<table><tr><th>Metric</th>{head}<th class=n>Missing</th></tr>{rows}</table>"


def _types(facts: Statistics) -> str:
    rows = "".join(
        f"<tr><td>{escape(str(row['server_type']))}</td><td class=n>{row['servers']:,}</td>"
        f"<td class=n>{row['share_pct']:.1f} %</td></tr>"
        for row in facts.types
    )
    none = "<tr><td colspan=3>The data says nothing of server types.</td></tr>"
    return f"<table><tr><th>Type</th><th class=n>Servers</th><th class=n>Share</th></tr>{rows or none}</table>"


def _checks(report: Report | None) -> str:
    if report is None:
        return "<p>The data was not validated.</p>"
    rows = "".join(_check(result) for result in report.by_status())
    return f"<table><tr><th>Verdict</th><th>Severity</th><th>Check</th><th>Says</th></tr>{rows}</table>"


def _check(result: CheckResult) -> str:
    advice = ""
    if result.status in ("warning", "failed", "error"):
        advice = "".join(f"<p>{escape(text)}</p>" for text in result.recommendations)
    return (
        f"<tr><td class={TONES[result.status]}>{result.status.replace('_', ' ')}</td><td>{escape(result.severity)}</td>"
        f"<td title='{escape(result.name, quote=True)}'>{escape(result.title)}</td>"
        f"<td>{escape(result.message)}{advice}</td></tr>"
    )
