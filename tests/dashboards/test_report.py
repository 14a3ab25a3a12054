"""A report is whole, says what it cannot draw, and needs nothing from outside."""

from __future__ import annotations

import json
import re
import struct
from itertools import combinations

import pytest

from ghostfleet.core.errors import DataError, SinkError
from ghostfleet.dashboards import dashboard, render, report
from ghostfleet.dashboards.render import _box
from ghostfleet.dashboards.report import write_files
from ghostfleet.dashboards.themes import THEMES
from ghostfleet.queries import open_data, validate
from tests.queries import material

SMALL = ("data.num_servers=12", "data.years_of_data=1")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return material.write(tmp_path_factory.mktemp("small"), *SMALL)


@pytest.fixture(scope="module")
def made(small, tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    with open_data(str(small), material.TABLES, material.expectations(*SMALL)) as data:
        paths = report(data, validate(data, at="2026-01-01T00:00:00Z"), folder)
    return {path.name: path for path in paths}


def test_a_report_has_picture_page_and_statistics_and_leaves_nothing_else(made):
    names = {"synthetic_data_overview.png", "synthetic_data_overview.html", "statistics.json", "statistics.txt"}
    assert set(made) == names
    assert {path.name for path in made["statistics.txt"].parent.iterdir()} == names


def test_the_picture_is_twenty_by_twelve_inches_at_150_dots(made):
    header = made["synthetic_data_overview.png"].read_bytes()[:24]
    assert header[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", header[16:24]) == (3000, 1800)


def test_the_page_needs_neither_network_nor_script(made):
    page = made["synthetic_data_overview.html"].read_text("utf-8")
    assert "<script" not in page
    assert not re.search(r"""(src|href)=["'](?!data:)""", page)
    assert not re.search(r"https?://|@import|url\(", page)
    assert "data:image/png;base64," in page
    assert "$" not in re.sub(r"base64,[^\"]*", "", page)


def test_the_statistics_are_those_of_the_data(made):
    facts = json.loads(made["statistics.json"].read_text("utf-8"))
    assert (facts["records"], facts["servers"], facts["duration_days"]) == (12 * 365, 12, 365)
    assert (facts["since"], facts["until"]) == ("2022-01-01T00:00:00Z", "2022-12-31T00:00:00Z")
    assert (facts["missing"], facts["duplicates"]) == (0, 0)
    assert sum(facts["server_types"].values()) == 12
    assert set(facts["metrics"]["cpu_p95"]) == {"mean", "deviation", "low", "high", "p95", "missing"}
    assert facts["validation"]["checks"]["complete_grid"] == "passed"
    assert "4,380" in made["statistics.txt"].read_text("utf-8")


def test_missing_and_doubled_values_are_counted(tmp_path):
    path = tmp_path / "server_metrics_full.csv"
    head = "timestamp,server_id,cpu_p95,mem_p95,disk_p95,net_in_p95,net_out_p95"
    row = "2022-01-01T00:00:00Z,server_000,,2,3,4,5"
    path.write_text(f"{head}\n{row}\n{row}\n")
    with open_data(str(path), material.TABLES) as data:
        (written,) = report(data, None, tmp_path / "out", formats=["json"])
    facts = json.loads(written.read_text("utf-8"))
    assert (facts["missing"], facts["duplicates"]) == (2, 1)
    assert facts["metrics"]["cpu_p95"]["mean"] is None


def test_panels_without_their_columns_say_so_and_the_others_are_drawn(tmp_path):
    path = material.write(tmp_path, *SMALL, "data.metadata.enabled=false")
    with open_data(str(path), material.TABLES) as data:
        reasons = {panel.title: data.ask(panel.query).reason for panel in dashboard("capacity").panels}
        (written,) = report(data, None, tmp_path / "out", theme="light", formats=["png"])
    assert reasons["Servers by business unit"] == "server_metrics has no column business_unit"
    assert reasons["Mean CPU of the fleet"] == ""
    assert written.stat().st_size > 10_000


def test_a_metric_whose_every_value_is_missing_gets_a_placeholder_in_its_panels(tmp_path, monkeypatch):
    settings = (*SMALL, "data.quality.missing_ratio=1")
    path = material.write(tmp_path, *settings, form="parquet")
    said = []
    placeholder = render._placeholder

    def heard(axes, why, theme):
        said.append(why)
        return placeholder(axes, why, theme)

    monkeypatch.setattr(render, "_placeholder", heard)
    with open_data(str(path), material.TABLES) as data:
        expected = sum(
            bool(result.rows) and set(result.column(panel.value or panel.y)) == {None}
            for panel in dashboard("capacity").panels
            for result in [data.ask(panel.query)]
        )
        paths = report(data, None, tmp_path / "out", formats=["png", "pdf", "html", "json", "txt"], panel_inches=(6, 3))
    assert expected >= 4
    assert said.count("every value is missing") == 3 * expected  # picture, PDF, and each panel alone
    assert len(paths) == 5 + 7
    assert json.loads((tmp_path / "out/statistics.json").read_text("utf-8"))["metrics"]["cpu_p95"]["mean"] is None


def test_a_letter_that_no_font_has_is_drawn_without_a_word_of_the_library(tmp_path):
    """Warnings are errors here, and the name is in a label of a panel."""
    path = material.write(tmp_path, *SMALL, 'data.metadata.business_units=["支付 \U00013000"]')
    with open_data(str(path), material.TABLES) as data:
        (written,) = report(data, None, tmp_path / "out", theme="dark", formats=["png"])
    assert written.stat().st_size > 10_000


def test_the_seven_panels_fill_the_grid_and_do_not_overlap():
    shown = dashboard("capacity")
    boxes = [_box(shown, panel, 20 / 12) for panel in shown.panels]
    assert len(boxes) == 7
    for (a, b, c, d), (e, f, g, h) in combinations(boxes, 2):
        assert a + c <= e or e + g <= a or b + d <= f or f + h <= b
    assert sum(panel.place.width for panel in shown.panels) == shown.columns * shown.rows
    assert shown.panels[0].place.width == 3


def test_every_panel_names_columns_that_its_query_returns(small):
    with open_data(str(small), material.TABLES) as data:
        for panel in dashboard("capacity").panels:
            named = {panel.x, panel.y, panel.value, panel.mean, *panel.note} - {""}
            assert named <= set(data.ask(panel.query).columns), panel.title


@pytest.mark.parametrize("theme", THEMES)
def test_texts_can_be_read_on_their_cards(theme):
    """Contrast at least 4.5:1 (WCAG)."""
    colours = THEMES[theme]
    for ink in (colours.value, colours.label, colours.axis, colours.ok, colours.warn, colours.crit):
        light, dark = sorted((_luminance(ink), _luminance(colours.card)), reverse=True)
        assert (light + 0.05) / (dark + 0.05) >= 4.5, ink


def _luminance(colour):
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_what_cannot_be_made_is_refused_before_anything_is_written(small, tmp_path):
    with open_data(str(small), material.TABLES) as data:
        with pytest.raises(DataError, match="no format 'gif'"):
            report(data, None, tmp_path / "out", formats=["gif"])
        with pytest.raises(DataError, match="no theme 'pink'"):
            report(data, None, tmp_path / "out", theme="pink")
        (tmp_path / "file").write_text("")
        with pytest.raises(SinkError, match="cannot write the report"):
            report(data, None, tmp_path / "file", formats=["json"])
    assert not (tmp_path / "out").exists()
    with pytest.raises(DataError, match="no dashboard gost"):
        dashboard("gost")


def test_a_disk_that_fills_up_leaves_no_file_of_a_report(tmp_path):
    (tmp_path / "kept.txt").write_text("mine")
    (tmp_path / "statistics.json").write_text("of an earlier report")
    with pytest.raises(SinkError, match="cannot write the report"):
        write_files(tmp_path, {"statistics.json": b"{}", "x" * 300: b"a name that no file system takes"})
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "kept.txt": "mine",
        "statistics.json": "of an earlier report",
    }


def test_panels_can_be_drawn_one_by_one_at_the_wanted_size(small, tmp_path):
    with open_data(str(small), material.TABLES) as data:
        paths = report(data, None, tmp_path, formats=["pdf"], panel_inches=(6, 3))
    assert paths[0].read_bytes().startswith(b"%PDF")
    assert len(paths) == 1 + 7
    header = paths[1].read_bytes()[16:24]
    assert (int.from_bytes(header[:4], "big"), int.from_bytes(header[4:], "big")) == (6 * 150, 3 * 150)
