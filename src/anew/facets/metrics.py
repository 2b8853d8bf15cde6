"""Reads the points a run logged into Metrics: a summary each, the points in the store."""

import math
from collections.abc import Iterable

import msgspec
from msgspec import Struct, field

from anew.model.metric import Metric
from anew.store.protocol import Batch


class _Series(Struct):
    points: list[tuple[int | None, str]] = field(default_factory=list)
    times: list[int] = field(default_factory=list)


def collect(
    points: Iterable[tuple[str, int | None, str, int]], started: int, batch: Batch
) -> tuple[Metric, ...]:
    """Return one metric per name. `started` is the run's start on the clock of the points, in ns.

    Points keep the order they were logged in; where a step was left out it is counted per name.
    """
    series: dict[str, _Series] = {}
    for name, step, value, time in sorted(points, key=lambda point: point[3]):
        held = series.setdefault(name, _Series())
        held.points.append((len(held.points) if step is None else step, value))
        held.times.append(max(0, (time - started) // 1000))
    return tuple(_summed(name, series[name], batch) for name in sorted(series))


def _summed(name: str, series: _Series, batch: Batch) -> Metric:
    values = [float(value) for _, value in series.points]
    finite = [value for value in values if not math.isnan(value)] or [math.nan]
    return Metric(
        name,
        len(values),
        last=series.points[-1][1],
        min=repr(min(finite)),
        max=repr(max(finite)),
        points=batch.add(msgspec.json.encode(series.points)),
        times=batch.add(msgspec.json.encode(series.times)),
    )
