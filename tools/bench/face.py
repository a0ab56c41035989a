"""The face beside the bare FaceLandmarker: by the picture, on file, and live with EEG on one core."""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from streaming.lsl import clock
from tools.bench import children
from tools.bench.feed import FIRST_WITHIN, SETTLE, messages
from tools.bench.looks import look
from tools.bench.progress import watching
from tools.bench.report import Report, Row
from tools.bench.throughput import one_core, run, seconds_of

PER_FRAME, ARITHMETIC, ON_FILE, HELD = 1.15, 0.5, 0.9, 0.99
"""Of the bare time; ms; of the bare pictures a second; of the pictures of a camera that are looked at."""
BACKLOG = 1000 / 30
"""ms by which a lag may have grown: one picture's time."""
WIDTH, HEIGHT, FPS = 640, 480, 30.0


@dataclass(frozen=True, slots=True)
class Live:
    """What was seen of a monitor with a face and EEG on one core."""

    rate: float
    """Pictures a second that were looked at."""
    skipped: int
    """Pictures passed over meanwhile."""
    frames: float
    """Pictures that there were."""
    lags: tuple[float, ...]
    """ms from a picture to its estimate, in order."""
    eeg: tuple[float, ...]
    """ms from a sample to its estimate."""
    core: float | None
    """Share of the core, %; None where the system does not tell."""


def measure(video: Path, seconds: float = 30.0, repeats: int = 3) -> Report:
    """Measure with the face in this video. Raises InsightSimError when something does not run."""
    from streaming.bundle import obtain

    bundle, clip = str(obtain()), str(video)
    with watching("pictures one by one", 1):
        frames = json.loads(run("tools.bench.face_frames", clip, bundle))
    rates = _on_file(clip, bundle, repeats)
    with tempfile.TemporaryDirectory(prefix="insightsim-bench-") as folder:
        camera = Path(folder) / "camera.avi"
        run("tools.bench.face_clip", clip, str(camera), str(seconds + 2 * FIRST_WITHIN))
        live = asyncio.run(_live(camera, seconds))
    return report(frames, rates, live)


def _on_file(video: str, bundle: str, repeats: int) -> tuple[float, float]:
    """Pictures a second of `insightsim aus` and of the bare detector, both at their fastest."""
    ours, bare, n_frames = [], [], 1
    with tempfile.TemporaryDirectory(prefix="insightsim-bench-") as folder:
        out = str(Path(folder) / "aus.csv")
        with watching("a video on file", 2 * repeats) as done:
            for i in range(repeats):
                ours.append(seconds_of("tools.cli", "aus", video, "-o", out, "--force"))
                done(2 * i + 1)
                n_frames = int(run("tools.bench.bare_face", video, bundle))
                bare.append(seconds_of("tools.bench.bare_face", video, bundle))
                done(2 * i + 2)
    return n_frames / min(ours), n_frames / min(bare)


async def _live(camera: Path, seconds: float) -> Live:
    source_id = f"insightsim-bench-{os.getpid()}"
    options = (*children.one(f"lsl:source_id={source_id}"), "--face", f"video:{camera}")
    async with children.outlet(source_id) as env:
        with one_core():
            async with children.monitor(options, "auto", seconds, env) as (process, address):
                return await _watch(f"{address}/p1", process.pid, seconds)


async def _watch(address: str, pid: int, seconds: float) -> Live:
    """Read the feed for so many seconds from when both senses are live on."""
    seen: list[dict[str, dict[str, Any]]] = []
    start, before = None, look(pid)
    with watching("a camera beside EEG", seconds) as done:
        async for now, message in messages(address, "monitor"):
            if message["type"] != "estimate" or {s["status"] for s in message["streams"]} != {"live"}:
                continue
            if start is None:
                start, before = now + SETTLE, look(pid)
            if now < start:
                before = look(pid)
                continue
            seen.append({state["stream"]: state for state in message["streams"]})
            done(now - start)
            if now >= start + seconds:
                break
    after, took = look(pid), clock() - (start or 0.0)
    core = 100 * (after.cpu - before.cpu) / took if after and before else None
    skipped = seen[-1]["face"]["skipped"] - seen[0]["face"]["skipped"]
    rates = [states["face"]["rate"] for states in seen if states["face"]["rate"]]
    lags, eeg = (
        tuple(states[sense]["lag_ms"] for states in seen if states[sense]["lag_ms"] is not None)
        for sense in ("face", "eeg")
    )
    return Live(float(np.median(rates)), skipped, took * FPS, lags, eeg, core)


def report(frames: dict[str, float], rates: Sequence[float], live: Live) -> Report:
    """The rows; `frames` as tools.bench.face_frames prints them, `rates` ours and bare, pictures a second."""
    ours, bare = frames["ours"] * 1000, frames["bare"] * 1000
    median, p99 = np.percentile(live.lags, [50, 99])
    third = max(1, len(live.lags) // 3)
    earlier, later = float(np.median(live.lags[:third])), float(np.median(live.lags[-third:]))
    held = 100 * (1 - live.skipped / live.frames)
    rows = (
        Row(
            "picture to action units, of the bare detector's time",
            ours / bare,
            "×",
            None,
            "",
            None,
            "≤",
            PER_FRAME,
        ),
        Row("picture to action units", ours, "ms", bare, "bare FaceLandmarker"),
        Row(
            "the arithmetic of action units", frames["arithmetic"] * 1000, "ms", bound="≤", target=ARITHMETIC
        ),
        Row(
            "`aus` on a file, of the bare detector's speed",
            rates[0] / rates[1],
            "×",
            bound="≥",
            target=ON_FILE,
        ),
        Row("`aus` on a file", rates[0], "pictures/s", rates[1], "bare FaceLandmarker"),
        Row(
            f"{WIDTH} × {HEIGHT} at {FPS:g}/s beside EEG on one core: looked at",
            held,
            "%",
            bound="≥",
            target=100 * HELD,
        ),
        Row("pictures passed over meanwhile", float(live.skipped), f"of {live.frames:.0f}"),
        Row(
            "no backlog: picture to estimate in the last third",
            *(later, "ms", earlier, "the first third", "difference", "≤", BACKLOG),
        ),
        Row("picture to estimate meanwhile, median", float(median), "ms"),
        Row("picture to estimate meanwhile, p99", float(p99), "ms"),
    )
    core = "the system does not tell" if live.core is None else f"{live.core:.0f} % of it"
    notes = (
        f"face: medians of {frames['frames']:.0f} pictures, {frames['width']:.0f} × {frames['height']:.0f}, "
        "turn by turn on the same ones; the file as whole processes, the fastest of several",
        f"face: beside EEG (32 channels at 128 Hz) pinned to one core: {core}; {live.rate:.1f} pictures a "
        f"second, {live.skipped} passed over; EEG sample to estimate {np.median(live.eeg):.1f} ms, median",
    )
    return Report(rows, notes)
