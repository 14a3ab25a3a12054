"""Single requests as documents: CPU of our renderer against `cp` of the same file, and of hex ids against uuid4.

Run `python -m bench.documents [ROUNDS [EVENTS]]`. Events have the fields of EVT-3, transactions those of COM-1. Their
columns are made before the clock starts; generating them is a signal's work. `cp` is the best of three copies in the
same round, and a figure the median of the rounds' ratios of CPU.
"""

from __future__ import annotations

import resource
import shutil
import sys
import time
import uuid
from pathlib import Path
from statistics import median
from subprocess import run
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from bench.measuring import PYTHON, Line, conclude
from bench.single_requests import EVENTS, TRANSACTIONS, events, transactions
from ghostfleet.core.batch import Hex
from ghostfleet.sinks.codec import packer
from ghostfleet.sinks.parts import Place
from ghostfleet.sinks.text.file import TextBody
from ghostfleet.sinks.text.renderer import Renderer
from ghostfleet.sinks.text.spelling import hex_cell
from ghostfleet.sinks.text.syntax import SYNTAXES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ghostfleet.core.batch import Batch

WRITE_BYTES = 1 << 19
IDS = 16_384  # per call


def write_rendered(batches: Sequence[Batch], rounds: int, path: Path, syntax: str, codec: str = "none") -> None:
    """Render and write the same batches again and again, as a text part does without its digest."""
    table = batches[0].table
    renderer = Renderer(table, SYNTAXES[syntax](table))
    pack = packer(codec)
    with path.open("wb", buffering=WRITE_BYTES) as file:
        for _ in range(rounds):
            for batch in batches:
                for piece in renderer.chunks(batch):
                    file.write(pack.compress(piece))
        file.write(pack.flush())


def write_part(batches: Sequence[Batch], rounds: int, path: Path, syntax: str, codec: str = "none") -> None:
    """Write a part as a sink does, with its digest."""
    body = TextBody(path, Place(batches[0].table, 0), syntax, codec)
    for _ in range(rounds):
        for batch in batches:
            body.write(batch)
    body.finish()


def cpu_s(way: Callable[[], object]) -> float:
    """CPU of this process, all its threads included."""
    start = time.process_time()
    way()
    return time.process_time() - start


def copied_s(path: Path) -> float:
    """CPU of the best of three copies."""
    costs = []
    for _ in range(3):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        run(["cp", str(path), f"{path}.copy"], check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        costs.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
        Path(f"{path}.copy").unlink()
    return min(costs)


def measured(name: str, batches: list[Batch], rows: int, rounds: int, goals: dict[str, float]) -> list[Line]:
    """Ratios of every way of writing a table."""
    repeats = max(1, rows // sum(map(len, batches)))
    ways: dict[str, tuple[Callable[..., None], str, str]] = {
        "jsonl": (write_rendered, "jsonl", "none"),
        "jsonl with digest": (write_part, "jsonl", "none"),
        "bulk": (write_rendered, "bulk", "none"),
        "csv": (write_rendered, "csv", "none"),
        "jsonl.gz": (write_rendered, "jsonl", "fast"),
    }
    ratios: dict[str, list[float]] = {way: [] for way in ways}
    written = repeats * sum(map(len, batches))
    about = ""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "out"
        for _ in range(rounds):
            yardstick = 0.0
            for way, (write, syntax, codec) in ways.items():
                spent = cpu_s(lambda: write(batches, repeats, path, syntax, codec))  # noqa: B023  called at once
                if way == "jsonl":
                    yardstick = copied_s(path)
                    about = f"{written:,} rows, {path.stat().st_size / written:.0f} B a row"
                ratios[way].append(spent / yardstick)
            shutil.rmtree(path, ignore_errors=True)
    return [Line(f"{name}, {way}", median(found), goals.get(way), about=about) for way, found in ratios.items()]


def ids(rounds: int) -> Line:
    """Hexadecimal ids of 32 digits against `uuid4().hex`."""
    words = np.random.default_rng(0).integers(0, 1 << 63, 2 * IDS, dtype=np.uint64)

    def ours() -> None:
        for _ in range(32):
            cell = hex_cell(Hex(words))
            cell.words.take(cell.codes).view("S16")

    ratios = []
    for _ in range(rounds):
        mine = cpu_s(ours) / 32
        ratios.append(cpu_s(lambda: [uuid.uuid4().hex for _ in range(IDS)]) / mine)
    return Line("hex ids against uuid4().hex", median(ratios), 100, least=True)


def memory(rows: int) -> float:
    """Peak of a process that writes that many events, in MB."""
    code = f"from bench.single_requests import lone; lone({rows})"
    return float(run([PYTHON, "-c", code], check=True, capture_output=True, text=True).stdout)


def main(rounds: int, rows: int) -> int:
    """Print all ratios."""
    few, many = memory(rows // 10), memory(rows)  # first, as a child's peak counts from what its parent holds
    goals = {"jsonl": 8.0, "jsonl.gz": 18.0}
    lines = [
        *measured("events", [events(number) for number in range(4)], rows, rounds, goals),
        *measured("transactions", [transactions(number) for number in range(4)], rows, rounds, {"jsonl": 6.0}),
        ids(rounds),
    ]
    lines += [
        Line("peak memory", many, 64, unit="MB"),
        Line("peak memory, ten times the rows", many / few, 1.1),
    ]
    return conclude(f"documents of {EVENTS.name} and {TRANSACTIONS.name}: CPU as multiples of cp's", lines)


if __name__ == "__main__":
    said = [int(word) for word in sys.argv[1:3]]
    sys.exit(main(*said, *(5, 1_000_000)[len(said) :]))
