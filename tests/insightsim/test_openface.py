"""OpenFace's CSVs: real files of three versions, every layout and text style, and all that may be wrong."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim import openface_rows, openface_text
from insightsim.aus import COLUMNS, INTENSITIES, LANDMARKS, OPENFACE, PRESENCES
from insightsim.errors import DatasetError
from insightsim.openface import OpenFaceFile, open_csv
from insightsim.openface_columns import FULL, ORIGINAL
from insightsim.openface_header import looks_like
from insightsim.types import Signal, join
from tests import small_csvs
from tests.small_csvs import LAYOUTS, STYLES, rows_of, text_of

AUS = (*INTENSITIES, *PRESENCES)


def whole(file: OpenFaceFile) -> Signal:
    return join(list(file.blocks()))


def column(signal: Signal, name: str) -> np.ndarray:
    return signal.data[:, signal.ch_names.index(name)]


def refusal(path: Path, text: str | bytes, **how: float) -> str:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DatasetError) as caught:
        whole(open_csv(path, **how))  # type: ignore[arg-type]
    assert str(path) in str(caught.value)
    return str(caught.value).replace(str(path), "")


@pytest.mark.parametrize(
    ("name", "n_columns", "n_rows", "fps"),
    [
        ("OpenFace_Test.csv", 431, 100, 30.0),
        ("demo_full_6b8beb0.csv", 714, 490, None),
        ("jt_full_6d8c7c6.csv", 714, 474, None),
    ],
)
def test_real_files_are_read_whole_as_pandas_reads_them(
    shared: Path, name: str, n_columns: int, n_rows: int, fps: float | None
) -> None:
    path = shared / "data" / "openface" / name
    file = open_csv(path, FULL, fps=fps)
    signal = whole(file)
    table = pd.read_csv(path, skipinitialspace=True, nrows=n_rows)
    assert file.source.layout.names == tuple(table.columns)
    assert len(table.columns) == n_columns
    assert len(signal) == file.rows == n_rows
    assert set(file.columns) == set(table.columns)
    expected = table[list(file.columns)].to_numpy(np.float32)
    np.testing.assert_array_equal(signal.data, expected)
    assert file.masked == 0
    assert signal.unit == OPENFACE


def test_a_row_that_was_cut_off_is_left_out_and_told(shared: Path) -> None:
    file = open_csv(shared / "data" / "openface" / "jt_full_6d8c7c6.csv")
    (note,) = file.notes
    assert "196 of 714 fields" in note
    assert file.sfreq == 25.0
    assert file.seconds == pytest.approx(18.92)
    assert whole(file).times[-1] == pytest.approx(18.92)


def test_stamps_that_are_no_video_time_are_refused_until_the_rate_is_said(shared: Path) -> None:
    path = shared / "data" / "openface" / "OpenFace_Test.csv"
    with pytest.raises(DatasetError, match=r"0\.001 s from row to row.*--fps 30"):
        open_csv(path)
    file = open_csv(path, fps=30.0)
    np.testing.assert_allclose(np.diff(whole(file).times), 1 / 30)
    assert file.seconds == pytest.approx(99 / 30)


def test_frames_that_all_say_0_are_counted_instead(shared: Path) -> None:
    file = open_csv(shared / "data" / "openface" / "jt_full_6d8c7c6.csv", fps=50.0)
    np.testing.assert_allclose(whole(file).times, np.arange(474) / 50)
    assert file.seconds is None


def test_frames_that_were_left_out_leave_a_gap(tmp_path: Path) -> None:
    frames = np.concatenate([np.arange(1, 51), np.arange(81, 131)])
    times = whole(open_csv(small_csvs.write(tmp_path / "a.csv", frame=frames), fps=25.0)).times
    assert times[50] - times[49] == pytest.approx(31 / 25)


@given(
    layout=st.sampled_from(sorted(LAYOUTS)),
    style=st.sampled_from(STYLES),
    n_rows=st.integers(2, 40),
    shuffled=st.booleans(),
    seed=st.integers(0, 9),
)
@settings(max_examples=30, deadline=None)
def test_any_table_in_any_layout_and_text_style_reads_back_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    layout: int,
    style: small_csvs.Style,
    n_rows: int,
    shuffled: bool,
    seed: int,
) -> None:
    names = list(LAYOUTS[layout])
    if shuffled:  # by name, never by position
        np.random.default_rng(seed).shuffle(names)
    table = rows_of(names, n_rows)
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(text_of(names, table, style).encode())
    file = open_csv(path, FULL)
    signal = whole(file)
    assert set(file.columns) == set(names)
    np.testing.assert_array_equal(signal.times, np.arange(n_rows) / 25)
    for name in names:
        np.testing.assert_array_equal(column(signal, name), table[:, names.index(name)].astype(np.float32))


@pytest.mark.parametrize("presence", ["1", "1.0", "1.00", " 1.00", "1 ", "1e0"])
def test_a_presence_is_1_however_it_is_written(tmp_path: Path, presence: str) -> None:
    names = LAYOUTS[40]
    table = rows_of(names, 10, AU12_c=7)
    table[:, list(names).index("AU12_c")] = 7
    path = tmp_path / "a.csv"
    text = text_of(names, table)
    path.write_text(text.replace("7.00", presence), encoding="utf-8")
    assert set(column(whole(open_csv(path)), "AU12_c")) == {1.0}


def test_only_what_is_asked_for_is_given_and_success_beside(tmp_path: Path) -> None:
    path = small_csvs.write(tmp_path / "a.csv", LAYOUTS[431])
    assert open_csv(path, ("AU12_r", "gaze_angle_x")).columns == ("AU12_r", "success")
    assert open_csv(path).columns == tuple(
        name for name in COLUMNS if name not in ("gaze_angle_x", "gaze_angle_y")
    )


def test_rows_without_a_face_and_their_neighbours_are_no_numbers(tmp_path: Path) -> None:
    success = np.ones(100)
    success[[0, 40, 41, 99]] = 0
    signal = whole(file := open_csv(small_csvs.write(tmp_path / "a.csv", success=success)))
    masked = [0, 1, 39, 40, 41, 42, 98, 99]
    assert np.flatnonzero(column(signal, "success") == 0).tolist() == masked
    assert np.flatnonzero(np.isnan(column(signal, "AU12_r"))).tolist() == masked
    assert np.flatnonzero(np.isnan(column(signal, "pose_Rx"))).tolist() == masked
    assert not np.isnan(column(signal, "confidence")).any()
    assert file.masked == len(masked)


@pytest.mark.parametrize("limit", [0.8, 0.5])
def test_rows_of_too_little_confidence_do_not_count(tmp_path: Path, limit: float) -> None:
    confidence = np.full(100, 0.98)
    confidence[10], confidence[20], confidence[30] = 0.8, 0.79, 0.4
    path = small_csvs.write(tmp_path / "a.csv", confidence=confidence)
    lost = np.flatnonzero(np.isnan(column(whole(open_csv(path, limit=limit)), "AU12_r"))).tolist()
    assert lost == ([20, 30] if limit == 0.8 else [30])


@given(
    success=st.lists(st.booleans(), min_size=2, max_size=60),
    rows=st.integers(1, 20),
)
@settings(max_examples=60, deadline=None)
def test_blocks_of_any_size_mask_the_same_rows(
    tmp_path_factory: pytest.TempPathFactory, success: list[bool], rows: int
) -> None:
    path = small_csvs.write(tmp_path_factory.getbasetemp() / "b.csv", n_rows=len(success), success=success)
    lost = ~np.array(success)
    expected = lost | np.append(lost[1:], False) | np.insert(lost[:-1], 0, False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(openface_rows, "ROWS", rows)
        patch.setattr(openface_text, "BLOCK", 700)
        file = open_csv(path)
        signal = whole(file)
    np.testing.assert_array_equal(np.isnan(column(signal, "AU01_r")), expected)
    np.testing.assert_array_equal(signal.times, np.arange(len(success)) / 25)
    assert (file.rows, file.masked) == (len(success), expected.sum())


def test_without_a_word_on_success_every_row_counts_and_that_is_told(tmp_path: Path) -> None:
    names = [name for name in LAYOUTS[40] if name not in ("confidence", "success")]
    file = open_csv(small_csvs.write(tmp_path / "a.csv", names))
    assert "all count" in file.notes[0]
    assert column(whole(file), "success").all()


def two_faces(path: Path) -> Path:
    """Face 0 is there all the time, but lost in most of it; face 3 is tracked in the second half."""
    face_id = np.tile([0, 3], 50)
    times = np.repeat(np.arange(50), 2) / 25
    success = np.where(face_id == 0, np.arange(100) < 40, 1)
    return small_csvs.write(
        path, face_id=face_id, timestamp=times, frame=np.repeat(np.arange(50), 2), success=success
    )


def test_of_several_faces_the_one_tracked_in_most_rows_is_read(tmp_path: Path) -> None:
    file = open_csv(two_faces(tmp_path / "a.csv"), (*COLUMNS, "face_id"))
    signal = whole(file)
    assert set(column(signal, "face_id")) == {3.0}
    np.testing.assert_array_equal(signal.times, np.arange(50) / 25)
    (note,) = file.notes
    assert "number 3 is read" in note
    assert "0 (20 rows)" in note


def test_a_face_that_is_asked_for_is_read(tmp_path: Path) -> None:
    path = two_faces(tmp_path / "a.csv")
    assert open_csv(path, face=0).notes
    assert set(column(whole(open_csv(path, ("face_id", "AU12_r"), face=0)), "success")) == {0.0, 1.0}
    with pytest.raises(DatasetError, match=r"no face 2; .*3 \(50 rows\)"):
        open_csv(path, face=2)
    with pytest.raises(DatasetError, match="face_id"):
        open_csv(small_csvs.write(tmp_path / "b.csv", LAYOUTS[431]), face=1)


def test_a_face_without_a_number_is_the_only_one(tmp_path: Path) -> None:
    names = LAYOUTS[40]
    lines = text_of(names, rows_of(names, 20)).split("\n")
    lines[1:-1] = [line.replace(",0.00,", [",,", ",nan,"][i % 2], 1) for i, line in enumerate(lines[1:-1])]
    (path := tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    assert len(whole(open_csv(path))) == 20


def test_of_a_crowd_the_first_few_are_listed(tmp_path: Path) -> None:
    path = small_csvs.write(
        tmp_path / "a.csv", face_id=np.arange(100) // 2, timestamp=np.arange(100) % 2 / 25
    )
    (note,) = open_csv(path).notes
    assert note.endswith("7 (2 rows) and 42 more")


def test_stamps_come_as_they_are_though_they_repeat_and_go_back(tmp_path: Path) -> None:
    times = np.arange(100) / 25
    times[50], times[60] = times[49], times[20]
    np.testing.assert_array_equal(
        whole(open_csv(small_csvs.write(tmp_path / "a.csv", timestamp=times))).times, times
    )


def test_stamps_a_120th_of_a_second_apart_are_a_video_though_rounded(tmp_path: Path) -> None:
    path = small_csvs.write(tmp_path / "a.csv", timestamp=np.round(np.arange(100) / 120, 3))
    assert open_csv(path).sfreq == pytest.approx(120, rel=0.02)


def test_numbers_that_are_none_are_left_empty(tmp_path: Path) -> None:
    names = LAYOUTS[40]
    text = text_of(names, rows_of(names, 12))
    lines = text.split("\n")
    for i, word in enumerate(("nan", "-nan(ind)", "", "NaN", "inf", "1e300")):
        fields = lines[i + 2].split(",")
        lines[i + 2] = ",".join([*fields[:-1], word])
    (path := tmp_path / "a.csv").write_text("\n".join(lines), encoding="utf-8")
    assert np.flatnonzero(np.isnan(column(whole(open_csv(path)), "AU45_c"))).tolist() == [1, 2, 3, 4, 5, 6]


def test_a_file_of_our_own_says_so_and_what_is_beside_a_lost_row_counts(tmp_path: Path) -> None:
    success, confidence = np.ones(100), np.ones(100)
    success[50], confidence[:20] = 0, 0.5
    path = small_csvs.write(tmp_path / "a.csv", success=success, confidence=confidence)
    path.with_name("a.csv.json").write_text(
        '{"format": "insightsim.aus/1", "family": "landmarks"}', encoding="utf-8"
    )
    file = open_csv(path)
    assert file.unit == LANDMARKS
    assert np.flatnonzero(np.isnan(column(whole(file), "AU12_r"))).tolist() == [*range(20), 50]


GOOD = text_of(LAYOUTS[46], rows_of(LAYOUTS[46], 20))


def field(row: int, column: int, text: str) -> str:
    """The good file with another text in one field; row 0 are the names."""
    lines = [line.split(",") for line in GOOD.split("\n")]
    lines[row][column] = text
    return "\n".join(",".join(line) for line in lines)


def without(*names: str) -> str:
    kept = [name for name in LAYOUTS[46] if name not in names]
    return text_of(kept, rows_of(kept, 20))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "first line is empty"),
        (b"\n" + GOOD.encode(), "first line is empty"),
        (GOOD.split("\n")[0], "no whole row"),
        (GOOD.split("\n")[0] + "\n\n \n", "no whole row"),
        (GOOD.split("\n")[0] + "\n1,0,0.0", "no whole row"),
        (b"\x1f\x8b\x08\x00abc", "compressed"),
        (b"PK\x03\x04abc", "spreadsheet"),
        (b"RIFF\0\0\0\0AVI ", "not text"),
        (GOOD.encode("utf-16"), "not text"),
        ("a" * 2_000_000, "first line is longer"),
        (",".join(map(str, range(20_000))) + "\n", "20,000 columns"),
        (without(*AUS), "no action units at all; run OpenFace with -aus"),
        (
            without(*PRESENCES),
            "AU01_c, AU02_c, AU04_c and 14 more not found among its 28 columns: it has intensities alone",
        ),
        (without("AU45_r"), "AU45_r not found among its 45 columns: columns were taken out"),
        (GOOD.replace(",", ";"), "not separated by commas"),
        ("frame,AU01,AU02,AU04,AU05,AU06,AU07,AU09,AU12,AU20\n1" + ",0" * 9, "py-feat"),
        ("frame,AU1,AU2,AU4,AU6,AU9,AU12,AU25,AU26\n1" + ",0" * 8, "OpenFace 3"),
        ("timestamps,TP9,AF7,AF8,TP10\n1,2,3,4,5", "no action units at all"),
        (GOOD.replace("AU45_c", "AU45_r"), "AU45_c not found"),
        (GOOD.replace("pose_Rz", "AU45_c"), "AU45_c is there twice"),
        (
            "face," + without("frame", "face_id", "timestamp", "success").replace("\n", "\n0,")[:-2],
            "single pictures",
        ),
        (without("timestamp"), "no column timestamp; .*--fps"),
        (field(7, 30, "O.12"), r"row 7 has 'O\.12' in column AU04_c"),
        (field(7, 2, "abc"), "row 7 has 'abc' in column timestamp"),
        (field(9, 2, ""), "row 9 has no number in timestamp"),
        (field(9, 2, "inf"), "row 9 has no number in timestamp"),
        (field(7, 30, "0.1\r0"), "row 7 has"),
        (field(7, 30, "0.1\0"), "row 7 has"),
        (field(7, 30, "0,1"), "row 7 has 47 fields, expected 46"),
        (field(7, 30, "0\n0"), "row 7 has 31 fields, expected 46"),
        (field(7, 30, "1" * 3_000_000), "a row is longer"),
        (field(20, 45, "1" * 3_000_000), "a row is longer"),
        (GOOD.replace("\n", "\n1,2,3\n", 1), "row 1 has 3 fields"),
        (text_of(LAYOUTS[46], rows_of(LAYOUTS[46], 20, timestamp=5)), "go on by 0 s"),
        (text_of(LAYOUTS[46], rows_of(LAYOUTS[46], 20, timestamp=np.arange(20) / 2)), r"go on by 0\.5 s"),
    ],
)
def test_what_is_no_such_file_or_damaged_is_refused_with_what_it_is(
    tmp_path: Path, content: str | bytes, told: str
) -> None:
    assert re.search(told, refusal(tmp_path / "a.csv", content))


def test_a_path_that_leads_nowhere_is_told(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="no such file"):
        open_csv(tmp_path / "a.csv")
    with pytest.raises(DatasetError, match="a folder"):
        open_csv(tmp_path)


def test_a_file_that_shrinks_while_it_is_read_is_told(tmp_path: Path) -> None:
    path = small_csvs.write(tmp_path / "a.csv", n_rows=9000)
    blocks = open_csv(path).blocks()
    next(blocks)
    path.write_bytes(path.read_bytes()[:1_000_000])
    with pytest.raises(DatasetError, match="became shorter"):
        list(blocks)


def test_rows_that_come_while_it_is_read_are_left_for_the_next_time(tmp_path: Path) -> None:
    path = small_csvs.write(tmp_path / "a.csv", n_rows=5000)
    blocks = open_csv(path).blocks()
    n_rows = len(next(blocks))
    with path.open("a", encoding="utf-8") as file:
        file.write("5001,0,")
    assert n_rows + sum(map(len, blocks)) == 5000


def test_openface_is_told_from_other_csvs_by_the_first_line(tmp_path: Path, shared: Path) -> None:
    for name in ("OpenFace_Test.csv", "demo_full_6b8beb0.csv", "jt_full_6d8c7c6.csv"):
        assert looks_like(shared / "data" / "openface" / name)
    assert not any(map(looks_like, (shared / "data" / "eeg").glob("*.csv")))
    assert not looks_like(tmp_path / "none.csv")


def test_the_709_columns_of_the_original_are_those_of_a_full_file_behind_its_head(shared: Path) -> None:
    file = open_csv(shared / "data" / "openface" / "demo_full_6b8beb0.csv", ORIGINAL)
    assert len(ORIGINAL) == 709
    assert file.source.layout.names[5:] == ORIGINAL
    assert file.columns == (*ORIGINAL, "success")


MEMORY = """
import resource, sys
from pathlib import Path
from insightsim.openface import open_csv

path = Path(sys.argv[1])
small = open_csv(path.with_name("small.csv"))
assert sum(map(len, small.blocks())) == 9000
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
file = open_csv(path)
n_rows = sum(map(len, file.blocks()))
print(n_rows, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="memory is NOT measured: Windows does not tell it")
def test_a_long_file_takes_no_more_memory_than_a_short_one(tmp_path: Path) -> None:
    small = small_csvs.write(tmp_path / "small.csv", n_rows=9000)
    head, _, rows = small.read_bytes().partition(b"\n")
    with (tmp_path / "long.csv").open("wb") as file:
        file.write(head + b"\n")
        for _ in range(20):
            file.write(rows)
    done = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path / "long.csv")], capture_output=True, text=True, check=True
    )
    n_rows, growth = map(int, done.stdout.split())
    assert n_rows == 180_000
    kilobytes = growth / (1024 if sys.platform == "darwin" else 1)
    assert kilobytes < 8 * 1024, "all its rows would take 60 MB as numbers"
