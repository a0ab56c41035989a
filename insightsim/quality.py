"""Whether a window of EEG may be judged: never a confident number from a bad one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from insightsim.bandpower import BATCH, SEGMENT, Floats, Spectrum, density_at, psd
from insightsim.errors import SettingsError
from insightsim.gaps import SETTLE
from insightsim.types import MEASURED, SETTLING, UNTIMED, Quality, Signal

Mask = NDArray[np.bool_]

MUSCLE = (4.0, 30.0, 45.0)
"""Hz: muscle has more power from the second to the third than from the first to the second; brain has not."""

RAIL = 100.0
"""µV from the window's mean: no amplifier clips nearer, but a small signal in coarse steps repeats itself."""

FASTER = 1.05
"""Times the stated rate: beyond, every frequency would be wrong. (Slower shows in `coverage`.)"""

TYPICAL = 10.0
"""µV: the order of magnitude of filtered EEG's SD."""

SHOWN = 3
"""Channels named in a reason before it breaks off."""


@dataclass(frozen=True, slots=True)
class Limits:
    """When a channel or a window is refused. All may be set; the defaults are starting values.

    Raises SettingsError for a limit that is out of its range: NaN above all, which would refuse nothing.
    """

    flat: float = 0.5
    """µV: SD of the recorded signal below which nothing is connected."""
    clipped: int = 5
    """Samples exactly at the recorded window's highest or lowest value: an amplifier repeats its rail."""
    peak_to_peak: float = 200.0
    """µV, of the filtered signal: no brain does that; a movement does."""
    mains_ratio: float = 50.0
    """Density at the mains frequency ± 1 Hz against its neighbours, in the recorded signal."""
    mains_floor: float = 300.0
    """µV RMS: weaker mains is left to the filter, whatever its ratio. (A recorded OpenBCI board has up to
    265 µV of it, which changes no band power by more than 1 %.)
    """
    muscle_ratio: float = 1.0
    """Power in 30–45 Hz against 4–30 Hz, of the filtered signal."""
    coverage: float = 0.9
    """Share of a window that must be measured, neither filled in nor stretched over lost time."""
    scale: tuple[float, float] = (0.1, 500.0)
    """µV: an SD of the filtered signal outside this is no EEG, whatever the stream says about its unit."""

    def __post_init__(self) -> None:
        for name in ("flat", "peak_to_peak", "mains_ratio", "mains_floor", "muscle_ratio"):
            if not 0 <= (value := getattr(self, name)) < math.inf:
                raise SettingsError(f"{name} is {value:g}; expected 0 or more")
        if self.clipped < 2:
            raise SettingsError(f"clipped is {self.clipped}; expected 2 or more (a rail repeats)")
        if not 0 <= self.coverage <= 1:
            raise SettingsError(f"coverage is {self.coverage:g}; expected a share from 0 to 1")
        low, high = self.scale
        if not 0 <= low < high < math.inf:
            raise SettingsError(f"scale is {low:g} to {high:g}; expected 0 or more, then more (µV)")


def assess(
    windows: Sequence[Signal], limits: Limits, mains: float, filtered: Spectrum | None = None
) -> list[Quality]:
    """The quality of windows of one recipe (same channels, rate and length). `mains` in Hz; 0: not checked.

    `filtered` is the spectrum of their filtered data, for a caller that has it. Otherwise it is computed
    here.
    """
    if filtered is not None or len(windows) <= BATCH:
        return _assess(windows, limits, mains, filtered)
    parts = (windows[i : i + BATCH] for i in range(0, len(windows), BATCH))
    return [quality for part in parts for quality in _assess(part, limits, mains, None)]


@np.errstate(over="ignore", invalid="ignore")  # what is absurdly large is refused, not warned of
def _assess(
    windows: Sequence[Signal], limits: Limits, mains: float, filtered: Spectrum | None
) -> list[Quality]:
    if not windows:
        return []
    data = np.stack([window.data for window in windows])
    raw = np.stack([window.data if window.raw is None else window.raw for window in windows])
    sfreq = windows[0].sfreq
    sd = _rms(data)
    spectrum = psd(data, sfreq, _nperseg(data, sfreq)) if filtered is None else filtered
    numbers = np.isfinite(_fold(np.add, raw))
    if not numbers.all():
        raw = np.where(np.isfinite(raw), raw, np.float32(0))
    # Offsets of many thousand µV would use up what float32 can resolve.
    raw = raw - _fold(np.add, raw)[:, None] / np.float32(raw.shape[1])
    high, low = _fold(np.maximum, raw), _fold(np.minimum, raw)
    faults = {
        "missing": ~numbers,
        "flat": (_rms(raw) < limits.flat) | (sd < limits.scale[0]),
        "clipped": _repeats(raw, high, limits.clipped) | _repeats(raw, low, limits.clipped),
        f"over {limits.peak_to_peak:g} µV": _fold(np.maximum, data) - _fold(np.minimum, data)
        > limits.peak_to_peak,
        "mains hum": _mains(raw, sfreq, mains, limits),
        "muscle": _muscle(spectrum, limits),
    }
    names = list(faults)
    fault = np.argmax(np.stack([*faults.values(), np.ones_like(numbers)]), axis=0)
    measured = _measured(windows)
    odd = _odd_scale(sd, high > low, limits)
    result = []
    for i, window in enumerate(windows):
        bad = tuple((window.ch_names[c], names[fault[i, c]]) for c in np.flatnonzero(fault[i] < len(names)))
        reason = odd[i] or _unmeasured(window, measured[i], limits.coverage)
        if bad and not reason:
            reason = _summary(bad, len(window.ch_names))
        score = (1 - len(bad) / len(window.ch_names)) * measured[i]
        result.append(Quality(float(score), reason, bad))
    return result


