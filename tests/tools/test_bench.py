from __future__ import annotations

import asyncio
import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import mne
import numpy as np
import psutil
import pytest
from mne.time_frequency import psd_array_welch
from typer.testing import CliRunner
from websockets.asyncio.server import ServerConnection, serve

from insightsim import bandpower
from insightsim.brain import Brain
from insightsim.datasets import deap
from insightsim.errors import InsightSimError
from insightsim.simulate import subject
from insightsim.training.recipes import recipe
from streaming.synthetic import feeling
from tools.bench import (
    children,
    features,
    feed,
    hour,
    latency,
    load,
    memory,
    people,
    publisher,
    report,
    served,
    soak,
    throughput,
)
from tools.bench.feed import Ages, stamp
from tools.bench.looks import Look, look
from tools.bench.report import Report, Row
from tools.cli import app

on_linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux says it under /proc")


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


@on_linux
def test_a_process_is_seen_as_psutil_sees_it() -> None:
    process = psutil.Process()
    before, found, after = process.cpu_times(), look(os.getpid()), process.cpu_times()
    assert found is not None
    tick = 1 / os.sysconf("SC_CLK_TCK")
    assert before.user + before.system - tick <= found.cpu <= after.user + after.system + tick
    assert found.peak >= process.memory_info().rss / 1e6 * 0.9
    assert found.threads == process.num_threads()
    assert abs(found.files - process.num_fds()) <= 1  # reading /proc is an open file too


@on_linux
def test_memory_of_its_own_is_told_from_files_mapped_into_memory(tmp_path: Path) -> None:
    path, size = tmp_path / "mapped", 64_000_000

    def own() -> float:
        found = look(os.getpid())
        assert found is not None
        return found.own

    np.ones(size, np.uint8).tofile(path)
    start = own()
    mapped = np.memmap(path, np.uint8, "r")
    assert mapped.sum(dtype=np.int64) == size  # read, so it is resident
    assert own() - start < 10
    kept = np.ones(size, np.uint8)
    assert own() - start > 0.9 * kept.nbytes / 1e6


def test_a_process_that_is_over_is_not_seen() -> None:
    gone = psutil.Popen([sys.executable, "-c", ""])
    gone.wait()
    assert look(gone.pid) is None


def test_what_cannot_be_measured_is_told_to_be_missing() -> None:
    ages = Ages(np.full(10, 0.004), 10)
    unknown = load.Watched(None, None, (ages,))
    for found, rows in (
        (memory.report(None), 0),
        (load.report(unknown), 0),
        (people.report(unknown, ages), 3),
        (soak.report("a while", soak.Watched((), 1.0)), 0),
    ):
        assert "NOT measured" in found.notes[-1]
        assert len(found.rows) == rows
    assert memory.report(123.0).rows[0].met


@pytest.mark.parametrize(("ours", "met"), [(12.0, True), (14.0, False)])
def test_load_is_told_beyond_the_bare_inlet(ours: float, met: bool) -> None:
    (row,) = load.report(load.Watched(ours, 3.0, (Ages(np.full(10, 0.004), 10),))).rows
    assert (row.value, row.met) == (ours - 3.0, met)


def test_of_several_people_every_age_counts() -> None:
    quick, slow = Ages(np.full(97, 0.005), 97), Ages(np.full(97, 0.105), 100)
    found = people.report(load.Watched(60.0, 5.0, (quick, slow)), Ages(np.full(9, 0.001), 9))
    came, median, p99, core = found.rows
    assert came.value == pytest.approx(100 * 194 / 197)
    assert (round(median.ours), round(p99.value), core.value) == (55, 104, 60.0)
    assert [row.met for row in found.rows] == [False, None, False, True]
    assert "p99 105" in found.notes[1]


