"""Whether a monitor stays as it is: memory, threads and open files over a long time.

An hour of a recording at high speed, then minutes of a live stream: the first has many windows, the second
many pulls.
"""

from __future__ import annotations

import asyncio
import os
import tempfile
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from tools.bench import children, hour, load
from tools.bench.feed import messages
from tools.bench.looks import Look, look, missed
from tools.bench.progress import watching
from tools.bench.report import Report, Row

TARGET = 5.0
"""MB."""
LOOKS = 120
"""How often a process is looked at, evenly over the stream's time."""
SPARE = 30.0
"""Seconds a recording is longer than what is watched of it, so that it does not end before."""


@dataclass(frozen=True, slots=True)
class Watched:
    """Looks at a monitor, evenly over the stream's time, and which share of its estimates was judged."""

    looks: tuple[Look, ...]
    """None where the system does not tell."""
    judged: float


def measure(hours: float = 1.0, minutes: float = 10.0, speed: float = 200.0, model: str = "auto") -> Report:
    """Watch both, one after another. Raises InsightSimError when the monitor does not run."""
    return asyncio.run(_from_file(hours * 3600, speed, model)) + asyncio.run(_live(minutes * 60, model))


async def _from_file(seconds: float, speed: float, model: str) -> Report:
    with tempfile.TemporaryDirectory(prefix="insightsim-bench-") as folder:
        recording = hour.write(Path(folder), seconds + SPARE)
        options = (*children.one(f"file:{recording}"), "--speed", str(speed))
        async with children.monitor(options, model, seconds) as (process, address):
            found = await watch(process.pid, f"{address}/p1", seconds, "monitor, from file")
    return report(f"{seconds / 60:.3g} min from file at speed {speed:g}", found)


async def _live(seconds: float, model: str) -> Report:
    source_id = f"insightsim-bench-{os.getpid()}"
    options = children.one(f"lsl:source_id={source_id}")
    async with (
        children.headsets([source_id], load.SFREQ) as env,
        children.monitor(options, model, seconds, env) as (process, address),
    ):
        found = await watch(process.pid, f"{address}/p1", seconds, "monitor, over LSL")
    return report(f"{seconds / 60:.3g} min over LSL at {load.SFREQ:g} Hz", found)


async def watch(pid: int, address: str, seconds: float, who: str) -> Watched:
    """Look at a process while its feed goes through so many seconds of stream time."""
    looks: list[Look] = []
    seen = judged = 0
    start: float | None = None
    async with aclosing(messages(address, who)) as sent:
        with watching(who, seconds) as watched:
            async for _, message in sent:
                if message["type"] != "estimate":
                    continue
                start = message["time"] if start is None else start
                passed = message["time"] - start
                watched(passed)
                seen, judged = seen + 1, judged + (message["reason"] is None)
                if passed >= len(looks) * seconds / LOOKS and (found := look(pid)) is not None:
                    looks.append(found)
                if passed >= seconds:
                    break
    return Watched(tuple(looks), judged / seen)


def report(what: str, found: Watched) -> Report:
    """The last sixth beside the second: in the first, whatever is made once is made."""
    looks = found.looks
    if not looks:
        return missed(f"soak, {what}")
    sixth = max(1, len(looks) // 6)
    before, after = looks[sixth : 2 * sixth] or looks[:1], looks[-sixth:]

    def row(name: str, figure: str, unit: str, target: float) -> Row:
        now, then = (median(getattr(each, figure) for each in some) for some in (after, before))
        return Row(f"{what}: {name}", now, unit, then, "a sixth in", "difference", "≤", target)

    rows = (
        row("memory", "own", "MB", TARGET),
        row("threads", "threads", "", 0.0),
        row("open files", "files", "", 0.0),
    )
    told = f"{found.judged:.0%} of the estimates judged, most memory resident {looks[-1].peak:.0f} MB"
    return Report(rows, (f"soak, {what}: {told}",))
