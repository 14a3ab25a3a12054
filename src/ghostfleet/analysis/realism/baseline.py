"""What real entities score against real ones: nothing that is made can be asked to do better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ghostfleet.analysis.realism.distances import distances, mean_ks
from ghostfleet.analysis.realism.features import matrix
from ghostfleet.analysis.realism.twosample import FEWEST_ENTITIES, Chance, told_apart

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ghostfleet.analysis.realism.windows import Windows
    from ghostfleet.core.arrays import F64


@dataclass(frozen=True)
class Baseline:
    """One half of the real entities against the other: area under the curve, and mean distance of the features."""

    auc: float
    ks: float


def baseline(real: Mapping[str, F64], owned: Windows, chance: Chance) -> Baseline | None:
    """Halve the real entities as often as there are repeats, test the halves, and take means.

    None where a half has too few entities.
    """
    if len(owned.owners) < 2 * FEWEST_ENTITIES:
        return None
    found = []
    for time in range(chance.repeats):
        mine = owned.half(chance.seed, time)
        one, other = ({name: values[side] for name, values in real.items()} for side in (mine, ~mine))
        owners = owned.entities[mine], owned.entities[~mine]
        test = told_apart(matrix(one), matrix(other), owners, Chance(chance.seed + time, 1))
        found.append((test.auc, mean_ks(distances(one, other))))
    auc, ks = np.mean(found, axis=0)
    return Baseline(float(auc), float(ks))
