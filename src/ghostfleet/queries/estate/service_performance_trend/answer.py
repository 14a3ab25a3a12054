"""One service in steps of five minutes, and where each of its metrics is heading."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ghostfleet.queries.answers import Rows, Told
from ghostfleet.queries.means import mean, slope, trend

if TYPE_CHECKING:
    from collections.abc import Mapping

TEXTS = ("buckets",)
BUCKET_S = 300
METRICS = ("cpu", "memory", "response_ms", "error_rate", "throughput", "requests", "connections")


def answer(rows: Mapping[str, Rows], parameters: Mapping[str, Any]) -> Told:
    """Fit a line to each metric; steps without rows leave a gap and do not shorten the time between others."""
    del parameters
    buckets = rows["buckets"]
    begins = buckets[0]["bucket"]
    places = [(one["bucket"] - begins).total_seconds() / BUCKET_S for one in buckets]
    trends = []
    for metric in METRICS:
        values = [one[metric] for one in buckets]
        rise = slope(places, values)
        trends.append({"metric": metric, "slope_per_bucket": rise, "trend": trend(rise), "average": mean(values)})
    summary = {
        "bucket_count": len(buckets),
        "data_points": sum(one["data_points"] for one in buckets),
        "averages": {one["metric"]: one["average"] for one in trends},
    }
    return Told({"buckets": buckets, "trends": trends}, summary)