def _fold(ufunc: np.ufunc, data: Floats) -> Floats:
    """`ufunc.reduce` over time, by halves: several times as fast, and a sum loses less to rounding."""
    while (n_samples := data.shape[1]) % 2 == 0:
        data = ufunc(data[:, : n_samples // 2], data[:, n_samples // 2 :])
    return np.asarray(ufunc.reduce(data, axis=1))


def _nperseg(data: Floats, sfreq: float) -> int:
    """The length of a segment of the spectrum; short windows are one segment."""
    return min(int(data.shape[1]), round(SEGMENT * sfreq))


def _rms(data: Floats) -> Floats:
    """Of data that has no mean to speak of, the SD."""
    return np.asarray(np.sqrt(np.einsum("wsc,wsc->wc", data, data) / np.float32(data.shape[1])))


def _repeats(raw: Floats, extreme: Floats, times: int) -> Mask:
    """Where a channel takes its extreme value, exactly, at least so many times, and that may be a rail."""
    rail = np.abs(extreme) > RAIL
    window, channel = np.nonzero(rail)  # few, if any
    values = raw[window, :, channel]
    rail[window, channel] = np.count_nonzero(values == extreme[rail][:, None], axis=1) >= times
    return rail


def _mains(raw: Floats, sfreq: float, mains: float, limits: Limits) -> Mask:
    """Where the mains frequency stands out from its neighbours, and is not weak."""
    nperseg = _nperseg(raw, sfreq)
    freqs = fft.rfftfreq(nperseg, 1 / sfreq)
    freqs = freqs[np.abs(freqs - mains) <= 4]
    at, beside = np.abs(freqs - mains) <= 1, np.abs(freqs - mains) >= 2
    if mains <= 0 or mains + 1 >= sfreq / 2 or not beside.any():
        return np.zeros((len(raw), raw.shape[2]), np.bool_)
    power = density_at(freqs, raw, sfreq, nperseg)
    hum, rest = power[:, at], power[:, beside]
    strong = hum.sum(axis=1) * (sfreq / nperseg) > limits.mains_floor**2
    return np.asarray(strong & (hum.mean(axis=1) > limits.mains_ratio * rest.mean(axis=1)))


def _muscle(spectrum: Spectrum, limits: Limits) -> Mask:
    """Where fast activity outweighs the rest."""
    freqs, power = spectrum
    start, middle, end = np.searchsorted(freqs, MUSCLE)
    slow, fast = power[:, start:middle].sum(axis=1), power[:, middle : end + 1].sum(axis=1)
    return np.asarray(fast > limits.muscle_ratio * slow)


def _measured(windows: Sequence[Signal]) -> NDArray[np.float64]:
    """The share of each window that was really measured: a filled sample is not, nor is stretched time."""
    measured = np.array([np.count_nonzero(window.state == MEASURED) for window in windows])
    stretch = np.array([(window.times[-1] - window.times[0]) * window.sfreq + 1 for window in windows])
    return np.asarray(measured / np.maximum(len(windows[0]), stretch))


def _odd_scale(sd: Floats, alive: Mask, limits: Limits) -> list[str | None]:
    """A reason for windows none of whose channels, but for constant ones, has a plausible SD."""
    low, high = limits.scale
    odd = alive.any(axis=1) & ((sd < low).all(axis=1) | ((sd > high) | ~alive).all(axis=1))
    reasons: list[str | None] = [None] * len(sd)
    for i in np.flatnonzero(odd):
        typical = float(np.median(sd[i][alive[i]]))
        # Whole powers of ten, so that the reason is not another one at each window.
        power = round(math.log10(min(max(typical, 1e-12), 1e15) / TYPICAL))
        size = "large" if power > 0 else "small"
        reasons[i] = (
            f"SD near {TYPICAL * 10.0**power:g} µV is not EEG, {10 ** abs(power):,} times too {size}: "
            f"is the unit right? expected {low:g}–{high:g} µV"
        )
    return reasons


def _unmeasured(window: Signal, measured: float, coverage: float) -> str | None:
    """Why too little of a window was measured, or too soon after a gap; None when it is all right."""
    if (window.state == UNTIMED).any():
        return "its samples come at another rate than the stream says"
    settling = np.flatnonzero(window.state == SETTLING)
    if len(settling):
        since = window.times[-1] - window.times[settling[-1]] + SETTLE
        return f"settling: {since:.1f} s after the start or a gap"
    rate = (len(window) - 1) / (window.times[-1] - window.times[0])
    if rate > FASTER * window.sfreq:
        return f"{rate:.0f} samples a second arrive, the stream says {window.sfreq:g}"
    if measured < coverage:
        return f"only {100 * measured:.0f} % of the window was measured"
    return None


def _summary(bad: Sequence[tuple[str, str]], n_channels: int) -> str:
    """The faults in words, the commonest first: "3 of 4 channels flat (Fp1, F3, Fp2), 1 clipped (F4)"."""
    by_fault: dict[str, list[str]] = {}
    for ch_name, fault in bad:
        by_fault.setdefault(fault, []).append(ch_name)
    parts = [
        f"{len(names)} {fault} ({', '.join(names[:SHOWN])}{', …' if len(names) > SHOWN else ''})"
        for fault, names in sorted(by_fault.items(), key=lambda item: -len(item[1]))
    ]
    return ", ".join(parts).replace(" ", f" of {n_channels} channels ", 1)
