"""From what a user asks for, "lsl:type=EEG" or "file:s01.dat", to a source that is not open yet."""

from __future__ import annotations

from pathlib import Path

from insightsim.errors import SettingsError
from streaming.lsl import Inlet
from streaming.recorded import Recorded
from streaming.settings import Wanted
from streaming.sources import Source
from streaming.synthetic import Synthetic


def source_of(wanted: Wanted) -> Source:
    """The source a session asks for, not opened yet. Raises SettingsError, StreamError."""
    kind, _, rest = wanted.eeg.partition(":")
    if wanted.trial and kind != "file":
        raise SettingsError(
            f"trial {wanted.trial}: {wanted.eeg} has no trials to choose from; only file:PATH has"
        )
    if kind == "lsl":
        return Inlet(wanted.eeg)
    if kind == "file" and rest:
        return Recorded(Path(rest), (wanted.trial,) if wanted.trial else None)
    if wanted.eeg == "synthetic":
        return Synthetic()
    raise SettingsError(
        f"unknown EEG source {wanted.eeg!r}; expected lsl:NAME, lsl:type=EEG, lsl:source_id=…, "
        "file:PATH or synthetic"
    )
