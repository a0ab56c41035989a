"""Reads one DEAP file in a process of its own, run by `deap.read` as ``python -I unpickle.py PATH``.

A pickle can name any function and have it called with any arguments. So it is read here, where only numpy and
the standard library are loaded, under a limit on memory, and with the few names that a pickled dict of arrays
needs. Those stand for functions of this file, which only build float64 arrays: numpy's own would allocate
whatever a pickle asks for. Anything else is refused.

The answer goes to stdout as two arrays in numpy's .npy format (EEG as float32, then ratings as float64); a
refusal is one sentence on stderr and exit code 1. Nothing of InsightSim is imported.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

MEMORY_LIMIT = 2**30
"""Bytes of address space for the child; a genuine file needs about half."""


class Refused(Exception):
    """The file is not what it should be; the message is the sentence for the user."""


def memory_limit_available() -> bool:
    """Whether this system has a limit for the memory of a process (Windows has none).

    Whether it enforces the limit is another question, which `insightsim doctor` answers.
    """
    try:
        import resource
    except ImportError:
        return False
    return hasattr(resource, "RLIMIT_AS")


def limit_memory(wanted: int = MEMORY_LIMIT) -> None:
    """Limit the memory of this process to so many bytes of address space, where the system can."""
    if memory_limit_available():
        import resource

        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        limit = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        # macOS may refuse any limit; then files are read without one, and `insightsim doctor` says so.
        with suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_AS, (limit, hard))


if __name__ == "__main__":  # before numpy is imported, so that nothing escapes the limit
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # each of its threads reserves memory, which would count
    limit_memory()

import numpy as np  # noqa: E402
from numpy.typing import NDArray  # noqa: E402

Array = NDArray[np.float64]

N_EEG = 32
DATA_SHAPE, LABELS_SHAPE = (40, 40, 8064), (40, 4)


class _Array:
    """An array in the making: `_reconstruct` returns it empty, the pickle's next step (BUILD) fills it."""

    value: Array

    def __setstate__(self, state: tuple[object, tuple[int, ...], object, object, str | bytes]) -> None:
        _version, shape, dtype, fortran, content = state
        if not isinstance(dtype, _Float64):
            raise Refused("it holds an array without a dtype, expected float64")
        raw = content.encode("latin1") if isinstance(content, str) else content  # Python 2's 8-bit strings
        self.value = np.frombuffer(raw, "<f8").reshape(shape, order="F" if fortran else "C")


class _Float64:
    """The one dtype an array may have."""

    def __setstate__(self, state: tuple[object, ...]) -> None:
        if state[1:5] != ("<", None, None, None):
            raise Refused("it holds an array of big-endian or structured numbers, expected plain float64")


def _reconstruct(*_: object) -> _Array:
    return _Array()


def _dtype(name: str, *_: object) -> _Float64:
    if name != "f8":
        raise Refused(f"it holds an array of dtype {name!r:.60}, expected float64 ('f8')")
    return _Float64()


def _encode(text: str, encoding: str) -> bytes:
    if encoding != "latin1":
        raise Refused(f"it asks for the text encoding {encoding!r:.60}, expected latin1")
    return text.encode("latin1")


def _ndarray(*_: object) -> NoReturn:
    raise Refused("it calls numpy.ndarray, where a data file only names it; not read")


ALLOWED: dict[tuple[str, str], Callable[..., object]] = {
    ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy._core.multiarray", "_reconstruct"): _reconstruct,
    ("numpy", "ndarray"): _ndarray,
    ("numpy", "dtype"): _dtype,
    ("_codecs", "encode"): _encode,  # how Python 3 writes bytes in protocols 0–2
}
"""The exact (module, name) pairs a pickle may ask for, and what it gets."""


class _Unpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Callable[..., object]:
        if (module, name) not in ALLOWED:
            wanted = f"{module}.{name}"
            raise Refused(f"it asks for {wanted!r:.80}, which no data file needs; it was not run")
        return ALLOWED[module, name]


BROKEN = (
    *(ArithmeticError, AttributeError, BufferError, EOFError, LookupError, NotImplementedError, OSError),
    *(RecursionError, SystemError, TypeError, ValueError, pickle.UnpicklingError, struct.error, zlib.error),
)
"""What a broken file can make the parsers raise."""


def _pickled(file: BinaryIO) -> object:
    content = _Unpickler(file, encoding="latin1").load()
    if not isinstance(content, dict):
        return content
    return {name: item.value if isinstance(item, _Array) else item for name, item in content.items()}


NUMBERS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8", 12: "i8", 13: "u8"}
"""MATLAB's storage types; it may store doubles that are whole numbers as a smaller type."""
MATRIX, COMPRESSED, DOUBLE, COMPLEX = 14, 15, 6, 0x800
MAX_INFLATED = 2**27
"""Bytes; a genuine file's data is 103 MB."""


