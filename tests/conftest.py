"""One profile for every property test: the same examples on every run, and no clock to fail by."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "ghostfleet",
    deadline=None,  # a shared machine is slow now and then; budgets live in bench/
    derandomize=True,  # a red build is red again tomorrow
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ghostfleet")
