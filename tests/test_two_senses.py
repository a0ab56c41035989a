"""EEG and a face over real LSL streams, killed one after the other and brought back."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import uuid
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import pytest

from insightsim.types import Estimate
from streaming.lsl import Inlet
from streaming.pipeline import Session
from tests.made_up import two_senses

ROOT = Path(__file__).parents[1]


class Streams:
    """What is published of one person, each stream in a process of its own."""

    def __init__(self, opened: ExitStack) -> None:
        self.name = f"insightsim-two-{uuid.uuid4().hex[:8]}"
        self._opened = opened
        self._running: dict[str, subprocess.Popen[str]] = {}

    def publish(self, *kinds: str) -> None:
        """Return when they are there."""
        for kind in kinds:
            command = [
                sys.executable,
                "-m",
                "tests.publisher",
                f"{self.name}-{kind}",
                f"{self.name}-{kind}",
                kind,
            ]
            process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
            self._running[kind] = self._opened.enter_context(process)
            self._opened.callback(process.kill)
        for kind in kinds:
            stdout = self._running[kind].stdout
            assert stdout is not None
            assert stdout.readline() == "here\n"

    def kill(self, *kinds: str) -> None:
        for kind in kinds:
            self._running[kind].kill()


def heard(estimate: Estimate) -> set[str]:
    """The streams that have a say."""
    return {share.stream for share in estimate.shares if share.reason is None}


@pytest.mark.timeout(120)
def test_each_goes_on_without_the_other_and_without_both_there_is_no_estimate_but_a_reason() -> None:
    async def scenario(streams: Streams) -> dict[str, Estimate]:
        eeg, face = (Inlet(f"lsl:{streams.name}-{kind}", kind) for kind in ("eeg", "face"))
        someone = two_senses(eeg, face)
        running = asyncio.create_task(Session([someone]).run())
        feed, seen = someone.feed.subscribe(), {}

        async def until(what: Callable[[Estimate], bool]) -> Estimate:
            async for item in feed:
                if isinstance(item, Estimate) and what(item):
                    return item
            raise AssertionError("the session is over")

        try:
            seen["both"] = await until(lambda estimate: heard(estimate) == {"eeg", "face"})
            for lost, left in (("eeg", "face"), ("face", "eeg")):
                streams.kill(lost)
                seen[f"{left} alone"] = await until(lambda estimate, left=left: heard(estimate) == {left})
                await asyncio.to_thread(streams.publish, lost)
                seen[f"{lost} back"] = await until(lambda estimate: heard(estimate) == {"eeg", "face"})
            streams.kill("eeg", "face")
            seen["neither"] = await until(lambda estimate: not heard(estimate) and estimate.vadl is None)
            await asyncio.to_thread(streams.publish, "eeg", "face")
            seen["both back"] = await until(lambda estimate: heard(estimate) == {"eeg", "face"})
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)
        return seen

    with ExitStack() as opened:
        streams = Streams(opened)
        streams.publish("eeg", "face")
        seen = asyncio.run(scenario(streams))
    for estimate in (seen["both"], seen["eeg back"], seen["face back"], seen["both back"]):
        assert estimate.vadl == pytest.approx([0.8] * 4)
        assert estimate.reason is None
    for left, lost in (("face", "eeg"), ("eeg", "face")):
        alone = seen[f"{left} alone"]
        assert alone.vadl == pytest.approx([0.8] * 4)
        assert alone.spread is not None
        assert seen["both"].spread is not None
        assert all(wide > narrow for wide, narrow in zip(alone.spread, seen["both"].spread, strict=True))
        (share,) = (share for share in alone.shares if share.stream == lost)
        assert share.vadl is None
        assert "the stream is lost" in (share.reason or "") or "s old" in (share.reason or "")
    reason = seen["neither"].reason or ""
    assert "eeg: the stream is lost" in reason
    assert "face: the stream is lost" in reason
