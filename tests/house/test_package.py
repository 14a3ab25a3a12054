"""What is built is what lies in the package: code, data and texts."""

import subprocess
import sys
import tarfile
import zipfile

import pytest

from tests.house.rules import PACKAGE, ROOT, repository_files


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    """Build the source archive and the wheel, and return the names in each."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(folder)], cwd=ROOT, check=True, capture_output=True
    )
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    with zipfile.ZipFile(wheel) as archive:
        wheel_names = set(archive.namelist())
    with tarfile.open(sdist) as archive:
        sdist_names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    return wheel_names, sdist_names


def test_every_file_of_the_package_ships(built):
    wheel_names, sdist_names = built
    names = {path.relative_to(PACKAGE.parent).as_posix() for path in repository_files() if PACKAGE in path.parents}
    assert {"ghostfleet/py.typed", "ghostfleet/data/CHECKSUMS", "ghostfleet/data/normal_body.f32"} <= names
    assert names - wheel_names == set()
    assert {f"src/{name}" for name in names} - sdist_names == set()


def test_nothing_but_the_package_is_installed(built):
    wheel_names, _ = built
    assert {name.split("/")[0] for name in wheel_names if ".dist-info/" not in name} == {"ghostfleet"}


def test_the_licence_ships(built):
    wheel_names, sdist_names = built
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel_names)
    assert "LICENSE" in sdist_names
