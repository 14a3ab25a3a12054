"""No value depends on a process, a clock or a CPU: what the linter cannot say about calls."""

import pytest

from tests.house.rules import VALUE_PATH, hash_calls, modules, place, random_imports, unportable_maths

# (module, call): why its last bits cannot reach a value.
SERVER_METRICS = "src/ghostfleet/signals/server_metrics/__init__.py"
ALLOWED: dict[tuple[str, str], str] = {
    (SERVER_METRICS, "np.average"): "a check expects it; no value comes from it",
    (SERVER_METRICS, ".mean()"): "a check expects it; no value comes from it",
    (SERVER_METRICS, "**"): "a check expects it; no value comes from it",
    ("src/ghostfleet/core/rows.py", ".mean()"): "one division of whole sums: `Facts.mean`",
    ("src/ghostfleet/signals/host_metrics/__init__.py", ".mean()"): "one division of whole sums: `Facts.mean`",
    ("src/ghostfleet/state/hosts/deposit.py", "np.cumsum"): "of whole numbers",
    ("src/ghostfleet/state/hosts/schedule.py", "np.cumsum"): "of whole numbers",
}


def offences(find, paths):
    return {(place(path), str(found)) for path in paths for found in find(path.read_text())}


def test_nothing_calls_the_builtin_hash():
    assert offences(hash_calls, modules()) == set()


def test_nothing_draws_from_a_random_generator():
    assert offences(random_imports, modules()) == set()


def test_the_value_path_uses_portable_maths_only():
    found = {(where, what.split(": ")[1]) for where, what in offences(unportable_maths, modules(*VALUE_PATH))}
    assert found - set(ALLOWED) == set()


def test_every_allowed_call_is_still_made():
    found = {(where, what.split(": ")[1]) for where, what in offences(unportable_maths, modules(*VALUE_PATH))}
    assert set(ALLOWED) - found == set()


def test_the_value_path_has_modules_to_look_at():
    assert len(list(modules(*VALUE_PATH))) > 5


def test_a_builtin_hash_is_seen():
    assert hash_calls("key = hash('server_000')") == [1]


def test_a_hash_of_ones_own_is_fine():
    assert hash_calls("key = blake2b(b'x').hash()") == []


@pytest.mark.parametrize(
    "source",
    [
        "import random",
        "from random import uniform",
        "import numpy.random",
        "from numpy import random",
        "from numpy.random import default_rng",
        "import secrets",
        "rng = np.random.default_rng(1)",
    ],
)
def test_a_random_generator_is_seen(source):
    assert random_imports(source) == [1]


@pytest.mark.parametrize(
    ("source", "offence"),
    [
        ("y = np.exp(x)", "1: np.exp"),
        ("y = np.sin(x)", "1: np.sin"),
        ("np.log(x, out=x)", "1: np.log"),
        ("y = np.power(x, 2)", "1: np.power"),
        ("y = np.dot(a, b)", "1: np.dot"),
        ("y = a.dot(b)", "1: .dot()"),
        ("y = a @ b", "1: @"),
        ("a @= b", "1: @"),
        ("y = np.einsum('ij,jk', a, b)", "1: np.einsum"),
        ("y = np.linalg.cholesky(a)", "1: np.linalg"),
        ("from numpy import exp", "1: np.exp"),
        ("y = np.sum(x)", "1: np.sum"),
        ("y = x.mean(axis=0)", "1: .mean()"),
        ("y = x ** 2", "1: **"),
        ("x **= 2", "1: **"),
        ("y = 2 ** 0.5", "1: **"),
        ("y = math.exp(x)", "1: math.exp"),
        ("from math import log", "1: math.log"),
    ],
)
def test_unportable_maths_is_seen(source, offence):
    assert unportable_maths(source) == [offence]


@pytest.mark.parametrize(
    "source",
    [
        *("y = np.sqrt(x)", "y = np.rint(x)", "y = math.floor(x)", "y = maths.exp2(x)"),
        *("y = 2.0**-32", "y = 10**digits", "y = sum(x.tolist())", "y = x * x"),
    ],
)
def test_portable_maths_is_fine(source):
    assert unportable_maths(source) == []
