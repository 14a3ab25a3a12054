"""Named questions in SQL, checks that return violations, and the engine that asks them of a data set."""

from __future__ import annotations

from ghostfleet.queries.answers import Answer, Failure
from ghostfleet.queries.asking import ask
from ghostfleet.queries.data import Data, Result, UnreadableError, observed, open_data
from ghostfleet.queries.parameters import Parameter, QuestionError
from ghostfleet.queries.questions import Question, question, questions
from ghostfleet.queries.sources import is_readable, names_at
from ghostfleet.queries.text import Query, checks, query, relations_of, stored_views
from ghostfleet.queries.validation import as_markdown, as_text, validate, validate_url
from ghostfleet.queries.verdicts import CheckResult, Report

__all__ = [
    "Answer",
    "CheckResult",
    "Data",
    "Failure",
    "Parameter",
    "Query",
    "Question",
    "QuestionError",
    "Report",
    "Result",
    "UnreadableError",
    "as_markdown",
    "as_text",
    "ask",
    "checks",
    "is_readable",
    "names_at",
    "observed",
    "open_data",
    "query",
    "question",
    "questions",
    "relations_of",
    "stored_views",
    "validate",
    "validate_url",
]
