"""What a monitor prints: JSON for everything the feed says, or a line for people when a state changes."""

from __future__ import annotations

import asyncio
import os
import select
import sys

import typer

from insightsim.types import Estimate, StreamState
from streaming.feed import Feed
from web.messages import dumps, estimate_message, status_message

LOOK_EVERY = 0.5
"""Seconds one wait for a slow reader of stdout may take; short, so that a stop is not held up."""


async def print_feed(participant: str, feed: Feed, utc_offset: float, as_json: bool) -> None:
    """Print until the feed is closed or nobody reads any more; a slow reader skips estimates."""
    async for item in feed.subscribe():
        line = _json(item, participant, utc_offset) if as_json else _told(item, participant)
        if line is None:
            continue
        try:
            typer.echo(line)
            while not await asyncio.to_thread(_takes_more, LOOK_EVERY):
                pass
        except BrokenPipeError:  # whoever read the lines has had enough
            sys.stdout = open(os.devnull, "w")  # noqa: SIM115
            return


def _takes_more(within: float) -> bool:
    """Whether stdout takes a line without blocking, which would halt the page and all else with it."""
    try:
        return bool(select.select([], [sys.stdout], [], within)[1])
    except OSError:  # nothing that can be asked: on Windows only sockets can, in memory nothing
        return True


def _json(item: StreamState | Estimate, participant: str, utc_offset: float) -> str:
    if isinstance(item, Estimate):
        return dumps(estimate_message(item, participant, utc_offset))
    return dumps(status_message(item, participant, utc_offset))


def _told(item: StreamState | Estimate, participant: str) -> str | None:
    """A change of state as a line for people; estimates are for the page."""
    if isinstance(item, Estimate):
        return None
    facts = [
        item.name,
        f"{item.n_channels} channels at {item.sfreq:g} Hz" if item.sfreq else "",
        f"model {item.model}" if item.model else "",
        item.reason or "",
    ]
    return f"{participant} {item.stream}: {item.status}  {' · '.join(filter(None, facts))}".rstrip()
