from __future__ import annotations

import pickle
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from insightsim.datasets import deap, unpickle
from insightsim.errors import DatasetError

Arrays = dict[str, np.ndarray]


@pytest.fixture(scope="module")
def arrays() -> Arrays:
    rng = np.random.default_rng(0)
    return {
        "data": rng.normal(0, 10, (40, 40, 8064)),
        "labels": np.round(rng.uniform(1, 9, (40, 4)), 2),
    }


@pytest.fixture(scope="module", params=["s07.dat", "s07.mat"])
def genuine(arrays: Arrays, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("deap") / str(request.param)
    deap.write(path, arrays["data"], arrays["labels"])
    return path


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "s01.dat"
    yield path
    path.unlink(missing_ok=True)  # up to 160 MB


def test_a_name_in_capitals_is_as_good(genuine: Path, tmp_path: Path) -> None:
    path = tmp_path / genuine.name.upper()
    path.symlink_to(genuine)
    assert next(deap.read(path, [1])).subject == "S07"


def test_every_trial_is_read(genuine: Path, arrays: Arrays) -> None:
    recordings = list(deap.read(genuine))
    assert len(recordings) == 40
    for i, recording in enumerate(recordings):
        signal = recording.signal
        np.testing.assert_array_equal(signal.data, arrays["data"][i, :32].T.astype(np.float32))
        assert recording.ratings == tuple(arrays["labels"][i])
        assert (recording.subject, recording.trial, recording.video) == ("s07", i + 1, i + 1)
    assert (signal.ch_names, signal.unit, signal.sfreq) == (deap.CH_NAMES, "uV", 128.0)
    np.testing.assert_array_equal(signal.times, np.arange(8064) / 128)
    assert signal.between(0, recording.baseline).times.size == 384


def test_chosen_trials_come_in_the_order_asked_for(genuine: Path, arrays: Arrays) -> None:
    recordings = list(deap.read(genuine, [40, 2]))
    assert [recording.trial for recording in recordings] == [40, 2]
    np.testing.assert_array_equal(recordings[0].signal.data, arrays["data"][39, :32].T.astype(np.float32))


def test_any_reader_of_python_2_pickles_reads_what_is_written(file: Path, arrays: Arrays) -> None:
    deap.write(file, arrays["data"], arrays["labels"])
    assert 103_000_000 < file.stat().st_size < 103_500_000
    content = pickle.loads(file.read_bytes(), encoding="latin1")
    assert set(content) == {"data", "labels"}
    for name, array in arrays.items():
        assert content[name].dtype == np.float64
        np.testing.assert_array_equal(content[name], array)
    assert list(file.parent.iterdir()) == [file]


def test_what_python_3_pickles_at_protocol_2_is_read(file: Path, arrays: Arrays) -> None:
    file.write_bytes(pickle.dumps(arrays, protocol=2))
    (recording,) = deap.read(file, [5])
    np.testing.assert_array_equal(recording.signal.data, arrays["data"][4, :32].T.astype(np.float32))


def refusal(path: Path, trials: list[int] | None = None) -> str:
    with pytest.raises(DatasetError) as info:
        deap.read(path, trials)
    message = str(info.value)
    assert path.name in message
    assert "\n" not in message
    assert "Traceback" not in message
    return message


class Shell:
    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[object, tuple[str]]:
        import os

        return os.system, (self.command,)


def test_a_pickle_that_calls_os_system_is_refused_without_running_it(file: Path) -> None:
    marker = file.with_name("marker")
    file.write_bytes(pickle.dumps({"data": Shell(f"echo ran > {marker}"), "labels": 0}, protocol=2))
    assert "system" in refusal(file)
    assert not marker.exists()
    pickle.loads(file.read_bytes())
    assert marker.exists(), "the attack would not have worked anyway, so this test showed nothing"


GLOBALS = [
    ("numpy", "ndarray.__subclasses__"),
    ("numpy", "load"),
    ("numpy.core", "multiarray._reconstruct"),
    ("numpy.core.multiarray", "scalar"),
    ("builtins", "eval"),
    ("__builtin__", "eval"),
    ("_codecs", "lookup"),
    ("numpy ", "dtype"),
]


@pytest.mark.parametrize(("module", "name"), GLOBALS)
@pytest.mark.parametrize("protocol", [2, 4])
def test_only_the_exact_names_of_a_data_file_may_be_asked_for(
    file: Path, module: str, name: str, protocol: int
) -> None:
    if protocol == 2:
        file.write_bytes(b"\x80\x02" + f"c{module}\n{name}\n.".encode())
    else:  # STACK_GLOBAL, which also takes dotted names apart
        parts = b"".join(b"\x8c" + bytes([len(text)]) + text.encode() for text in (module, name))
        file.write_bytes(b"\x80\x04" + parts + b"\x93.")
    with pytest.raises(unpickle.Refused, match="which no data file needs"):
        unpickle.load(file)


BOMB = b"\x80\x02cnumpy\nndarray\n(\x8a\x05\x00\x00\x00\x00\x05t\x85R."  # numpy.ndarray((21474836480,))
ENCODING = b"\x80\x02c_codecs\nencode\nX\x01\x00\x00\x00aX\x04\x00\x00\x00idna\x86R."


def test_an_array_of_any_size_cannot_be_asked_for(file: Path) -> None:
    file.write_bytes(BOMB)
    assert "calls numpy.ndarray" in refusal(file)


def test_a_memo_of_any_size_cannot_be_asked_for(file: Path) -> None:
    file.write_bytes(b"\x80\x02}r\x00\x00\x00\x06.")  # keep the dict in slot 100 663 296: 1.6 GB of slots
    if unpickle.memory_limit_available():
        assert "1024 MB of memory" in refusal(file)


def test_no_other_encoding_may_be_asked_for(file: Path) -> None:
    file.write_bytes(ENCODING)
    assert "latin1" in refusal(file)


NOT_A_DATA_FILE = {
    "object dtype": (lambda a: {"data": a["labels"].astype(object), "labels": a["labels"]}, "dtype 'O8'"),
    "float32": (lambda a: {"data": a["labels"].astype(np.float32), "labels": a["labels"]}, "dtype 'f4'"),
    "big endian": (lambda a: {"data": a["labels"].astype(">f8"), "labels": a["labels"]}, "big-endian"),
    "wrong shape": (lambda a: {"data": a["labels"], "labels": a["labels"]}, r"shape (40, 4)"),
    "a list": (lambda a: [1, 2], "a list"),
    "another key": (lambda a: {"data": 1, "labels": 2, "more": 3}, "more"),
    "no arrays": (lambda a: {"data": 1, "labels": 2}, "data is a int"),
}


@pytest.mark.parametrize("case", NOT_A_DATA_FILE)
def test_a_pickle_of_something_else_is_refused_with_what_was_found(
    file: Path, arrays: Arrays, case: str
) -> None:
    content, found = NOT_A_DATA_FILE[case]
    file.write_bytes(pickle.dumps(content(arrays), protocol=2))
    assert found in refusal(file)


@pytest.mark.parametrize(
    ("name", "value", "found"),
    [
        ("data", np.nan, "NaN"),
        ("data", np.inf, "infinite"),
        ("data", 1e39, "float32"),
        ("labels", 0.9, "0.9"),
    ],
)
def test_values_that_cannot_be_are_refused(
    file: Path, arrays: Arrays, name: str, value: float, found: str
) -> None:
    spoilt = {**arrays, name: arrays[name].copy()}
    spoilt[name].flat[3] = value
    deap.write(file, spoilt["data"], spoilt["labels"])
    assert found in refusal(file)


@pytest.mark.parametrize("kept", [1, 100, 50_000_000, 103_220_000])
def test_a_truncated_file_is_refused(file: Path, genuine: Path, kept: int) -> None:
    path = file.with_suffix(genuine.suffix)
    with genuine.open("rb") as whole:
        path.write_bytes(whole.read(kept))
    assert "truncated" in refusal(path)
    path.unlink()


@pytest.mark.parametrize("suffix", [".dat", ".mat"])
def test_a_file_of_another_kind_is_refused(file: Path, suffix: str) -> None:
    path = file.with_suffix(suffix)
    path.write_text("time,Fp1,Fp2\n0,1,2\n" * 40)
    assert "not a " in refusal(path)


def test_no_file_at_all_is_refused(tmp_path: Path) -> None:
    empty, folder, other = tmp_path / "s01.dat", tmp_path / "s02.dat", tmp_path / "s03.csv"
    empty.touch()
    folder.mkdir()
    other.touch()
    assert "0 bytes" in refusal(empty)
    assert "a folder" in refusal(folder)
    assert "sXX.dat" in refusal(other)
    assert "no such file" in refusal(tmp_path / "s04.dat")


def test_a_file_too_large_is_refused_before_it_is_read(file: Path) -> None:
    with file.open("wb") as sparse:
        sparse.truncate(deap.MAX_BYTES + 1)
    assert "170,000,001 bytes" in refusal(file)


@pytest.mark.parametrize("trial", [0, 41, -1])
def test_a_trial_that_does_not_exist_is_refused(genuine: Path, trial: int) -> None:
    assert f"no trial {trial}" in refusal(genuine, [1, trial])


def test_a_file_that_takes_too_long_is_given_up(
    file: Path, arrays: Arrays, monkeypatch: pytest.MonkeyPatch
) -> None:
    deap.write(file, arrays["data"], arrays["labels"])
    monkeypatch.setattr(deap, "TIMEOUT", 0.05)
    start = time.monotonic()
    assert "was stopped" in refusal(file)
    assert time.monotonic() - start < 5


def test_the_child_loads_numpy_and_the_standard_library_alone(tmp_path: Path) -> None:
    code = (
        "import runpy, sys; sys.argv = ['unpickle.py', sys.argv[1]]\n"
        "try: runpy.run_path(sys.argv[0], run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print(*sorted({name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names))"
    ).replace("runpy.run_path(sys.argv[0]", f"runpy.run_path({unpickle.__file__!r}")
    path = tmp_path / "s01.dat"
    path.write_bytes(BOMB)
    child = subprocess.run(
        [sys.executable, "-I", "-c", code, path], capture_output=True, text=True, check=True
    )
    loaded = {name for name in child.stdout.split() if not name.startswith(("__editable__", "_distutils"))}
    assert loaded <= {"__main__", "numpy"}


def test_what_lies_around_cannot_take_numpys_place(
    genuine: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit('not numpy')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert len(list(deap.read(genuine, [1]))) == 1


def test_subjects_are_listed_by_number_and_dat_is_preferred(tmp_path: Path) -> None:
    for name in ("s10.dat", "s02.mat", "s01.mat", "s01.dat", "s03.txt", "README.txt", "s1x.dat"):
        (tmp_path / name).touch()
    assert [path.name for path in deap.subjects(tmp_path)] == ["s01.dat", "s02.mat", "s10.dat"]


def test_a_folder_without_subjects_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"s01\.dat"):
        deap.subjects(tmp_path)
