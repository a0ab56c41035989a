"""The client of every latency figure: how old a window's last stamp is when the message about it arrives."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from insightsim.errors import InsightSimError
from streaming.lsl import clock
from tools.bench.progress import watching

STEP = 0.25
"""Seconds between two windows."""
SETTLE = 2.0
"""Seconds after the first message that do not count: whatever is done once is done by then."""
FIRST_WITHIN = 30.0
"""Seconds the first message may take; the monitor's first window takes five."""


@dataclass(frozen=True, slots=True)
class Ages:
    """How old the stamps were, s, and how many came of how many that were due."""

    seconds: NDArray[np.float64]
    due: int

    def percentile(self, percent: float) -> float:
        """In milliseconds."""
        return float(np.percentile(self.seconds, percent)) * 1000

    def __str__(self) -> str:
        low, high, most = (self.percentile(percent) for percent in (50, 99, 100))
        return f"median {low:.2f}, p99 {high:.2f}, max {most:.2f} ms; {len(self.seconds)} of {self.due} came"


def stamp(message: Any) -> float | None:
    """The stamp of a window's last sample: of a live estimate, judged or not, or a bare number."""
    if isinstance(message, float):
        return message
    if message["type"] != "estimate" or any(stream["status"] != "live" for stream in message["streams"]):
        return None
    return float(message["time"])


async def listen(address: str, seconds: float, who: str) -> Ages:
    """Read a feed for so many seconds from its second one on. Raises InsightSimError when it falls silent."""
    (ages,) = await listen_to_all([address], seconds, who)
    return ages


async def listen_to_all(addresses: Sequence[str], seconds: float, who: str) -> list[Ages]:
    """The same of several feeds at once."""
    with watching(who, seconds) as watched:
        return await asyncio.gather(*(_listen(address, seconds, who, watched) for address in addresses))


async def _listen(address: str, seconds: float, who: str, watched: Callable[[float], None]) -> Ages:
    stamps: list[float] = []
    ages: list[float] = []
    connected, start = clock(), None
    async with aclosing(messages(address, who)) as sent:
        async for now, message in sent:
            # A feed first sends newcomers its latest estimate, which is old.
            if (time := stamp(message)) is None or time < connected:
                continue
            start = start or now + SETTLE
            if now >= start:
                stamps.append(time)
                ages.append(now - time)
                watched(now - start)
            if now >= start + seconds:
                break
    return Ages(np.array(ages), 1 + round((stamps[-1] - stamps[0]) / STEP))


async def messages(address: str, who: str) -> AsyncGenerator[tuple[float, Any]]:
    """What a feed sends, each with when it came; raises InsightSimError when it ends or falls silent."""
    n_messages = 0
    async with connect(address, compression=None, ping_interval=None) as socket:
        while True:
            try:
                text = await asyncio.wait_for(socket.recv(), FIRST_WITHIN)
            except (TimeoutError, ConnectionClosed) as error:
                raise InsightSimError(f"{who}: nothing after {n_messages} messages; {_why(error)}") from error
            n_messages += 1
            yield clock(), json.loads(text)


def _why(error: TimeoutError | ConnectionClosed) -> str:
    if isinstance(error, TimeoutError):
        return f"silent for {FIRST_WITHIN:g} s"
    return error.rcvd.reason if error.rcvd and error.rcvd.reason else str(error)
