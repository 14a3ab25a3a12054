"""Capacity data in the form of the original generator, with its defects (requirements, CAP-5 to CAP-11 and 1.8)."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

SHARES = {"web": 42, "application": 48, "database": 18, "batch": 12}
BASES = {  # CPU, memory, disk, network and their deviations
    "web": ((45, 35, 20, 150), (15, 8, 5, 50)),
    "database": ((35, 70, 55, 100), (12, 10, 15, 30)),
    "application": ((50, 55, 30, 120), (18, 15, 10, 40)),
    "batch": ((30, 45, 40, 80), (25, 12, 20, 35)),
}
PAIRS = {"web": (0.5, 0.8, 0.2), "database": (0.6, 0.4, 0.7), "application": (0.7, 0.6, 0.4), "batch": (0.4, 0.3, 0.5)}
WEEKEND = {"web": 0.5, "database": 0.7, "application": 0.6, "batch": 1.2}
WORKING = {"web": 1.6, "database": 1.3, "application": 1.5, "batch": 0.8}
SPIKES = {"web": (0.03, 1.8), "database": (0.01, 1.4), "application": (0.02, 1.6), "batch": (0.08, 2.5)}
GROWTH = {"web": 0.5, "database": 1.0, "application": 0.8, "batch": 0.3}
FEDERAL = {(1, 1), (6, 19), (7, 4), (11, 11), (12, 25)}  # what the flag knew, Mondays left aside
UNITS, RANKS = ("Trading", "Retail", "Compliance", "IT"), ("High", "Medium", "Low")
REGIONS = ("US-East", "US-West", "EU", "Asia")
HEADER = (
    "timestamp,server_id,cpu_p95,mem_p95,disk_p95,net_in_p95,net_out_p95,app_name,business_unit,criticality,"
    "region,server_type,year,month,quarter,dayofweek,is_weekend,is_eoq,is_holiday"
)


def write(path: Path, *, hourly: bool = False, days: int = 1461, since: date = date(2022, 1, 1)) -> str:
    """Write the data as the original would have; hourly data ends at 00:00 of its last day."""
    draw = np.random.default_rng(42)
    hours = range((days - 1) * 24 + 1) if hourly else range(0, days * 24, 24)
    moments = [(since + timedelta(days=place // 24), place % 24) for place in hours]
    shared = np.array([_quarter_end(day) * _holiday(day) for day, _ in moments])
    with path.open("w", encoding="utf-8") as file:
        file.write(HEADER + "\n")
        number = 0
        for kind, count in SHARES.items():
            for _ in range(count if not hourly else max(1, count // 12)):
                _server(file, draw, number, kind, moments, shared)
                number += 1
    return str(path)


def _server(file, draw, number, kind, moments, shared):
    """One server: the levels of CAP-7, growth once over the span, spikes, then clipping."""
    steps = len(moments)
    factor = shared * np.array([_clock(kind, day, hour) for day, hour in moments])
    growth = 1 + GROWTH[kind] / 100 * np.arange(steps) / steps  # defect 3: "monthly" growth over the whole span
    base, deviation = np.array(BASES[kind][0]), np.array(BASES[kind][1])
    noise = draw.standard_normal((steps, 4)) @ np.linalg.cholesky(_matrix(kind)).T * deviation
    ramps = (factor * growth, factor * growth, growth, factor)
    values = np.stack([base[i] * ramps[i] for i in range(4)], axis=1) + noise
    chance, size = SPIKES[kind]
    spiked = draw.random(steps) < chance
    values[spiked] *= np.array([size, 0.7 * size, 1, 0.8 * size])
    values = values.clip(0, [100, 100, 100, 1000])  # defect 7
    labels = (draw.choice(UNITS), draw.choice(RANKS), draw.choice(REGIONS))  # defect 14: drawn, and used for nothing
    words = f"app_{draw.integers(1, 50):03d},{labels[0]},{labels[1]},{labels[2]},{kind}"
    for (day, hour), row in zip(moments, values, strict=True):
        outbound = 0.6 * row[3]  # defect 6
        flag = (day.month, day.day) in FEDERAL and hour == 0  # defect 13
        file.write(
            f"{day} {hour:02d}:00:00,server_{number:03d},{row[0]:.2f},{row[1]:.2f},{row[2]:.2f},{row[3]:.2f},"
            f"{outbound:.2f},{words},{day.year},{day.month},{(day.month + 2) // 3},{day.weekday()},"
            f"{day.weekday() > 4},{_ends_quarter(day)},{flag}\n"
        )


def _matrix(kind):
    cpu_memory, cpu_network, memory_disk = PAIRS[kind]
    return np.array(
        [
            [1, cpu_memory, 0.1, cpu_network],
            [cpu_memory, 1, memory_disk, 0.2],
            [0.1, memory_disk, 1, 0.3],
            [cpu_network, 0.2, 0.3, 1],
        ]
    )


def _clock(kind, day, hour):
    working = WORKING[kind] if 9 <= hour <= 17 else 1.0  # defect 1: daily rows have hour 0
    return working * (WEEKEND[kind] if day.weekday() > 4 else 1.0)


def _left(day):
    return ((day.replace(day=28) + timedelta(days=4)).replace(day=1) - day).days - 1


def _quarter_end(day):
    left = _left(day)
    return (1.30, 1.24, 1.18, 1.12, 1.06)[left] if day.month % 3 == 0 and left < 5 else 1.0


def _ends_quarter(day):
    return day.month % 3 == 0 and day.day >= 25  # defect 16


def _holiday(day):
    """Factor of the load; defect 4: it also acts on quarter ends, defect 13: Thanksgiving is 22 to 28 November."""
    when = (day.month, day.day)
    if when == (1, 1):
        return 0.5
    if when in ((7, 4), (12, 24)) or (day.month == 11 and 22 <= day.day <= 28):
        return 0.7
    return 0.6 if when >= (12, 25) else 1.0
