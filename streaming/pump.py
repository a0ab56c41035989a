"""One branch from start to stop: found, followed, lost and found again.

The only threads of the pipeline are here, one for each branch: it opens, pulls, computes and closes; what
comes of that returns to the event loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

from insightsim.errors import InsightSimError, StreamAwaited, StreamLost, StreamNotFound
from streaming.branch import Branch, Event
from streaming.lsl import clock

Call = Callable[..., asyncio.Future[Any]]
"""Runs a function on the branch's own thread."""
Take = Callable[[Event], None]
"""Receives, on the event loop, what the branch says."""

OPEN_WITHIN = 5.0
"""Seconds in which a stream must be found at the start."""
TRY = 0.5
"""Seconds one try to find a stream may take; short, so that a stop is not held up."""
TRY_EVERY = 0.25
"""Seconds between two tries to find a lost stream."""


async def pump(branch: Branch, take: Take, patient: bool = False) -> None:
    """Run a branch until its stream ends; a lost one is looked for again, any other error is raised.

    When `patient`, a stream that is missing at the start is looked for in the same way.
    """
    # One thread per branch: its calls never overlap, so close() cannot race pull().
    thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="branch")
    call = partial(asyncio.get_running_loop().run_in_executor, thread)
    stop = threading.Event()
    take(Event(branch.state))
    try:
        await _find(call, branch, take, patient)
        while not await _follow(call, branch, take, stop):
            await _find_again(call, branch, take)
        take(branch.ended())
    finally:
        stop.set()
        try:
            await call(branch.close)  # after the pull in progress; the loop goes on meanwhile
        finally:
            thread.shutdown(wait=False)


async def _find(call: Call, branch: Branch, take: Take, patient: bool) -> None:
    """Open the source for the first time; what is not there by then is lost to the patient, else an error.

    A stream that awaits somebody is looked for until they have done it.
    """
    deadline = clock() + OPEN_WITHIN - TRY
    while True:
        try:
            return take(await call(partial(branch.open, TRY)))
        except StreamAwaited as awaited:
            take(branch.waiting(str(awaited)))
            deadline = clock() + OPEN_WITHIN - TRY  # what is to be found has not been looked for yet
        except StreamNotFound as missing:
            if clock() < deadline:
                continue
            if not patient:
                break
            take(branch.lost(f"{missing}; looking for it"))
            return await _find_again(call, branch, take)
    take(await call(branch.open))  # looks once more, and its error lists what else there is


async def _follow(call: Call, branch: Branch, take: Take, stop: threading.Event) -> bool:
    """Publish what the branch says until its stream ends (True) or is lost (False)."""
    try:
        while (events := await call(partial(_news, branch, stop))) is not None:
            for event in events:
                take(event)
    except StreamLost as lost:
        take(branch.lost(str(lost)))
        return False
    return True


def _news(branch: Branch, stop: threading.Event) -> list[Event] | None:
    """Pull until something comes of it: returning to the loop costs more than most pulls do."""
    while not stop.is_set():
        if (events := branch.step()) != []:
            return events
    return []


async def _find_again(call: Call, branch: Branch, take: Take) -> None:
    """Resolve the user's query again until the stream is back, under whatever source_id."""
    while True:
        await call(branch.close)
        try:
            take(await call(partial(branch.open, TRY)))
        except StreamNotFound:
            await asyncio.sleep(TRY_EVERY)
        except InsightSimError as error:  # it is back, but unfit: say why, and go on looking
            take(branch.lost(str(error)))
            await asyncio.sleep(TRY_EVERY)
        else:
            return