def test_a_leak_shows_and_what_is_made_once_does_not() -> None:
    def looks(*own: float) -> soak.Watched:
        return soak.Watched(tuple(Look(1.0, 200.0, mb, 5, 13) for mb in own), 1.0)

    once = [100.0] * 20 + [180.0] * 100
    leak = [100.0 + 0.1 * i for i in range(120)]
    for own, grown, met in ((once, 0.0, True), (leak, 8.0, False)):
        memory_row, threads, files = soak.report("an hour", looks(*own)).rows
        assert (memory_row.value, memory_row.met) == (pytest.approx(grown, abs=0.5), met)
        assert threads.met
        assert files.met


def test_a_thread_that_stays_is_too_many() -> None:
    found = soak.Watched(tuple(Look(1.0, 200.0, 100.0, 5 + i // 60, 13) for i in range(120)), 1.0)
    assert [row.met for row in soak.report("an hour", found).rows] == [True, False, True]


def test_a_published_brain_goes_on_for_ever_without_a_jump() -> None:
    signal = publisher.brain(128.0)
    steps = np.abs(np.diff(np.vstack([signal, signal[:1]]), axis=0)).max(axis=1)
    assert signal.shape == (2 * publisher.MADE * 128, 32)
    assert steps[[len(signal) // 2 - 1, -1]].max() == 0
    assert steps.max() > 5


def test_a_long_recording_is_what_mne_reads(tmp_path: Path) -> None:
    raw = mne.io.read_raw_brainvision(hour.write(tmp_path, 61.0), preload=True, verbose="error")
    assert raw.ch_names == list(deap.CH_NAMES)
    assert raw.info["sfreq"] == hour.SFREQ
    assert raw.n_times == 2 * hour.BLOCK * hour.SFREQ
    expected = Brain(1, 1.0, deap.CH_NAMES, hour.SFREQ).samples(1000, feeling(0.0))
    np.testing.assert_allclose(raw.get_data()[:, :1000].T * 1e6, expected, atol=hour.RESOLUTION * 0.51)


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


def test_why_a_feed_ended_is_told() -> None:
    async def refuse(socket: ServerConnection) -> None:
        await socket.send('{"type": "hello"}')
        await socket.close(4500, "no such headset")

    async def run() -> None:
        async with serve(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            await feed.listen(f"ws://127.0.0.1:{port}", 1.0, "monitor")

    with pytest.raises(InsightSimError, match=r"^monitor: nothing after 1 messages; no such headset$"):
        asyncio.run(run())


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
    monkeypatch.setattr(load, "WARM", 0.0)


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


@pytest.mark.usefixtures("hasty")
def test_the_load_benchmark_runs_to_its_end() -> None:
    rows = ran("load", "--seconds", "1")
    if sys.platform == "linux":
        (row,) = rows.values()
        assert 0 < row["beside"] < row["ours"] < 200


@pytest.mark.usefixtures("hasty")
def test_the_benchmark_of_several_people_hears_of_each(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "PEOPLE", 2)
    rows = ran("people", "--seconds", "1")
    name = "2 people of 32 channels at 128 Hz: "
    assert rows[f"{name}estimates that came"]["ours"] > 50
    assert rows[f"{name}sample to estimate, p99 floor"]["ours"] > 0


def test_the_soak_runs_to_its_end() -> None:
    rows = ran("soak", "--hours", "0.005", "--minutes", "0.02")
    if sys.platform == "linux":
        assert len(rows) == 6
        assert all(0 < row["ours"] < 1000 for row in rows.values())


def test_the_throughput_benchmark_runs_to_its_end(file: Path) -> None:
    before = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else None
    rows = ran("throughput", "--file", str(file), "--repeats", "1")
    assert len(rows) == 4
    assert rows["their largest difference from mne's"]["met"]
    assert before is None or os.sched_getaffinity(0) == before


def test_a_file_that_is_none_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(InsightSimError, match=re.escape("s09.dat")):
        throughput.measure(tmp_path / "s09.dat", 1)
