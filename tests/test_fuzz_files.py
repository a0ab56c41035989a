"""Damaged files of every format: each is read, or refused in a sentence; never a crash, a hang or a flood."""

from __future__ import annotations

import pickle
import subprocess
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mne
import numpy as np
import pytest
import scipy.io
from hypothesis import given, settings
from hypothesis import strategies as st

from insightsim.datasets import deap, unpickle
from insightsim.errors import DatasetError
from insightsim.openface import open_csv
from insightsim.openface_columns import FULL
from insightsim.recordings import child, muse, openbci, reader
from insightsim.recordings.track import Track
from insightsim.types import Signal, join
from tests import fuzzed, small_csvs, small_files

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="files are NOT fuzzed: Windows cannot fork")

ROOT = Path(__file__).parents[1]
RNG = np.random.default_rng(0)
NUMBERS = RNG.integers(-1000, 1000, (2, 512))


def xdf(path: Path) -> None:
    desc, stamps = small_files.channels(["Fp1", "Fp2"]), np.arange(256) / 128
    made = small_files.Xdf().stream(
        1, "A", "EEG", NUMBERS[:, :256].T, stamps, desc=desc, offsets=[(0.0, 5.0)]
    )
    path.write_bytes(made.stream(2, "Task", "Markers", ["go", "stop"], stamps[:2], 0).content)


def fif(path: Path) -> None:
    raw = mne.io.RawArray(NUMBERS * 1e-6, mne.create_info(["Fp1", "Fp2"], 128.0, "eeg"), verbose="error")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the name does not end in raw.fif
        raw.save(path, verbose="error", overwrite=True)


