"""The repository names no machine and no package index: it works wherever it is cloned."""

import re
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.house.rules import ROOT, index_addresses, machine_traces, place, repository_files

LOCK = (ROOT / "requirements.lock").read_text()
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def text_of(path):
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


def locked():
    """Return the pinned versions of each package; there may be one for each Python."""
    pins: dict[str, set[str]] = {}
    for line in LOCK.splitlines():
        if "==" in line and not line.startswith((" ", "#")):
            requirement = Requirement(line.rstrip(" \\"))
            (version,) = requirement.specifier
            pins.setdefault(canonicalize_name(requirement.name), set()).add(version.version)
    return pins


def test_no_file_names_a_machine_path_or_a_package_registry():
    assert {place(path): found for path in repository_files() if (found := machine_traces(text_of(path)))} == {}


def test_the_lock_names_no_index():
    assert index_addresses(LOCK) == []


def test_every_locked_package_has_hashes():
    entries = [entry for entry in re.split(r"\n(?=[a-z])", LOCK) if "==" in entry]
    assert len(entries) >= len(locked())
    assert [entry for entry in entries if "--hash=sha256:" not in entry] == []


def test_the_lock_meets_every_declared_dependency():
    pins = locked()
    extras = PROJECT["optional-dependencies"].values()
    declared = [Requirement(text) for text in [*PROJECT["dependencies"], *(text for extra in extras for text in extra)]]
    unmet = {
        str(requirement)
        for requirement in declared
        if requirement.name != PROJECT["name"]
        and not (
            (versions := pins.get(canonicalize_name(requirement.name)))
            and all(requirement.specifier.contains(version) for version in versions)
        )
    }
    assert unmet == set(), "renew the lock: make lock"


def test_all_names_every_extra_but_dev():
    (everything,) = PROJECT["optional-dependencies"]["all"]
    assert Requirement(everything).extras == set(PROJECT["optional-dependencies"]) - {"all", "dev"}


@pytest.mark.parametrize(
    "text",
    ["cd /wo" + "rk/main", "see '/ro" + "ot/.cache'", "/ho" + "me/me/x", "https://py" + "pi.org/simple"],
)
def test_a_trace_of_a_machine_is_seen(text):
    assert machine_traces(text)


@pytest.mark.parametrize("text", ["a/work/b", "network/root/", "at work", "docs/homework/"])
def test_an_ordinary_word_is_fine(text):
    assert machine_traces(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "--index-url https://mirror.example/simple",
        "--extra-index-url https://mirror.example/simple",
        "--find-links wheels/",
        "-i https://mirror.example",
        "numpy @ file:///tmp/numpy.whl",
        "--trusted-host mirror.example",
    ],
)
def test_an_index_address_is_seen(text):
    assert index_addresses(f"numpy==2.4.6\n{text}\n")
