"""The floor of every latency: pylsl, a WebSocket, nothing between.

Run as python -m tools.bench.floor SOURCE_ID.

It calls pylsl itself, not through streaming/lsl.py: what that adds is part of what is measured.
"""

from __future__ import annotations

import sys
from collections.abc import Generator

import pylsl

from tools.bench.served import closes_window, run


def stamps(source_id: str) -> Generator[float | None]:
    """The stamp of each sample that closes a window, as soon as it is there; ends with the stream."""
    (info,) = pylsl.resolve_byprop("source_id", source_id, 1, 30.0)
    inlet = pylsl.StreamInlet(info)
    inlet.open_stream(10.0)
    yield None
    inlet.flush()
    while (time := inlet.pull_sample(2.0)[1]) is not None:
        yield time if closes_window(time) else None


if __name__ == "__main__":
    run(stamps(sys.argv[1]))
