"""Stamps of windows to one WebSocket client: what the floor and the usual library have in common."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Generator
from contextlib import closing

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

SFREQ = 128.0
STEP = 0.25
CLIENT_WITHIN = 60.0
"""Seconds; a server whose client never comes ends itself."""


def closes_window(time: float) -> bool:
    """Whether the sample with this stamp is the nearest to a whole multiple of STEP."""
    return (time + 0.5 / SFREQ) % STEP < 1 / SFREQ


def run(stamps: Generator[float | None]) -> None:
    """Send every stamp to the first client, as plain text, until it leaves. None is only a moment to breathe.

    One thread does all, so that nothing is handed over: while `stamps` waits for a sample, so does the
    server.
    """
    asyncio.run(_run(stamps))


async def _run(stamps: Generator[float | None]) -> None:
    came, left = asyncio.Event(), asyncio.Event()

    async def feed(socket: ServerConnection) -> None:
        came.set()
        try:
            for time in stamps:
                if time is not None:
                    await socket.send(repr(float(time)))
                await asyncio.sleep(0)
        except ConnectionClosed:
            pass
        finally:
            left.set()

    with closing(stamps):
        next(stamps)  # finds the stream
        async with serve(feed, "127.0.0.1", 0, compression=None, ping_interval=None) as server:
            sys.stderr.write(f"127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
            sys.stderr.flush()
            await asyncio.wait_for(came.wait(), CLIENT_WITHIN)
            await left.wait()
