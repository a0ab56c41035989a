"""The examples run as they stand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from streaming import settings

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"


@contextmanager
def running(*command: str | Path) -> Iterator[subprocess.Popen[str]]:
    """A Python program and what it prints, ended at the end."""
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, "-u", *command], cwd=ROOT, stdout=pipe, stderr=pipe, text=True
    ) as process:
        try:
            yield process
        finally:
            process.terminate()
            process.communicate()


def lines(process: subprocess.Popen[str], wanted: str) -> Iterator[str]:
    """What a program prints, up to the line that begins as wanted; none other than that if it never comes."""
    assert process.stdout is not None
    for line in process.stdout:
        yield line
        if line.startswith(wanted):
            return
    pytest.fail(f"ended without {wanted!r}: {process.stderr and process.stderr.read()}")


def test_the_feed_is_read_from_a_running_monitor() -> None:
    monitor = ["-m", "tools.cli", "monitor", "--eeg", "synthetic", "--no-browser", "--port", "0"]
    with running(*monitor, "--seconds", "60") as watching:
        assert watching.stderr is not None
        port = next(word for line in watching.stderr for word in line.split() if "://" in word).split(":")[2]
        address = f"ws://127.0.0.1:{port.strip('/')}/live/p1"
        with running(EXAMPLES / "read_feed.py", address) as reading:
            printed = list(lines(reading, "valence "))
    assert printed[0].startswith("eeg: ")
    assert any(line.startswith("no estimate: warming up") for line in printed)


def test_the_settings_of_a_headset_are_valid() -> None:
    assert settings.load(EXAMPLES / "headset.toml").session.eeg == "lsl:type=EEG"


def test_the_settings_of_two_people_are_valid() -> None:
    people = settings.load(EXAMPLES / "two_people.toml").people
    assert [(one.participant, one.smoothing) for one in people] == [("anna", 10.0), ("ben", 5.0)]


def test_a_trial_is_simulated_replayed_and_watched() -> None:
    script = ["bash", EXAMPLES / "replay_and_monitor.sh", "8"]
    done = subprocess.run(script, capture_output=True, text=True, check=True, timeout=100)
    assert '"type":"estimate"' in done.stdout
    assert '"valence":0.' in done.stdout