def _mat(content: memoryview) -> dict[str, Array]:
    """The variables of a MATLAB 5–7 file (The MathWorks, "MAT-File Format"), which must be real doubles.

    Not scipy.io.loadmat: a damaged file can make it touch memory that is not its own (scipy 1.17 crashes).
    """
    if bytes(content[:10]) == b"MATLAB 7.3":
        raise Refused("a MATLAB 7.3 (HDF5) file; save it as version 7")
    if bytes(content[124:128]) != b"\x00\x01IM":
        raise Refused("not a MATLAB file of version 5 to 7")
    found = {}
    for kind, part in _elements(content[128:]):
        if kind == COMPRESSED:
            inflated = zlib.decompressobj().decompress(part, MAX_INFLATED)
            ((kind, part),) = _elements(memoryview(inflated))
        if kind != MATRIX:
            raise Refused("it holds something other than arrays, expected 'data' and 'labels' alone")
        (_, flags), (_, shape), (_, name), (stored, numbers), *_ = _elements(part)
        flag = struct.unpack_from("<I", flags)[0]
        if flag & 0xFF != DOUBLE or flag & COMPLEX or stored not in NUMBERS:
            raise Refused(f"{bytes(name)!r:.40} is not an array of real doubles")
        values = np.frombuffer(numbers, "<" + NUMBERS[stored]).astype(np.float64, copy=False)
        found[bytes(name).decode("ascii")] = values.reshape(np.frombuffer(shape, "<i4"), order="F")
    return found


def _elements(content: memoryview) -> Iterator[tuple[int, memoryview]]:
    """Type and bytes of each data element: a tag of eight bytes, or of four when no more than four follow."""
    at = 0
    while at < len(content):
        kind, size = struct.unpack_from("<II", content, at)
        small = kind >> 16
        if small:
            kind, size = kind & 0xFFFF, small
        start = at + (4 if small else 8)
        if start + size > len(content) or small > 4:
            raise ValueError("an element runs past its end")
        yield kind, content[start : start + size]
        at = start + size
        if kind != COMPRESSED:
            at += -at % 8


def load(path: Path) -> tuple[NDArray[np.float32], Array]:
    """The EEG (40 trials, 32 channels, 8064 samples), µV, and the ratings (40 trials, 4) of a file.

    Raises Refused when it holds anything but a dict of exactly those two arrays, whole, finite and in range.
    """
    try:
        with path.open("rb") as file:
            if path.suffix.lower() == ".mat":
                return _checked(_mat(memoryview(file.read())))
            return _checked(_pickled(file))
    except BROKEN as error:
        kind = "MATLAB file" if path.suffix.lower() == ".mat" else "pickle"
        raise Refused(f"not a {kind}, or a broken or truncated one ({error})") from error
    except MemoryError as error:
        raise Refused(f"reading it takes more than {MEMORY_LIMIT >> 20} MB of memory; not read") from error


def _checked(content: object) -> tuple[NDArray[np.float32], Array]:
    if not isinstance(content, dict) or set(content) != {"data", "labels"}:
        found = f"a dict of {list(content)}" if isinstance(content, dict) else f"a {type(content).__name__}"
        raise Refused(f"found {found:.200}, expected a dict with exactly 'data' and 'labels'")
    data = _array("data", content["data"], DATA_SHAPE)
    labels = _array("labels", content["labels"], LABELS_SHAPE)
    if labels.min() < 1 or labels.max() > 9:
        raise Refused(f"ratings run from {labels.min():g} to {labels.max():g}, expected 1 to 9")
    with np.errstate(over="ignore"):
        eeg = data[:, :N_EEG].astype(np.float32)
    if not np.isfinite(eeg).all():
        raise Refused("the EEG holds values too large for float32, expected µV")
    return eeg, labels


def _array(name: str, array: object, shape: tuple[int, ...]) -> Array:
    if type(array) is not np.ndarray:
        raise Refused(f"{name} is a {type(array).__name__}, expected a numpy array")
    if array.shape != shape or array.dtype != np.float64:
        raise Refused(f"{name} has shape {array.shape} and dtype {array.dtype}, expected {shape} and float64")
    if not np.isfinite(array).all():
        raise Refused(f"{name} holds NaN or infinite values, expected finite numbers only")
    return array


def _send(array: NDArray[Any]) -> None:
    # By hand, because numpy.save asks a file for its position, which a pipe has not.
    header = np.lib.format.header_data_from_array_1_0(array)
    np.lib.format.write_array_header_1_0(sys.stdout.buffer, header)
    sys.stdout.buffer.write(array.data)


def main(path: Path) -> None:
    """Read `path` and write its two arrays to stdout, or refuse."""
    try:
        arrays = load(path)
    except Refused as refusal:
        sys.exit(" ".join(str(refusal).split()))
    for array in arrays:
        _send(np.ascontiguousarray(array))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
