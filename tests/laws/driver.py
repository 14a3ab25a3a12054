"""Print digests of small data sets and of unrounded facts; run in other processes, with a mutant or without."""

import hashlib
import sys

import pytest

from ghostfleet.core.window import Window
from ghostfleet.generate import Generator
from ghostfleet.signals import server_metrics
from ghostfleet.sinks.digest import ValueDigest
from tests.laws import cells, mutants


def main(names: list[str]) -> None:
    """Apply the named mutants and say what each grain gives."""
    with pytest.MonkeyPatch.context() as patch:
        for name in names:
            mutants.MUTANTS[name](patch)
        for grain in cells.GRAINS:
            scenario = cells.of_grain(grain, servers=4)
            generator, digest = Generator(scenario), ValueDigest()
            window = cells.window_of(grain, 120, 77)
            for task in generator.plan(window, generator.tables()).tasks:
                for batch in generator.batches(task):
                    digest.write(batch)
            sys.stdout.write(f"{grain} {digest.hexdigest()} {facts(generator, window)}\n")


def facts(generator: Generator, window: Window) -> str:
    """Digest of facts before rounding, which hides the last bits."""
    observer = generator.observer(cells.TABLE)
    assert isinstance(observer, server_metrics.ServerMetrics)
    ticks = window.finer(window.tick_s // observer.data.tick_s)
    seen = server_metrics.observe(observer.servers.solve(ticks, 0, 4))
    return hashlib.sha256(b"".join(values.tobytes() for values in seen.values.values())).hexdigest()


if __name__ == "__main__":
    main(sys.argv[1:])
