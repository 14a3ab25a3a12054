"""Scores follow EST-53 and the report has the parts of EST-54."""

from __future__ import annotations

import json

import pytest

from ghostfleet.queries import CheckResult, Report, as_markdown, as_text


def result(status, name="a", severity="medium", advice="Mend it."):
    return CheckResult(name, "A", "validity", status, severity, "says | so", recommendations=(advice,))


def report(*statuses):
    return Report("x.csv", "now", tuple(result(status, f"c{place}") for place, status in enumerate(statuses)))


@pytest.mark.parametrize(
    ("statuses", "score", "grade"),
    [
        ((), 0, "critical"),
        (("passed",) * 4, 100, "excellent"),
        (("passed", "warning"), 85, "good"),
        (("passed",) * 9 + ("failed",), 93, "good"),
        (("passed", "failed"), 65, "fair"),
        (("passed", "error"), 50, "poor"),
        (("failed", "failed"), 30, "critical"),
        (("passed", "no_data"), 100, "excellent"),
        (("no_data",), 0, "critical"),
    ],
)
def test_the_score_is_the_mean_weight_and_one_failure_is_at_best_good(statuses, score, grade):
    made = report(*statuses)
    assert made.score == pytest.approx(score)
    assert made.status == grade
    assert made.exit_code == int("failed" in statuses or "error" in statuses)


def test_a_report_is_plain_json_with_every_part():
    told = json.loads(json.dumps(report("passed", "failed", "no_data").as_dict(), allow_nan=False))
    assert told["by_status"] == {"error": 0, "failed": 1, "warning": 0, "passed": 1, "no_data": 1}
    assert set(told["indicators"]) == {"connectivity", "data_quality", "performance", "error_handling"}
    assert told["indicators"]["performance"] is None
    assert told["time"] == "now"
    assert told["results"][0]["name"] == "c1"


def test_advice_is_sorted_into_buckets_without_repetition():
    results = (
        result("failed", "a", "critical", "Now."),
        result("error", "b", "low", "Soon."),
        result("warning", "c", "high", "Watch."),
        result("warning", "d", "high", "Now."),
        result("passed", "e", "high", "Never."),
    )
    made = Report("x", "", results)
    assert made.recommendations() == {"immediate": ["Now."], "optimisation": ["Soon."], "monitoring": ["Watch."]}
    assert made.as_dict()["high_priority"] == ["a"]


def test_text_and_markdown_name_every_check_worst_first():
    made = report("passed", "failed")
    assert as_text(made).index("c1") < as_text(made).index("c0")
    assert as_markdown(made).index("`c1`") < as_markdown(made).index("`c0`")
    assert "says \\| so" in as_markdown(made)
