"""XDF files, against pyxdf itself and what was written."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import pyxdf

from insightsim.errors import DatasetError
from insightsim.recordings.reader import open_tracks
from insightsim.types import Marker
from tests.small_files import Xdf, channels

NUMBERS = np.random.default_rng(0).normal(0, 10, (256, 2)).astype(np.float32)
STAMPS = 1000 + np.arange(256) / 128


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.xdf"


def refusal(path: Path, part: str = "") -> str:
    with pytest.raises(DatasetError) as info:
        open_tracks(path, part)
    return str(info.value)


def test_a_stream_comes_with_what_its_description_says(path: Path) -> None:
    desc = channels(["Fp1", "Fp2"]) + "<reference><label>Cz</label></reference>"
    path.write_bytes(Xdf().stream(7, "Cap", "EEG", NUMBERS, STAMPS, desc=desc).content)
    (track,) = open_tracks(path)
    signal = track.signal
    assert (track.name, track.reference) == ("Cap", "Cz")
    assert (signal.ch_names, signal.unit, signal.sfreq) == (("Fp1", "Fp2"), "microvolts", 128.0)
    np.testing.assert_array_equal(signal.data, NUMBERS)
    np.testing.assert_array_equal(signal.times, STAMPS)


def test_only_eeg_channels_are_taken_where_types_are_stated(path: Path) -> None:
    desc = channels(["Fp1", "X"], kinds=["EEG", "ACC"])
    path.write_bytes(Xdf().stream(7, "Cap", "EEG", NUMBERS, STAMPS, desc=desc).content)
    (track,) = open_tracks(path)
    assert track.signal.ch_names == ("Fp1",)
    np.testing.assert_array_equal(track.signal.data, NUMBERS[:, :1])


def test_channels_without_a_label_are_numbered(path: Path) -> None:
    path.write_bytes(Xdf().stream(7, "Cap", "EEG", NUMBERS, STAMPS).content)
    (track,) = open_tracks(path)
    assert (track.signal.ch_names, track.signal.unit) == (("ch1", "ch2"), "")


def test_eeg_channels_in_different_units_are_refused(path: Path) -> None:
    desc = channels(["Fp1", "Fp2"]).replace("<unit>microvolts", "<unit>V", 1)
    path.write_bytes(Xdf().stream(7, "Cap", "EEG", NUMBERS, STAMPS, desc=desc).content)
    assert "V, microvolts" in refusal(path)


def test_texts_without_a_rate_become_markers_of_the_stream_they_were_in(path: Path) -> None:
    xdf = Xdf().stream(7, "Cap", "EEG", NUMBERS, STAMPS)
    xdf.stream(8, "Task", "Markers", ["stop", "start"], np.array([1001.5, 1000.5]), 0)
    xdf.stream(9, "Chat", "Text", ["a", "b"], np.array([1001.0, 1001.1]), 10)
    path.write_bytes(xdf.content)
    (track,) = open_tracks(path)
    assert track.markers == (Marker(1000.5, "start", "Task"), Marker(1001.5, "stop", "Task"))


@pytest.fixture
def several(path: Path) -> Path:
    xdf = Xdf().stream(1, "Cap", "EEG", NUMBERS, STAMPS).stream(2, "Band", "EEG", NUMBERS[:, :1], STAMPS)
    xdf.stream(3, "Heart", "ECG", NUMBERS, STAMPS).stream(4, "Task", "Markers", ["go"], STAMPS[:1], 0)
    path.write_bytes(xdf.stream(5, "Silent", "EEG", NUMBERS[:0], STAMPS[:0]).content)
    return path


@pytest.mark.parametrize(
    ("part", "name"), [("Band", "Band"), ("2", "Band"), ("type=ECG", "Heart"), ("name=Cap", "Cap")]
)
def test_a_stream_is_named_by_its_name_its_type_or_its_number(several: Path, part: str, name: str) -> None:
    (track,) = open_tracks(several, part)
    assert track.name == name


@pytest.mark.parametrize("part", ["", "type=EEG", "Nobody"])
def test_where_none_or_several_answer_all_are_listed(several: Path, part: str) -> None:
    said = refusal(several, part)
    for fact in (
        "Cap (type EEG, number 1, 2 channels of float32 at 128 Hz, 256 samples)",
        "Band",
        "Heart",
        "Task",
    ):
        assert fact in said


def test_without_a_name_the_only_eeg_stream_with_samples_is_taken(path: Path) -> None:
    xdf = Xdf().stream(3, "Heart", "ECG", NUMBERS, STAMPS).stream(1, "Cap", "EEG", NUMBERS, STAMPS)
    path.write_bytes(xdf.stream(5, "Silent", "EEG", NUMBERS[:0], STAMPS[:0]).content)
    assert open_tracks(path)[0].name == "Cap"


def test_texts_and_silence_are_no_signal(several: Path) -> None:
    assert "carries texts" in refusal(several, "Task")
    assert "is empty" in refusal(several, "Silent")


def test_a_stream_that_states_no_rate_gets_that_of_its_stamps_and_a_note(path: Path) -> None:
    path.write_bytes(Xdf().stream(7, "Cap", "EEG", NUMBERS, STAMPS, sfreq=0).content)
    (track,) = open_tracks(path)
    assert track.signal.sfreq == pytest.approx(128)
    assert "128 Hz" in track.notes[0]


@pytest.mark.parametrize("raw", [False, True])
def test_clocks_are_brought_together_unless_asked_not_to(path: Path, raw: bool) -> None:
    offsets = [(time, 50.0) for time in (1000.0, 1001.0, 1002.0)]
    path.write_bytes(Xdf().stream(7, "Cap", "EEG", NUMBERS, STAMPS, offsets=offsets).content)
    (track,) = open_tracks(path, raw_stamps=raw)
    np.testing.assert_allclose(track.signal.times, STAMPS + (0 if raw else 50), atol=1e-6)


def test_a_file_cut_short_is_read_as_far_as_it_goes_and_that_is_said(path: Path) -> None:
    content = Xdf().stream(7, "Cap", "EEG", NUMBERS, STAMPS).content
    path.write_bytes(content[: -len(content) // 3])
    (track,) = open_tracks(path)
    assert 0 < len(track.signal) < 256
    np.testing.assert_array_equal(track.signal.data, NUMBERS[: len(track.signal)])
    assert "damaged" in track.notes[0]


@pytest.mark.parametrize(
    ("name", "part", "raw"),
    [
        ("clock_resets", "", False),
        ("clock_resets", "", True),
        ("minimal", "", False),
        ("empty_streams", "4", False),
    ],
)
def test_real_files_are_read_as_pyxdf_reads_them(shared: Path, name: str, part: str, raw: bool) -> None:
    path = shared / "data" / "eeg" / f"{name}.xdf"
    (track,) = open_tracks(path, part, raw_stamps=raw)
    streams, _ = pyxdf.load_xdf(path, synchronize_clocks=not raw, dejitter_timestamps=False)
    (stream,) = [s for s in streams if s["info"]["name"][0] == track.name]
    np.testing.assert_array_equal(track.signal.data, stream["time_series"].astype(np.float32))
    np.testing.assert_array_equal(track.signal.times, stream["time_stamps"])


def test_a_real_clock_reset_is_in_the_raw_stamps(shared: Path) -> None:
    path = shared / "data" / "eeg" / "clock_resets.xdf"
    (raw,), (mended,) = open_tracks(path, raw_stamps=True), open_tracks(path)
    assert np.diff(raw.signal.times).min() < -600_000
    assert np.diff(mended.signal.times).min() > -1
    assert len(mended.markers) == 175
