"""The main job, from nothing to a picture: generate, verify, validate, report, and say what to try next."""

import subprocess
import sys
from pathlib import Path

OUT = Path("out") / "demo"
ESTATE = OUT / "estate" / "estate"
WINDOW = ("--from", "2025-03-04", "--until", "2025-03-06")
STEPS = (
    ("Generate four years of server metrics into files and DuckDB",
     ("generate", "capacity", "--to", f"{OUT}/", "--to", f"duckdb:{OUT}/fleet.duckdb")),
    ("Prove that every byte can be made again", ("verify", f"{OUT}/")),
    ("Check the data and score it", ("validate", f"{OUT}/")),
    ("Draw the report", ("report", f"{OUT}/")),
    ("Generate two days of an estate, in which things go wrong, into DuckDB and a graph",
     ("generate", "estate", *WINDOW, "--to", f"duckdb:{ESTATE}.duckdb", "--to", f"ladybug:{ESTATE}.graph", "--quiet")),
    ("Write what each incident did to whom", ("truth", "estate", *WINDOW, "--to", f"duckdb:{ESTATE}.duckdb")),
    ("Ask the graph what hangs on what", ("ask", "critical_path_analysis", "--in", f"ladybug:{ESTATE}.graph")),
    ("Draw the estate", ("report", f"duckdb:{ESTATE}.duckdb")),
)  # fmt: skip
NEXT = f"""
What you have now:
  {OUT}/server_metrics_full.csv.gz            the data set
  {OUT}/fleet.duckdb                          the same rows in DuckDB
  {OUT}/report/synthetic_data_overview.png    look at this first
  {OUT}/report/synthetic_data_overview.html   pictures, statistics and checks on one page
  {OUT}/estate/report/estate_overview.png     an estate: who calls whom, an incident, costs

What to try next (put .venv/bin on your PATH first):
  ghostfleet generate capacity --help
  ghostfleet generate capacity --servers 200 --granularity hourly --format parquet --to out/hourly/
  ghostfleet show capacity
  ghostfleet ask --list
  ghostfleet list shapes
"""


def main() -> int:
    """Run every step; stop at the first that fails."""
    command = Path(sys.executable).with_name("ghostfleet")
    for title, arguments in STEPS:
        print(f"\n== {title}\n$ ghostfleet {' '.join(arguments)}", flush=True)
        code = subprocess.run([command, *arguments], check=False).returncode
        if code:
            print(f"that failed with exit code {code}", file=sys.stderr)
            return code
    print(NEXT)
    return 0


if __name__ == "__main__":
    sys.exit(main())
