"""Tables of a graph: a row for each node or link, as things stand when the window ends."""

from collections import Counter

import numpy as np
import pytest

from ghostfleet import records, signals
from ghostfleet.core.batch import Text
from ghostfleet.core.errors import ScenarioError
from ghostfleet.core.window import DAY_S, HOUR_S, MINUTE_S, Window
from ghostfleet.generate import NODES_PER_TASK, Generator
from ghostfleet.spec import loading, reading
from ghostfleet.world.estate import LABELS, TYPES
from tests.laws.cells import cells

GRAPH = [*LABELS, *(kind.name for kind in TYPES)]
SINCE = 18_262 * DAY_S  # 2020-01-01


def generator(scenario="estate", *assignments):
    document = reading.read(loading.shipped()[scenario], f"{scenario}.yaml")
    return Generator(loading.load(document, loading.Settings(assignments=assignments)).scenario)


def rows(made, table, window, parts=1):
    """Rows of a table, task by task."""
    plan = made.plan(window, made.tables([table]), parts)
    batches = [cells(batch) for task in plan.tasks for batch in made.batches(task)]
    return {name: np.concatenate([batch[name] for batch in batches if len(batch[name])]) for name in batches[0]}


def test_a_group_names_all_of_its_tables_that_a_scenario_can_make():
    assert [table.name for table in generator().tables(["graph"])] == list(records.named("graph"))
    assert sorted(records.named("graph")) == sorted(GRAPH)
    assert records.named("Service") == ("Service",)
    assert set(records.named("telemetry")) >= {"host_metrics", "server_metrics"}
    with pytest.raises(ScenarioError, match="capacity makes no table of graph"):
        generator("capacity").tables(["graph"])
    with pytest.raises(ScenarioError, match="needs the section estate"):
        generator("capacity").tables(["Service"])


def test_a_name_that_stands_twice_is_written_once():
    assert [table.name for table in generator().tables(["USES", "graph", "USES"])].count("USES") == 1


@pytest.mark.parametrize("name", GRAPH)
def test_a_table_of_the_graph_begins_as_all_of_its_form_do(name):
    table = signals.signal(name).TABLE
    assert table.group == "graph"
    if name in LABELS:
        assert (table.form, table.names[:3], table.keys) == ("node", ("id", "name", "kind"), ("id",))
    else:
        keys = ("from_label", "from_id", "to_label", "to_id")
        assert (table.form, table.names, table.keys) == ("link", (*keys, "kind"), keys)


@pytest.mark.parametrize("name", GRAPH)
def test_rows_depend_on_nothing_but_the_window_s_end(name):
    made = generator()
    until = SINCE + 40 * DAY_S
    whole = rows(made, name, made.window(SINCE, until))
    half = rows(made, name, made.window(SINCE + 20 * DAY_S, until))
    coarse = rows(generator(), name, made.window(SINCE, until, DAY_S))
    for other in (half, coarse):
        assert all(np.array_equal(whole[column], other[column]) for column in whole)
    keys = list(zip(*(whole[key].tolist() for key in signals.signal(name).TABLE.order), strict=True))
    assert keys == sorted(set(keys))


@pytest.mark.parametrize("minute", [1, 4])
def test_one_may_look_between_two_rows_of_metrics(minute):
    """Usage is that of the last whole five minutes; what runs is what runs at the second at which one looks."""
    since = SINCE + 40 * DAY_S + 15 * HOUR_S
    made = generator("estate", "execution.random_seed=5")
    window = Window.between(since, since + minute * MINUTE_S, MINUTE_S)
    between = {label: rows(made, label, window) for label in LABELS}
    before = {label: rows(made, label, Window.between(since - 600, since, MINUTE_S)) for label in LABELS}
    assert between["Service"]["cpu_usage"].tolist() == before["Service"]["cpu_usage"].tolist()
    assert between["EC2Instance"]["cpu_utilization"].tolist() == before["EC2Instance"]["cpu_utilization"].tolist()
    pods = between["Pod"]
    running = Counter(pods["service_name"][pods["status"] == "Running"].tolist())
    there = Counter(pods["service_name"].tolist())
    for name, replicas in zip(*(between["Service"][key].tolist() for key in ("name", "replicas")), strict=True):
        assert running[name] == min(replicas, there[name]), name


def test_ends_of_links_are_nodes():
    made = generator()
    window = made.window(SINCE, SINCE + DAY_S)
    ids = {label: set(rows(made, label, window)["id"].tolist()) for label in LABELS}
    for kind in TYPES:
        links = rows(made, kind.name, window)
        for side in ("from", "to"):
            pairs = zip(links[f"{side}_label"].tolist(), links[f"{side}_id"].tolist(), strict=True)
            assert all(one in ids[label] for label, one in pairs)


def test_a_check_of_somebody_else_s_service_is_less_than_a_minute_old():
    made = generator()
    until = SINCE + DAY_S
    seen = rows(made, "ExternalService", made.window(SINCE, until))["last_health_check"]
    assert ((seen > until - 60) & (seen <= until)).all()


def test_a_plan_cuts_nodes_and_never_time():
    made = generator("estate", "estate.scale=30")
    window = made.window(SINCE, SINCE + 90 * DAY_S)
    for parts in (1, 3, 500):
        plan = made.plan(window, made.tables(["Pod"]), parts)
        assert {task.window for task in plan.tasks} == {window}
        assert all(task.rows <= NODES_PER_TASK for task in plan.tasks)
        assert plan.rows == made.observer("Pod").entities
        assert len(plan.tasks) >= parts
        assert sum(plan.share(part, parts).rows for part in range(1, parts + 1)) == plan.rows
    one, three = rows(made, "Pod", window), rows(made, "Pod", window, 3)
    assert all(np.array_equal(one[column], three[column]) for column in one)


def test_a_label_without_entities_has_a_task_without_rows():
    made = generator("small")
    plan = made.plan(made.window(SINCE, SINCE + DAY_S), made.tables(["Pod"]))
    assert (plan.rows, len(plan.tasks)) == (0, 1)
    (batch,) = made.batches(plan.tasks[0])
    assert len(batch) == 0
    assert all(len(values.vocabulary) <= 1 for values in batch.columns.values() if isinstance(values, Text))
