"""The two tables of truth: what happened, and what it did."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from ghostfleet.core.batch import Batch, Plain, Quanta, Text
from ghostfleet.core.table import Kind, Table, column
from ghostfleet.incidents import Severity
from ghostfleet.truth.metrics import FLOWING, LEAVES

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ghostfleet.truth.difference import Impact
    from ghostfleet.world.occasions import Occasion

SEVERITIES: tuple[str, ...] = get_args(get_args(Severity)[0])
METRICS = tuple(metric.name for metric in (*FLOWING, *LEAVES))
SIZE = 0.0001

INCIDENTS = Table(
    "incidents",
    about="what went wrong, on whom and when; times are the first second and the one after the last",
    columns=(
        column("incident_id", Kind.TEXT, "made of kind, root and start"),
        column("kind", Kind.TEXT, "kind of incident"),
        column("root_entity", Kind.TEXT, "whom it struck"),
        column("root_label", Kind.TEXT, "label of that"),
        column("start", Kind.TIME, "when it began"),
        column("end", Kind.TIME, "when nothing of it was left"),
        column("severity", Kind.TEXT, "how bad people say it is", values=SEVERITIES),
        column("onset_until", Kind.TIME, "until when it rose"),
        column("plateau_until", Kind.TIME, "until when it stood; from then on it recovers"),
    ),
    keys=("incident_id",),
    order=("start", "incident_id"),
    group="truth",
)
IMPACT = Table(
    "impact",
    about="what each incident did to whom: the state with it minus the state without it, above the metrics' thresholds",
    columns=(
        column("incident_id", Kind.TEXT, "the incident"),
        column("entity", Kind.TEXT, "an entity, or a call as caller → callee"),
        column("metric", Kind.TEXT, "of the entity", values=METRICS),
        column("onset", Kind.TIME, "first second of the first tick that it and somebody a link nearer had changed"),
        column("end", Kind.TIME, "second after the last tick that it changed"),
        column(
            "hop",
            Kind.I64,
            "links from the root along which the kind spreads, 1 to whoever it strikes as well",
            low=0,
            nullable=True,
        ),
        column(
            "size",
            Kind.F64,
            "largest change, relative for demand, requests, calls, latency and connections",
            resolution=SIZE,
        ),
    ),
    keys=("incident_id", "entity", "metric"),
    order=("incident_id", "hop", "entity", "metric"),
    group="truth",
)
TABLES = (INCIDENTS, IMPACT)


def incidents_batch(occasions: Sequence[Occasion]) -> Batch:
    """Rows of incidents."""
    rows = sorted(occasions, key=lambda one: (one.start_s, one.id))
    return Batch(
        INCIDENTS,
        {
            "incident_id": _text(one.id for one in rows),
            "kind": _text(one.name for one in rows),
            "root_entity": _text(one.root for one in rows),
            "root_label": _text(one.label for one in rows),
            "start": _whole(one.start_s for one in rows),
            "end": _whole(one.end_s for one in rows),
            "severity": _text(one.kind.severity for one in rows),
            "onset_until": _whole(one.phases_s[0] for one in rows),
            "plateau_until": _whole(one.phases_s[1] for one in rows),
        },
    )


def impact_batch(impacts: Iterable[Impact]) -> Batch:
    """Rows of impacts."""
    rows = sorted(impacts, key=lambda one: (one.incident_id, one.hop is None, one.hop or 0, one.entity, one.metric))
    beyond = np.array([one.hop is None for one in rows], dtype=np.bool_)
    hops = _whole(one.hop or 0 for one in rows).values
    per_one = 10 ** IMPACT["size"].decimals
    sizes = np.rint(np.array([one.size for one in rows], dtype=np.float64) * per_one).astype(np.int64)
    return Batch(
        IMPACT,
        {
            "incident_id": _text(one.incident_id for one in rows),
            "entity": _text(one.entity for one in rows),
            "metric": _text(one.metric for one in rows),
            "onset": _whole(one.onset_s for one in rows),
            "end": _whole(one.end_s for one in rows),
            "hop": Plain(hops, beyond if beyond.any() else None),
            "size": Quanta(sizes, per_one),
        },
    )


def _text(values: Iterable[str]) -> Text:
    texts = list(values)
    vocabulary = tuple(sorted(set(texts)))
    place = {text: code for code, text in enumerate(vocabulary)}
    return Text(np.array([place[text] for text in texts], dtype=np.int32), vocabulary)


def _whole(values: Iterable[int]) -> Plain:
    return Plain(np.array(list(values), dtype=np.int64))
