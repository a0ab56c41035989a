"""Reads files as the child processes of `open_tracks` and `deap.read` do, but quicker, for hundreds of files.

Run as python -m tests.fuzzed: imports every reader once; then for every path on stdin it forks a process with
the limit on memory of the child, and ten seconds, which runs the function of the child. The answer is in
PATH.out and PATH.err; the exit code, and the most memory it had in bytes, go to stdout.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import mne.io._read_raw

from insightsim.datasets import unpickle
from insightsim.recordings import by_mne, child, muse, openbci, xdf  # noqa: F401

SECONDS = 10
SHAPES = (2, 33, 64), (2, 4)
"""Of a DEAP file's data and labels here: a genuine one has 103 MB, too many to damage a hundred times."""


def run(path: Path) -> None:
    """What the child process of this file's format does, and the end of this process."""
    signal.alarm(SECONDS)
    for name, number in (("out", 1), ("err", 2)):
        os.dup2(os.open(f"{path}.{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
    sys.argv = ["child.py", str(path)]
    try:
        if path.suffix in (".dat", ".mat"):
            unpickle.limit_memory()
            unpickle.main(path)
        else:
            sys.excepthook = child.refuse
            unpickle.limit_memory(child.MEMORY_LIMIT)
            child.main(path, "", False, sys.stdout.buffer)
    finally:  # as the interpreter would end, but without taking everything down first, which takes longest
        kind, error, trace = sys.exc_info()
        if isinstance(error, SystemExit):
            sys.stderr.write(f"{error}\n")
        elif kind and error:
            sys.excepthook(kind, error, trace)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(kind is not None)


def main() -> None:
    """Answer until stdin ends."""
    mne.io._read_raw._get_readers()  # loads what mne would load when it is first used: once, not in each fork
    unpickle.DATA_SHAPE, unpickle.LABELS_SHAPE = SHAPES  # type: ignore[assignment]
    for line in sys.stdin:
        process = os.fork()
        if not process:
            run(Path(line.rstrip("\n")))
        _, status, usage = os.wait4(process, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)} {usage.ru_maxrss * 1024}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
