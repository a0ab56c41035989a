from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from insightsim import openface_write
from insightsim.aus import COLUMNS, INTENSITIES, OPENFACE, PRESENCES
from insightsim.openface import open_csv
from insightsim.openface_columns import FULL, ORIGINAL
from insightsim.simulate_face import picked, trials
from insightsim.types import join

SOMEONE, ROWS, _ = next(trials(2, 1.0, 1, 1, 30.0))
LOST = ROWS.copy()
LOST[100:130, 2:] = np.nan
LOST[100:130, :2] = (0.1, 0)


@pytest.mark.parametrize(("layout", "n_columns"), [("full", 714), ("aus", 46)])
def test_what_is_written_reads_back_by_our_reader_and_by_pandas(
    tmp_path: Path, layout: str, n_columns: int
) -> None:
    import pandas

    path = tmp_path / "trial.csv"
    openface_write.write(path, SOMEONE, LOST, 30.0, layout)
    assert [one.name for one in tmp_path.iterdir()] == ["trial.csv"]
    table = pandas.read_csv(path)
    assert table.shape == (1800, n_columns)
    assert tuple(table.columns) == openface_write.LAYOUTS[layout]
    assert table["frame"].tolist() == list(range(1, 1801))
    np.testing.assert_allclose(table["timestamp"], np.arange(1800) / 30, atol=0.00051)
    file = open_csv(path, ORIGINAL if layout == "full" else COLUMNS)
    whole = join(list(file.blocks()))
    assert (file.unit, file.notes) == (OPENFACE, ())
    expected = picked(SOMEONE, LOST, tuple(name for name in whole.ch_names))
    counts = ~np.isnan(whole.data).any(axis=1)
    assert 0.9 < counts.mean() < np.mean(LOST[:, 1])  # and a row each side of those without a face
    np.testing.assert_allclose(whole.data[counts], expected[counts], atol=0.051, rtol=1e-5)


def test_names_order_and_decimals_are_those_of_a_real_file(tmp_path: Path, shared: Path) -> None:
    real = (shared / "data" / "openface" / "demo_full_6b8beb0.csv").read_text().splitlines()
    path = tmp_path / "trial.csv"
    openface_write.write(path, SOMEONE, ROWS[:30], 30.0)
    names, first, *_ = path.read_text(encoding="ascii").splitlines()
    assert names.split(",") == [name.strip() for name in real[0].split(",")] == list(FULL)

    def decimals(line: str) -> list[int]:
        return [len(value.strip().partition(".")[2]) for value in line.split(",")]

    assert decimals(first) == decimals(real[1])


def test_where_the_face_is_lost_its_units_are_0_and_the_rest_stays_as_openface_leaves_it(
    tmp_path: Path,
) -> None:
    import pandas

    path = tmp_path / "trial.csv"
    for lost in (slice(0, 30), slice(100, 130)):
        rows = ROWS.copy()
        rows[lost, 2:] = np.nan
        rows[lost, :2] = (0.1, 0)
        openface_write.write(path, SOMEONE, rows, 30.0)
        table = pandas.read_csv(path).iloc[lost]
        assert (table["success"] == 0).all()
        assert (table["confidence"] == 0.1).all()
        assert (table[[*INTENSITIES, *PRESENCES]] == 0).all(axis=None)
        assert (table["pose_Tz"] > 100).all()
        assert (table["x_30"].nunique(), table["x_30"].iloc[0] > 0) == (1, True)


def test_a_file_is_about_as_large_as_is_said_before(tmp_path: Path) -> None:
    for layout in openface_write.LAYOUTS:
        openface_write.write(tmp_path / layout, SOMEONE, ROWS, 30.0, layout)
        said = openface_write.ROW_BYTES[layout] * len(ROWS)
        assert (tmp_path / layout).stat().st_size == pytest.approx(said, rel=0.1)


def test_an_interrupted_run_leaves_no_half_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was there before is whole until the new file is."""
    path = tmp_path / "trial.csv"
    path.write_text("whole")

    class Interrupted:
        def __float__(self) -> float:
            raise KeyboardInterrupt

    monkeypatch.setattr(openface_write, "picked", lambda *_: np.full((30, 711), Interrupted(), object))
    with pytest.raises(KeyboardInterrupt):
        openface_write.write(path, SOMEONE, ROWS[:30], 30.0)
    assert [one.name for one in tmp_path.iterdir()] == ["trial.csv"]
    assert path.read_text() == "whole"
