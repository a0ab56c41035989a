from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
from mne.time_frequency import psd_array_welch
from typer.testing import CliRunner

from insightsim import bandpower
from insightsim.datasets import deap
from insightsim.errors import InsightSimError
from insightsim.simulate import subject
from insightsim.training.recipes import recipe
from tools.bench import children, features, feed, latency, memory, report, served, throughput
from tools.bench.feed import Ages, stamp
from tools.bench.report import Report, Row
from tools.cli import app


def row(ours: float, beside: float, compared: Any, bound: Any, target: float) -> Row:
    return Row("it", ours, "ms", beside, "floor", compared, bound, target)


@pytest.mark.parametrize(
    ("found", "value", "met"),
    [
        (row(5.0, 1.5, "difference", "≤", 4.0), 3.5, True),
        (row(6.0, 1.5, "difference", "≤", 4.0), 4.5, False),
        (row(100.0, 350.0, "ratio", "≥", 3.0), 3.5, True),
        (row(100.0, 250.0, "ratio", "≥", 3.0), 2.5, False),
        (Row("it", 301.0, "MB", bound="≤", target=300.0), 301.0, False),
        (Row("it", 300.0, "MB", bound="≤", target=300.0), 300.0, True),
        (Row("it", 7.0, "ms"), 7.0, None),
    ],
)
def test_a_target_speaks_of_the_comparison_where_there_is_one(
    found: Row, value: float, met: bool | None
) -> None:
    assert found.value == pytest.approx(value)
    assert found.met is met


def test_cells_say_sign_ratio_and_what_was_missed() -> None:
    assert row(5.0, 1.5, "difference", "≤", 3.0).cells() == (
        *("it", "5 ms", "1.5 ms (floor)", "+3.5 ms", "≤ +3 ms", "NO"),
    )
    assert row(100.0, 350.0, "ratio", "≥", 3.0).cells()[3:] == ("3.5 × faster", "≥ 3 × faster", "yes")


def test_json_and_markdown_name_the_machine_and_every_row() -> None:
    found = Report((Row("memory", 175.2, "MB", bound="≤", target=300.0),), ("a note",))
    told = json.loads(report.as_json(found))
    assert (told["rows"][0]["value"], told["rows"][0]["met"], told["notes"]) == (175.2, True, ["a note"])
    assert set(told["machine"]) == {"cpu", "cores", "system", "python", "date"}
    page = report.as_markdown(found)
    assert f"Python {told['machine']['python']}" in page
    assert "| memory | 175 MB |  |  | ≤ 300 MB | yes |" in page
    assert "- a note" in page


def test_reports_add_up() -> None:
    one = Report((Row("a", 1.0, "s"),), ("x",))
    other = Report((Row("b", 2.0, "s"),))
    assert [found.what for found in (one + other).rows] == ["a", "b"]


def test_latency_is_told_above_the_floor_and_beside_the_usual_library() -> None:
    floor, ours, usual = (Ages(np.full(100, ms / 1000), 100) for ms in (1.0, 3.0, 3.5))
    rows = latency.report(ours, floor, usual).rows
    assert [round(found.value, 6) for found in rows] == [2.0, 2.0, 2.0, -0.5, -0.5, -0.5]
    assert [found.met for found in rows] == [True, True, None, None, None, None]
    assert "NOT measured" in latency.report(ours, floor, None).notes[-1]


def test_speed_is_that_of_the_whole_file() -> None:
    warm = {"seconds": 2.0, "windows": 4720, "judged": 3700}
    found = throughput.report(5.0, warm, {"ours": 1e-4, "mne": 4e-4, "deviation": 2e-7}, core=1)
    assert [round(found.value, 9) for found in found.rows] == [1260.0, 504.0, 4.0, 2e-7]
    assert all(found.met for found in found.rows)


def test_exactly_one_sample_closes_each_window_wherever_the_samples_lie() -> None:
    for origin in (0.0, 0.0011, 0.0039, 1234.5678):
        stamps = origin + np.arange(128 * 4) / 128
        closing = [time for time in stamps if served.closes_window(time)]
        assert len(closing) == 16
        assert all(abs(time - round(time / 0.25) * 0.25) <= 0.5 / 128 + 1e-9 for time in closing)


