"""Compile the loops while the package is built, where there is a C compiler; without one NumPy does their work."""

from __future__ import annotations

import shutil
import subprocess
import sysconfig
from pathlib import Path
from typing import Any
from zlib import crc32

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("src/ghostfleet/core/loops")
# No -march: the library runs on any machine of its kind. No fused multiplications: they round differently.
FLAGS = ("-std=gnu99", "-O3", "-fPIC", "-shared", "-fvisibility=hidden", "-ffp-contract=off", "-Wall", "-Wextra")


class Loops(BuildHookInterface[Any]):
    """Puts ``loops.so`` beside its sources."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and let the wheel say for which machines it is."""
        del version
        library = compiled(Path(self.root) / FOLDER)
        if library is None:
            self.app.display_warning("no C compiler, or it failed: ghostfleet will do without compiled loops")
            return
        build_data["artifacts"].append(str(library.relative_to(self.root)))
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{sysconfig.get_platform().replace('-', '_').replace('.', '_')}"


def compiled(folder: Path) -> Path | None:
    """Library made of the sources in a folder, or None where it cannot be made; none that is older stays."""
    library = folder / "loops.so"
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if library.exists():
        library.unlink()
    if compiler is None:
        return None
    sources = sorted(folder.glob("*.[ch]"))
    stamp = f"-DSOURCE={crc32(b''.join(path.read_bytes() for path in sources))}u"
    made = [str(path) for path in sources if path.suffix == ".c"]
    try:
        said = subprocess.run([compiler, *FLAGS, stamp, "-o", str(library), *made], check=False)
    except OSError:  # it cannot be run
        return None
    return library if said.returncode == 0 and library.exists() else None
