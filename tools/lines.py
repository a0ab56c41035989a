"""What a monitor prints: JSON for everything the feed says, or a line for people when a state changes."""

from __future__ import annotations

import asyncio
import os
import sys

import typer

from insightsim.types import Estimate, StreamState
from streaming.feed import Feed
from web.messages import dumps, estimate_message, status_message


async def print_feed(
    participant: str, feed: Feed, utc_offset: float, as_json: bool, stdout: asyncio.Lock
) -> None:
    """Print until the feed is closed or nobody reads any more; a slow reader skips estimates.

    `stdout` is shared by all who print.
    """
    async for item in feed.subscribe():
        line = _json(item, participant, utc_offset) if as_json else _told(item, participant)
        if line is None:
            continue
        async with stdout:
            try:
                typer.echo(line)
            except BrokenPipeError:  # whoever read the lines has had enough
                sys.stdout = open(os.devnull, "w")  # noqa: SIM115
                return
            await _more_is_taken()


async def _more_is_taken() -> None:
    """Wait until stdout takes another line: writing to a full pipe would halt the page and all else."""
    loop, ready = asyncio.get_running_loop(), asyncio.Event()
    try:
        loop.add_writer(sys.stdout, ready.set)
    except (NotImplementedError, OSError, ValueError):  # Windows cannot ask; a file always takes more
        return
    try:
        await ready.wait()
    finally:
        loop.remove_writer(sys.stdout)


def _json(item: StreamState | Estimate, participant: str, utc_offset: float) -> str:
    if isinstance(item, Estimate):
        return dumps(estimate_message(item, participant, utc_offset))
    return dumps(status_message(item, participant, utc_offset))


def _told(item: StreamState | Estimate, participant: str) -> str | None:
    """A change of state as a line for people; estimates are for the page, and an error is said at the end."""
    if isinstance(item, Estimate) or item.status == "failed":
        return None
    facts = [
        item.name,
        f"{item.n_channels} channels at {item.sfreq:g} Hz" if item.sfreq else "",
        f"model {item.model}" if item.model else "",
        item.reason or "",
    ]
    return f"{participant} {item.stream}: {item.status}  {' · '.join(filter(None, facts))}".rstrip()
