"""Named questions in SQL, checks that return violations, and the engine that asks them of a data set."""

from __future__ import annotations

from ghostfleet.queries.data import Data, Result, UnreadableError, observed, open_data
from ghostfleet.queries.text import Query, checks, query
from ghostfleet.queries.validation import as_markdown, as_text, validate, validate_url
from ghostfleet.queries.verdicts import CheckResult, Report

__all__ = [
    "CheckResult",
    "Data",
    "Query",
    "Report",
    "Result",
    "UnreadableError",
    "as_markdown",
    "as_text",
    "checks",
    "observed",
    "open_data",
    "query",
    "validate",
    "validate_url",
]
