"""Whether a monitor stays as it is: memory, threads and open files over a long time.

An hour of a recording at high speed, then minutes of a live stream: the first has many windows, the second
many pulls.
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from statistics import median

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from insightsim.errors import InsightSimError
from tools.bench import children, hour, load
from tools.bench.feed import FIRST_WITHIN
from tools.bench.looks import Look, look, missed
from tools.bench.progress import watching
from tools.bench.report import Report, Row

TARGET = 5.0
"""MB."""
LOOKS = 120
"""How often a process is looked at, evenly over the stream's time."""
SPARE = 30.0
"""Seconds a recording is longer than what is watched of it, so that it does not end before."""


def measure(hours: float = 1.0, minutes: float = 10.0, speed: float = 200.0, model: str = "auto") -> Report:
    """Watch both, one after another. Raises InsightSimError when the monitor does not run."""
    return asyncio.run(_from_file(hours * 3600, speed, model)) + asyncio.run(_live(minutes * 60, model))


async def _from_file(seconds: float, speed: float, model: str) -> Report:
    with tempfile.TemporaryDirectory(prefix="insightsim-bench-") as folder:
        recording = hour.write(Path(folder), seconds + SPARE)
        options = (*children.one(f"file:{recording}"), "--speed", str(speed))
        async with children.monitor(options, model, seconds) as (process, address):
            looks = await watch(process.pid, f"{address}/p1", seconds, "from file")
    return report(f"{seconds / 60:.3g} min from file at speed {speed:g}", looks)


async def _live(seconds: float, model: str) -> Report:
    source_id = f"insightsim-bench-{os.getpid()}"
    options = children.one(f"lsl:source_id={source_id}")
    async with AsyncExitStack() as stack:
        env = await stack.enter_async_context(children.headsets([source_id], load.SFREQ))
        process, address = await stack.enter_async_context(children.monitor(options, model, seconds, env))
        looks = await watch(process.pid, f"{address}/p1", seconds, "over LSL")
    return report(f"{seconds / 60:.3g} min over LSL at {load.SFREQ:g} Hz", looks)


async def watch(pid: int, address: str, seconds: float, who: str) -> list[Look]:
    """Looks at a process while its feed goes through so many seconds of stream time; none where not told."""
    looks: list[Look] = []
    start: float | None = None
    async with connect(address, compression=None, ping_interval=None) as socket:
        with watching(who, seconds) as watched:
            passed = 0.0
            while passed < seconds:
                try:
                    message = json.loads(await asyncio.wait_for(socket.recv(), FIRST_WITHIN))
                except (TimeoutError, ConnectionClosed) as error:
                    why = str(error) or f"silent for {FIRST_WITHIN:g} s"
                    raise InsightSimError(f"{who}: nothing more after {passed:.0f} s: {why}") from error
                if message["type"] != "estimate":
                    continue
                start = message["time"] if start is None else start
                passed = message["time"] - start
                watched(passed)
                if passed >= len(looks) * seconds / LOOKS and (found := look(pid)) is not None:
                    looks.append(found)
    return looks


def report(what: str, looks: Sequence[Look]) -> Report:
    """The last sixth beside the second: in the first, whatever is made once is made."""
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
    return Report(rows, (f"soak, {what}: most memory resident {looks[-1].peak:.0f} MB",))
