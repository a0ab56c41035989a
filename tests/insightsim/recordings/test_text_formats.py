"""Muse CSV and OpenBCI text files, against numpy and what was written."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from insightsim.errors import DatasetError
from insightsim.recordings import muse, openbci
from insightsim.recordings.content import Content
from insightsim.types import Marker
from tests import small_files

RNG = np.random.default_rng(0)
FIVE, EIGHT = RNG.normal(0, 20, (300, 5)), RNG.normal(0, 20, (300, 8))
STAMPS = 1.5e9 + np.arange(300) / 250


@pytest.fixture
def band(tmp_path: Path) -> Path:
    path = tmp_path / "a.csv"
    small_files.muse(path, FIVE, STAMPS)
    return path


@pytest.fixture
def cap(tmp_path: Path) -> Path:
    path = tmp_path / "a.txt"
    small_files.openbci(path, EIGHT, STAMPS)
    return path


def samples(content: Content) -> np.ndarray:
    return np.concatenate(list(content.blocks))


def read(path: Path) -> Content:
    return (muse if path.suffix == ".csv" else openbci).read(path, "", False)


def refusal(path: Path) -> str:
    with pytest.raises(DatasetError) as info:
        read(path)
    return str(info.value)


MUSE = (
    ("visual__N170__subject1__session1__data_2017-09-13-15.30.01", 197),
    (
        "visual__P300__subject2__session1__data_2017-02-09-18.12.53",
        194,
    ),
)


@pytest.mark.parametrize(("name", "n_markers"), MUSE)
def test_a_real_muse_recording_is_read_number_by_number(shared: Path, name: str, n_markers: int) -> None:
    path = shared / "data" / "eeg" / f"{name}.csv"
    with path.open(newline="") as file:
        header, *rows = csv.reader(file)
    expected = np.array(rows, float)
    content = read(path)
    assert content.ch_names == tuple(header[1:6])
    assert (content.unit, content.sfreq) == ("uV", 256.0)
    np.testing.assert_array_equal(content.times, expected[:, 0])
    np.testing.assert_array_equal(samples(content), expected[:, 1:6].astype(np.float32))
    marked = expected[expected[:, 6] != 0]
    assert len(marked) == n_markers
    assert [(marker.time, float(marker.label)) for marker in content.markers] == [
        (r[0], r[6]) for r in marked
    ]


def test_a_real_openbci_recording_is_read_number_by_number(shared: Path) -> None:
    path = shared / "data" / "eeg" / "OpenBCI_GUI-v6-blinks-jawClench-alpha.txt"
    expected = np.genfromtxt(path, delimiter=",", skip_header=5, usecols=(*range(1, 9), 22))
    content = read(path)
    assert content.ch_names == tuple(f"EXG Channel {i}" for i in range(8))
    assert (content.unit, content.sfreq, content.notes) == ("uV", 250.0, ())
    np.testing.assert_array_equal(samples(content), expected[:, :8].astype(np.float32))
    np.testing.assert_array_equal(content.times, expected[:, 8] / 1000)
    steps = np.diff(content.times)
    assert steps.min() == 0  # the bursts are as they were
    assert steps.max() == pytest.approx(0.035, abs=1e-3)


def test_stamps_in_seconds_and_markers_are_read_too(tmp_path: Path) -> None:
    path, signs = tmp_path / "a.txt", np.zeros(300)
    signs[100] = 3
    small_files.openbci(path, EIGHT, STAMPS, signs)
    content = read(path)
    np.testing.assert_allclose(content.times, STAMPS, atol=1e-6)
    assert content.markers == (Marker(pytest.approx(STAMPS[100]), "3", "Marker Channel"),)


OLD = (
    "%OpenBCI Raw EEG Data\n%Number of channels = 2\n%Sample Rate = 250.0 Hz\n%First Column = SampleIndex\n"
    "%Last Column = Timestamp \n%Other Columns = EEG data in microvolts followed by Accel Data\n"
)


def test_old_files_without_names_of_columns_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(
        OLD
        + "0, -1.5, 2.5, 0.0, 17:04:03.546, 1525190643546\n1, -2.5, 3.5, 0.0, 17:04:03.550, 1525190643550\n"
    )
    content = read(path)
    assert content.ch_names == ("EXG Channel 0", "EXG Channel 1")
    np.testing.assert_array_equal(samples(content), [[-1.5, 2.5], [-2.5, 3.5]])
    np.testing.assert_array_equal(content.times, [1525190643.546, 1525190643.550])


def test_older_ones_without_unix_times_are_taken_to_be_even_and_that_is_said(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_text(OLD + "0, -1.5, 2.5, 0.0, 17:04:03.546\n1, -2.5, 3.5, 0.0, 17:04:03.550\n")
    content = read(path)
    np.testing.assert_array_equal(content.times, [0, 0.004])
    assert "evenly spaced" in content.notes[0]


def test_a_last_stamp_that_lost_digits_is_not_taken_for_one(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    rows = [f"{i}, -1.5, 2.5, 0.0, 17:04:03.546, {1525190643546 + 4 * i}" for i in range(3)]
    path.write_text(OLD + "\n".join(rows))
    assert len(read(path).times) == 3
    path.write_text(OLD + "\n".join(rows)[:-2])
    content = read(path)
    np.testing.assert_array_equal(content.times, [1525190643.546, 1525190643.550])
    assert "cut off" in content.notes[0]


@pytest.mark.parametrize("rate", [220, 512])
def test_a_muse_of_another_rate_is_known_by_its_stamps(tmp_path: Path, rate: int) -> None:
    path = tmp_path / "a.csv"
    small_files.muse(path, FIVE, np.arange(300) / rate)
    assert read(path).sfreq == pytest.approx(rate, rel=0.01)


@pytest.mark.parametrize("which", ["band", "cap"])
class TestDamage:
    """What both formats do about damage."""

    @pytest.fixture
    def path(self, which: str, band: Path, cap: Path) -> Path:
        return band if which == "band" else cap

    def test_a_last_row_that_was_cut_off_is_left_out_and_that_is_said(self, path: Path) -> None:
        whole = samples(read(path))
        content = path.read_bytes()
        for cut in (3, 30, 45):
            path.write_bytes(content[:-cut])
            shorter = read(path)
            np.testing.assert_array_equal(samples(shorter), whole[: len(shorter.times)])
            assert len(shorter.times) in (298, 299)
            assert "cut off" in shorter.notes[0]

    def test_a_last_row_that_only_lacks_its_end_is_read(self, path: Path) -> None:
        whole = read(path)
        path.write_bytes(path.read_bytes().removesuffix(b"\n"))
        content = read(path)
        np.testing.assert_array_equal(samples(content), samples(whole))
        assert content.notes == ()

    def test_a_short_last_row_with_an_end_is_left_out_too(self, path: Path) -> None:
        path.write_bytes(path.read_bytes() + b"1500000001.2, 3\n")
        content = read(path)
        assert len(content.times) == 300
        assert "cut off" in content.notes[0]

    @pytest.mark.parametrize("damage", ["x", "1,2", ",", "\x00"])
    def test_a_damaged_row_is_refused_with_its_line(self, path: Path, damage: str) -> None:
        lines = path.read_text().split("\n")
        lines[49] = lines[49].replace(",", f"{damage},", 2)
        path.write_text("\n".join(lines))
        assert "line 50" in refusal(path)

    def test_lines_may_end_as_on_windows(self, path: Path) -> None:
        before = read(path)
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
        np.testing.assert_array_equal(samples(read(path)), samples(before))

    def test_a_file_without_rows_is_refused(self, path: Path) -> None:
        path.write_text(
            "".join(path.read_text().splitlines(keepends=True)[: 5 if path.suffix == ".txt" else 1])
        )
        assert "0 samples" in refusal(path)

    def test_a_stamp_that_is_no_number_is_refused(self, path: Path) -> None:
        path.write_text(
            path.read_text()
            .replace("1500000000.0", "nan", 1)
            .replace("nan00000", "nan")
            .replace("nan00", "nan")
        )
        assert "no time" in refusal(path)


def test_another_header_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    for name in ("a.csv", "a.txt"):
        (tmp_path / name).write_text("timestamps,X,Y,Z\n1,2,3,4\n")
    assert "timestamps,TP9,AF7,AF8,TP10" in refusal(tmp_path / "a.csv")
    assert "%OpenBCI Raw EXG Data" in refusal(tmp_path / "a.txt")


@pytest.mark.parametrize("missing", ["%Sample Rate = 250 Hz\n", " Timestamp,"])
def test_an_openbci_file_that_lacks_what_is_needed_is_refused_with_it(cap: Path, missing: str) -> None:
    cap.write_text(cap.read_text().replace(missing, ""))
    assert missing.split("=")[0].strip(" %,\n").split()[0] in refusal(cap)
