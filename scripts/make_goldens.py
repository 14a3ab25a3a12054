"""Renew the goldens, after a change of data that is meant; say it under "Data changes" in the changelog."""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from tests.golden import goldens  # noqa: E402  the path comes first


def main() -> None:
    """Write every golden and say which changed."""
    for scenario in goldens.CASES:
        path, text = goldens.path(scenario), goldens.text(goldens.made(scenario))
        before = path.read_text(encoding="utf-8") if path.exists() else ""
        path.write_text(text, encoding="utf-8")
        print(f"{path.relative_to(ROOT)}: {'as before' if text == before else 'renewed'}")


if __name__ == "__main__":
    main()
