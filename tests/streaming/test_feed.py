"""The feed: latest wins for estimates, nothing is lost of states."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import replace

from insightsim.types import VADL, Estimate, StreamState, StreamStatus
from streaming.feed import Feed


def estimate(time: float) -> Estimate:
    half = VADL(0.5, 0.5, 0.5, 0.5)
    return Estimate(time, half, half, half, 1.0, None)


def state(time: float, status: StreamStatus = "live") -> StreamState:
    return StreamState("eeg", status, time, "synthetic")


async def read(feed: Feed, into: list[StreamState | Estimate], pause: float = 0.0) -> None:
    async for item in feed.subscribe():
        into.append(item)
        await asyncio.sleep(pause)


def run(scenario: Coroutine[None, None, None]) -> None:
    asyncio.run(asyncio.wait_for(scenario, 10))


def test_a_fast_reader_gets_every_estimate_and_a_slow_one_the_newest() -> None:
    fast: list[StreamState | Estimate] = []
    slow: list[StreamState | Estimate] = []

    async def scenario() -> None:
        feed = Feed()
        readers = [asyncio.create_task(read(feed, fast)), asyncio.create_task(read(feed, slow, 0.05))]
        await asyncio.sleep(0)
        for i in range(20):
            feed.publish(estimate(i))
            while len(fast) <= i:
                await asyncio.sleep(0)
            await asyncio.sleep(0.005)
        feed.close()
        await asyncio.gather(*readers)

    run(scenario())
    assert [item.time for item in fast] == list(range(20))
    assert len(slow) < 10
    assert slow[-1].time == 19


def test_states_are_lossless_and_in_order_even_for_a_slow_reader() -> None:
    seen: list[StreamState | Estimate] = []

    async def scenario() -> None:
        feed = Feed()
        reader = asyncio.create_task(read(feed, seen, 0.001))
        await asyncio.sleep(0)
        for i in range(50):
            feed.announce(replace(state(i), reason=f"{i}"))
            feed.publish(estimate(i))
        feed.close()
        await reader

    run(scenario())
    assert [item.time for item in seen if isinstance(item, StreamState)] == list(range(50))
    assert [item.time for item in seen if isinstance(item, Estimate)] == [49]


def test_a_reader_held_up_between_a_state_and_an_estimate_gets_the_newest_of_both() -> None:
    seen: list[StreamState | Estimate] = []

    async def scenario() -> None:
        feed = Feed()
        feed.announce(state(1))
        feed.publish(estimate(2))
        async for item in feed.subscribe():
            seen.append(item)
            if item.time == 1:  # while this one is being dealt with
                feed.announce(state(3, "lost"))
                feed.publish(estimate(4))
                feed.close()

    run(scenario())
    assert [item.time for item in seen] == [1, 3, 4]


def test_a_state_that_says_nothing_new_is_kept_but_not_announced() -> None:
    seen: list[StreamState | Estimate] = []

    async def scenario() -> None:
        feed = Feed()
        feed.announce(state(1))
        reader = asyncio.create_task(read(feed, seen))
        await asyncio.sleep(0)
        feed.announce(replace(state(2), lag=0.5))
        feed.close()
        await reader
        assert feed.states["eeg"].lag == 0.5

    run(scenario())
    assert [item.time for item in seen] == [1]


def test_a_late_joiner_gets_the_current_state_then_the_latest_estimate() -> None:
    seen: list[StreamState | Estimate] = []

    async def scenario() -> None:
        feed = Feed()
        feed.announce(state(1, "connecting"))
        feed.announce(state(2, "live"))
        feed.publish(estimate(3))
        feed.close()
        await read(feed, seen)

    run(scenario())
    assert [item.time for item in seen] == [2, 3]


def test_a_reader_that_leaves_is_forgotten() -> None:
    async def scenario() -> None:
        feed = Feed()
        reader = asyncio.create_task(read(feed, []))
        await asyncio.sleep(0)
        assert len(feed._readers) == 1
        reader.cancel()
        await asyncio.gather(reader, return_exceptions=True)
        assert not feed._readers

    run(scenario())


def test_who_asks_for_every_estimate_gets_every_one_however_slow() -> None:
    seen: list[StreamState | Estimate] = []

    async def scenario() -> None:
        feed = Feed()
        slow = feed.subscribe(every=True)
        feed.publish(estimate(0))
        seen.append(await anext(slow))
        for i in range(1, 20):
            feed.publish(estimate(i))
        feed.close()
        seen.extend([item async for item in slow])

    run(scenario())
    assert [item.time for item in seen] == list(range(20))
