"""Load shapes that a scenario gives an archetype: they move its servers alone, the same in every window."""

import numpy as np
import pytest

from ghostfleet.core.window import Window
from ghostfleet.shapes import kinds
from ghostfleet.spec import loading, reading
from ghostfleet.state.servers import Servers
from ghostfleet.world import fleet as fleets

CAPACITY = loading.shipped()["capacity"]
NEEDED = {
    "growth": "percent_per_month: 3, since: 2021-01-01",
    "maintenance": "windows: [{weekday: sunday, start_hour: 2, duration_hours: 3, factor: 0.2}]",
    "weekend": "factor: 0.5",
    "working_hours": "factor: 1.3",
}
HOURLY = loading.Settings(assignments=["data.granularity=hourly", "data.num_servers=30"])


def servers(shapes=""):
    line = "      working_hours_factor: 1.6\n"
    text = CAPACITY.replace(line, f"{line}      shapes: [{shapes}]\n", 1) if shapes else CAPACITY
    scenario = loading.load(reading.read(text, "own.yaml"), HOURLY).scenario
    return Servers.of(scenario, fleets.build(scenario))


def cpu(solver, since_h, until_h):
    since = 1_640_995_200 // 3600
    return solver.solve(Window(since + since_h, since + until_h, 3600), 0, 30).cpu


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_kind_of_shape_can_be_given(kind):
    options = ", ".join(part for part in (f"kind: {kind}", NEEDED.get(kind, "")) if part)
    solver = servers(f"{{{options}}}")
    whole = cpu(solver, 0, 24 * 80)
    assert np.array_equal(cpu(solver, 37, 500), whole[:, 37:500])
    plain = servers()
    web = plain.fleet.type_codes == plain.fleet.types.index("web")
    assert 0 < web.sum() < len(web)
    assert np.array_equal(whole[~web], cpu(plain, 0, 24 * 80)[~web])


def test_factors_of_several_shapes_multiply():
    saturday = (24 * 7, 24 * 8)  # the first of the year is a Saturday
    half = cpu(servers("{kind: weekend, factor: 0.5}"), *saturday).mean()
    quarter = cpu(servers("{kind: weekend, factor: 0.5}, {kind: weekend, factor: 0.5}"), *saturday).mean()
    assert quarter < half < cpu(servers(), *saturday).mean()
