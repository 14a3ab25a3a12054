"""Metrics of two sides are paired by what their names say."""

import pytest

from ghostfleet.analysis.realism import kinds
from ghostfleet.core.errors import ScenarioError


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cpu", "cpu"),
        ("cpu_p95", "cpu"),
        ("CPUUtilization", "cpu"),
        ("load_5", "cpu"),
        ("mem_p95", "memory"),
        ("MemoryUsed", "memory"),
        ("node_disk_read_bytes_total", "disk_read"),
        ("DiskWriteBytes", "disk_write"),
        ("diskread", "disk_read"),
        ("disk_p95", "disk"),
        ("net_in_p95", "net_in"),
        ("NetworkOut", "net_out"),
        ("netin", "net_in"),
        ("rx_bytes", "net_in"),
        ("network", "network"),
        ("request_count", "requests"),
        ("request_latency_ms", "latency"),
        ("response_time_ms", "latency"),
        ("http_5xx", "errors"),
        ("net_errors_in", "errors"),
        ("p99", "latency"),
        ("temperature", None),
        ("interval", None),
    ],
)
def test_a_name_says_its_kind(name, kind):
    assert kinds.kind_of(name) == kind


def test_metrics_of_one_kind_are_paired_and_others_by_equal_names():
    found = kinds.pairs(["cpu_avg", "cpu_max", "fans", "heap"], ["load", "fans", "rps"], {})
    assert found == {"cpu": (("cpu_avg", "cpu_max"), ("load",)), "fans": (("fans",), ("fans",))}


def test_what_the_user_says_goes_first():
    found = kinds.pairs(["cpu_avg", "cpu_max"], ["load", "busy"], {"cpu_max": "load"})
    assert found == {"cpu": (("cpu_max",), ("load",))}


@pytest.mark.parametrize(
    ("given", "said"), [({"x": "b"}, "DATA does not have; it has a"), ({"a": "y"}, "REAL does not")]
)
def test_a_metric_that_is_not_there_is_named(given, said):
    with pytest.raises(ScenarioError, match=said):
        kinds.pairs(["a"], ["b"], given)
