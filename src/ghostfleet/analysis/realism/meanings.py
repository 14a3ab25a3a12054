"""What each feature says of a window, in words."""

from __future__ import annotations

MEANINGS = {
    "constant": "1 where the window never changes",
    "acf_partial_2": "what the step before last adds to what the last one tells",
    "acf_late_peak": "largest autocorrelation of late lags, such as a period's",
    "acf_late_peak_at": "where among the late lags that is",
    "acf_first_zero": "after which share of the window memory is gone",
    "change_ratio": "spread of the changes over spread of the values",
    "change_memory_1": "autocorrelation of the changes, 1 step apart",
    "change_memory_2": "autocorrelation of the changes, 2 steps apart",
    "change_in_few": "share of all movement in the largest twentieth of the changes",
    "change_typical": "log of the median change over the quartile range",
    "change_skew": "lopsidedness of the changes",
    "rise_over_fall": "log of the mean rise over the mean fall",
    "turns": "share of steps at which a rise turns into a fall or back",
    "reversal": "whether rises (over 0) or falls (under 0) are the sudden ones",
    "power_slope": "slope of the spectrum, log over log",
    "power_slope_slow": "the same of its slowest third",
    "power_slope_middle": "the same of its middle third",
    "power_flatness": "1 for white noise, 0 for a single wave",
    "power_line": "share of power in the strongest frequency",
    "skew": "lopsidedness of the values",
    "kurtosis": "log of the fourth moment: heavy tails",
    "skew_quartiles": "lopsidedness of the middle half",
    "tail_high": "log of the high tail over the quartile range",
    "tail_low": "log of the low tail over the quartile range",
    "tail_balance": "log of the high tail over the low one",
    "median_place": "where the median is between floor and ceiling",
    "iqr_share": "quartile range as a share of the whole range",
    "beyond_3_deviations": "share of values further than 3 deviations from the mean",
    "burst_share": "share of steps far above what is usual",
    "burst_count": "bursts per step",
    "burst_length": "steps per burst",
    "burst_regularity": "spread of the gaps between bursts over their mean",
    "burst_second": "height of the second highest step over the highest",
    "dip_share": "share of steps far below what is usual",
    "excursion": "how far the running sum strays: drift and shifts of level",
    "halves": "distance of the means of both halves, in deviations",
    "calm_and_lively": "log of the calmer half's spread over the other's",
    "ordinal_entropy_3": "disorder of the order of 3 successive values",
    "ordinal_entropy_4": "disorder of the order of 4 successive values",
    "ordinal_complexity": "between order and disorder: structure in that order",
    "ordinal_entropy_weighted": "the same disorder, large movements counting more",
    "ordinal_missing": "share of orders that never occur",
    "distinct": "distinct values per step",
    "commonest": "share of the commonest value",
    "at_floor": "share of steps at the lowest value",
    "at_ceiling": "share of steps at the highest value",
    "still": "share of steps without a change",
    "longest_plateau": "longest stretch without a change, as a share of the window",
    "grid_fit": "share of values on a grid as fine as the smallest gap",
    "grid_cells": "log10 of that grid's cells between floor and ceiling",
}
FAMILIES = {
    "acf_": "autocorrelation, {} steps apart",
    "block_": "spread of means of {} steps over spread of the values",
    "power_octave_": "share of power in octave {}, of which the last is the fastest",
}


def meaning(feature: str) -> str:
    """Say in words what a feature is; nothing of one whose name says it."""
    if feature in MEANINGS:
        return MEANINGS[feature]
    family = next((family for family in FAMILIES if feature.startswith(family)), "")
    return FAMILIES[family].format(feature.removeprefix(family)) if family else ""
