"""DEAP's preprocessed files, one subject each: sXX.dat (a Python 2 pickle) and sXX.mat.

Koelstra et al., "DEAP: A Database for Emotion Analysis using Physiological Signals", IEEE Transactions on
Affective Computing 3(1), 2012. The files hold 40 trials of 63 s at 128 Hz in the order of the videos (not of
presentation): 3 s of baseline, then a music video of 60 s. EEG is in µV, 4–45 Hz, common average reference.
"""

from __future__ import annotations

import io
import os
import re
import struct
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from insightsim import files
from insightsim.datasets import unpickle
from insightsim.datasets.recording import Recording
from insightsim.errors import DatasetError
from insightsim.types import VADL, Signal

CH_NAMES = (
    *("Fp1", "AF3", "F3", "F7", "FC5", "FC1", "C3", "T7", "CP5", "CP1", "P3", "P7", "PO3", "O1", "Oz", "Pz"),
    *("Fp2", "AF4", "Fz", "F4", "F8", "FC6", "FC2", "Cz", "C4", "T8", "CP6", "CP2", "P4", "P8", "PO4", "O2"),
)
"""The 32 EEG channels, in the files' ("Geneva") order; eight others follow, which are not read."""
SFREQ = 128.0
BASELINE = 3.0
N_TRIALS = 40

MAX_BYTES = 170_000_000
"""A genuine .dat is about 103 MB; the same arrays pickled again by Python 3 are up to 160 MB."""
TIMEOUT = 60.0
"""Seconds; a genuine file takes about one."""


def subjects(folder: Path) -> list[Path]:
    """The subjects' files in `folder`, by number; a subject's .dat is preferred to its .mat.

    Raises DatasetError when there are none.
    """
    found: dict[int, Path] = {}
    for path in sorted(folder.glob("s*"), reverse=True):  # .dat after .mat
        if match := re.fullmatch(r"s(\d+)\.(dat|mat)", path.name):
            found[int(match[1])] = path
    if not found:
        raise DatasetError(f"{folder}: no DEAP files found, expected s01.dat, s02.dat, … (or .mat) in it")
    return [found[number] for number in sorted(found)]


def read(path: Path, trials: Sequence[int] | None = None) -> Iterator[Recording]:
    """The trials of one subject's file, one at a time; `trials` are 1-based numbers, all 40 when None.

    The file is read, and refused, at once. It is parsed in a child process (see `unpickle`), so that a
    malicious one runs nothing. Raises DatasetError.
    """
    for trial in trials or ():
        if not 1 <= trial <= N_TRIALS:
            raise DatasetError(f"{path.name}: there is no trial {trial}, expected 1 to {N_TRIALS}")
    data, labels = _arrays(path)
    wanted = range(1, N_TRIALS + 1) if trials is None else trials
    return (_recording(path.stem, trial, data[trial - 1], labels[trial - 1]) for trial in wanted)


def _recording(subject: str, trial: int, data: NDArray[np.float32], labels: NDArray[np.float64]) -> Recording:
    samples = np.ascontiguousarray(data.T)
    times = np.arange(len(samples)) / SFREQ
    signal = Signal("eeg", CH_NAMES, "uV", SFREQ, samples, times)
    # Trials were put in the order of the videos, so the row is the video (DEAP's Experiment_id).
    return Recording(signal, VADL(*map(float, labels)), subject, trial, video=trial, baseline=BASELINE)


def _arrays(path: Path) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    if path.suffix.lower() not in (".dat", ".mat"):
        raise DatasetError(f"{path}: expected a DEAP file, sXX.dat or sXX.mat")
    files.check(path)
    if not 0 < (size := path.stat().st_size) <= MAX_BYTES:
        raise DatasetError(f"{path}: {size:,} bytes, expected a DEAP file of up to {MAX_BYTES:,} bytes")
    command = [sys.executable, "-I", unpickle.__file__, os.fspath(path.absolute())]
    try:
        child = subprocess.run(command, capture_output=True, timeout=TIMEOUT, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise DatasetError(f"{path}: reading it took over {TIMEOUT:g} s and was stopped; not read") from error
    if child.returncode:
        lines = child.stderr.decode(errors="replace").strip().splitlines()
        reason = lines[-1] if lines else f"the process reading it ended with code {child.returncode}"
        raise DatasetError(f"{path}: {reason}")
    answer = io.BytesIO(child.stdout)
    data = np.lib.format.read_array(answer, allow_pickle=False)
    return data, np.lib.format.read_array(answer, allow_pickle=False)


def write(path: Path, data: NDArray[np.float64], labels: NDArray[np.float64]) -> None:
    """Write one subject's file, .dat or .mat; it appears under its name only when complete.

    `data` is (40 trials, 40 channels, 8064 samples), `labels` (40 trials, 4 ratings).
    """
    if path.suffix not in (".dat", ".mat"):
        raise DatasetError(f"{path}: expected a name that ends in .dat or .mat")
    partial = path.with_name(f".{path.name}.partial")
    arrays = {"data": data, "labels": labels}
    try:
        if path.suffix == ".mat":
            import scipy.io

            scipy.io.savemat(str(partial), arrays, appendmat=False)
        else:
            with partial.open("wb") as file:
                file.writelines(_python2_pickle(arrays))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _python2_pickle(arrays: dict[str, NDArray[np.float64]]) -> Iterator[bytes | memoryview]:
    """The opcodes Python 2 writes (protocol 2) for a dict of float64 arrays.

    Python 3 never writes Python 2's 8-bit strings: at protocol 2 it spells bytes as UTF-8 text, half as long
    again. The opcodes are described in the standard library's `pickletools`.
    """
    yield b"\x80\x02}("  # PROTO 2, EMPTY_DICT, MARK
    for name, array in arrays.items():
        array = np.ascontiguousarray(array, "<f8")
        shape = b"".join(b"J" + struct.pack("<i", n) for n in array.shape)  # BININT
        yield _string(name) + b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n"  # GLOBAL
        yield b"K\x00\x85" + _string("b") + b"\x87R"  # the call: (ndarray, (0,), "b")
        yield b"(K\x01(" + shape + b"t"  # the state: (1, shape, dtype, not Fortran order, bytes)
        # Python 2 wrote K\x00 K\x01 for the two flags; numpy 2.4 warns at numbers, so: NEWFALSE, NEWTRUE.
        yield b"cnumpy\ndtype\n" + _string("f8") + b"\x89\x88\x87R"
        yield b"(K\x03" + _string("<") + b"NNN" + b"J\xff\xff\xff\xff" * 2 + b"K\x00tb"
        yield b"\x89T" + struct.pack("<i", array.nbytes)  # BINSTRING
        yield array.data.cast("B")
        yield b"tb"
    yield b"u."  # SETITEMS, STOP


def _string(text: str) -> bytes:
    return b"U" + bytes([len(text)]) + text.encode("ascii")  # SHORT_BINSTRING
