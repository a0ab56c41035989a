"""From what a user asks for, "lsl:type=EEG" or "file:s01.dat", to a source that is not open yet."""

from __future__ import annotations

import os
import re
from pathlib import Path

from insightsim.datasets.deap import CH_NAMES
from insightsim.errors import SettingsError, readable
from insightsim.recordings.formats import FORMATS
from streaming.lsl import Inlet
from streaming.named import Named
from streaming.pace import FLAT_OUT, Start
from streaming.recorded import Recorded, is_deap
from streaming.settings import Wanted
from streaming.sources import Source
from streaming.synthetic import Synthetic


def source_of(wanted: Wanted, start: Start | None = None) -> Source:
    """The source a session asks for, not opened yet; recordings of the same `start` begin together.

    Raises SettingsError, StreamError.
    """
    source = _unnamed(wanted := wanted.settled, start)
    # A made-up brain has the electrodes it is asked for.
    names = () if isinstance(source, Synthetic) else wanted.ch_names
    return Named(source, names, wanted.unit) if names or wanted.unit else source


def _unnamed(wanted: Wanted, start: Start | None) -> Source:
    kind, _, rest = wanted.eeg.partition(":")
    if kind == "file" and rest:
        path, part = file_of(rest, wanted.trial)
        return Recorded(path, part, wanted.speed, start=start)
    if wanted.trial:
        raise SettingsError(
            f"trial {wanted.trial}: {wanted.eeg} has no trials to choose from; only a DEAP file has"
        )
    if (seed := made_up(wanted.eeg)) is not None:
        check_end(wanted, wanted.eeg)
        return Synthetic(wanted.ch_names or CH_NAMES, seed=seed, speed=wanted.speed, start=start)
    if kind == "lsl" and wanted.speed != 1.0:
        raise SettingsError(f"speed {wanted.speed:g}: {wanted.eeg} is live and has its own; leave it out")
    if kind == "lsl":
        return Inlet(readable(wanted.eeg))
    path, _ = _split(wanted.eeg)
    if os.path.isfile(path) or path.name.lower().endswith(tuple(FORMATS)):
        raise SettingsError(f"unknown EEG source {wanted.eeg!r}; did you mean file:{readable(wanted.eeg)}?")
    raise SettingsError(
        f"unknown EEG source {wanted.eeg!r}; expected lsl:NAME, lsl:type=EEG, lsl:source_id=…, "
        "file:PATH, file:PATH#PART, synthetic or synthetic:SEED"
    )


def check_end(wanted: Wanted, source: str) -> None:
    """Raise SettingsError where all of a made-up signal is asked for at once."""
    if wanted.speed == FLAT_OUT:
        raise SettingsError(f"speed 0: {source} has no end; expected 0.1 to 1000")


def made_up(text: str) -> int | None:
    """Which made-up person "synthetic" or "synthetic:SEED" is; None for anything else."""
    found = re.fullmatch(r"synthetic(?::(\d{1,9}))?", text, re.ASCII)
    return int(found[1] or 1) if found else None


def file_of(text: str, trial: int = 0) -> tuple[Path, str]:
    """Path and part in "PATH" or "PATH#PART"; a trial that is asked for is the part. Raises SettingsError.

    The part of an XDF file is a stream, that of a DEAP file a trial. Either may have a "#" in its name: the
    path is the longest beginning that there is.
    """
    if "\0" in text:
        raise SettingsError(f"{text!r} has a character in it that no path may have")
    path, part = _split(text)
    if not trial:
        return path, part
    if part or not is_deap(path):
        why = (
            f"{part!r} is asked for already"
            if part
            else "it has no trials to choose from; only DEAP files have"
        )
        raise SettingsError(f"trial {trial} of {path}: {why}")
    return path, str(trial)


def _split(text: str) -> tuple[Path, str]:
    """Path and part; "~" at the start is the home folder."""
    text = os.path.expanduser(text)
    if os.path.exists(text) or "#" not in text:
        return Path(text), ""
    places = [i for i, sign in enumerate(text) if sign == "#"]
    there = [i for i in places if os.path.isfile(text[:i])]
    at = (there or places)[-1]
    return Path(text[:at]), text[at + 1 :]
