"""What one would write with mne-lsl and mne.

Run as python -m tools.bench.usual SOURCE_ID.

In a process of its own, also because mne-lsl and pylsl each load a liblsl of theirs.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Generator

from tools.bench.served import SFREQ, closes_window, run

BUFFER = 4.0
"""Seconds: one window."""
ACQUISITION = 0.001
"""Seconds between two looks of mne-lsl for new samples; its shortest sensible."""
POLL = 0.0005
"""Seconds between two looks at mne-lsl."""


def stamps(source_id: str) -> Generator[float | None]:
    """The stamp of each sample that closes a window, once the spectrum of all channels is computed."""
    from mne.time_frequency import psd_array_welch
    from mne_lsl.stream import StreamLSL

    stream = StreamLSL(BUFFER, source_id=source_id).connect(acquisition_delay=ACQUISITION, timeout=30.0)
    try:
        yield None
        last = stream.get_data()[1][-1]
        while True:
            if not stream.n_new_samples:
                time.sleep(POLL)
                yield None
                continue
            data, times = stream.get_data()
            for stamp in times[times > last].tolist():
                if closes_window(stamp):
                    psd_array_welch(data, SFREQ, n_fft=256, verbose="ERROR")
                    yield stamp
            last = times[-1]
    finally:
        stream.disconnect()


if __name__ == "__main__":
    run(stamps(sys.argv[1]))
