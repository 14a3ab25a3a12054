"""A law that no fault can break proves nothing: each fails on the mutants it is there to catch."""

import pytest

from tests.laws import laws, mutants
from tests.laws.test_entities import CALENDAR
from tests.laws.test_windows import UNALIGNED

LAWS = {
    "repeat": lambda: laws.repeat("daily"),
    "split": lambda: laws.split("daily", UNALIGNED["daily"]),
    "split hourly": lambda: laws.split("hourly", UNALIGNED["hourly"]),
    "split p95": lambda: laws.split("p95", UNALIGNED["p95"]),
    "slice": lambda: laws.piece("hourly", 101, 340),
    "shard": lambda: laws.shard("daily", [1, 3, 4, 8, 9, 10, 11]),
    "order": lambda: laws.order("daily", [4, 2, 9, 0, 7, 1]),
    "fold": lambda: laws.fold("hourly", 24, 5),
    "day of hours": lambda: laws.day_of_hours(300),
    "growing fleet": lambda: laws.growing_fleet("daily", 11),
    "groups of columns": lambda: laws.changes_only("daily", "data.calendar=false", CALENDAR),
    "one metric": lambda: laws.changes_only("daily", "fleet.archetypes.web.cpu_percent.deviation=14", {"cpu_p95"}),
    "faults": lambda: laws.faults_spare_the_rest("daily"),
    "seeds": lambda: laws.seeds("daily", 7),
    "span": lambda: laws.span("daily", 200, "data.years_of_data=3"),
    "asked window": lambda: laws.asked_window("daily", 13, 150),
}

BITES = {
    "draws_by_place_in_the_window": ["split", "split hourly", "split p95", "slice", "order", "asked window"],
    "draws_by_order_of_calls": ["repeat", "split", "slice", "shard", "order", "span", "asked window"],
    "clock_in_the_keys": ["repeat", "split", "shard", "order", "growing fleet", "span", "groups of columns"],
    "noise_phase_from_the_window": ["split", "split hourly", "split p95", "slice", "order", "asked window"],
    "spike_cells_from_the_window": ["split", "split hourly", "slice", "order", "asked window"],
    "servers_counted_from_the_shard": ["shard", "order"],
    "level_of_the_shard": ["shard", "order"],
    "a_stale_calendar": ["order"],
    "highest_for_percentile": ["fold"],
    "rows_of_the_next_ticks": ["fold", "split p95"],
    "folded_as_means": ["fold"],
    "ids_that_know_the_fleet": ["growing fleet"],
    "faults_that_move_values": ["faults"],
    "one_fault_for_all_columns": ["faults"],
    "a_fixed_seed": ["seeds"],
    "noise_that_knows_the_end": ["span"],
    "columns_that_move_load": ["groups of columns"],
}


@pytest.mark.parametrize(("mutant", "law"), [(mutant, law) for mutant, bitten in BITES.items() for law in bitten])
def test_law_bites_mutant(monkeypatch, mutant, law):
    mutants.MUTANTS[mutant](monkeypatch)
    with pytest.raises(AssertionError):
        LAWS[law]()


@pytest.mark.parametrize("law", list(LAWS))
def test_law_holds_without_a_mutant(law):
    LAWS[law]()
