"""A page that holds picture, statistics and verdicts, and needs neither network nor script."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from html import escape
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING

from ghostfleet.dashboards.statistics import figure

if TYPE_CHECKING:
    from ghostfleet.dashboards.panels import Dashboard
    from ghostfleet.dashboards.statistics import Statistics
    from ghostfleet.dashboards.themes import Theme
    from ghostfleet.queries import CheckResult, Report

HEADINGS = {"low": "Minimum", "high": "Maximum", "p50": "Median", "missing_pct": "Missing, %"}
TONES = {"passed": "ok", "warning": "warn", "failed": "crit", "error": "crit", "no_data": "none"}


def html(shown: Dashboard, picture: bytes, facts: Statistics, report: Report | None, theme: Theme) -> str:
    """Page as one text."""
    template = Template((files(__package__) / "page.html").read_text("utf-8"))
    return template.substitute(
        title=escape(shown.title),
        panels=escape("Panels: " + "; ".join(panel.title for panel in shown.panels), quote=True),
        headline=escape(facts.headline),
        colours=" ".join(f"--{name}: {colour};" for name, colour in asdict(theme).items()),
        picture=b64encode(picture).decode(),
        facts=_facts(facts),
        metrics=_metrics(facts),
        parts_title=escape(facts.parts.title),
        parts=_parts(facts),
        checks=_checks(report),
    )


def _facts(facts: Statistics) -> str:
    overview = facts.overview
    shown = [
        ("Rows", _number(overview.get("records"))),
        (facts.entities.capitalize(), _number(overview.get(facts.entities))),
        ("Days", _number(overview.get("duration_days"))),
        ("Missing values", _number(facts.missing)),
        ("Doubled rows", _number(overview.get("duplicates"))),
        ("Memory as columns", f"{facts.memory_bytes / 1e6:,.1f} <small>MB</small>"),
    ]
    if facts.score is not None:
        shown.insert(0, ("Validation", f"{facts.score:g} <small>{escape(facts.status)}</small>"))
    return "".join(f"<div><dt>{name}</dt><dd>{value}</dd></div>" for name, value in shown)


def _number(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else "–"


def _metrics(facts: Statistics) -> str:
    head = "".join(f"<th class=n>{escape(HEADINGS.get(name, name.capitalize()))}</th>" for name in facts.figures)
    rows = "".join(
        f"<tr><td>{escape(name)} <small>{escape(facts.units.get(name, ''))}</small></td>"
        + "".join(f"<td class=n>{figure(value)}</td>" for value in figures.values())
        + "</tr>"
        for name, figures in facts.metrics.items()
    )
    return f"<table><tr><th>Metric</th>{head}</tr>{rows}</table>"


def _parts(facts: Statistics) -> str:
    rows = "".join(
        f"<tr><td>{escape(str(name))}</td><td class=n>{count:,}</td><td class=n>{share:.1f} %</td></tr>"
        for name, count, share in facts.parts.rows
    )
    none = "<tr><td colspan=3>The data does not say.</td></tr>"
    entities = escape(facts.entities.capitalize())
    return f"<table><tr><th>Part</th><th class=n>{entities}</th><th class=n>Share</th></tr>{rows or none}</table>"


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
