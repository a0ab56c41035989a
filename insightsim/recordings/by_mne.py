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

from insightsim.errors import DatasetError
from insightsim.recordings.content import Content, single
from insightsim.types import Marker

BLOCK = 2**20
"""Values read at a time."""


def read(path: Path, part: str, raw_stamps: bool) -> Content:
    """The EEG channels of a file in µV; all but triggers where none is marked as EEG. Stamps count from 0."""
    if part:
        raise DatasetError(f"there is no part {part!r}; only XDF files have streams to choose from")
    raw, notes = _opened(path)
    picks = _picks(raw)
    unit = _unit(raw, picks)
    return Content(
        path.stem,
        tuple(raw.ch_names[i] for i in picks),
        unit,
        float(raw.info["sfreq"]),
        np.arange(raw.n_times) / raw.info["sfreq"],
        _blocks(raw, picks, 1e6 if unit else 1.0),
        _reference(raw),
        _markers(raw),
        notes,
    )


def _opened(path: Path) -> tuple[Any, tuple[str, ...]]:
    """The file as mne sees it, not loaded yet, and what mne warns of."""
    import mne

    # "EEG Fp1" is a channel Fp1 of type EEG: what the EDF+ specification asks for.
    options = {"infer_types": True} if path.suffix.lower() in (".edf", ".bdf") else {}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        warnings.filterwarnings("ignore", "This filename")  # of FIF files, that ought to end in raw.fif
        raw = mne.io.read_raw(path, preload=False, verbose="warning", **options)
    return raw, tuple(" ".join(str(w.message).split())[:300] for w in said if w.category is RuntimeWarning)


def _picks(raw: Any) -> list[int]:
    types = raw.get_channel_types()
    return [i for i, kind in enumerate(types) if kind == "eeg"] or [
        i for i, kind in enumerate(types) if kind != "stim"
    ]


def _unit(raw: Any, picks: list[int]) -> str:
    """What to hand out: "uV" where the file states a unit of voltage, which mne turns into V, else ""."""
    from mne.io.constants import FIFF

    stated = {
        raw.info["chs"][i]["unit"] == FIFF.FIFF_UNIT_V and raw._orig_units.get(raw.ch_names[i]) != "n/a"
        for i in picks
    }
    if len(stated) > 1:
        raise DatasetError(
            "some of its channels are in volts and some are not; expected one unit for all EEG"
        )
    return "uV" if stated == {True} else ""


def _blocks(raw: Any, picks: list[int], factor: float) -> Iterator[NDArray[np.float32]]:
    n_samples = max(1, BLOCK // len(picks))
    for start in range(0, raw.n_times, n_samples):
        data = raw.get_data(picks, start, min(raw.n_times, start + n_samples), verbose="error")
        yield single(data.T * factor)


def _reference(raw: Any) -> str:
    from mne.io.constants import FIFF

    projections = raw.info["projs"]
    average = any(p["active"] and p["kind"] == FIFF.FIFFV_PROJ_ITEM_EEG_AVREF for p in projections)
    return "average" if average else ""


def _markers(raw: Any) -> tuple[Marker, ...]:
    """The annotations, whose onsets count from when the amplifier ran: the first sample may be later."""
    told = zip(raw.annotations.onset - raw.first_time, raw.annotations.description, strict=True)
    return tuple(Marker(float(time), str(text), "annotations") for time, text in sorted(told))
