"""From a stream's own channels and unit to those wanted, in µV."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from insightsim.errors import SignalError
from insightsim.types import Signal

SYNONYMS = {"T3": "T7", "T4": "T8", "T5": "P7", "T6": "P8"}
"""Old 10-20 names → the 10-10 names of the same places."""

MICROVOLTS = {
    **dict.fromkeys(("uv", "microvolt", "microvolts"), 1.0),
    **dict.fromkeys(("nv", "nanovolt", "nanovolts"), 1e-3),
    **dict.fromkeys(("mv", "millivolt", "millivolts"), 1e3),
    **dict.fromkeys(("v", "volt", "volts"), 1e6),
    "": 1.0,
}
"""Unit in lower case → µV. A missing unit is taken as µV; quality refuses the window if that is absurd."""

_POSITION = re.compile(r"([A-Z]{1,4})(Z|\d{1,2}H?)")


def canonical(ch_name: str) -> str:
    """A channel's name as the 10-05 system spells it: "fp1" → "Fp1", "OZ" → "Oz", "T3" → "T7".

    Names that are no position come back without the blanks around them.
    """
    position = _POSITION.fullmatch(ch_name.strip().upper())
    if position is None:
        return ch_name.strip()
    region, place = position.groups()
    name = region.replace("FP", "Fp") + place.lower()
    return SYNONYMS.get(name, name)


def eeg_channels(types: Sequence[str], units: Sequence[str]) -> tuple[list[int], list[str]]:
    """Which channels of a stream are EEG, and their units, each once and sorted: one, where all is well.

    Those of the type EEG; where none has that type, those in a unit of voltage (a headset's motion sensors
    and counters are not); where none has such a unit, all.
    """
    volts = {unit for unit in MICROVOLTS if unit}
    picks = [i for i, kind in enumerate(types) if kind.upper() == "EEG"]
    picks = picks or [i for i, unit in enumerate(units) if _plain(unit) in volts] or list(range(len(types)))
    return picks, sorted({units[i] for i in picks})


def missing(recipe_ch_names: Sequence[str], ch_names: Sequence[str]) -> tuple[str, ...]:
    """The recipe's channels that are not among `ch_names`, whatever their spelling."""
    present = {canonical(name) for name in ch_names}
    return tuple(name for name in recipe_ch_names if canonical(name) not in present)


class Conform:
    """Picks channels by name, in the order wanted and in µV; channels not wanted are ignored.

    Raises SignalError when a channel is missing or there twice, and for an unknown unit.
    """

    def __init__(self, ch_names: Sequence[str]) -> None:
        self.ch_names = tuple(ch_names)
        self._found: tuple[str, ...] | None = None
        self._picks: list[int] = []

    def __call__(self, chunk: Signal) -> Signal:
        """The same stretch with the channels wanted; data (n_samples, n_channels) in µV."""
        if chunk.ch_names != self._found:
            self._picks = _picks(self.ch_names, chunk.ch_names, chunk.stream)
            self._found = chunk.ch_names
        data = chunk.data
        if self._picks != list(range(len(chunk.ch_names))):
            data = data[:, self._picks]
        factor = _microvolts(chunk.unit, chunk.stream)
        if factor != 1.0:
            data = data * np.float32(factor)
        return replace(chunk, ch_names=self.ch_names, unit="uV", data=data, raw=None)


def _plain(unit: str) -> str:
    """As `MICROVOLTS` spells it. Unicode has two signs that look like µ."""
    return unit.strip().replace("µ", "u").replace("μ", "u").lower()


def _microvolts(unit: str, stream: str) -> float:
    """How many µV one of `unit` is."""
    factor = MICROVOLTS.get(_plain(unit))
    if factor is None:
        raise SignalError(
            f'{stream}: the stream states the unit "{unit}", expected volts in some form '
            f"(V, mV, uV or nV); correct the unit in the stream's description, or give it (--unit)"
        )
    return factor


def _picks(wanted: Sequence[str], ch_names: Sequence[str], stream: str) -> list[int]:
    """Where each wanted channel stands among `ch_names`."""
    absent = missing(wanted, ch_names)
    if absent:
        raise SignalError(
            f"{stream}: missing {', '.join(absent)}; found {', '.join(ch_names) or 'no channels'}; "
            f"label the channels by their 10-20 names (--ch-names) or choose a model for these channels"
        )
    names = [canonical(name) for name in ch_names]
    for name in map(canonical, wanted):
        if names.count(name) > 1:
            twice = [spelt for spelt, known in zip(ch_names, names, strict=True) if known == name]
            raise SignalError(
                f"{stream}: {' and '.join(twice)} both name {name}; expected it once, rename one of them"
            )
    return [names.index(canonical(name)) for name in wanted]
