"""What can go wrong, as one small tree.

GhostfleetError
├── ScenarioError   a scenario, config file, variable or flag says something that cannot be done
├── DataError       a file, store or manifest cannot be read as the data it should be
└── SinkError       a destination cannot be written

A message says what is wrong, where (file, path in the YAML, line or row) and what would be valid.
"""


class GhostfleetError(Exception):
    """Root of every error that ghostfleet raises on purpose; ``exit_code`` is the command's."""

    exit_code = 1


class ScenarioError(GhostfleetError):
    """A scenario, config file, environment variable or flag asks for something that cannot be done."""

    exit_code = 2


class SinkError(GhostfleetError):
    """A destination cannot be opened, written or finished."""

    exit_code = 3


class DataError(GhostfleetError):
    """A file, store or manifest cannot be read as the data it should be."""

    exit_code = 4
