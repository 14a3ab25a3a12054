"""When a service counts as healthy and a database as fine (EST-33); what was not measured speaks for neither."""

from __future__ import annotations

UNHEALTHY_ERRORS, DEGRADED_ERRORS = 5, 1  # percent of requests
UNHEALTHY_MS, DEGRADED_MS = 2000, 1000
CRITICAL_CPU, WARNING_CPU = 80, 60  # percent
CRITICAL_READ_MS, WARNING_READ_MS = 100, 50
GRADES = ("unhealthy", "degraded", "healthy")


def of_service(error_rate: float | None, response_ms: float | None) -> str:
    """Health of a service by the share of failed requests and its response."""
    errors, response = error_rate or 0.0, response_ms or 0.0
    if errors > UNHEALTHY_ERRORS or response > UNHEALTHY_MS:
        return "unhealthy"
    return "degraded" if errors > DEGRADED_ERRORS or response > DEGRADED_MS else "healthy"


def of_database(cpu: float | None, read_ms: float | None) -> str:
    """State of a database by its CPU and the time of its reads."""
    busy, read = cpu or 0.0, read_ms or 0.0
    if busy > CRITICAL_CPU or read > CRITICAL_READ_MS:
        return "critical"
    return "warning" if busy > WARNING_CPU or read > WARNING_READ_MS else "normal"
