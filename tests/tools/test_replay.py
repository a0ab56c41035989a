"""`insightsim replay`, in a process of its own, received by plain pylsl."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pylsl
import pylsl.util
import pytest

from insightsim import simulate
from insightsim.aus import COLUMNS
from insightsim.datasets import deap
from tests import small_csvs, small_files

ROOT = Path(__file__).parents[2]
Start = Callable[..., "Replay"]
COMMAND = [sys.executable, "-m", "tools.cli", "replay"]


class Replay:
    """A running replay, and what it sends."""

    def __init__(self, *arguments: str) -> None:
        self.name = f"replay-{time.monotonic_ns()}"
        self.process = subprocess.Popen(
            [*COMMAND, *arguments, "--name", self.name, "--wait"],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.said = self.process.stdout.readline()
        self.markers = self.inlet(f"{self.name}-markers")
        self.signal = self.inlet(self.name)
        self.info = self.signal.info(5)
        self.marked: list[tuple[list[str], float]] = []

    @staticmethod
    def inlet(name: str) -> pylsl.StreamInlet:
        (found,) = pylsl.resolve_byprop("name", name, 1, 10)
        inlet = pylsl.StreamInlet(found, recover=False, as_numpy=True)
        inlet.open_stream(5)
        return inlet

    def all(self) -> tuple[np.ndarray, np.ndarray]:
        """Everything that is sent until the stream closes, and its stamps; markers go into `marked`."""
        chunks, stamps = [], []
        try:
            while True:
                data, times = self.signal.pull_chunk(0.2, 4096, min_samples=1)
                self.marked += zip(*self.markers.pull_chunk(0.0, 1024), strict=True)
                chunks.append(np.array(data).reshape(len(times), self.info.channel_count()))
                stamps.append(np.array(times, float))
                if self.process.poll() is not None and not len(times):
                    break
        except pylsl.util.LostError:
            pass
        return np.concatenate(chunks), np.concatenate(stamps)


@pytest.fixture
def replay() -> Iterator[Start]:
    started: list[Replay] = []

    def start(*arguments: object) -> Replay:
        started.append(Replay(*map(str, arguments)))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.communicate()


def refusal(*arguments: object) -> str:
    done = subprocess.run(
        [*COMMAND, *map(str, arguments)], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


@pytest.fixture
def cap(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    data = np.random.default_rng(0).normal(0, 10, (1000, 3))
    small_files.openbci(path, data, 1.5e9 + np.arange(1000) / 250)
    return path


@pytest.fixture(scope="module")
def trial_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deap") / "s01.dat"
    deap.write(path, *simulate.subject(1, effect=1.0, seed=3))
    return path


def test_a_real_muse_recording_is_sent_whole_with_its_labels_markers_and_backward_steps(
    replay: Start, shared: Path
) -> None:
    path = shared / "data" / "eeg" / "visual__N170__subject1__session1__data_2017-09-13-15.30.01.csv"
    running = replay(path, "--speed", "40")
    table = np.genfromtxt(path, delimiter=",", skip_header=1)
    data, times = running.all()
    assert running.info.get_channel_labels() == ["TP9", "AF7", "AF8", "TP10", "Right AUX"]
    assert set(running.info.get_channel_units()) == {"uV"}
    assert running.info.nominal_srate() == 256
    np.testing.assert_array_equal(data, table[:, 1:6].astype(np.float32))
    np.testing.assert_allclose(np.diff(times), np.diff(table[:, 0]), atol=1e-6)
    assert np.count_nonzero(np.diff(times) < -1e-6) == 47
    signs, moments = zip(*running.marked, strict=True)
    marked = table[table[:, 6] != 0]
    assert [float(sign) for (sign,) in signs] == marked[:, 6].tolist()
    np.testing.assert_allclose(np.array(moments) - times[0], marked[:, 0] - table[0, 0], atol=1e-6)


def test_names_and_unit_that_are_given_are_sent(replay: Start, cap: Path) -> None:
    running = replay(cap, "--ch-names", "Fp1,-,Fp2", "--unit", "nV", "--speed", "100")
    assert running.info.get_channel_labels() == ["Fp1", "Fp2"]
    assert running.info.get_channel_units() == ["nV", "nV"]
    data, _ = running.all()
    assert data.shape == (1000, 2)


def test_recorded_stamps_are_sent_untouched(replay: Start, cap: Path) -> None:
    running = replay(cap, "--stamps", "recorded", "--speed", "100")
    _, times = running.all()
    np.testing.assert_allclose(times, 1.5e9 + np.arange(1000) / 250, atol=1e-6)


def test_a_stream_of_an_xdf_file_is_chosen_and_what_was_damaged_is_said(
    replay: Start, tmp_path: Path
) -> None:
    path, stamps = tmp_path / "a.xdf", np.arange(256) / 128
    xdf = small_files.Xdf().stream(1, "Cap", "EEG", np.zeros((256, 2)), stamps)
    xdf.stream(2, "Band", "EEG", np.ones((256, 1)), stamps)
    path.write_bytes(xdf.content[:-1500])
    running = replay(f"{path}#Band", "--speed", "50")
    data, _ = running.all()
    assert data.shape[1] == 1
    assert 0 < len(data) < 256
    assert "Band" in running.said
    _, stderr = running.process.communicate(timeout=10)
    assert "damaged" in stderr


def test_a_made_up_brain_has_the_electrodes_and_rate_that_are_asked_for(replay: Start) -> None:
    running = replay(
        "synthetic", "--ch-names", "TP9,AF7,AF8,TP10", "--sfreq", "256", "--seconds", "2", "--speed", "10"
    )
    assert running.info.get_channel_labels() == ["TP9", "AF7", "AF8", "TP10"]
    assert running.info.nominal_srate() == 256


def test_a_real_file_of_openface_is_sent_whole_with_whose_action_units_it_has(
    replay: Start, shared: Path
) -> None:
    path = shared / "data" / "openface" / "jt_full_6d8c7c6.csv"
    running = replay(path, "--speed", "20")
    table = pd.read_csv(path, skipinitialspace=True, nrows=474)
    data, times = running.all()
    assert (running.info.type(), running.info.nominal_srate()) == ("AU", 0.0)
    labels, units = running.info.get_channel_labels(), running.info.get_channel_units()
    assert labels == list(COLUMNS)
    assert {unit for name, unit in zip(labels, units, strict=True) if name.startswith("AU")} == {"OpenFace"}
    np.testing.assert_array_equal(data, table[labels].to_numpy(np.float32))
    np.testing.assert_allclose(np.diff(times), np.diff(table["timestamp"]), atol=1e-6)
    _, stderr = running.process.communicate(timeout=10)
    assert "196 of 714" in stderr


def test_a_face_is_sent_beside_the_eeg_of_the_same_trial(
    replay: Start, tmp_path: Path, trial_file: Path
) -> None:
    csv = small_csvs.write(tmp_path / "trial.csv", n_rows=1500)
    running = replay(trial_file, "--trial", "3", "--face", csv, "--speed", "30")
    face = Replay.inlet(f"{running.name}-face")
    _, eeg = running.all()
    seen: list[float] = []
    with contextlib.suppress(pylsl.util.LostError):
        while len(seen) < 1500:
            seen += list(face.pull_chunk(0.2, 4096, min_samples=1)[1])
    assert (len(eeg), len(seen)) == (63 * 128, 1500)
    assert seen[0] - eeg[0] == pytest.approx(3.0, abs=1e-3), "it was filmed from the start of the video on"


def test_what_cannot_be_replayed_is_refused_in_a_sentence(shared: Path, cap: Path) -> None:
    assert "expected 3" in refusal(cap, "--ch-names", "Fp1,Fp2")
    assert "SendDataC" in refusal(f"{shared}/data/eeg/minimal.xdf#SendDataString")
    assert "no trials" in refusal(cap, "--trial", "3")
    assert "parsec" in refusal(cap, "--unit", "parsec")
    assert "--seed, --sfreq: only a made-up brain" in refusal(cap, "--seed", "1", "--sfreq", "256")
    assert "--trial, --loop, --stamps: a made-up brain has no" in refusal(
        "synthetic", "--trial", "1", "--loop", "--stamps", "lsl"
    )
    face = f"{shared}/data/openface/demo_full_6b8beb0.csv"
    assert "--trial, --unit: a face has no trials" in refusal(face, "--trial", "1", "--unit", "uV")
    assert "--seed: only a made-up brain" in refusal(face, "--seed", "1")
    assert "--fps: only a CSV of OpenFace has frames" in refusal(cap, "--fps", "30")
    assert "--loop: with --face" in refusal(cap, "--face", face, "--loop")
    assert "action units" in refusal(cap, "--face", cap)
    assert "--fps 30" in refusal(f"{shared}/data/openface/OpenFace_Test.csv")
