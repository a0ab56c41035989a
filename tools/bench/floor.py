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


def inlet(source_id: str, **options: object) -> pylsl.StreamInlet:
    """An open inlet to that stream."""
    (info,) = pylsl.resolve_byprop("source_id", source_id, 1, 30.0)
    found = pylsl.StreamInlet(info, **options)
    found.open_stream(10.0)
    return found


def stamps(source_id: str) -> Generator[float | None]:
    """The stamp of each sample that closes a window, as soon as it is there; ends with the stream."""
    source = inlet(source_id)
    yield None
    source.flush()
    while (time := source.pull_sample(2.0)[1]) is not None:
        yield time if closes_window(time) else None


def drain(source_ids: Sequence[str]) -> None:
    """Fetch what comes, as often as the monitor does and on the same clock, until the process is ended."""
    sources = [inlet(name, processing_flags=pylsl.proc_clocksync, as_numpy=True) for name in source_ids]
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
