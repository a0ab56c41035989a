from __future__ import annotations

import json
import shutil
import socket
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from insightsim import folders, models
from tools import doctor

ROOT = Path(__file__).parents[2]
DIRECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["dependencies"]


def elsewhere(script: str, **env: str) -> str:
    """What a check says in a Python of its own."""
    command = [sys.executable, "-c", f"from tools import doctor\n{script}"]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=True
    ).stdout.strip()


def test_an_old_python_is_told() -> None:
    assert doctor.python().ok
    check = doctor.python(least=(9, 0))
    assert not check.ok
    assert "9.0" in check.advice


def test_every_direct_dependency_is_looked_at_and_there() -> None:
    checks = list(doctor.packages())
    assert len(checks) == len(DIRECT)
    assert [check for check in checks if not check.ok] == []


@pytest.mark.parametrize(
    ("line", "found"),
    [("numpy>=999", "expected >=999"), ("no-such-package-here>=1", "not installed")],
)
def test_a_package_missing_or_too_old_is_told(line: str, found: str) -> None:
    (check,) = doctor.packages([line])
    assert not check.ok
    assert found in check.found
    assert line in check.advice


def test_a_library_that_opencv_lacks_is_told_with_what_installs_it(tmp_path: Path) -> None:
    """As on a server without a display, with the build that has windows."""
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    script = (
        f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n"
        "check = next(doctor.packages(['opencv-contrib-python-headless']))\n"
        "print(check.found, check.advice)"
    )
    said = elsewhere(script)
    assert "libGL.so.1" in said
    assert "libgl1" in said


def test_a_missing_liblsl_is_told(tmp_path: Path) -> None:
    """A PYLSL_LIB that is no library is what a broken installation looks like."""
    broken = tmp_path / "liblsl.so"
    broken.write_bytes(b"not a library")
    script = "print(doctor.lsl_library().ok, doctor.lsl_loopback().ok, next(doctor.packages(['pylsl'])).ok)"
    assert elsewhere(script, PYLSL_LIB=str(broken)) == "False False False"


def test_a_round_trip_through_lsl_is_timed() -> None:
    assert doctor.lsl_library().ok
    check = doctor.lsl_loopback()
    assert check.ok, check.found


def test_a_network_without_lsl_is_told() -> None:
    """In a network namespace of its own, where not even loopback is up."""
    alone = ["unshare", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False).returncode:
        pytest.skip("no network namespace can be made here, so no network without LSL")
    script = "from tools import doctor; print(doctor.lsl_loopback().ok)"
    done = subprocess.run(
        [*alone, sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_the_shipped_models_run() -> None:
    checks = list(doctor.shipped_models())
    assert checks
    assert all(check.ok for check in checks)


def test_an_empty_models_folder_is_told(tmp_path: Path) -> None:
    (check,) = doctor.shipped_models(tmp_path)
    assert not check.ok
    assert str(tmp_path) in check.found


def test_a_damaged_model_is_told(tmp_path: Path) -> None:
    path = models.find()[0][0]
    shutil.copy(path, tmp_path)
    (tmp_path / path.with_suffix(".onnx").name).write_bytes(path.with_suffix(".onnx").read_bytes()[:-1])
    (check,) = doctor.shipped_models(tmp_path)
    assert not check.ok
    assert "sha256" in check.found


def test_where_the_landmark_model_is_or_how_to_get_it_is_told(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("insightsim.folders.cache", lambda: tmp_path / "cache")
    monkeypatch.setenv(folders.FOLDER, str(bundle.parent))
    assert doctor.landmark_model().found == str(bundle)
    monkeypatch.setenv(folders.FOLDER, str(tmp_path))
    check = doctor.landmark_model()
    assert (check.ok, check.needed) == (False, False)
    assert "insightsim models fetch" in check.advice
    (tmp_path / bundle.name).write_bytes(b"another")
    check = doctor.landmark_model()
    assert (check.ok, check.needed) == (False, False)
    assert "sha256" in check.found


def test_an_occupied_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert not doctor.free_port(port).ok
    assert doctor.free_port(0).ok


def test_a_system_without_memory_limits_is_told() -> None:
    """As on Windows, where the module resource does not exist."""
    without = "import sys; sys.modules['resource'] = None; print(doctor.memory_limit().ok)"
    assert elsewhere(without) == "False"


def test_a_memory_limit_that_is_not_enforced_is_told(tmp_path: Path) -> None:
    """As on macOS, which may take a limit and not hold to it: here, a reader that sets none."""
    reader = tmp_path / "unpickle.py"
    reader.write_text("MEMORY_LIMIT = 2**20\ndef limit_memory(): pass\n")
    check = doctor.memory_limit(reader)
    assert not check.ok
    assert "does not enforce" in check.found
    assert "trust" in check.advice
    if sys.platform == "linux":
        assert doctor.memory_limit().found == "data files are read within 1024 MB"


def test_a_system_that_keeps_stalled_pages_is_told() -> None:
    assert doctor.stalled_pages().ok == (sys.platform == "linux")
    assert not doctor.stalled_pages("NO_SUCH_OPTION").ok


def test_a_folder_that_takes_no_files_is_told(tmp_path: Path) -> None:
    assert doctor.writable(tmp_path).ok
    assert not doctor.writable(tmp_path / "missing").ok


def test_a_computer_without_browser_is_told(tmp_path: Path) -> None:
    assert elsewhere("print(doctor.browser().ok)", PATH=str(tmp_path)) == "False"


@pytest.mark.parametrize("name", ["chromium", "google-chrome-stable"])
def test_chromium_is_found_along_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    program = tmp_path / name
    program.touch(mode=0o755)
    assert doctor.chromium(str(tmp_path)).found == str(program)


def test_chromium_may_be_named_or_lie_off_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the application of a Mac does."""
    program = tmp_path / "Google Chrome"
    program.touch(mode=0o755)
    nowhere = str(tmp_path / "empty")
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setattr(doctor, "BROWSERS", ("chromium",))
    assert not doctor.chromium(nowhere).ok
    monkeypatch.setattr(doctor, "BROWSERS", ("chromium", str(program)))
    assert doctor.chromium(nowhere).found == str(program)
    monkeypatch.setattr(doctor, "BROWSERS", ("chromium",))
    monkeypatch.setenv("CHROMIUM", str(program))
    assert doctor.chromium(nowhere).found == str(program)


@pytest.fixture
def command() -> typer.Typer:
    app = typer.Typer()
    app.command()(doctor.doctor)
    return app


def test_the_command_prints_a_line_a_check_and_succeeds(command: typer.Typer) -> None:
    done = CliRunner().invoke(command, ["--json", "--port", "0"])
    checks = [json.loads(line) for line in done.stdout.splitlines()]
    assert {"Python", "numpy", "liblsl", "port 0"} <= {check["name"] for check in checks}
    assert (done.exit_code == 0) == all(check["ok"] for check in checks if check["needed"])


def test_the_command_fails_when_something_necessary_fails(
    command: typer.Typer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(models, "SHIPPED", tmp_path)
    done = CliRunner().invoke(command, ["--port", "0"])
    assert done.exit_code == 1
    assert "✗ models" in done.stdout
    assert "make models" in done.stdout
