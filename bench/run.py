"""What `make bench` runs: every bench of this folder after the other; fails when one misses a goal.

``--only NAME`` runs one, ``--list`` names them. Each is a module with a sentence on top and a table at the end.
"""

from __future__ import annotations

import argparse
import ast
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
NOT_BENCHES = {"run", "measuring", "single_requests", "hosts_long", "estate_long"}


def found() -> dict[str, str]:
    """Benches by name, with the first line of what they say they do."""
    paths = (path for path in sorted(HERE.glob("*.py")) if path.stem not in NOT_BENCHES)
    return {path.stem: (ast.get_docstring(ast.parse(path.read_text())) or "").partition("\n")[0] for path in paths}


def main() -> int:
    """Run what was asked for and name what missed its goal."""
    benches = found()
    parser = argparse.ArgumentParser(description="Measure speed, size and memory as ratios.")
    parser.add_argument("--only", choices=benches, metavar="NAME", action="append", help="run this one; repeatable")
    parser.add_argument("--list", action="store_true", help="name the benches and end")
    arguments = parser.parse_args()
    if arguments.list:
        print("\n".join(f"{name:<16} {about}" for name, about in benches.items()))
        return 0
    missed = []
    for name in arguments.only or benches:
        print(f"\n== {name}: python -m bench.{name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], cwd=HERE.parent, check=False).returncode:
            missed.append(name)
    print(f"\nmissed a goal: {', '.join(missed)}" if missed else "\nevery goal is met")
    return int(bool(missed))


if __name__ == "__main__":
    sys.exit(main())
