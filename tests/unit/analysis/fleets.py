"""Small fleets of two kinds: a curve with noise, and bursts over noise with power at all time scales."""

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

STEP_S, LENGTH_S = 300, 8 * 3600
POINTS = LENGTH_S // STEP_S
START = np.datetime64("2024-03-01T00:00:00", "s")


def smooth(draws: np.random.Generator, points: int) -> np.ndarray:
    """A sine and Gaussian noise."""
    at = np.arange(points)
    return 40 + 20 * np.sin(2 * np.pi * (at / 288 + draws.uniform())) + draws.normal(0, 3, points)


def bursty(draws: np.random.Generator, points: int) -> np.ndarray:
    """1/f noise, and heavy-tailed bursts above it."""
    frequencies = np.fft.rfftfreq(points)
    power = np.r_[0.0, frequencies[1:] ** -0.5]
    noise = np.fft.irfft(power * np.exp(2j * np.pi * draws.uniform(size=len(power))), points)
    values = np.exp(0.5 * noise / noise.std())
    strikes = draws.uniform(size=points) < 0.03
    values[strikes] *= 3 + draws.pareto(1.5, strikes.sum())
    return values


def fleet(make, entities: int, days: int, seed: int, name: str = "host") -> dict[str, np.ndarray]:
    """Wide table of CPU and memory; memory follows CPU."""
    draws = np.random.default_rng(seed)
    points = days * 288
    cpu = np.concatenate([make(draws, points) for _ in range(entities)])
    return {
        "host": np.repeat([f"{name}-{number:02d}" for number in range(entities)], points),
        "moment": np.tile(START + np.arange(points) * np.timedelta64(STEP_S, "s"), entities),
        "cpu_pct": cpu,
        "mem_pct": np.round(10 + cpu / 2 + draws.normal(0, 1, len(cpu)), 1),
    }


def write(columns: dict[str, np.ndarray], path: Path, select: str = "FROM given") -> str:
    """Write a table, or what a SELECT makes of it, in the format of the suffix."""
    store = duckdb.connect()
    store.register("given", pa.table({name: pa.array(values) for name, values in columns.items()}))
    options = {"parquet": "FORMAT parquet", "jsonl": "FORMAT json", "gz": "FORMAT csv, HEADER, COMPRESSION gzip"}
    store.execute(f"COPY ({select}) TO '{path}' ({options.get(path.suffix[1:], 'FORMAT csv, HEADER')})")
    return str(path)


LONG = """
SELECT host AS series_id, unnest(['cpu', 'mem_used']) AS metric, epoch(moment)::BIGINT AS timestamp,
unnest([cpu_pct, mem_pct]) AS value FROM given
"""
