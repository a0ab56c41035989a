"""What Linux says of a process under /proc: time on a core, memory, threads, open files."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from tools.bench.report import Report


@dataclass(frozen=True, slots=True)
class Look:
    """A process at one moment. Memory in MB (10⁶ bytes)."""

    cpu: float
    """Seconds on any core so far, its own and the system's for it."""
    peak: float
    """The most it has had resident so far."""
    own: float
    """Resident now without files mapped into memory: these come and go as the system likes."""
    threads: int
    files: int
    """Open files, sockets and pipes."""


def look(pid: int) -> Look | None:
    """A process as it is now; None where the system has no /proc, or the process is gone."""
    process = Path(f"/proc/{pid}")
    try:
        status = (process / "status").read_text(encoding="utf-8")
        # The name, in brackets, may hold anything; behind it comes field 3.
        times = (process / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        files = len(list((process / "fd").iterdir()))
    except OSError:
        return None
    said = dict(re.findall(r"^(\w+):\s+(\d+)", status, re.MULTILINE))
    if "RssAnon" not in said:  # over, but not yet fetched
        return None
    ticks = int(times[11]) + int(times[12])
    peak, own = (int(said[name]) * 1024 / 1e6 for name in ("VmHWM", "RssAnon"))
    return Look(ticks / os.sysconf("SC_CLK_TCK"), peak, own, int(said["Threads"]), files)


def missed(what: str) -> Report:
    """Said in place of figures where the system does not tell."""
    return Report((), (f"{what} is NOT measured: this system does not say it under /proc, as Linux does",))
