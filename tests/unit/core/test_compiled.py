"""Compiled loops are there where they can be, and never another version's."""

import shutil

import pytest

import hatch_build
from ghostfleet.core import compiled


@pytest.fixture(autouse=True)
def forgotten():
    """Each test loads for itself, and leaves nothing behind for others."""
    compiled.loops.cache_clear()
    yield
    compiled.loops.cache_clear()


@pytest.mark.skipif(not shutil.which("cc"), reason="there is no C compiler")
def test_an_installation_with_a_compiler_has_loops():
    assert compiled.loops() is not None


def test_loops_of_another_source_are_not_used(monkeypatch, tmp_path):
    (tmp_path / "loops.c").write_text("int one;\n")
    monkeypatch.setattr(compiled, "FOLDER", tmp_path)
    assert compiled.loops() is None


@pytest.mark.parametrize("said", ["exit 1", "", None])
def test_a_compiler_that_does_not_work_is_none(monkeypatch, tmp_path, said):
    (tmp_path / "loops").mkdir()
    (tmp_path / "loops" / "one.c").write_text("int one;\n")
    (tmp_path / "loops" / "loops.so").write_text("an older one")
    compiler = tmp_path / "cc"
    compiler.write_bytes(b"\x7fELF" if said is None else f"#!/bin/sh\n{said}\n".encode())
    compiler.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert hatch_build.compiled(tmp_path / "loops") is None
    assert not (tmp_path / "loops" / "loops.so").exists()


@pytest.mark.parametrize("content", [None, b"", b"no library"])
def test_without_a_library_there_are_no_loops(monkeypatch, tmp_path, content):
    library = tmp_path / "loops.so"
    if content is not None:
        library.write_bytes(content)
    monkeypatch.setattr(compiled, "LIBRARY", library)
    assert compiled.loops() is None
