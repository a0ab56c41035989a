"""The floors: pylsl, and next to nothing behind it.

Run as python -m tools.bench.floor SOURCE_ID for the floor of every latency: each stamp that closes a window
goes out by WebSocket; as python -m tools.bench.floor --drain SOURCE_ID… for the floor of every load:
samples are fetched and forgotten.

It calls pylsl itself, not through streaming/lsl.py: what that adds is part of what is measured.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator, Sequence

import pylsl

from streaming.sources import PULLS_PER_SECOND
from tools.bench.served import closes_window, run

WITHIN, OPEN_WITHIN = 30.0, 10.0
"""Seconds in which streams must be found, and each be opened."""


def inlets(source_ids: Sequence[str], **options: object) -> list[pylsl.StreamInlet]:
    """An open inlet to each of these streams."""
    asked = " or ".join(f"source_id='{name}'" for name in source_ids)
    found = [
        pylsl.StreamInlet(info, **options) for info in pylsl.resolve_bypred(asked, len(source_ids), WITHIN)
    ]
    if len(found) < len(source_ids):
        sys.exit(f"{len(found)} of {len(source_ids)} streams answered within {WITHIN:g} s")
    for inlet in found:
        inlet.open_stream(OPEN_WITHIN)
    return found


def stamps(source_id: str) -> Generator[float | None]:
    """The stamp of each sample that closes a window, as soon as it is there; ends with the stream."""
    (inlet,) = inlets([source_id])
    yield None
    inlet.flush()
    while (time := inlet.pull_sample(2.0)[1]) is not None:
        yield time if closes_window(time) else None


def drain(source_ids: Sequence[str]) -> None:
    """Fetch what comes, as often as the monitor does and on the same clock, until the process is ended."""
    sources = inlets(source_ids, processing_flags=pylsl.proc_clocksync, as_numpy=True)
    sys.stdout.write("Draining\n")
    sys.stdout.flush()
    while True:
        time.sleep(1 / PULLS_PER_SECOND)
        for source in sources:
            source.pull_chunk()


if __name__ == "__main__":
    if sys.argv[1] == "--drain":
        drain(sys.argv[2:])
    else:
        run(stamps(sys.argv[1]))
