"""Write a report: the picture, its statistics and a page that holds both (CAP-19, CAP-20)."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.dashboards import page, render
from ghostfleet.dashboards.panels import dashboard, names
from ghostfleet.dashboards.statistics import as_text, statistics
from ghostfleet.dashboards.themes import theme as theme_of
from ghostfleet.queries import query, relations_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ghostfleet.dashboards.panels import Dashboard
    from ghostfleet.queries import Data, Report

FORMATS = ("png", "pdf", "html", "json", "txt")
USUAL = ("png", "html", "json", "txt")


def report(
    data: Data,
    report_checks: Report | None,
    out_dir: Path,
    theme: str = "dark",
    formats: Sequence[str] = USUAL,
    name: str | None = None,
    panel_inches: tuple[float, float] | None = None,
) -> list[Path]:
    """Write a dashboard into a folder and return the files written, each whole or not at all.

    ``formats``: ``png`` and ``pdf`` the picture, ``html`` a page that needs neither network nor script, ``json`` and
    ``txt`` the statistics. Without a ``name`` it is the dashboard that draws most of the tables. With
    ``panel_inches`` each panel is a picture of its own as well. `DataError` for a format, theme or dashboard that there
    is not and for data that no panel draws, `SinkError` when the folder cannot be written.
    """
    if unknown := sorted(set(formats) - set(FORMATS)):
        raise DataError(f"a report has no format {unknown[0]!r}; valid are {', '.join(FORMATS)}")
    colours = theme_of(theme)
    shown = _shown(data, [name] if name else names())
    facts = statistics(data, report_checks, shown)
    files: dict[str, bytes] = {}
    picture = render.picture(shown, data, colours, facts.headline) if {"png", "html"} & set(formats) else b""
    if "png" in formats:
        files[f"{shown.name}.png"] = picture
    if "pdf" in formats:
        files[f"{shown.name}.pdf"] = render.picture(shown, data, colours, facts.headline, form="pdf")
    if "html" in formats:
        files[f"{shown.name}.html"] = page.html(shown, picture, facts, report_checks, colours).encode(errors="replace")
    if "json" in formats:
        files["statistics.json"] = (json.dumps(facts.as_dict(), indent=2, ensure_ascii=False) + "\n").encode(
            errors="replace"
        )
    if "txt" in formats:
        files["statistics.txt"] = as_text(facts).encode(errors="replace")
    for number, panel in enumerate(shown.panels if panel_inches else (), 1):
        alone = render.picture(render.alone(panel), data, colours, size_inches=panel_inches)
        files[f"panel_{number}_{panel.query}.png"] = alone
    return write_files(Path(out_dir), files)


def _shown(data: Data, wanted: Sequence[str]) -> Dashboard:
    """Dashboard that draws most of the tables; of equals the one that draws most of its panels, and then the first."""
    drawn = {name: _drawn(data, dashboard(name)) for name in wanted}
    best = max(wanted, key=lambda name: drawn[name])
    if not drawn[best][1]:
        there = ", ".join(table.name for table in data.tables)
        named = f"no panel of the dashboard {best}" if len(wanted) == 1 else "no dashboard"
        raise DataError(f"{named} draws {there}; there is nothing to report on")
    return dashboard(best)


def _drawn(data: Data, shown: Dashboard) -> tuple[int, float]:
    """How many tables a dashboard's panels draw, and the share of its panels that have data."""
    full = [panel.query for panel in shown.panels if not data.ask(panel.query).reason]
    there = {table.name for table in data.tables}
    read = {name for asked in full for name in relations_of(query(asked)) if name in there}
    return len(read), len(full) / len(shown.panels)


def write_files(folder: Path, files: dict[str, bytes]) -> list[Path]:
    """Write a report's files, all of them or none; `SinkError` when the folder cannot be written."""
    unfinished: dict[Path, Path] = {}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, body in files.items():
            beside = folder / f".{name}.{os.getpid()}.tmp"
            with beside.open("wb") as file:
                unfinished[folder / name] = beside
                file.write(body)
                file.flush()
                os.fsync(file.fileno())
        for target, path in unfinished.items():
            path.replace(target)
    except OSError as error:
        raise SinkError(f"cannot write the report into {folder}: {error.strerror or error}") from error
    finally:
        for path in unfinished.values():
            path.unlink(missing_ok=True)
    return list(unfinished)
