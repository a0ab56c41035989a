"""The parser of pickles itself, on small arrays, in this process."""

from __future__ import annotations

import io
import pickle
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import scipy.io
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from insightsim.datasets import deap, unpickle

SHAPE = (2, 40, 4)
DATA = np.random.default_rng(0).normal(0, 10, SHAPE)
LABELS = np.random.default_rng(1).uniform(1, 9, (2, 4))


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpickle, "DATA_SHAPE", SHAPE)
    monkeypatch.setattr(unpickle, "LABELS_SHAPE", LABELS.shape)


@pytest.fixture(autouse=True)
def little_memory() -> Iterator[None]:
    """As in the child: a flipped byte may ask for a memo of many GB, which must fail at once."""
    statm = Path("/proc/self/statm")
    if not unpickle.memory_limit_available() or not statm.exists():
        pytest.skip("this system cannot limit a process's memory")
    import resource

    before = resource.getrlimit(resource.RLIMIT_AS)
    now = int(statm.read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (now + 2**29, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)


def genuine(tmp_path: Path) -> bytes:
    path = tmp_path / "s01.dat"
    deap.write(path, DATA, LABELS)
    return path.read_bytes()


def load(path: Path, content: bytes) -> tuple[np.ndarray, np.ndarray]:
    path.write_bytes(content)
    return unpickle.load(path)


def assert_genuine(found: tuple[np.ndarray, np.ndarray]) -> None:
    np.testing.assert_array_equal(found[0], DATA[:, :32].astype(np.float32))
    np.testing.assert_array_equal(found[1], LABELS)


@pytest.mark.parametrize("protocol", [0, 1, 2])
def test_all_protocols_of_python_2_are_read(tmp_path: Path, protocol: int) -> None:
    content = pickle.dumps({"labels": LABELS, "data": DATA}, protocol=protocol)
    assert_genuine(load(tmp_path / "s01.dat", content))


def test_numbers_for_flags_as_python_2_wrote_them_are_read(tmp_path: Path) -> None:
    content = genuine(tmp_path)
    assert content.count(b"f8\x89\x88") == 2
    assert_genuine(load(tmp_path / "s01.dat", content.replace(b"f8\x89\x88", b"f8K\x00K\x01")))


def test_an_array_in_fortran_order_is_read(tmp_path: Path) -> None:
    content = pickle.dumps({"labels": np.asfortranarray(LABELS), "data": np.asfortranarray(DATA)}, protocol=2)
    assert_genuine(load(tmp_path / "s01.dat", content))


Flips = st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=4)


@given(cut=st.integers(0, 10**6), flips=Flips)
@example(cut=0, flips=[])
@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
def test_a_damaged_pickle_is_read_right_or_refused(
    tmp_path: Path, cut: int, flips: list[tuple[int, int]]
) -> None:
    """Whatever happens to the bytes, no other error comes out, and no array of another shape or dtype."""
    content = bytearray(genuine(tmp_path))
    for place, value in flips:
        content[place % len(content)] = value
    if cut % 2:
        del content[cut % len(content) :]
    try:
        data, labels = load(tmp_path / "s01.dat", bytes(content))
    except unpickle.Refused:
        return
    assert (data.shape, data.dtype) == ((2, 32, 4), np.float32)
    assert (labels.shape, labels.dtype) == ((2, 4), np.float64)
    assert np.isfinite(data).all()
    assert ((labels >= 1) & (labels <= 9)).all()


HEADER = (
    len(b"\x80\x02}(U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85U\x01b\x87R")
    + 60
)


@given(flips=st.lists(st.tuples(st.integers(0, HEADER), st.integers(0, 255)), min_size=1, max_size=6))
@settings(max_examples=600, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
def test_a_damaged_head_is_read_right_or_refused(tmp_path: Path, flips: list[tuple[int, int]]) -> None:
    """The same where the opcodes are, which random places seldom hit."""
    test_a_damaged_pickle_is_read_right_or_refused.hypothesis.inner_test(tmp_path, 0, flips)  # type: ignore[attr-defined]


@given(
    program=st.lists(
        st.sampled_from(sorted(b"()}]tuR\x81b0123q2.aehijlsNK\x85\x86\x87\x88\x89")), max_size=30
    )
)
@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=2000)
def test_any_program_of_opcodes_is_refused(tmp_path: Path, program: list[int]) -> None:
    globals_ = b"\x80\x02" + b"".join(
        f"c{module}\n{name}\n".encode() + b"q" + bytes([place])
        for place, (module, name) in enumerate(sorted(unpickle.ALLOWED))
    )
    with pytest.raises(unpickle.Refused):
        load(tmp_path / "s01.dat", globals_ + bytes(program) + b".")


