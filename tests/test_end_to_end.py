"""A recorded trial, replayed over LSL by one process, watched by a second, seen in Chromium by a third.

What the page is told is recomputed from the file with scipy and onnxruntime alone.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pylsl
import pytest
from playwright.sync_api import Browser, Page, WebSocket
from scipy import signal

from insightsim import models, simulate
from insightsim.cards import Card
from insightsim.datasets import deap
from insightsim.vadl import DIMENSIONS

ROOT = Path(__file__).parents[1]
TRIAL = 7
SETTLED = 8.0
"""Seconds of trial after which nothing of where the monitor came in is left in its filter."""


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deap") / "s01.dat"
    deap.write(path, *simulate.subject(1, effect=1.0, seed=99))  # a subject that trained no shipped model
    return path


@pytest.fixture
def name() -> str:
    return f"insightsim-e2e-{uuid.uuid4().hex[:8]}"


class Command:
    """An `insightsim` command in a process of its own."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "tools.cli", *arguments]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def first_line(self, stream: str) -> str:
        line = getattr(self.process, stream).readline()
        assert line, self.process.communicate()
        return str(line)

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture
def commands() -> Iterator[list[Command]]:
    started: list[Command] = []
    yield started
    for command in started:
        command.end()


def replay(commands: list[Command], path: Path, name: str, source_id: str) -> Command:
    arguments = (
        "replay",
        str(path),
        "--trial",
        str(TRIAL),
        "--name",
        name,
        "--source-id",
        source_id,
        "--wait",
    )
    command = Command(*arguments)
    commands.append(command)
    assert name in command.first_line("stdout")
    return command


def markers_of(name: str) -> pylsl.StreamInlet:
    (found,) = pylsl.resolve_byprop("name", f"{name}-markers", 1, 10)
    inlet = pylsl.StreamInlet(found, processing_flags=pylsl.proc_clocksync)
    inlet.open_stream(10)
    return inlet


def opened(browser: Browser, address: str) -> tuple[Page, list[dict[str, Any]]]:
    """The page, and a list that grows with every message it is sent."""
    page, messages = browser.new_page(), []

    def listen(socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: messages.append(json.loads(frame)))

    page.on("websocket", listen)
    page.goto(address)
    return page, messages


def expected(path: Path, card_path: Path, start: float, time: float) -> np.ndarray:
    """What the model says about the window that ends at an LSL time, the trial having started at `start`."""
    card = models.load(card_path).card
    recipe = card.recipe
    (recording,) = deap.read(path, [TRIAL])
    assert recording.signal.ch_names == recipe.ch_names
    settings = recipe.filter
    sos = signal.butter(
        settings.order, [settings.low, settings.high], "bandpass", fs=recipe.sfreq, output="sos"
    )
    notch = signal.tf2sos(*signal.iirnotch(settings.notch, settings.notch_q, fs=recipe.sfreq))
    filtered = signal.sosfilt(np.vstack([sos, notch]), recording.signal.data.astype(float), axis=0)
    filtered -= filtered.mean(axis=1, keepdims=True)
    last = round((time - start) * recipe.sfreq)
    window = filtered[last + 1 - recipe.n_samples : last + 1]
    return _ask(card, card_path, _log_bandpower(card, window))


def _log_bandpower(card: Card, window: np.ndarray) -> np.ndarray:
    recipe = card.recipe
    assert recipe.features.name == "log_bandpower"
    freqs, power = signal.welch(
        window, recipe.sfreq, window=np.hanning(256), nperseg=256, noverlap=0, detrend=False, axis=0
    )
    bands = [
        np.log10(power[(freqs >= low) & (freqs < high)].mean(axis=0))
        for low, high in recipe.features.bands.values()
    ]
    by_channel = dict(zip(recipe.ch_names, np.array(bands).T, strict=True))
    pairs = [by_channel[right] - by_channel[left] for left, right in recipe.features.asymmetry]
    return np.concatenate([*by_channel.values(), *pairs]).astype(np.float32)


def _ask(card: Card, card_path: Path, features: np.ndarray) -> np.ndarray:
    graph = onnxruntime.InferenceSession(card_path.with_suffix(".onnx"), providers=["CPUExecutionProvider"])
    members, distance = graph.run(["probabilities", "distance"], {"features": features[None]})
    strange = 1 - card.familiar / max(card.familiar, float(distance[0]))
    mean = members[0].mean(axis=0, dtype=float)
    return np.asarray(mean + (0.5 - mean) * strange)


@pytest.mark.timeout(240)
def test_the_page_shows_what_the_file_says_and_when_the_stream_is_lost_and_back(
    browser: Browser, commands: list[Command], path: Path, name: str
) -> None:
    first = replay(commands, path, name, f"{name}-1")
    markers = markers_of(name)
    monitor = Command("monitor", "--eeg", f"lsl:{name}", "--port", "0", "--no-browser")
    commands.append(monitor)
    address = re.search(r"http://127\.0\.0\.1:\d+/", monitor.first_line("stderr"))
    assert address
    page, messages = opened(browser, address[0])

    (label,), start = markers.pull_sample(30)
    assert json.loads(label)["event"] == "trial start"
    page.wait_for_selector("body[data-state=live]", timeout=40_000)

    def judged() -> list[dict[str, Any]]:
        return [m for m in messages if m.get("valence") is not None and m["time"] > start + SETTLED]

    for _ in range(200):
        if len(judged()) >= 3:
            break
        page.wait_for_timeout(250)  # lets the page's messages in; there is no event to wait for in the page
    some = judged()[:3]
    assert len(some) == 3, [m.get("reason") for m in messages][-5:]
    for message in some:
        raw = [message["raw"][dimension] for dimension in DIMENSIONS]
        card_path = models.named(message["streams"][0]["model"])
        np.testing.assert_allclose(raw, expected(path, card_path, start, message["time"]), atol=1e-4)

    first.end()
    page.wait_for_selector("body[data-state=lost]", timeout=2_000)
    replay(commands, path, name, f"{name}-2")
    page.wait_for_selector("body[data-state=live]", timeout=60_000)
