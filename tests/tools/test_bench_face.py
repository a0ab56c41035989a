"""The benchmarks of the face: their programs run, and their figures say what was measured."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from insightsim.openface import open_csv
from streaming.video import Video
from tests import small_videos
from tools.bench import (
    app,
    bare_face,
    face,
    face_clip,
    face_frames,
    latency,
    load,
    memory,
    openface,
    openface_read,
    people,
    throughput,
)
from tools.bench.report import Report, Row

PER_FRAME, MEMORY = "picture to action units, of the bare detector's time", ": most memory"


def test_both_ways_through_a_csv_cut_the_same_windows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    openface.write(path := tmp_path / "made.csv", 6_000)
    found = {}
    for how in ("ours", "pandas"):
        openface_read.main(how, path)
        found[how] = json.loads(capsys.readouterr().out)
    assert found["ours"]["windows"] == found["pandas"]["windows"] > 900
    assert found["ours"]["seconds"] > 0


def test_the_csv_that_is_read_has_as_many_rows_as_asked_for_and_stamps_that_increase(tmp_path: Path) -> None:
    openface.write(path := tmp_path / "made.csv", openface.MADE + 10)
    table = pd.read_csv(path)
    assert table.shape == (openface.MADE + 10, 714)
    assert (table["timestamp"].diff().dropna() > 0).all()
    assert open_csv(path).notes == ()


def test_the_csvs_figures_are_those_of_the_fastest_runs_and_of_the_most_memory() -> None:
    ours = [
        {"seconds": 3.0, "windows": 8, "peak": 110.0, "model": "m"},
        {"seconds": 2.0, "windows": 8, "peak": 120.0, "model": "m"},
    ]
    beside = [{"seconds": 8.0, "windows": 8, "peak": 900.0, "model": "m"}]
    speed, memory, _ = openface.report(ours, beside, {"peak": 115.0}, 1000, 4.0).rows
    assert (speed.value, speed.met) == (4.0, True)
    assert (memory.value, memory.met) == (5.0, True)
    slow = openface.report(ours[:1], beside, {"peak": 80.0}, 1000, 4.0).rows
    assert [row.met for row in slow[:2]] == [False, False]


def test_where_nothing_tells_the_memory_that_is_said() -> None:
    run = {"seconds": 2.0, "windows": 8, "peak": None, "model": "m"}
    found = openface.report([run], [run], {"peak": None}, 1000, 4.0)
    assert not any(MEMORY in row.what for row in found.rows)
    assert any("NOT measured" in note for note in found.notes)


def test_the_clip_is_what_a_camera_gives_and_as_long_as_asked_for(tmp_path: Path) -> None:
    video = small_videos.write(tmp_path / "few.mp4", small_videos.numbered(12))
    face_clip.main(str(video), str(tmp_path / "camera.avi"), 2.0)
    clip = Video(tmp_path / "camera.avi", speed=None)
    assert clip.open().sfreq == face.FPS
    frames = []
    while (found := clip.grab()) is not None:
        frames += found
    clip.close()
    assert len(frames) == 60
    assert {frame.image.shape for frame in frames} == {(face.HEIGHT, face.WIDTH, 3)}


def test_pictures_are_timed_bare_and_ours_in_turn(
    shared: Path, bundle: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(face_frames, "MOST", 40)
    face_frames.main(str(shared / "data/face/WolfgangLanger_Pexels.mp4"), str(bundle))
    found = json.loads(capsys.readouterr().out)
    assert (found["frames"], found["width"], found["height"]) == (40, 640, 360)
    assert 0 < found["arithmetic"] < found["ours"]
    assert found["bare"] > 0


def test_the_bare_detector_goes_through_every_picture(
    shared: Path, bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bare_face.main(str(shared / "data/face/no_face.mp4"), str(bundle))
    assert capsys.readouterr().out == "95"


def test_the_figures_of_a_face_are_compared_with_their_targets() -> None:
    frames = {"bare": 0.01, "ours": 0.011, "arithmetic": 0.0003, "frames": 300, "width": 640, "height": 360}
    live = face.Live(30.0, 3, 900.0, (20.0, 90.0, 30.0), (5.0,), 60.0)
    found = {row.what: row for row in face.report(frames, (90.0, 100.0), live).rows}
    assert found[PER_FRAME].value == pytest.approx(1.1)
    assert all(row.met in (True, None) for row in found.values())
    held = next(row for what, row in found.items() if "looked at" in what)
    assert held.ours == pytest.approx(100 * (1 - 3 / 900))
    slow = face.report(
        frames | {"ours": 0.012}, (80.0, 100.0), face.Live(30.0, 30, 900.0, (20.0,), (5.0,), None)
    )
    assert [row.met for row in slow.rows if row.target is not None] == [False, True, False, False, True]


def test_a_lag_that_grows_is_a_backlog() -> None:
    frames = {"bare": 0.01, "ours": 0.011, "arithmetic": 0.0003, "frames": 300, "width": 640, "height": 360}
    for growth, met in ((0.1, True), (1.0, False)):
        lags = tuple(20 + growth * i for i in range(90))
        rows = face.report(frames, (90.0, 100.0), face.Live(30.0, 3, 900.0, lags, (5.0,), 60.0)).rows
        (row,) = (row for row in rows if "no backlog" in row.what)
        assert (row.value, row.met) == (pytest.approx(60 * growth), met)
        (passed,) = (row for row in rows if "passed over" in row.what)
        assert passed.cells()[1] == "3 of 900"


def test_everything_is_measured_with_a_face_where_there_is_a_video(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (latency, throughput, memory, load, people, face, openface):
        row = Row(module.__name__.rpartition(".")[2], 1.0, "s")
        monkeypatch.setattr(module, "measure", lambda *_, row=row: Report((row,)))
    for options, without in (((), {"face"}), (("--video", str(tmp_path / "clip.mp4")), set[str]())):
        done = CliRunner().invoke(app, ["all", "--json", *options], catch_exceptions=False)
        found = {row["what"] for row in json.loads(done.stdout)["rows"]}
        assert found == {"latency", "throughput", "memory", "load", "people", "face", "openface"} - without


def test_pandas_way_takes_a_header_with_blanks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    openface.write(path := tmp_path / "made.csv", 1_000)
    header, rows = path.read_text().split("\n", 1)
    path.write_text(header.replace(",", ", ") + "\n" + rows)
    openface_read.main("pandas", path)
    assert json.loads(capsys.readouterr().out)["windows"] > 100