def test_a_damaged_matlab_file_is_read_right_or_refused(tmp_path: Path) -> None:
    path = tmp_path / "s01.mat"
    deap.write(path, DATA, LABELS)
    whole = path.read_bytes()
    assert_genuine(unpickle.load(path))
    rng = np.random.default_rng(0)
    for _ in range(300):
        content = bytearray(whole[: rng.integers(1, len(whole)) if rng.random() < 0.3 else None])
        for place in rng.integers(0, min(400, len(content)), rng.integers(1, 4)):
            content[place] = rng.integers(256)
        try:
            data, labels = load(path, bytes(content))
        except unpickle.Refused:
            continue
        assert (data.shape, labels.shape) == ((2, 32, 4), (2, 4))


@pytest.mark.parametrize("compressed", [False, True])
def test_matlab_files_are_read_compressed_and_with_whole_numbers_stored_small(
    tmp_path: Path, compressed: bool
) -> None:
    path = tmp_path / "s01.mat"
    labels = np.round(LABELS)
    content = io.BytesIO()
    scipy.io.savemat(content, {"labels": labels, "data": DATA}, do_compression=compressed)
    found = load(path, content.getvalue())
    np.testing.assert_array_equal(found[0], DATA[:, :32].astype(np.float32))
    np.testing.assert_array_equal(found[1], labels)
    if not compressed:  # as MATLAB stores it; scipy does not
        stored = labels.astype(np.float64).tobytes("F")
        small = labels.astype(np.uint8).tobytes("F")
        old, new = struct.pack("<II", 9, 64) + stored, struct.pack("<II", 2, 8) + small
        whole = content.getvalue()
        size = struct.pack("<II", 14, struct.unpack_from("<I", whole, 132)[0] - 56)
        assert whole.count(old) == 1
        found = load(path, whole[:128] + size + whole[136:].replace(old, new))
        np.testing.assert_array_equal(found[1], labels)


@pytest.mark.parametrize(
    ("variables", "found"),
    [
        ({"data": DATA, "labels": LABELS, "x": LABELS}, "'x'"),
        ({"data": DATA.astype(np.float32), "labels": LABELS}, "not an array of real doubles"),
        ({"data": DATA + 1j, "labels": LABELS}, "not an array of real doubles"),
        ({"data": DATA.astype(object), "labels": LABELS}, "not an array of real doubles"),
        ({"data": DATA, "labels": "text"}, "not an array of real doubles"),
        ({"data": DATA, "labels": LABELS.T}, "shape"),
    ],
)
def test_a_matlab_file_of_something_else_is_refused(
    tmp_path: Path, variables: dict[str, object], found: str
) -> None:
    scipy.io.savemat(tmp_path / "s01.mat", variables)
    with pytest.raises(unpickle.Refused, match=found):
        unpickle.load(tmp_path / "s01.mat")


def test_matlab_7_3_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(unpickle.Refused, match="save it as version 7"):
        load(tmp_path / "s01.mat", b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM" + bytes(400))


def test_a_compressed_bomb_is_refused(tmp_path: Path) -> None:
    bomb = zlib.compress(bytes(2**28))
    with pytest.raises(unpickle.Refused, match="truncated"):
        load(tmp_path / "s01.mat", bytes(124) + b"\x00\x01IM" + struct.pack("<II", 15, len(bomb)) + bomb)


def test_the_answer_is_two_npy_arrays(capfdbinary: pytest.CaptureFixture[bytes], tmp_path: Path) -> None:
    genuine(tmp_path)
    unpickle.main(tmp_path / "s01.dat")
    answer = io.BytesIO(capfdbinary.readouterr().out)
    assert_genuine((np.load(answer, allow_pickle=False), np.load(answer, allow_pickle=False)))
