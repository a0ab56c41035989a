"""The CSV that `insightsim aus` writes: OpenFace's columns, and never to be taken for OpenFace's."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim import aus_csv, neutral
from insightsim.aus import COLUMNS, LANDMARKS, OPENFACE, TIERS
from insightsim.errors import DatasetError
from tests.faces import face


def of_openface(shared: Path) -> tuple[list[str], list[str]]:
    with (shared / "data" / "openface" / "demo_full_6b8beb0.csv").open(newline="") as file:
        rows = csv.reader(file, skipinitialspace=True)
        return next(rows), next(rows)


def test_names_and_their_order_are_those_of_openface(shared: Path) -> None:
    header, _ = of_openface(shared)
    assert [name for name in header if name in aus_csv.HEADER] == list(aus_csv.HEADER)


def test_decimals_are_those_of_openface(shared: Path) -> None:
    header, theirs = of_openface(shared)
    row = np.linspace(0.1234567, 4.9, len(COLUMNS)).astype(np.float32)
    ours = aus_csv.line(1, 0.5, row).split(",")
    for name, value in zip(aus_csv.HEADER, ours, strict=True):
        written = theirs[header.index(name)]
        assert len(value.partition(".")[2]) == len(written.partition(".")[2]), name


rows = st.lists(st.floats(-700, 5, width=32), min_size=len(COLUMNS) - 2, max_size=len(COLUMNS) - 2).map(
    lambda rest: np.array([0.87, 1.0, *rest], np.float32)
)


@settings(deadline=None)
@given(rows, st.integers(1, 10**6), st.floats(0, 1e5))
def test_a_line_reads_back_to_its_decimals(row: np.ndarray, number: int, time: float) -> None:
    found = [float(text) for text in aus_csv.line(number, time, row).split(",")]
    assert found[:2] == [number, 0]
    assert found[2] == pytest.approx(time, abs=5.1e-4)
    assert found[3:5] == [0.87, 1.0]
    assert found[5:] == pytest.approx(row[2:].tolist(), abs=0.051)


def test_persons_are_numbered_from_0_as_openface_has_it() -> None:
    row = np.ones(len(COLUMNS), np.float32)
    assert [aus_csv.line(1, 0.0, row, person).split(",")[1] for person in (0, 1, 2, 3)] == [
        "0",
        "0",
        "1",
        "2",
    ]


def test_where_there_is_no_face_all_is_zero_and_success_tells() -> None:
    row = np.full(len(COLUMNS), np.nan, np.float32)
    row[:2] = 0
    found = aus_csv.line(73, 2.4, row).split(",")
    assert [float(text) for text in found] == [73, 0, 2.4] + [0] * len(COLUMNS)


def test_what_lies_beside_says_whose_they_are_how_made_and_how_reliable(tmp_path: Path) -> None:
    rest = neutral.learn([face()] * 40, "2026-01-02T03:04:05", "camera:0")
    told = json.loads(aus_csv.describe(rest, {"video": "a.mp4", "mediapipe": "0.10.33"}))
    assert told["family"] == LANDMARKS
    assert told["made"]["mediapipe"] == "0.10.33"
    assert told["rest"] == "neutral face captured 2026-01-02T03:04:05 from camera:0"
    assert told["tiers"] == {f"AU{au}": tier for au, tier in TIERS.items()}
    assert "not OpenFace's" in told["note"]


def test_a_csv_is_ours_by_what_lies_beside_it_or_by_its_very_columns(tmp_path: Path, shared: Path) -> None:
    path = tmp_path / "a.csv"
    openface, _ = of_openface(shared)
    assert aus_csv.whose(path, openface) == OPENFACE
    assert aus_csv.whose(path, aus_csv.HEADER) == LANDMARKS  # what lay beside it was lost
    aus_csv.beside(path).write_text(aus_csv.describe(None, {}))
    assert aus_csv.whose(path, openface) == LANDMARKS
    assert aus_csv.whose(path, aus_csv.HEADER[:-1]) == LANDMARKS


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format": "insightsim.aus/1", "family": "OpenFace"}'])
def test_something_else_beside_a_csv_is_refused(text: str, tmp_path: Path) -> None:
    (tmp_path / "a.csv.json").write_text(text)
    with pytest.raises(DatasetError, match=r"a\.csv\.json: .*expected"):
        aus_csv.whose(tmp_path / "a.csv", aus_csv.HEADER)
