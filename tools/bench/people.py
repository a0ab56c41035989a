"""Eight people in one monitor: what it takes, and how old their estimates are."""

from __future__ import annotations

import asyncio
import os

import numpy as np

from tools.bench import children, latency, load
from tools.bench.feed import Ages
from tools.bench.load import Watched
from tools.bench.looks import missed
from tools.bench.report import Report, Row

PEOPLE = 8
SFREQ = 128.0
CORE = 100.0
"""% of a core the monitor may take, of two that are there."""
CAME = 99.0
"""% of the estimates that must come: one late by a step is replaced by the next."""
P99 = 50.0
"""Milliseconds above the floor: a fifth of the time between two estimates."""


def measure(seconds: float = 30.0, model: str = "auto") -> Report:
    """Watch them for so many seconds. Raises InsightSimError when one of them does not run."""
    return report(*asyncio.run(_measure(seconds, model)))


async def _measure(seconds: float, model: str) -> tuple[Watched, Ages]:
    people = {f"p{i}": f"insightsim-bench-{os.getpid()}-{i}" for i in range(1, PEOPLE + 1)}
    options = (f"--participant={name}=lsl:source_id={source_id}" for name, source_id in people.items())
    async with children.headsets([*people.values()], SFREQ) as env:
        floor = await latency.beside("floor", people["p1"], seconds, env)
        return await load.watch(people, tuple(options), model, seconds, env), floor


def report(found: Watched, floor: Ages) -> Report:
    """What came, beside what the floor has of one of the eight streams, and what it took."""
    ages = Ages(np.concatenate([each.seconds for each in found.ages]), sum(each.due for each in found.ages))
    who = f"{len(found.ages)} people of 32 channels at {SFREQ:g} Hz"
    rows = (
        Row(f"{who}: estimates that came", 100 * len(ages.seconds) / ages.due, "%", bound="≥", target=CAME),
        latency.row(f"{who}: sample to estimate, median", ages, floor, "floor", 50),
        latency.row(f"{who}: sample to estimate, p99", ages, floor, "floor", 99, P99),
    )
    slowest = max(found.ages, key=lambda each: each.percentile(99))
    notes = (f"people: age of all estimates: {ages}", f"people: of the slowest person: {slowest}")
    return Report(rows, notes) + _taken(who, found)


def _taken(who: str, found: Watched) -> Report:
    if found.ours is None or found.bare is None:
        return missed("what eight people take")
    beside = found.bare, "bare inlets"
    return Report((Row(f"{who}: share of a core", found.ours, "%", *beside, bound="≤", target=CORE),))