def muse_csv(path: Path) -> None:
    small_files.muse(path, RNG.normal(0, 20, (100, 5)), np.arange(100) / 256, np.arange(100) // 50)


def openbci_txt(path: Path) -> None:
    small_files.openbci(path, RNG.normal(0, 20, (100, 2)), 1.5e9 + np.arange(100) / 250)


DEAP = {"data": RNG.normal(0, 20, fuzzed.SHAPES[0]), "labels": np.full(fuzzed.SHAPES[1], 5.0)}


def dat(path: Path) -> None:
    """As Python 2 wrote DEAP's."""
    deap.write(path, DEAP["data"], DEAP["labels"])


def dat3(path: Path) -> None:
    path.write_bytes(pickle.dumps(DEAP, protocol=2))


def mat(path: Path) -> None:
    scipy.io.savemat(path, DEAP, do_compression=True)


@dataclass(frozen=True)
class Case:
    """One format: how to write a file, and which of its files to damage."""

    name: str
    write: Callable[[Path], None]
    n: int
    harmed: str = ""


def case_id(case: Case) -> str:
    """The file that is damaged."""
    return case.harmed or case.name


CASES = [
    Case("a.xdf", xdf, 120),
    Case("a.edf", lambda path: small_files.edf(path, NUMBERS, annotations=[(1.0, "x")]), 80),
    Case("a.bdf", lambda path: small_files.edf(path, NUMBERS), 80),
    Case("a.vhdr", lambda path: small_files.brainvision(path, NUMBERS), 60),
    Case("a.vhdr", lambda path: small_files.brainvision(path, NUMBERS), 20, "a.eeg"),
    Case("a.vhdr", lambda path: small_files.brainvision(path, NUMBERS, markers=[(5, "S1")]), 40, "a.vmrk"),
    Case("a.fif", fif, 80),
    Case("a.csv", muse_csv, 80),
    Case("a.txt", openbci_txt, 80),
    Case("s01.dat", dat, 100),
    Case("s02.dat", dat3, 60),
    Case("s01.mat", mat, 60),
]


@dataclass(frozen=True)
class Answer:
    """What came of one file."""

    code: int
    memory: int
    path: Path

    @property
    def said(self) -> str:
        return Path(f"{self.path}.err").read_text(errors="replace")

    def arrays(self) -> tuple[np.ndarray, np.ndarray]:
        """Of a DEAP file."""
        with Path(f"{self.path}.out").open("rb") as file:
            return np.lib.format.read_array(file), np.lib.format.read_array(file)

    def track(self) -> Track:
        with Path(f"{self.path}.out").open("rb") as file:
            return reader.track(file)


Ask = Callable[[Path], Answer]


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Has a file read by a process that forks; see tests/fuzzed.py."""
    command = [sys.executable, "-m", "tests.fuzzed"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin
        assert server.stdout

        def answer(path: Path) -> Answer:
            server.stdin.write(f"{path}\n")  # type: ignore[union-attr]
            server.stdin.flush()  # type: ignore[union-attr]
            code, memory = map(int, server.stdout.readline().split())  # type: ignore[union-attr]
            return Answer(code, memory, path)

        yield answer


def damaged(content: bytes, rng: np.random.Generator) -> bytes:
    """The content with some bits flipped, or a run overwritten, or a piece taken out."""
    spoilt = bytearray(content)
    at, length = int(rng.integers(len(content))), int(rng.integers(1, 65))
    match rng.integers(4):
        case 0:
            for place in rng.integers(len(content), size=rng.integers(1, 6)):
                spoilt[place] ^= 1 << int(rng.integers(8))
        case 1:
            spoilt[at : at + length] = rng.bytes(len(spoilt[at : at + length]))
        case 2:
            spoilt[at : at + length] = bytes([rng.choice([0, 255, 57])]) * len(spoilt[at : at + length])
        case _:
            del spoilt[at : at + length]
    return bytes(spoilt)


def early(content: bytes, rng: np.random.Generator) -> bytes:
    """Damage to the first kilobyte, where headers are."""
    return damaged(content[:1024], rng) + content[1024:]


@pytest.mark.parametrize("case", CASES, ids=case_id)
def test_a_damaged_file_is_read_or_refused_in_one_sentence(case: Case, tmp_path: Path, ask: Ask) -> None:
    path = tmp_path / case.name
    case.write(path)
    harmed = path.with_name(case.harmed or case.name)
    whole, rng = harmed.read_bytes(), np.random.default_rng(1)
    limit = unpickle.MEMORY_LIMIT if path.suffix in (".dat", ".mat") else child.MEMORY_LIMIT
    assert ask(path).code == 0, "it is not damaged yet"
    for i in range(case.n):
        harmed.write_bytes((damaged if i % 2 else early)(whole, rng))
        answer = ask(path)
        what = f"damage {i}: {answer.code} {answer.said}"
        assert answer.code in (0, 1), what
        assert answer.memory <= limit, what
        if answer.code:
            assert answer.said.count("\n") == 1, what
            assert 10 < len(reader.sentence(1, answer.said)) < 2000, what
        elif limit == child.MEMORY_LIMIT:
            signal = answer.track().signal
            assert np.isfinite(signal.times).all(), what
        else:
            eeg, ratings = answer.arrays()
            assert np.isfinite(eeg).all(), what
            assert 1 <= ratings.min() <= ratings.max() <= 9, what


@pytest.mark.parametrize(
    "case", [c for c in CASES if c.name[:2] != "s0" and c.harmed != "a.vmrk"], ids=case_id
)
def test_a_file_cut_anywhere_gives_its_beginning_or_is_refused(case: Case, tmp_path: Path, ask: Ask) -> None:
    path = tmp_path / case.name
    case.write(path)
    harmed = path.with_name(case.harmed or case.name)
    content, answer = harmed.read_bytes(), ask(path)
    whole, read = np.array(answer.track().signal.data), 0
    for cut in np.linspace(0, len(content) - 1, 24).astype(int):
        harmed.write_bytes(content[:cut])
        answer = ask(path)
        assert answer.code in (0, 1), answer.said
        if not answer.code:
            found, read = answer.track().signal.data, read + 1
            np.testing.assert_array_equal(found, whole[: len(found)], f"cut at {cut}")
    assert read > 3 or case.name in ("a.fif", "a.vhdr"), "so little was read that nothing was shown"


def face_of(path: Path, content: bytes) -> Signal | None:
    """All rows of a CSV of OpenFace, which is read in this very process; None where it is refused."""
    path.write_bytes(content)
    try:
        rows = join(list(open_csv(path, FULL).blocks()))
    except DatasetError as error:
        assert "\n" not in str(error)  # noqa: PT017
        return None
    assert np.isfinite(rows.times).all()
    assert not np.isinf(rows.data).any()
    return rows


@pytest.mark.parametrize("columns", [46, 714])
@pytest.mark.parametrize("style", small_csvs.STYLES)
def test_a_damaged_csv_of_openface_is_read_or_refused_in_one_sentence(
    columns: int, style: small_csvs.Style, tmp_path: Path
) -> None:
    names, path, rng = small_csvs.LAYOUTS[columns], tmp_path / "a.csv", np.random.default_rng(1)
    content = small_csvs.text_of(names, small_csvs.rows_of(names, 30), style).encode()
    assert face_of(path, content) is not None, "it is not damaged yet"
    read = 0
    for i in range(60):
        read += face_of(path, (damaged if i % 2 else early)(content, rng)) is not None
    assert read > 3 or columns < 714, "so little was read that nothing was shown"


@pytest.mark.parametrize("style", small_csvs.STYLES)
def test_a_csv_of_openface_that_is_cut_anywhere_gives_its_beginning_or_is_refused(
    style: small_csvs.Style, tmp_path: Path
) -> None:
    names, path, read = small_csvs.LAYOUTS[46], tmp_path / "a.csv", 0
    content = small_csvs.text_of(names, small_csvs.rows_of(names, 30), style).encode()
    whole = face_of(path, content)
    assert whole is not None
    for cut in range(0, len(content), 11):
        if (found := face_of(path, content[:cut])) is not None:
            read += 1
            np.testing.assert_array_equal(found.data, whole.data[: len(found)], f"cut at {cut}")
    assert read > len(content) // 15


def _read(read: Callable[..., object], suffix: str, content: bytes) -> None:
    with tempfile.NamedTemporaryFile(suffix=suffix) as file:
        file.write(content)
        file.flush()
        try:
            read(Path(file.name), "", False)
        except DatasetError as error:
            assert "\n" not in str(error).strip()  # noqa: PT017


CELL = st.one_of(st.floats().map(str), st.integers().map(str), st.text(max_size=4), st.just("1e999"))
ROWS = st.lists(st.lists(CELL, max_size=9), max_size=6).map(lambda rows: "\n".join(map(",".join, rows)))


@given(ROWS, st.sampled_from(["", "\n", "\r\n", ",\n"]))
@settings(max_examples=150, deadline=None)
def test_any_rows_under_a_header_of_muse_are_read_or_refused(rows: str, end: str) -> None:
    content = f"timestamps,TP9,AF7,AF8,TP10,Right AUX,Marker\n{rows}{end}"
    _read(muse.read, ".csv", content.encode(errors="replace"))


@given(ROWS, st.sampled_from(["", "\n", "\r\n", ",\n"]), st.integers(0, 3))
@settings(max_examples=100, deadline=None)
def test_any_rows_under_a_header_of_openface_are_read_or_refused(rows: str, end: str, good: int) -> None:
    names = small_csvs.LAYOUTS[40]
    content = small_csvs.text_of(names, small_csvs.rows_of(names, good)) + rows + end
    with tempfile.TemporaryDirectory() as folder:
        face_of(Path(folder) / "a.csv", content.encode(errors="replace"))


@st.composite
def openbci_file(draw: st.DrawFn) -> tuple[str, int, np.ndarray]:
    """A whole file, its rate, and what it holds: channels, and Unix time in s."""
    n_channels, n_rows = draw(st.integers(1, 5)), draw(st.integers(1, 8))
    rate, named, in_seconds = draw(st.integers(1, 2000)), draw(st.booleans()), draw(st.booleans())
    rows = st.lists(st.floats(-1e6, 1e6), min_size=n_channels, max_size=n_channels)
    data = np.array(draw(st.lists(rows, min_size=n_rows, max_size=n_rows)))
    # In whole ms, which a file says in ms or in s; since version 5 with a column behind it.
    ms = np.array(draw(st.lists(st.integers(2 * 10**11, 4 * 10**12), min_size=n_rows, max_size=n_rows)))
    stamps = [str(t / 1000) if named and in_seconds else str(t) for t in ms.tolist()]
    head = f"%OpenBCI Raw EXG Data\n%Number of channels = {n_channels}\n%Sample Rate = {rate} Hz\n"
    if named:
        names = ", ".join(f"EXG Channel {i}" for i in range(n_channels))
        head += f"Sample Index, {names}, Timestamp, Timestamp (Formatted)\n"
    lines = [
        ", ".join([str(i), *map(repr, row), *((stamp, "12:00") if named else ("0.0", "12:00", stamp))])
        for i, (row, stamp) in enumerate(zip(data.tolist(), stamps, strict=True))
    ]
    end = draw(st.sampled_from(["\n", "\r\n"]))
    return end.join((head + "\n".join(lines)).split("\n")) + end, rate, np.column_stack([data, ms / 1000])


@given(openbci_file())
@settings(max_examples=100, deadline=None)
def test_whatever_openbci_records_is_read_number_by_number(made: tuple[str, int, np.ndarray]) -> None:
    text, rate, expected = made
    with tempfile.NamedTemporaryFile(suffix=".txt") as file:
        file.write(text.encode())
        file.flush()
        content = openbci.read(Path(file.name), "", False)
    (data,) = content.blocks
    assert content.sfreq == rate
    np.testing.assert_array_equal(data, expected[:, :-1].astype(np.float32))
    np.testing.assert_array_equal(content.times, expected[:, -1])


@given(st.text(max_size=30), st.text("0123456789.", max_size=6), st.text("0123456789", max_size=5), ROWS)
@settings(max_examples=150, deadline=None)
def test_any_remarks_and_rows_of_openbci_are_read_or_refused(
    line: str, rate: str, count: str, rows: str
) -> None:
    content = f"%OpenBCI{line}\n%Number of channels = {count}\n%Sample Rate = {rate} Hz\n{rows}\n"
    _read(openbci.read, ".txt", content.encode(errors="replace"))


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    for read, suffix in ((muse.read, ".csv"), (openbci.read, ".txt")):
        _read(read, suffix, content)
    with tempfile.TemporaryDirectory() as folder:
        face_of(Path(folder) / "a.csv", content)
