from __future__ import annotations

import numpy as np
import pytest

from insightsim.aus import OPENFACE
from insightsim.face_windows import GAP, FaceWindows, coverage
from insightsim.types import Signal


def rows(times: np.ndarray) -> Signal:
    """One column that says when each row was."""
    times = np.asarray(times, float)
    return Signal("face", ("AU12_r",), OPENFACE, 30.0, times[:, None].astype(np.float32), times)


def ends(windows: FaceWindows, times: np.ndarray) -> list[float]:
    return [round(float(window.times[-1]), 6) for window in windows(rows(times))]


def test_a_window_ends_with_the_first_row_at_a_multiple_of_the_step() -> None:
    """Whatever the camera's rate: no window waits for a row that may be late."""
    windows = FaceWindows(2.0, 0.5)
    times = 100.2 + np.arange(100) / 12
    found = list(windows(rows(times)))
    for window, tick in zip(found, np.arange(102.5, 110, 0.5), strict=False):
        end = window.times[-1]
        assert tick <= end < tick + 1 / 12
        np.testing.assert_array_equal(window.times, times[(times > end - 2) & (times <= end)])
    assert len(found) == 12


def test_the_first_window_is_whole_and_how_much_of_it_is_there_is_told() -> None:
    windows = FaceWindows(2.0, 0.5)
    assert windows.filled == 0
    assert windows.due == np.inf
    assert ends(windows, np.arange(11) / 10) == []
    assert windows.filled == pytest.approx(0.5)
    assert windows.due == 1.5
    assert ends(windows, np.arange(11, 26) / 10) == [2.0, 2.5]
    assert windows.filled == 1


def test_rows_that_repeat_or_come_late_are_dropped_and_counted() -> None:
    windows = FaceWindows(1.0, 0.5)
    times = np.array([0.0, 0.2, 0.2, 0.1, 0.4, np.nan, 0.6, 0.8, 1.0])
    (window,) = windows(rows(times))
    assert window.times.tolist() == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert (windows.dropped, windows.gaps, windows.resets) == (3, 0, 0)


def test_a_pause_shorter_than_a_window_leaves_the_rest_of_it() -> None:
    """A camera that hangs for a moment must not cost eight seconds."""
    windows = FaceWindows(8.0, 1.0)
    assert ends(windows, np.arange(100) / 10) == [8.0, 9.0]
    assert ends(windows, np.arange(130, 141) / 10) == [13.0, 14.0]
    assert (windows.gaps, windows.resets) == (1, 0)


def test_a_pause_as_long_as_a_window_begins_anew() -> None:
    windows = FaceWindows(2.0, 0.5)
    assert ends(windows, np.arange(21) / 10) == [2.0]
    assert ends(windows, np.arange(100, 120) / 10) == []
    assert ends(windows, np.array([12.0])) == [12.0]
    assert (windows.gaps, windows.resets) == (1, 0)


def test_a_clock_set_back_begins_anew_and_is_counted() -> None:
    windows = FaceWindows(2.0, 0.5)
    ends(windows, np.arange(100, 103, 0.1))
    assert ends(windows, np.arange(21) / 10) == [2.0]
    assert windows.resets == 1


@pytest.mark.parametrize("stray", [1e5, -1e5, 60.0])
@pytest.mark.parametrize("size", [1, 1000])
def test_a_single_stamp_far_off_costs_its_row_and_no_window(stray: float, size: int) -> None:
    times = np.arange(0, 30, 0.1)
    times[123] = stray
    windows = FaceWindows(8.0, 0.25)
    found = [time for at in range(0, 300, size) for time in ends(windows, times[at : at + size])]
    assert found == ends(FaceWindows(8.0, 0.25), np.delete(times, 123))
    assert len(found) == 88
    assert (windows.dropped, windows.gaps, windows.resets) == (1, 0, 0)


def test_of_stamps_that_jump_about_none_is_believed() -> None:
    windows = FaceWindows(2.0, 0.5)
    assert ends(windows, np.array([0.0, 1.0, 500.0, 900.0, 100.0, np.nan, 1.5, 2.0])) == [2.0]
    assert (windows.dropped, windows.resets) == (4, 0)


def test_begun_anew_on_request_no_window_holds_what_was_before() -> None:
    windows = FaceWindows(1.0, 0.5)
    ends(windows, np.arange(0, 1.6, 0.1))
    windows.begin()
    assert windows.filled == 0
    assert ends(windows, np.arange(1.6, 3.15, 0.1)) == [3.0]


@pytest.mark.parametrize(
    ("times", "valid", "share"),
    [
        (np.arange(0.1, 8.01, 0.1), slice(None), 1.0),
        (np.arange(0.1, 8.01, 0.1), slice(40), 0.5),
        (np.arange(1.0, 8.01, 1.0), slice(None), GAP),
        (np.array([8.0]), slice(None), GAP / 8),
    ],
)
def test_rows_stand_for_the_time_since_the_last_but_not_for_long(
    times: np.ndarray, valid: slice, share: float
) -> None:
    seen = np.zeros(len(times), bool)
    seen[valid] = True
    assert coverage(times, seen, 8.0) == pytest.approx(share, abs=0.02)
    assert coverage(times, np.zeros(len(times), bool), 8.0) == 0


def test_windows_of_one_stretch_share_its_rows_and_are_those_that_come_one_by_one() -> None:
    times = np.concatenate([np.arange(200) / 30, 20 + np.arange(200) / 30, [20.0]])
    alone = list(FaceWindows(2.0, 0.25)(rows(times)))
    cuts = list(FaceWindows(2.0, 0.25).cut(rows(times)))
    assert len(cuts) == 2  # the pause parts them
    together = [window for cut in cuts for window in cut]
    assert [window.times.tolist() for window in together] == [window.times.tolist() for window in alone]
    one_by_one = FaceWindows(2.0, 0.25)
    found = [
        window.times.tolist()
        for row in range(len(times))
        for window in one_by_one(rows(times)[row : row + 1])
    ]
    assert found == [window.times.tolist() for window in alone]
