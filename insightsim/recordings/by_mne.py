"""Whatever mne-python reads: EDF, BDF, BrainVision, FIF, EEGLAB and others.

Gramfort et al., "MEG and EEG data analysis with MNE-Python", Frontiers in Neuroscience 7:267, 2013.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from insightsim.conform import eeg_channels
from insightsim.errors import DatasetError
from insightsim.recordings.content import Content, single
from insightsim.types import Marker

BLOCK = 2**20
"""Values read at a time."""


def read(path: Path, part: str, raw_stamps: bool) -> Content:
    """The EEG channels of a file in µV; all but triggers where none is marked as EEG. Stamps count from 0.

    Where only some of these are in a unit of voltage, only they are EEG.
    """
    if part:
        raise DatasetError(f"there is no part {part!r}; only XDF files have streams to choose from")
    raw, notes = _opened(path)
    picks, volts = _picks(raw)
    if _upsampled(raw, picks):  # perhaps only to the rate of a channel that is no EEG
        raw, notes = _opened(path, exclude=[name for i, name in enumerate(raw.ch_names) if i not in picks])
        picks, volts = _picks(raw)
    n_samples = max(1, BLOCK // len(picks))
    if _upsampled(raw, picks):  # as periodic, so that every border of a block would show
        n_samples = raw.n_times
        notes += (f"its channels come at different rates; all are brought to {raw.info['sfreq']:g} Hz",)
    return Content(
        path.stem,
        tuple(raw.ch_names[i] for i in picks),
        "uV" if volts else "",
        float(raw.info["sfreq"]),
        np.arange(raw.n_times) / raw.info["sfreq"],
        _blocks(raw, picks, 1e6 if volts else 1.0, n_samples),
        _reference(raw),
        _markers(raw),
        notes,
    )


def _opened(path: Path, **options: Any) -> tuple[Any, tuple[str, ...]]:
    """The file as mne sees it, not loaded yet, and what mne warns of."""
    import mne

    # "EEG Fp1" is a channel Fp1 of type EEG: what the EDF+ specification asks for.
    if path.suffix.lower() in (".edf", ".bdf"):
        options["infer_types"] = True
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "This filename")  # of FIF files, that ought to end in raw.fif
        raw = mne.io.read_raw(path, preload=False, verbose="warning", **options)
    return raw, tuple(" ".join(str(w.message).split())[:300] for w in said if w.category is RuntimeWarning)


def _picks(raw: Any) -> tuple[list[int], bool]:
    """Which channels are EEG, and whether the file states that they are in volts (mne makes all units V).

    mne takes what an EDF file says nothing of for EEG: a pulse oximeter, too, whose unit is % and not volts.
    """
    types = raw.get_channel_types()
    among = [i for i, kind in enumerate(types) if kind == "eeg"]
    among = among or [i for i, kind in enumerate(types) if kind != "stim"]
    units = ["V" if _in_volts(raw, i) else "" for i in among]
    chosen, found = eeg_channels([""] * len(among), units)
    return [among[i] for i in chosen], found == ["V"]


def _in_volts(raw: Any, i: int) -> bool:
    from mne.io.constants import FIFF

    volts: bool = raw.info["chs"][i]["unit"] == FIFF.FIFF_UNIT_V
    return volts and raw._orig_units.get(raw.ch_names[i]) != "n/a"


def _upsampled(raw: Any, picks: list[int]) -> bool:
    """Whether mne brings some of these channels to a higher rate: EDF, BDF and GDF may mix rates."""
    told = raw._raw_extras[0]
    if not isinstance(told, dict) or not {"n_samps", "sel", "max_samp"} <= told.keys():
        return False
    return bool((told["n_samps"][told["sel"][picks]] != told["max_samp"]).any())


def _blocks(raw: Any, picks: list[int], factor: float, n_samples: int) -> Iterator[NDArray[np.float32]]:
    for start in range(0, raw.n_times, n_samples):
        data = raw.get_data(picks, start, min(raw.n_times, start + n_samples), verbose="error")
        data *= factor
        yield single(data.T)


def _reference(raw: Any) -> str:
    from mne.io.constants import FIFF

    projections = raw.info["projs"]
    average = any(p["active"] and p["kind"] == FIFF.FIFFV_PROJ_ITEM_EEG_AVREF for p in projections)
    return "average" if average else ""


def _markers(raw: Any) -> tuple[Marker, ...]:
    """The annotations, whose onsets count from when the amplifier ran: the first sample may be later."""
    told = zip(raw.annotations.onset - raw.first_time, raw.annotations.description, strict=True)
    return tuple(Marker(float(time), str(text), "annotations") for time, text in sorted(told))
