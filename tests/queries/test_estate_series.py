"""Answers about time series, worked out again in plain Python and on rows whose answers are plain to see."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from statistics import fmean

import pytest

from ghostfleet.queries import ask
from ghostfleet.queries.means import slope, trend
from tests.queries.estates import SINCE, UNTIL, at, put, system

LATER = SINCE + timedelta(hours=1)


def asked(estate, name, **given):
    answer = ask(name, estate.places["DuckDB file"], **given)
    assert (answer.error, answer.no_data) == (None, "")
    return answer


def rows_in(estate, table, start=SINCE, end=UNTIL):
    return [row for row in estate.rows(table) if start <= datetime.fromisoformat(row["time"]) < end]


def floats(rows, column):
    return [float(row[column]) for row in rows if row[column] != ""]


def grouped(rows, *columns):
    found: dict[tuple[str, ...], list[dict[str, str]]] = {}
    for row in rows:
        found.setdefault(tuple(row[column] for column in columns), []).append(row)
    return found


def about(value):
    return pytest.approx(value, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("window", [{}, {"start": LATER}, {"start": SINCE, "end": LATER}])
def test_services_are_summed_up(estate, window):
    answer = asked(estate, "system_metrics_summary", **window)
    rows = rows_in(estate, "system_metrics", window.get("start", SINCE), window.get("end", UNTIL))
    groups = grouped(rows, "service_name", "cluster_name")
    assert {(row["service_name"], row["cluster_name"]) for row in answer.rows} == set(groups)
    for row in answer.rows:
        mine = groups[row["service_name"], row["cluster_name"]]
        assert row["data_points"] == len(mine)
        assert row["total_requests"] == sum(int(one["request_count"]) for one in mine)
        for column, cell in (
            ("cpu_utilization", "cpu"),
            ("response_time_ms", "response_ms"),
            ("error_rate", "error_rate"),
        ):
            assert row[f"avg_{cell}"] == about(fmean(floats(mine, column)))
            assert row[f"max_{cell}"] == max(floats(mine, column))
        errors, response = fmean(floats(mine, "error_rate")), fmean(floats(mine, "response_time_ms"))
        bad = errors > 5 or response > 2000
        assert row["health_status"] == (
            "unhealthy" if bad else "degraded" if errors > 1 or response > 1000 else "healthy"
        )
    healthy = sum(row["health_status"] == "healthy" for row in answer.rows)
    assert answer.summary["healthy_percent"] == about(100 * healthy / len(groups))


def test_at_most_a_hundred_services_are_shown_and_all_are_counted(tmp_path):
    put(tmp_path, "system_metrics", [system(at(0), f"s{n:03}", error_rate=7 if n == 119 else 0) for n in range(120)])
    answer = ask("system_metrics_summary", str(tmp_path))
    assert (len(answer.rows), answer.summary["total_services"]) == (100, 120)
    assert answer.rows[0]["service_name"] == "s119"


def test_what_was_not_measured_counts_for_nothing(tmp_path):
    put(tmp_path, "system_metrics", [system(at(0), "a", response_time_ms="", error_rate=""), system(at(1), "a")])
    (row,) = ask("system_metrics_summary", str(tmp_path)).rows
    assert (row["avg_response_ms"], row["avg_error_rate"], row["data_points"]) == (200, 0.5, 2)
    put(tmp_path, "system_metrics", [system(at(0), "a", response_time_ms="", error_rate="")])
    (row,) = ask("system_metrics_summary", str(tmp_path)).rows
    assert (row["avg_response_ms"], row["health_status"]) == (None, "healthy")


def test_trends_are_slopes_of_least_squares(estate):
    answer = asked(estate, "service_performance_trend", service="trading-api", cluster="prod-trading-cluster")
    mine = grouped(rows_in(estate, "system_metrics"), "service_name")[("trading-api",)]
    assert len(answer.rows) == len(mine) == 24
    found = {row["metric"]: row for row in answer.tables["trends"]}
    for metric, column in (
        ("cpu", "cpu_utilization"),
        ("requests", "request_count"),
        ("response_ms", "response_time_ms"),
    ):
        values = floats(mine, column)
        places = range(len(values))
        over = sum((x - fmean(places)) * (y - fmean(values)) for x, y in zip(places, values, strict=True))
        rise = over / sum((x - fmean(places)) ** 2 for x in places)
        assert found[metric]["slope_per_bucket"] == pytest.approx(rise, rel=1e-6, abs=1e-9)
        assert found[metric]["trend"] == ("increasing" if rise > 0.1 else "decreasing" if rise < -0.1 else "stable")
        assert found[metric]["average"] == about(fmean(values))


def test_a_gap_does_not_steepen_a_trend(tmp_path):
    rows = [system(at(0, minute), "a", cpu_utilization=minute) for minute in (0, 5, 20, 25)]
    put(tmp_path, "system_metrics", rows)
    answer = ask("service_performance_trend", str(tmp_path), service="a")
    assert answer.tables["trends"][0]["slope_per_bucket"] == about(5)


def test_a_service_on_two_clusters_is_asked_together_or_apart(tmp_path):
    put(tmp_path, "system_metrics", [system(at(0), "a"), system(at(0), "a", cluster_name="two", request_count=1)])
    assert ask("service_performance_trend", str(tmp_path), service="a").rows[0]["requests"] == 101
    assert ask("service_performance_trend", str(tmp_path), service="a", cluster="two").rows[0]["requests"] == 1


def test_one_point_has_no_trend(tmp_path):
    put(tmp_path, "system_metrics", [system(at(0), "a")])
    assert {row["trend"] for row in ask("service_performance_trend", str(tmp_path), service="a").tables["trends"]} == {
        None
    }


@pytest.mark.parametrize(
    ("rise", "word"), [(0.11, "increasing"), (0.1, "stable"), (-0.1, "stable"), (-0.11, "decreasing")]
)
def test_trends_have_words(rise, word):
    assert trend(slope([0, 1, 2], [0, rise, 2 * rise]) if abs(rise) != 0.1 else rise) == word


def test_databases_are_summed_up(estate):
    answer = asked(estate, "database_performance")
    groups = grouped(rows_in(estate, "database_metrics"), "db_identifier")
    assert {(row["db_identifier"],) for row in answer.rows} == set(groups)
    for row in answer.rows:
        mine = groups[(row["db_identifier"],)]
        cpu, read = fmean(floats(mine, "cpu_utilization")), fmean(floats(mine, "read_latency_ms"))
        assert (row["avg_cpu"], row["avg_read_latency_ms"]) == (about(cpu), about(read))
        assert row["max_connections"] == max(int(one["database_connections"]) for one in mine)
        assert row["slow_queries"] == sum(int(one["slow_queries"]) for one in mine)
        critical, warning = cpu > 80 or read > 100, cpu > 60 or read > 50
        assert row["performance_status"] == ("critical" if critical else "warning" if warning else "normal")


def test_latency_is_weighted_by_requests(estate):
    answer = asked(estate, "network_latency_matrix", start=LATER)
    groups = grouped(rows_in(estate, "network_metrics", LATER), "source_service", "target_service")
    spent = requests = 0
    for row in answer.rows:
        mine = [one for one in groups[row["source_service"], row["target_service"]] if one["avg_latency_ms"]]
        weights = [int(one["request_count"]) for one in mine]
        total = sum(ms * weight for ms, weight in zip(floats(mine, "avg_latency_ms"), weights, strict=True))
        spent, requests = spent + total, requests + sum(weights)
        assert row["avg_latency_ms"] == about(total / sum(weights))
        assert row["max_p95_latency_ms"] == max(floats(mine, "p95_latency_ms"))
        assert row["error_percent"] == about(100 * sum(int(one["error_count"]) for one in mine) / sum(weights))
    assert len(answer.rows) == len(groups)
    assert answer.summary["avg_latency_ms"] == about(spent / requests)
    slow = sum(row["avg_latency_ms"] > 100 for row in answer.rows)
    assert answer.summary["slow_connections"] == slow


def test_costs_average_per_resource_and_day_before_they_are_added(estate):
    answer = asked(estate, "cost_analysis")
    groups = grouped(rows_in(estate, "cost_metrics"), "resource_id")
    times = {row["time"] for row in rows_in(estate, "cost_metrics")}
    told = len(times) / 24  # of a day
    total = told * sum(fmean(floats(rows, "daily_cost")) for rows in groups.values())
    waste = told * sum(fmean(floats(rows, "estimated_waste")) for rows in groups.values())
    assert total == pytest.approx(sum(floats(rows_in(estate, "cost_metrics"), "hourly_cost")), rel=1e-6)
    assert answer.summary["total_cost"] == about(total)
    assert answer.summary["waste_percent"] == about(100 * waste / total)
    assert answer.summary["resource_count"] == len(groups)
    assert answer.summary["monthly_projection"] == about(total / told * 730.5 / 24)
    assert sum(row["total_cost"] for row in answer.tables["by_type"]) == about(total)
    wasteful = [fmean(floats(rows, "estimated_waste")) for rows in groups.values()]
    assert [row["avg_daily_waste"] for row in answer.tables["opportunities"]] == about(
        sorted((waste for waste in wasteful if waste > 10), reverse=True)[:50]
    )


def cost(time, resource, daily, waste):
    facts = {"resource_name": resource, "region": "r", "environment": "production", "cost_center": "c"}
    return {
        "time": time,
        "resource_id": resource,
        "resource_type": "EKSCluster",
        **facts,
        "daily_cost": daily,
        "estimated_waste": waste,
        "optimization_potential": waste / 2,
        "rightsizing_recommendation": "",
    }


def test_a_day_of_many_samples_costs_one_day(tmp_path):
    rows = [cost(at(hour, day=day), "one", 100 + hour, 20) for day in (5, 6) for hour in (0, 12)]
    put(tmp_path, "cost_metrics", [*rows, cost(at(0), "two", 50, 5)])
    answer = ask("cost_analysis", str(tmp_path))
    assert [(row["total_cost"], row["resource_count"]) for row in answer.rows] == [(156, 2), (106, 1)]
    assert (answer.summary["total_cost"], answer.summary["total_waste"]) == (262, 45)
    assert answer.summary["monthly_projection"] == about(131 * 730.5 / 24)
    assert [row["resource_id"] for row in answer.tables["opportunities"]] == ["one"]
    daily = ask("cost_metrics_daily", str(tmp_path)).rows
    assert [(row["total_cost"], row["avg_cost"], row["resource_count"]) for row in daily] == [
        (156, 78, 2),
        (106, 106, 1),
    ]


@pytest.mark.parametrize(("since", "until", "costs"), [(12, 36, [120, 120]), (23, 25, [10, 10]), (12, 13, [10])])
def test_parts_of_days_cost_what_their_hours_cost(tmp_path, since, until, costs):
    """Ten dollars an hour, whichever hours are asked for."""
    hours = [cost(at(hour % 24, day=5 + hour // 24), "one", 240, 24) for hour in range(72)]
    put(tmp_path, "cost_metrics", hours)
    start, end = (at(hour % 24, day=5 + hour // 24) for hour in (since, until))
    answer = ask("cost_analysis", str(tmp_path), start=start, end=end)
    assert [row["total_cost"] for row in answer.rows] == about(costs)
    assert answer.summary["total_waste"] == about(sum(costs) / 10)
    assert answer.summary["monthly_projection"] == about(240 * 730.5 / 24)


def test_opportunities_look_back_seven_days_from_the_newest_row(tmp_path):
    rows = [cost(at(0, day=1), "one", 100, 90), cost(at(0, day=8), "one", 100, 20), cost(at(1, day=8), "two", 10, 0)]
    put(tmp_path, "cost_metrics", rows)
    (row,) = ask("cost_optimization_opportunities", str(tmp_path)).rows
    assert (row["resource_id"], row["avg_daily_waste"], row["monthly_waste_estimate"]) == ("one", 20, 600)


def value(time, name, category="automation", usd="", hours="", percent=""):
    facts = {"metric_type": "cost_savings", "category": category, "region": "r", "team": "t", "initiative_name": name}
    numbers = {"cost_savings_usd": usd, "time_savings_hours": hours, "efficiency_gain_percent": percent}
    return {"time": time, **facts, **numbers, "risk_reduction_score": ""}


def test_business_value_is_annualised_by_the_weeks_that_its_rows_tell_of(tmp_path):
    rows = [value(at(0, day=1), "one", usd=1000), value(at(0, day=11), "two", "security", percent=10, hours=5)]
    put(tmp_path, "business_value_metrics", [*rows, value(at(0, day=11), "one", usd=500, percent=20)])
    answer = ask("business_value", str(tmp_path))
    assert answer.summary["total_cost_savings_usd"] == 1500
    assert answer.summary["day_count"] == 14
    assert answer.summary["annualised_cost_savings_usd"] == pytest.approx(1500 * 365 / 14, rel=1e-5)
    assert (answer.summary["avg_efficiency_gain_percent"], answer.summary["total_time_savings_hours"]) == (15, 5)
    assert [row["total_cost_savings_usd"] for row in answer.tables["monthly_trend"]] == [1500]
    assert [row["initiative_name"] for row in answer.tables["top_initiatives"]] == ["one", "two"]
    assert [row["category"] for row in answer.rows] == ["automation", "security"]
    weeks = {
        (str(row["week"])[:10], row["total_cost_savings_usd"])
        for row in ask("business_value_weekly", str(tmp_path)).rows
    }
    assert weeks == {("2025-02-24", 1000), ("2025-03-10", 500), ("2025-03-10", None)}


@pytest.mark.parametrize(("weeks", "days"), [(1, 7), (2, 14), (13, 91)])
def test_value_of_weeks_is_annualised_by_whole_weeks(tmp_path, weeks, days):
    first = datetime(2025, 3, 3, tzinfo=UTC)
    times = [str(first + week * timedelta(days=7)) for week in range(weeks)]
    put(tmp_path, "business_value_metrics", [value(time, "one", usd=100) for time in times])
    summary = ask("business_value", str(tmp_path)).summary
    assert summary["day_count"] == days
    assert summary["annualised_cost_savings_usd"] == pytest.approx(100 * weeks * 365 / days, rel=1e-6)


def test_business_value_of_a_stated_window_is_annualised_by_its_days(tmp_path):
    put(tmp_path, "business_value_metrics", [value(at(0, day=day), "one", usd=100) for day in range(1, 11)])
    answer = ask("business_value", str(tmp_path), start=at(0, day=3), end=at(0, day=8))
    assert (answer.summary["total_cost_savings_usd"], answer.summary["annualised_cost_savings_usd"]) == (500, 36500)


def test_security_events_are_counted(estate):
    answer = asked(estate, "security_events_summary")
    written = rows_in(estate, "security_events")
    events = list({row["event_id"]: row for row in sorted(written, key=lambda row: str(row["time"]))}.values())
    resolved = sum(row["status"] == "resolved" for row in events)
    assert answer.summary == {
        "total_events": len(events),
        "critical_events": sum(row["severity"] == "critical" for row in events),
        "open_events": len(events) - resolved,
        "resolution_rate_percent": about(100 * resolved / len(events)),
    }
    groups = grouped(events, "severity", "event_type", "status")
    for row in answer.rows:
        mine = groups[row["severity"], row["event_type"], row["status"]]
        hours = floats(mine, "resolution_time_hours")
        assert row["event_count"] == len(mine)
        assert row["avg_resolution_hours"] == (about(fmean(hours)) if hours else None)
    assert sum(row["event_count"] for row in answer.tables["daily_trend"]) == len(events)
    counts = {name: len(rows) for (name,), rows in grouped(events, "resource_id").items()}
    assert [row["event_count"] for row in answer.tables["top_resources"]] == sorted(counts.values(), reverse=True)[:20]


def security(number, severity, *, kind="incident", status="resolved", score=None, hours=1.5):
    return {
        "time": at(number % 24, day=5 + number // 24),
        "event_id": f"sec-{number}",
        "event_type": kind,
        "severity": severity,
        "status": status,
        "resource_id": f"host-{number % 3}",
        "resource_type": "Service",
        "cvss_score": score,
        "business_impact_score": 5.0,
        "resolution_time_hours": hours,
    }


EVENTS = [
    security(number, "low", kind="scan", status=("open", "resolved")[number % 2], score=4.0) for number in range(9)
]
INCIDENTS = [
    security(number, ("critical", "high")[number % 2], hours=number) | {"event_id": f"sec-inc-{number}"}
    for number in range(3, 40, 5)
]


def test_recorded_incidents_are_security_events_too(tmp_path):
    """Each count is that of both tables put together, the newest row of either ends the window."""
    put(tmp_path, "security_events", EVENTS)
    opened = [one | {"time": at(0), "status": "open", "resolution_time_hours": ""} for one in INCIDENTS[:1]]
    put(tmp_path, "security_incidents", [*opened, *INCIDENTS])
    answer = ask("security_events_summary", str(tmp_path))
    both = [*EVENTS, *INCIDENTS]
    assert answer.summary == {
        "total_events": len(both),
        "critical_events": sum(one["severity"] == "critical" for one in both),
        "open_events": sum(one["status"] != "resolved" for one in both),
        "resolution_rate_percent": about(100 * sum(one["status"] == "resolved" for one in both) / len(both)),
    }
    kinds = {(row["severity"], row["event_type"], row["status"]): row for row in answer.rows}
    counted = grouped(both, "severity", "event_type", "status")
    assert {key: row["event_count"] for key, row in kinds.items()} == {key: len(rows) for key, rows in counted.items()}
    for key, row in kinds.items():
        assert row["avg_resolution_hours"] == about(fmean(one["resolution_time_hours"] for one in counted[key]))
    days = {(day,): len(rows) for (day,), rows in grouped([{"day": one["time"][:10]} for one in both], "day").items()}
    assert {(str(row["day"])[:10],): row["event_count"] for row in answer.tables["daily_trend"]} == days
    resources = {row["resource_id"]: row["event_count"] for row in answer.tables["top_resources"]}
    assert resources == {name: len(rows) for (name,), rows in grouped(both, "resource_id").items()}


def test_without_recorded_incidents_security_events_are_counted_alone(tmp_path):
    put(tmp_path, "security_events", EVENTS)
    answer = ask("security_events_summary", str(tmp_path))
    assert (answer.summary["total_events"], answer.lacking, answer.no_data) == (len(EVENTS), {}, "")


def test_incidents_that_lack_a_column_are_said_to_lack_it(tmp_path):
    put(tmp_path, "security_events", EVENTS)
    put(tmp_path, "security_incidents", [{"time": at(3)}])
    answer = ask("security_events_summary", str(tmp_path))
    assert answer.no_data.startswith("security_incidents has no column event_id, severity, ")


def incident(time, severity, resolution, *, preventable, cause="deploy", status="resolved", name=""):
    minutes = {"duration_minutes": 60, "detection_time_minutes": 2, "acknowledgment_time_minutes": 5}
    facts = {"incident_type": "outage", "severity": severity, "status": status, "affected_users": 10}
    return {
        "time": time,
        "incident_id": name or f"inc-{time}",
        **facts,
        "revenue_impact": 1000.5,
        **minutes,
        "resolution_time_minutes": resolution,
        "root_cause_category": cause,
        "preventable": str(preventable).lower(),
    }


def test_a_graph_is_said_to_hold_no_tables():
    answer = ask("incident_analysis", "ladybug:out/estate.graph")
    assert answer.no_data == (
        "incident_metrics is not there; looked for in no place, as ladybug:out/estate.graph holds a graph and no tables"
    )


def test_incidents_are_analysed(tmp_path):
    rows = [
        incident(at(0, day=3), "critical", "", preventable="", cause="", status="investigating", name="inc-1"),
        incident(at(1, day=3), "critical", 10, preventable=True, name="inc-1"),
        incident(at(2, day=4), "critical", 30, preventable=False, cause="capacity"),
        incident(at(2, day=10), "high", 50, preventable=True),
        incident(at(3, day=11), "high", "", preventable=True, status="investigating"),
    ]
    put(tmp_path, "incident_metrics", rows)
    answer = ask("incident_analysis", str(tmp_path))
    weeks = answer.tables["weekly_resolution"]
    assert [row["mean_time_to_resolve_minutes"] for row in weeks] == [20, 50]
    assert [row["week"].isoformat()[:10] for row in weeks] == ["2025-03-03", "2025-03-10"]
    assert answer.summary == {
        "total_incidents": 4,
        "resolved_incidents": 3,
        "mean_time_to_resolve_minutes": 30,
        "total_revenue_impact": 4002,
        "total_affected_users": 40,
        "preventable_incidents": 3,
        "prevention_opportunity_percent": 75,
    }
    causes = {row["root_cause_category"]: row["incident_count"] for row in answer.tables["root_causes"]}
    assert causes == {"deploy": 3, "capacity": 1}
