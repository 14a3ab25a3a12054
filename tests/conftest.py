"""One profile for every property test: the same examples on every run, and no clock to fail by; and both engines."""

import pytest
from hypothesis import HealthCheck, settings

from ghostfleet.core import compiled

settings.register_profile(
    "ghostfleet",
    deadline=None,  # a shared machine is slow now and then; budgets live in bench/
    derandomize=True,  # a red build is red again tomorrow
    database=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("ghostfleet")


@pytest.fixture(scope="module", params=["compiled", "numpy"])
def engine(request):
    """What does the work of loops: the compiled ones, where there is a compiler, and NumPy everywhere."""
    if request.param == "compiled" and compiled.loops() is None:
        pytest.skip("nothing was compiled here")
    with pytest.MonkeyPatch.context() as patch:
        if request.param == "numpy":
            patch.setattr(compiled, "loops", lambda: None)
        yield request.param
