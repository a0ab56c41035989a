"""Commands as a user runs them, each in a process of its own."""

from __future__ import annotations

import json
import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest
import typer

from insightsim import models, simulate
from insightsim.datasets import deap
from insightsim.vadl import DIMENSIONS
from streaming.outlet import Outlet
from streaming.pace import Pace
from streaming.sources import SourceInfo
from tests import small_files
from tools.cli import app

ROOT = Path(__file__).parents[2]


def insightsim(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tools.cli", *arguments]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, timeout=100)


def refusal(*arguments: str, cwd: Path = ROOT) -> str:
    """What a command says that must fail with a sentence and without a traceback."""
    done = insightsim(*arguments, cwd=cwd)
    assert done.returncode != 0, done.stdout
    assert "Traceback" not in done.stderr
    return " ".join(done.stderr.split())


def watch(*arguments: str, cwd: Path = ROOT) -> str:
    return refusal("monitor", "--no-browser", "--port", "0", *arguments, cwd=cwd)


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deap") / "s01.dat"
    deap.write(path, *simulate.subject(1, effect=1.0, seed=5))
    return path


@pytest.fixture
def stream() -> str:
    return f"insightsim-test-{uuid.uuid4().hex[:8]}"


HEAVY = ("mne", "sklearn", "onnxruntime", "scipy", "fastapi", "pylsl")


def test_help_needs_nothing_heavy() -> None:
    code = f"import sys, tools.cli; print([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def helps(command: Any, name: str = "insightsim") -> Iterator[tuple[str, str]]:
    """Every option's and argument's help, with the command it belongs to."""
    for parameter in command.params:
        yield f"{name} {parameter.name}", getattr(parameter, "help", None) or ""
    for sub in getattr(command, "commands", {}).values():
        yield from helps(sub, f"{name} {sub.name}")


@pytest.mark.parametrize(
    "name",
    [
        *("demo", "monitor", "replay", "streams", "aus", "neutral"),
        *("simulate", "train", "predict", "models", "doctor", "bench"),
    ],
)
def test_no_help_holds_square_brackets(name: str) -> None:
    """They are taken as markup, and what is in them is not shown."""
    command = typer.main.get_command(app).commands[name]  # type: ignore[attr-defined]
    found = dict(helps(command, name))
    assert any(found.values())
    assert [where for where, text in found.items() if "[" in text] == []


def test_the_demo_prints_estimates_as_json_from_a_real_stream_and_leaves_no_process() -> None:
    done = insightsim("demo", "--json", "--seconds", "15", "--no-browser", "--port", "0")
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    for stream in ("eeg", "face"):
        states = [line["status"] for line in lines if line["type"] == "status" and line["stream"] == stream]
        assert states[:3] == ["connecting", "connecting", "warming up"]
        assert "live" in states
    estimates = [line for line in lines if line["type"] == "estimate"]
    for line in estimates:
        _check_estimate(line)
    assert any(line["valence"] is not None for line in estimates)
    fused = [line for line in estimates if all(share["says"] for share in line["shares"])]
    assert [share["stream"] for share in fused[-1]["shares"]] == ["eeg", "face"]
    assert all(share["weight"]["valence"] > 0 and share["age_ms"] < 1000 for share in fused[-1]["shares"])
    said = [share["says"]["valence"] for share in fused[-1]["shares"]]
    assert min(said) <= fused[-1]["raw"]["valence"] <= max(said)
    running = [" ".join(process.info["cmdline"] or []) for process in psutil.process_iter(["cmdline"])]
    source_id = re.search(r"insightsim-demo-\d+", done.stderr)
    assert source_id
    assert not [command for command in running if source_id[0] in command]


def _check_estimate(line: dict[str, Any]) -> None:
    assert {
        "time",
        "at",
        "participant",
        "raw",
        "spread",
        "group",
        "words",
        "quality",
        "lag_ms",
    } <= line.keys()
    assert line["at"].endswith("Z")
    values = [line[dimension] for dimension in DIMENSIONS]
    if values[0] is None:
        assert values == [None] * 4
        assert line["reason"]
    else:
        assert all(0 <= value <= 1 for value in values)
        assert all(0 <= line["spread"][dimension] <= 0.5 for dimension in DIMENSIONS)
        assert line["words"]
    found = {state["stream"]: state["model"] for state in line["streams"] if state["model"]}
    assert found.items() <= {"eeg": "eeg-deap32", "face": "face-openface-dynamics"}.items()


def test_a_trial_from_a_file_can_be_monitored_in_process(subject: Path) -> None:
    arguments = ("--eeg", f"file:{subject}", "--trial", "3", "--seconds", "8", "--json")
    done = insightsim("monitor", "--no-browser", "--port", "0", *arguments)
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert any(line["type"] == "status" and line["status"] == "live" for line in lines)


def test_a_monitor_of_which_nothing_came_says_what_it_waits_for_and_fails(stream: str) -> None:
    said = watch("--eeg", f"lsl:{stream}", "--seconds", "3")
    assert f"Waiting for lsl:{stream} … insightsim: nothing came of lsl:{stream} in 3 s" in said


def test_replay_stops_by_itself_and_says_what_it_publishes(subject: Path, stream: str) -> None:
    done = insightsim("replay", str(subject), "--trial", "1", "--speed", "100", "--name", stream)
    assert done.returncode == 0, done.stderr
    assert stream in done.stdout


def test_streams_lists_a_stream_with_its_facts(stream: str) -> None:
    keep = Outlet(stream, stream, SourceInfo(stream, ("Fp1",), "uV", 128.0))
    done = insightsim("streams", "--json")
    (found,) = [line for line in map(json.loads, done.stdout.splitlines()) if line["name"] == stream]
    assert {"name", "type", "n_channels", "sfreq", "host", "source_id"} == found.keys()
    del keep


def test_names_of_streams_are_shown_as_they_are_whatever_they_hold(
    stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Anyone on the network chooses them: no markup, and nothing that commands the terminal."""
    monkeypatch.setenv("COLUMNS", "20")  # a pipe is as wide as it has to be
    name = f"{stream}[eeg] [/eeg] \x1b[2J"
    keep = Outlet(name, stream, SourceInfo(name, ("Fp1",), "uV", 128.0))
    done = insightsim("streams")
    assert done.returncode == 0, done.stderr
    assert f"{stream}[eeg] [/eeg] \ufffd[2J" in done.stdout
    assert "\x1b" not in done.stdout
    del keep


def test_a_narrow_terminal_cuts_neither_name_nor_source_id(
    stream: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("FORCE_COLOR", "1")  # a terminal, as far as the command can tell
    ident = f"{stream}-{'0123456789' * 4}"
    keep = Outlet(stream, ident, SourceInfo(stream, ("Fp1",), "uV", 128.0))
    done = insightsim("streams")
    cells = [line.split("│")[1:-1] for line in done.stdout.splitlines() if line.startswith("│")]
    columns = ["".join(cell.strip() for cell in column) for column in zip(*cells, strict=True)]
    assert stream in columns[0]
    assert ident in columns[-1]
    del keep


def test_a_terminal_without_our_letters_is_no_reason_to_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    """As when Windows writes to a pipe, in an old code page that has no ✓."""
    monkeypatch.setenv("PYTHONIOENCODING", "cp437")
    done = insightsim("doctor", "--port", "0")
    assert "Traceback" not in done.stderr
    assert re.search(r"^\? Python ", done.stdout, re.MULTILINE)


def test_no_such_stream_says_which_there_are(stream: str) -> None:
    keep = Outlet(stream, stream, SourceInfo(stream, ("Fp1",), "uV", 128.0))
    said = watch("--eeg", "lsl:no-such-headset")
    assert "no stream answers lsl:no-such-headset" in said
    assert stream in said
    del keep


def test_a_stream_without_the_channels_a_model_needs_is_refused_with_what_is_missing(stream: str) -> None:
    keep = Outlet(stream, stream, SourceInfo(stream, ("Fp1", "F3", "Cz"), "uV", 128.0))
    said = watch("--eeg", f"lsl:{stream}")
    assert "Fp2" in said
    assert "F4" in said
    del keep


def test_a_port_in_use_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = refusal("monitor", "--eeg", "synthetic", "--no-browser", "--port", port)
    assert port in said
    assert "in use" in said


def test_another_host_is_refused_until_there_is_access_control() -> None:
    assert "access" in watch("--eeg", "synthetic", "--host", "0.0.0.0")


def test_an_unknown_key_in_the_toml_is_said(tmp_path: Path) -> None:
    (tmp_path / "insightsim.toml").write_text("[session]\nmodle = 'x'\n")
    assert "did you mean model?" in watch("--eeg", "synthetic", cwd=tmp_path)


def test_the_monitor_says_what_was_damaged_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    small_files.muse(path, np.zeros((512, 5)), np.arange(512) / 256)
    path.write_bytes(path.read_bytes()[:-20])
    options = ("--no-browser", "--port", "0", "--seconds", "1")
    done = insightsim("monitor", "--eeg", f"file:{path}", *options)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("the last row was cut off") == 1


def test_a_trial_of_what_has_no_trials_is_refused_by_monitor_and_replay() -> None:
    assert "no trials" in watch("--eeg", "synthetic", "--trial", "2")
    assert "no trials" in refusal("replay", "synthetic", "--trial", "2")


def test_an_option_for_the_source_drops_the_trial_of_the_file(tmp_path: Path) -> None:
    (tmp_path / "insightsim.toml").write_text("[session]\ntrial = 3\neeg = 'file:s01.dat'\n")
    arguments = ("--eeg", "synthetic", "--seconds", "1", "--no-browser", "--port", "0")
    assert insightsim("monitor", *arguments, cwd=tmp_path).returncode == 0


def test_an_error_is_said_once(tmp_path: Path) -> None:
    done = insightsim("monitor", "--eeg", f"file:{tmp_path}/s01.dat", "--no-browser", "--port", "0")
    assert (done.stdout + done.stderr).count("no such file") == 1


@pytest.mark.skipif(sys.platform == "win32", reason="the stand-in for a browser is a shell script")
def test_the_browser_is_opened_when_there_is_something_to_see(tmp_path: Path) -> None:
    """The stand-in writes down what it was asked to open."""
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" >> {opened}\n')
    browser.chmod(0o755)
    environment = os.environ | {"BROWSER": f"{browser} %s", "PYTHONPATH": str(ROOT)}

    def watch_with_browser(eeg: str) -> None:
        command = [
            sys.executable,
            "-m",
            "tools.cli",
            "monitor",
            "--eeg",
            eeg,
            "--port",
            "0",
            "--seconds",
            "5",
        ]
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, timeout=60)

    watch_with_browser("file:none.dat")
    assert not opened.exists()
    watch_with_browser("synthetic")
    assert opened.read_text().startswith("http://127.0.0.1:")


def test_an_unknown_source_is_said() -> None:
    assert "expected lsl:NAME" in watch("--eeg", "bluetooth")


def test_a_model_whose_sha256_does_not_match_is_refused(tmp_path: Path) -> None:
    card = models.named("eeg-original4")
    shutil.copy(card, tmp_path / "m.toml")
    (tmp_path / "m.onnx").write_bytes(card.with_suffix(".onnx").read_bytes() + b"\0")
    assert "sha256" in watch("--eeg", "synthetic", "--model", str(tmp_path / "m.toml"))


class Bomb:
    """Unpickled, it would make a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {self.path}",)


def test_a_pickle_that_calls_os_system_is_refused_without_running_it(tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    (tmp_path / "s01.dat").write_bytes(pickle.dumps(Bomb(ran), protocol=2))
    for command in (("replay",), ("predict",)):
        said = refusal(*command, str(tmp_path / "s01.dat"))
        assert "system" in said
    assert not ran.exists()


@pytest.mark.parametrize("command", ["replay", "predict"])
def test_files_that_are_not_deaps_are_refused(tmp_path: Path, command: str) -> None:
    path = tmp_path / "s02.dat"
    assert "no such file" in refusal(command, str(path))
    path.write_bytes(b"not a pickle")
    assert "s02.dat" in refusal(command, str(path))
    with path.open("wb") as file:
        pickle.dump({"data": np.zeros((40, 40, 10)), "labels": np.ones((40, 4))}, file, protocol=2)
    assert "8064" in refusal(command, str(path))


def test_a_model_without_a_weight_judges_nothing_and_says_how_it_would(subject: Path) -> None:
    said = refusal("predict", str(subject), "--trial", "1", "--weight", "eeg-deap32=0")
    assert "eeg-deap32 is shown beside, not fused: its weight is 0" in said
    done = insightsim("predict", str(subject), "--trial", "1", "--weight", "eeg-deap32=0.1", "--json")
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout.splitlines()[-1])["shares"][0]["weight"]["valence"] == 0.1


def test_who_predicts_from_another_recording_is_told_what_does_it(tmp_path: Path) -> None:
    path = tmp_path / "muse.csv"
    path.write_text("timestamps,TP9,AF7,AF8,TP10,Right AUX\n", encoding="utf-8")
    assert f"insightsim monitor --eeg file:{path} --json" in refusal("predict", str(path))


@pytest.mark.parametrize("command", ["replay", "predict"])
def test_a_trial_that_does_not_exist_is_said_of_a_file_named_as_the_monitor_names_it(
    subject: Path, command: str
) -> None:
    for path in (str(subject), f"file:{subject}"):
        said = refusal(command, path, "--trial", "41")
        assert "41" in said
        assert "no such file" not in said


def test_a_stream_in_volts_that_says_microvolts_gives_no_number_and_the_reason(stream: str) -> None:
    outlet = Outlet(
        stream,
        stream,
        SourceInfo(stream, models.load(models.named("eeg-original4")).card.recipe.ch_names, "uV", 128.0),
    )
    command = [sys.executable, "-m", "tools.cli", "monitor", "--eeg", f"lsl:{stream}", "--json"]
    command += ["--no-browser", "--port", "0", "--seconds", "14"]
    pace, rng = Pace(128.0), np.random.default_rng(0)
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as monitor:
        while monitor.poll() is None:
            if n_samples := pace.wait():
                times = pace.origin + (pace.handed + np.arange(n_samples)) / 128.0
                outlet.push(rng.normal(0, 1e-5, (n_samples, 4)).astype(np.float32), times)
                pace.handed += n_samples
        assert monitor.stdout is not None
        lines = [json.loads(line) for line in monitor.stdout.read().splitlines()]
    estimates = [line for line in lines if line["type"] == "estimate"]
    assert all(line["valence"] is None for line in estimates)
    assert any("1,000,000 times too small" in (line["reason"] or "") for line in estimates), estimates[-1]
