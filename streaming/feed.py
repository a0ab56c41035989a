"""What one participant's pipeline says, for any number of readers: every state, and the newest estimate."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from insightsim.types import Estimate, StreamState

MAX_STATES = 256
"""A reader this many changes of state behind is stuck, not slow; its oldest go."""


class Feed:
    """Publishes to readers without ever waiting for one: a slow reader skips the estimates it missed.

    All calls are made on the event loop.
    """

    def __init__(self) -> None:
        self.states: dict[str, StreamState] = {}
        """The current state of every stream, by name of the stream."""
        self.latest: Estimate | None = None
        self._readers: set[_Reader] = set()
        self._closed = False

    def publish(self, estimate: Estimate) -> None:
        """Hand the newest estimate to every reader; it replaces one they have not read yet."""
        self.latest = estimate
        for reader in self._readers:
            reader.estimates.append(estimate)
            reader.wake.set()

    def announce(self, state: StreamState) -> None:
        """Keep a stream's state, and hand it to every reader when it says something new."""
        before = self.states.get(state.stream)
        self.states[state.stream] = state
        if before is not None and _said(before) == _said(state):
            return
        for reader in self._readers:
            reader.states.append(state)
            reader.wake.set()

    def close(self) -> None:
        """Let every reader finish what is there and stop."""
        self._closed = True
        for reader in self._readers:
            reader.wake.set()

    async def subscribe(self, every: bool = False) -> AsyncIterator[StreamState | Estimate]:
        """Yield the current states and estimate, then everything new, until the feed is closed.

        With `every`, no estimate is skipped: they wait in memory, so it is for what has an end.
        """
        reader = _Reader(None if every else 1)
        reader.states.extend(self.states.values())
        if self.latest is not None:
            reader.estimates.append(self.latest)
        self._readers.add(reader)
        try:
            while True:
                reader.wake.clear()
                while (item := reader.take()) is not None:
                    yield item
                if self._closed:
                    return
                await reader.wake.wait()
        finally:
            self._readers.discard(reader)


def _said(state: StreamState) -> tuple[object, ...]:
    """What of a state is news; rate, lag and counts travel with every estimate."""
    return state.status, state.reason, state.name, state.model, state.left_out


class _Reader:
    """One reader's letter box."""

    def __init__(self, most: int | None) -> None:
        """`most` estimates wait; None: all."""
        self.states: deque[StreamState] = deque(maxlen=MAX_STATES)
        self.estimates: deque[Estimate] = deque(maxlen=most)
        self.wake = asyncio.Event()

    def take(self) -> StreamState | Estimate | None:
        """The oldest state; when there is none, the oldest estimate that waits: neither gets stale."""
        if self.states:
            return self.states.popleft()
        return self.estimates.popleft() if self.estimates else None
