"""EDF, BDF, BrainVision and FIF, against mne itself, the numbers that were written, and known spectra."""

from __future__ import annotations

import warnings
from pathlib import Path

import mne
import numpy as np
import pytest
from scipy import signal

from insightsim.errors import DatasetError
from insightsim.recordings import by_mne
from insightsim.recordings.content import Content
from insightsim.recordings.reader import open_tracks
from insightsim.types import Marker, Signal
from tests import small_files

NUMBERS = np.random.default_rng(0).integers(-1000, 1000, (2, 512))


def only(path: Path) -> Content:
    return by_mne.read(path, "", False)


def samples(content: Content) -> np.ndarray:
    return np.concatenate(list(content.blocks))


@pytest.fixture(scope="module")
def generator(shared: Path) -> Signal:
    (track,) = open_tracks(shared / "data" / "eeg" / "test_generator.bdf")
    return track.signal


def test_a_real_bdf_file_is_read_as_mne_reads_it(shared: Path, generator: Signal) -> None:
    raw = mne.io.read_raw_bdf(shared / "data" / "eeg" / "test_generator.bdf", preload=True, verbose="error")
    assert generator.ch_names == tuple(raw.ch_names)
    assert (generator.unit, generator.sfreq) == ("uV", 1000.0)
    np.testing.assert_allclose(generator.data.T, raw.get_data() * 1e6, rtol=1e-6)
    np.testing.assert_allclose(generator.times, raw.times, atol=1e-12)


def peaks(data: np.ndarray) -> np.ndarray:
    """The frequencies of the highest peaks, from the highest down."""
    freqs, power = signal.welch(data.astype(float), 1000, nperseg=10_000)
    found, _ = signal.find_peaks(power, height=power.max() / 1000)
    return freqs[found[np.argsort(-power[found])]]


def test_the_known_spectra_come_out(generator: Signal) -> None:
    sine, square, ramp, pink, white = generator.data.T
    assert np.sqrt(np.mean(sine.astype(float) ** 2)) == pytest.approx(707.1, abs=0.1)
    assert peaks(sine)[0] == pytest.approx(5, abs=0.1)
    np.testing.assert_allclose(peaks(square)[:3], [13, 26, 39], atol=0.11)
    np.testing.assert_allclose(peaks(ramp)[:4], [7, 14, 21, 28], atol=0.11)
    for noise, slope in ((pink, -1.0), (white, 0.0)):
        freqs, power = signal.welch(noise.astype(float), 1000, nperseg=4000)
        band = (freqs > 2) & (freqs < 200)
        found = np.polyfit(np.log10(freqs[band]), np.log10(power[band]), 1)[0]
        assert found == pytest.approx(slope, abs=0.15)


@pytest.mark.parametrize("suffix", [".edf", ".bdf"])
@pytest.mark.parametrize(("unit", "microvolts"), [("uV", 1.0), ("mV", 1e3), ("V", 1e6)])
def test_edf_and_bdf_come_in_microvolts_whatever_they_are_stored_in(
    tmp_path: Path, suffix: str, unit: str, microvolts: float
) -> None:
    path = tmp_path / f"a{suffix}"
    small_files.edf(path, NUMBERS, unit=unit)
    found = only(path)
    assert (found.ch_names, found.unit, found.sfreq) == (("Fp1", "Fp2"), "uV", 128.0)
    np.testing.assert_allclose(samples(found).T, NUMBERS * microvolts, rtol=1e-5, atol=1e-3 * microvolts)


def test_figures_without_a_unit_are_handed_out_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    small_files.edf(path, NUMBERS, unit="")
    found = only(path)
    assert found.unit == ""
    np.testing.assert_allclose(samples(found).T, NUMBERS, atol=1e-3)


