"""Generators with one fault each, of the kinds that laws are there to catch."""

import os
import time
from collections.abc import Callable
from typing import Any

import msgspec
import numpy as np
import pytest

from ghostfleet.core import batch, compiled, draw, facts, lattice, maths
from ghostfleet.core.table import Fold
from ghostfleet.core.window import Window
from ghostfleet.signals import server_metrics
from ghostfleet.state.servers import Servers

Patch = pytest.MonkeyPatch


def draws_by_place_in_the_window(patch: Patch) -> None:
    """Normals count from the window's start; those of NumPy, as loops draw for themselves."""
    patch.setattr(compiled, "loops", lambda: None)
    honest = draw.normal
    patch.setattr(draw, "normal", lambda keys, start, stop, **arrays: honest(keys, 0, stop - start, **arrays))


def draws_by_order_of_calls(patch: Patch) -> None:
    """Spikes take whatever comes next, as a library generator does."""
    honest, calls = draw.uniform32, iter(range(10**9))

    def next_ones(keys: Any, start: int, stop: int) -> Any:
        return honest(draw.rekey(keys, 1000 + next(calls)), start, stop)

    patch.setattr(draw, "uniform32", next_ones)


def clock_in_the_keys(patch: Patch) -> None:
    """A stream's key holds the time."""
    honest = draw.Stream.keys

    def keys(stream: draw.Stream, ids: Any) -> Any:
        return honest(stream.substream(str(time.perf_counter_ns())), ids)

    patch.setattr(draw.Stream, "keys", keys)


def noise_phase_from_the_window(patch: Patch) -> None:
    """The scale of the noise counts its places from the window's start instead of the epoch."""

    honest = lattice.characters

    def characters(keys: Any, start: int, stop: int, spectra: Any, *rest: Any) -> Any:
        phase = start % spectra[0].period
        values = honest(keys, start, stop, spectra, *rest)
        scales = lattice._tables(spectra)[1][rest[0]]
        places = np.arange(stop - start) % spectra[0].period
        return values * scales[:, places] / scales[:, (places + phase) % spectra[0].period]

    patch.setattr(lattice, "characters", characters)


def spike_cells_from_the_window(patch: Patch) -> None:
    """Spikes are stratified from the window's start."""
    honest = Servers._strata

    def strata(servers: Servers, window: Window, first: int, last: int) -> Any:
        return honest(servers, Window(0, len(window), window.tick_s), first, last)

    patch.setattr(Servers, "_strata", strata)


def servers_counted_from_the_shard(patch: Patch) -> None:
    """Noise belongs to the place in the shard, not to the server."""
    honest = Servers.lattices

    def noise(servers: Servers, window: Window, first: int, last: int) -> Any:
        return honest(servers, window, 0, last - first)

    patch.setattr(Servers, "lattices", noise)


def level_of_the_shard(patch: Patch) -> None:
    """Inbound traffic is taken relative to the busiest server in the shard."""
    honest = Servers._outbound

    def outbound(servers: Servers, ratio: Any, inbound: Any, first: int, last: int) -> Any:
        return honest(servers, ratio, inbound / inbound.max(axis=0), first, last)

    patch.setattr(Servers, "_outbound", outbound)


def a_stale_calendar(patch: Patch) -> None:
    """The calendar kept from the last window serves every window of its length."""
    honest = Servers._calendar

    def calendar(servers: Servers, window: Window) -> Any:
        kept = servers._kept.get("window")
        if kept is not None and len(kept) == len(window):
            return servers._kept["calendar"]
        return honest(servers, window)

    patch.setattr(Servers, "_calendar", calendar)


def highest_for_percentile(patch: Patch) -> None:
    """Rows hold the largest tick."""
    patch.setitem(facts.FOLDS, Fold.P95, facts._max)


def rows_of_the_next_ticks(patch: Patch) -> None:
    """Rows fold ticks that are one later than their own."""
    honest = facts._p95
    patch.setitem(
        facts.FOLDS, Fold.P95, lambda ticks: honest(np.roll(ticks.reshape(len(ticks), -1), -1, 1).reshape(ticks.shape))
    )