def test_only_live_estimates_count() -> None:
    live = {"type": "estimate", "time": 12.5, "streams": [{"status": "live"}]}
    assert stamp(live) == 12.5
    assert stamp(live | {"streams": [{"status": "warming up"}]}) is None
    assert stamp({"type": "hello"}) is None
    assert stamp(3.25) == 3.25


@pytest.mark.parametrize("ch_names", [deap.CH_NAMES, ("Fp1", "F3", "Fp2", "F4")])
def test_band_means_equal_those_of_mne(ch_names: tuple[str, ...]) -> None:
    assert features.deviation(recipe("log_bandpower", ch_names)) < 1e-6


def test_the_spectrum_equals_that_of_mne() -> None:
    data = features.window(recipe("log_bandpower", deap.CH_NAMES)).astype(np.float64)
    power, freqs = psd_array_welch(
        data.T, 128.0, n_fft=256, window=np.hanning(256), remove_dc=False, verbose="ERROR"
    )
    ours_freqs, ours = bandpower.psd(data, 128.0)
    np.testing.assert_array_equal(ours_freqs, freqs)
    np.testing.assert_allclose(ours.T, power, rtol=1e-9)


def test_the_peak_of_a_process_is_read_and_told_to_be_missing_where_it_cannot_be() -> None:
    found = memory.peak(os.getpid())
    if sys.platform == "linux":
        assert found is not None
        assert found >= psutil.Process().memory_info().rss / 1e6 * 0.9
    assert memory.report(123.0).rows[0].met
    assert "NOT measured" in memory.report(None).notes[0]
    assert memory.report(None).rows == ()


def test_a_child_that_ends_early_is_told_with_its_last_words() -> None:
    async def run() -> None:
        async with children.child("-c", "import sys; sys.exit('no such headset')") as process:
            await children.said(process, "(ready)", "the child")

    with pytest.raises(InsightSimError, match="the child ended with exit code 1: no such headset"):
        asyncio.run(run())


def test_a_child_is_ended_when_the_block_is_left_whatever_happens() -> None:
    pids = []

    async def run() -> None:
        script = "import time; print('ready', flush=True); time.sleep(60)"
        async with children.child("-c", script) as process:
            await children.said(process, "(ready)", "the child")
            pids.append(process.pid)
            raise KeyError("trouble")

    with pytest.raises(KeyError):
        asyncio.run(run())
    assert not psutil.pid_exists(pids[0])


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("bench") / "s01.dat"
    deap.write(path, *subject(1, 1.0, 1))
    return path


def ran(*arguments: str) -> dict[str, dict[str, Any]]:
    """The rows of a benchmark run as a user does, by name; nothing it started is left."""
    before = {process.pid for process in psutil.Process().children(recursive=True)}
    done = CliRunner().invoke(app, ["bench", *arguments, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    left = [p for p in psutil.Process().children(recursive=True) if p.pid not in before]
    assert left == []
    return {f"{found['what']} {found['named']}".strip(): found for found in json.loads(done.stdout)["rows"]}


@pytest.fixture
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first seconds count too: the figures are worth nothing, but come sooner."""
    monkeypatch.setattr(feed, "SETTLE", 0.0)


@pytest.mark.usefixtures("hasty")
def test_the_latency_benchmark_runs_to_its_end() -> None:
    rows = ran("latency", "--seconds", "1")
    assert {name.split()[-1] for name in rows} == {"floor", "mne-lsl"}
    assert all(0 < row["ours"] < 5000 and 0 < row["beside"] < 5000 for row in rows.values())


@pytest.mark.usefixtures("hasty")
def test_the_memory_benchmark_runs_to_its_end() -> None:
    rows = ran("memory", "--seconds", "1")
    if sys.platform == "linux":
        assert 30 < rows["EEG-only monitor, most memory resident"]["ours"] < 2000


def test_the_throughput_benchmark_runs_to_its_end(file: Path) -> None:
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    rows = ran("throughput", "--file", str(file), "--repeats", "1")
    assert len(rows) == 4
    assert rows["their largest difference from mne's"]["met"]
    assert before is None or os.sched_getaffinity(0) == before


def test_a_file_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InsightSimError, match=re.escape("s09.dat")):
        throughput.measure(tmp_path / "s09.dat", 1)