def test_channels_of_another_kind_are_left_out_and_edfs_prefix_taken_off(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    small_files.edf(path, NUMBERS, labels=("EEG Fp1", "ECG II"))
    assert only(path).ch_names == ("Fp1",)


def test_the_status_channel_of_a_biosemi_is_no_eeg(tmp_path: Path) -> None:
    path = tmp_path / "a.bdf"
    small_files.edf(path, NUMBERS, labels=("A1", "Status"))
    assert only(path).ch_names == ("A1",)


def test_annotations_become_markers(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    small_files.edf(path, NUMBERS, annotations=[(0.5, "eyes closed"), (2.25, "blink")])
    track = only(path)
    assert track.markers == (
        Marker(0.5, "eyes closed", "annotations"),
        Marker(2.25, "blink", "annotations"),
    )


def test_brainvision_is_read_with_its_markers(tmp_path: Path) -> None:
    path = tmp_path / "a.vhdr"
    small_files.brainvision(path, NUMBERS, markers=[(64, "S  1")])
    track = only(path)
    assert (track.ch_names, track.unit, track.sfreq) == (("Fp1", "Fp2"), "uV", 128.0)
    np.testing.assert_allclose(samples(track).T, NUMBERS * 0.1, rtol=1e-5, atol=1e-5)
    assert [(marker.time, marker.label) for marker in track.markers] == [(0.5, "Stimulus/S  1")]


def test_a_brainvision_header_without_its_data_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.vhdr"
    small_files.brainvision(path, NUMBERS)
    path.with_suffix(".eeg").unlink()
    with pytest.raises(DatasetError, match=r"a\.eeg"):
        open_tracks(path)


def fif(path: Path, kinds: list[str], **options: float) -> None:
    info = mne.create_info(["Fp1", "Fp2", "STI"], 128.0, kinds)
    raw = mne.io.RawArray(np.vstack([NUMBERS * 1e-6, np.zeros(512)]), info, verbose="error")
    raw.set_annotations(mne.Annotations([1.5], [0.0], ["blink"]))
    raw.crop(**options)
    if "eeg" in kinds:
        raw.set_eeg_reference("average", projection=True, verbose="error").apply_proj(verbose="error")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the name does not end in raw.fif
        raw.save(path, fmt="double", verbose="error")


def test_fif_is_read_with_its_reference_and_what_was_cropped_shifts_its_markers(tmp_path: Path) -> None:
    path = tmp_path / "a.fif"
    fif(path, ["eeg", "eeg", "stim"], tmin=1.0)
    track = only(path)
    expected = (NUMBERS - NUMBERS.mean(axis=0))[:, 128:]
    assert (track.ch_names, track.unit, track.reference) == (("Fp1", "Fp2"), "uV", "average")
    np.testing.assert_allclose(samples(track).T, expected, rtol=1e-5, atol=1e-3)
    assert track.markers == (Marker(pytest.approx(0.5), "blink", "annotations"),)
    assert track.notes == ()


def test_without_a_channel_that_is_marked_as_eeg_all_but_triggers_are_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.fif"
    fif(path, ["misc", "misc", "stim"])
    found = only(path)
    assert (found.ch_names, found.unit) == (("Fp1", "Fp2"), "")
    np.testing.assert_allclose(samples(found).T, NUMBERS * 1e-6, rtol=1e-5, atol=1e-9)


def test_a_file_cut_short_is_read_as_far_as_it_goes_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.edf"
    small_files.edf(path, NUMBERS)
    content = path.read_bytes()
    path.write_bytes(content[: -len(content) // 3])
    track = only(path)
    kept = len(track.times)
    assert 0 < kept < 512
    np.testing.assert_allclose(samples(track).T, NUMBERS[:, :kept], atol=1e-3)
    assert track.notes


def test_a_long_recording_goes_through_block_by_block(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.edf"
    small_files.edf(path, NUMBERS)
    monkeypatch.setattr(by_mne, "BLOCK", 200)
    blocks = list(only(path).blocks)
    assert [len(block) for block in blocks] == [100] * 5 + [12]
    np.testing.assert_allclose(np.concatenate(blocks).T, NUMBERS, atol=1e-3)


@pytest.mark.parametrize("suffix", [".edf", ".bdf"])
def test_a_faster_channel_that_is_no_eeg_leaves_the_eeg_at_its_own_rate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, suffix: str
) -> None:
    path = tmp_path / f"a{suffix}"
    data = [*NUMBERS, np.arange(1024)]
    small_files.edf(path, data, (128, 128, 256), ("EEG Fp1", "EEG Fp2", "ECG II"), annotations=[(1.0, "x")])
    monkeypatch.setattr(by_mne, "BLOCK", 200)
    found = only(path)
    assert (found.ch_names, found.sfreq, found.notes) == (("Fp1", "Fp2"), 128.0, ())
    np.testing.assert_allclose(samples(found).T, NUMBERS, atol=1e-3)
    assert found.markers == (Marker(1.0, "x", "annotations"),)


def test_eeg_at_different_rates_comes_as_mne_brings_it_to_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.edf"
    small_files.edf(path, [NUMBERS[0], NUMBERS[1, :256]], (128, 64))
    raw = mne.io.read_raw_edf(path, preload=True, verbose="error")
    monkeypatch.setattr(by_mne, "BLOCK", 200)
    found = only(path)
    assert found.sfreq == 128
    np.testing.assert_allclose(samples(found).T, raw.get_data() * 1e6, rtol=1e-5, atol=1e-3)
    assert "different rates" in found.notes[0]


@pytest.mark.parametrize("labels", [("Fp1", "SpO2", "Fp2"), ("EEG Fp1", "SpO2", "EEG Fp2")])
def test_a_channel_that_is_not_in_volts_is_left_out(tmp_path: Path, labels: tuple[str, ...]) -> None:
    path = tmp_path / "a.edf"
    data = [NUMBERS[0], np.full(4, 97), NUMBERS[1]]
    small_files.edf(path, data, (128, 1, 128), labels, ("uV", "%", "uV"))
    found = only(path)
    assert (found.ch_names, found.unit, found.notes) == (("Fp1", "Fp2"), "uV", ())
    np.testing.assert_allclose(samples(found).T, NUMBERS, atol=1e-3)