def folded_as_means(patch: Patch) -> None:
    """Rows hold means."""
    patch.setitem(facts.FOLDS, Fold.P95, facts._mean)


def ids_that_know_the_fleet(patch: Patch) -> None:
    """A server's identity holds the size of its fleet."""
    honest = draw.entity_ids
    patch.setattr(draw, "entity_ids", lambda names: honest([f"{name} of {len(list(names))}" for name in names]))


def one_fault_for_all_columns(patch: Patch) -> None:
    """Whole rows are lost or misread."""
    honest = server_metrics.ServerMetrics._fault
    patch.setattr(
        server_metrics.ServerMetrics, "_fault", lambda self, fault, _, *rest: honest(self, fault, "cpu_p95", *rest)
    )


def faults_that_move_values(patch: Patch) -> None:
    """Asking for faults changes values that no fault strikes."""
    honest = batch.quantise

    def quantise(values: Any, per_one: int, missing: Any) -> Any:
        return honest(values if missing is None else np.roll(values, 1), per_one, missing)

    patch.setattr(server_metrics, "quantise", quantise)


def a_fixed_seed(patch: Patch) -> None:
    """The seed is read and forgotten."""
    honest = draw.Stream.__init__
    patch.setattr(draw.Stream, "__init__", lambda stream, _, *names: honest(stream, 42, *names))


def noise_that_knows_the_end(patch: Patch) -> None:
    """Growth is spread over the span, so that a longer span grows more slowly."""
    honest = Servers._curves

    def curves(servers: Servers, at: Any) -> Any:
        calendar = honest(servers, at)
        since, until = servers.data.span_s
        slower = calendar.growth ** np.float32(1e8 / (until - since))
        return msgspec.structs.replace(calendar, growth=slower)

    patch.setattr(Servers, "_curves", curves)


def columns_that_move_load(patch: Patch) -> None:
    """Switching a group of columns off changes who a server is."""
    honest = Servers._keys

    def keys(servers: Servers, *names: str) -> Any:
        return honest(servers, *names, str(servers.data.calendar), str(servers.data.metadata.enabled))

    patch.setattr(Servers, "_keys", keys)


# For other processes, where the surroundings differ ---------------------------------------------------------------


def hash_of_the_process(patch: Patch) -> None:
    """Names are hashed with Python's own hash, which is another one in every process."""
    patch.setattr(draw, "_hash_128", lambda text: (hash(text) % 2**64, hash(text[::-1]) % 2**64))


def transcendentals_of_the_library(patch: Patch) -> None:
    """The sigmoid is numpy's exp, whose last bit depends on the CPU."""

    def sigmoid(x: Any, out: Any) -> Any:
        return np.divide(1, 1 + np.exp(x * np.float32(-0.6931472)), out=out)

    patch.setattr(maths, "sigmoid2_f32", sigmoid)


def times_of_the_wall(patch: Patch) -> None:
    """Seconds count from local midnight."""
    honest = Window.seconds
    patch.setattr(Window, "seconds", lambda window: honest(window) - time.timezone)


def names_of_the_folder(patch: Patch) -> None:
    """Identity depends on where the command was started."""
    honest = draw.entity_ids
    patch.setattr(draw, "entity_ids", lambda names: honest([os.getcwd() + name for name in names]))  # noqa: PTH109


def numbers_of_the_locale(patch: Patch) -> None:
    """Identity depends on the language of the machine."""
    honest = draw.entity_ids
    patch.setattr(draw, "entity_ids", lambda names: honest([os.environ.get("LC_ALL", "") + name for name in names]))


MUTANTS: dict[str, Callable[[Patch], None]] = {
    name: made
    for name, made in list(globals().items())
    if callable(made) and getattr(made, "__module__", "") == __name__ and not isinstance(made, type)
}
