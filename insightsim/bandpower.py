"""Power spectra and the features made of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import cast

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from insightsim.cards import Recipe
from insightsim.errors import ModelError, SignalError

Floats = NDArray[np.floating]
Spectrum = tuple[NDArray[np.float64], Floats]
"""Frequencies (n_freqs,) in Hz, and power density (..., n_freqs, n_channels) in µV²/Hz."""

PSD16_CH_NAMES = ("Fp1", "F3", "Fp2", "F4")
PSD16_BANDS = {"theta": (4.0, 7.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0), "gamma": (30.0, 40.0)}
"""The original's bands, both ends inclusive: 13 and 30 Hz count twice, 7.5 Hz not at all."""

SEGMENT = 2.0
"""Seconds per segment of the spectrum: half-hertz resolution."""

BATCH = 16
"""Windows taken at once: enough to spread numpy's overhead, few enough to stay in the cache."""


def psd(data: Floats, sfreq: float, nperseg: int = 256) -> Spectrum:
    """One-sided power spectral density by Welch's method (1967), segments side by side.

    `data` is (..., n_samples, n_channels); what is left after the last whole segment is not used. Equal to
    `scipy.signal.welch(data, sfreq, window=numpy.hanning(nperseg), noverlap=0, detrend=False, axis=-2)`.
    Raises SignalError when there is not one whole segment.
    """
    segments, taper = _segments(data, sfreq, nperseg)
    bins = fft.rfft(segments * taper[:, None], axis=-2)
    power = (bins.real**2 + bins.imag**2).sum(axis=-3)
    # All bins stand for two of the two-sided spectrum, except the first and, of an even number, the last.
    power[..., 0, :] /= 2
    if nperseg % 2 == 0:
        power[..., -1, :] /= 2
    return fft.rfftfreq(nperseg, 1 / sfreq), power


def density_at(freqs: NDArray[np.float64], data: Floats, sfreq: float, nperseg: int = 256) -> Floats:
    """The density of `psd` at a few frequencies (above 0, below sfreq / 2) alone: (..., n, n_channels)."""
    segments, taper = _segments(data, sfreq, nperseg)
    parts = (_waves(tuple(freqs.tolist()), sfreq, nperseg) * taper).astype(data.dtype) @ segments
    return cast(Floats, (parts[..., : len(freqs), :] ** 2 + parts[..., len(freqs) :, :] ** 2).sum(axis=-3))


@lru_cache
def _waves(freqs: tuple[float, ...], sfreq: float, nperseg: int) -> NDArray[np.float64]:
    """A cosine and then a sine of each frequency, (2 n, nperseg): live, the same for every window."""
    phase = 2 * np.pi * np.array(freqs)[:, None] * np.arange(nperseg) / sfreq
    return np.concatenate([np.cos(phase), np.sin(phase)])


def _segments(data: Floats, sfreq: float, nperseg: int) -> tuple[Floats, Floats]:
    """The data cut into (..., n_segments, nperseg, n_channels), and the taper (nperseg,) for each."""
    *lead, n_samples, n_channels = data.shape
    n_segments = n_samples // nperseg
    if not n_segments:
        raise SignalError(f"a spectrum needs {nperseg} samples, found {n_samples}; use longer windows")
    segments = data[..., : n_segments * nperseg, :].reshape(*lead, n_segments, nperseg, n_channels)
    return segments, _taper(sfreq, nperseg, n_segments).astype(data.dtype)


@lru_cache
def _taper(sfreq: float, nperseg: int, n_segments: int) -> NDArray[np.float64]:
    """A Hann window with the scale of a one-sided density averaged over segments: there it costs nothing."""
    taper = np.hanning(nperseg)
    return np.asarray(taper / np.sqrt(sfreq * n_segments * (taper**2).sum() / 2))


def spectrum(recipe: Recipe, data: Floats) -> Spectrum:
    """The spectrum that the recipe's features are made of; `data` (..., n_samples, n_channels) in µV."""
    if recipe.features.name == "psd16":
        # On a linear scale, float32 rounding of a strong alpha would show in gamma (1.7e-6 of it).
        data = data.astype(np.float64)
    return psd(data, recipe.sfreq, round(SEGMENT * recipe.sfreq))


def features(recipe: Recipe, data: Floats) -> Floats:
    """The recipe's features of windows (..., n_samples, n_channels) in µV: (..., n_features).

    Raises ModelError when the recipe names features that are not known, or channels that it does not list.
    """
    *lead, n_samples, n_channels = data.shape
    windows = data.reshape(math.prod(lead), n_samples, n_channels)
    batches = (windows[i : i + BATCH] for i in range(0, max(1, len(windows)), BATCH))
    found = np.concatenate([features_of(recipe, spectrum(recipe, batch)) for batch in batches])
    return found.reshape(*lead, found.shape[1])


def features_of(recipe: Recipe, spectrum: Spectrum) -> Floats:
    """The same from a spectrum that is already there."""
    match recipe.features.name:
        case "psd16":
            return _psd16(recipe, spectrum).astype(np.float32)
        case "log_bandpower":
            return _log_bandpower(recipe, spectrum)
        case unknown:
            raise _unknown(unknown)


def feature_names(recipe: Recipe) -> tuple[str, ...]:
    """The names of the features, in order: "Fp1 theta", and "F4-F3 alpha" for an asymmetry."""
    match recipe.features.name:
        case "psd16":
            rows, bands = [*PSD16_CH_NAMES], [*PSD16_BANDS]
        case "log_bandpower":
            rows = [*recipe.ch_names, *(f"{right}-{left}" for left, right in recipe.features.asymmetry)]
            bands = [*recipe.features.bands]
        case unknown:
            raise _unknown(unknown)
    return tuple(f"{row} {band}" for row in rows for band in bands)


def _psd16(recipe: Recipe, spectrum: Spectrum) -> Floats:
    """The original InsightSim's features: mean density, µV²/Hz, of four channels in four bands."""
    freqs, power = spectrum
    means = _band_means(freqs, power[..., _picks(recipe, PSD16_CH_NAMES)], PSD16_BANDS, inclusive=True)
    return means.reshape(*means.shape[:-2], math.prod(means.shape[-2:]))


def _log_bandpower(recipe: Recipe, spectrum: Spectrum) -> Floats:
    """log10 of the mean density of every channel and band, then right − left of every pair and band.

    Minus infinity where a channel has no power at all: such a window is for the quality check to refuse.
    """
    means = _band_means(*spectrum, recipe.features.bands, inclusive=False)
    with np.errstate(divide="ignore", invalid="ignore"):
        log = np.log10(means)
        left = _picks(recipe, [left for left, _ in recipe.features.asymmetry])
        right = _picks(recipe, [right for _, right in recipe.features.asymmetry])
        rows = np.concatenate([log, log[..., right, :] - log[..., left, :]], axis=-2)
    return rows.reshape(*rows.shape[:-2], math.prod(rows.shape[-2:]))


def _band_means(
    freqs: NDArray[np.float64], power: Floats, bands: Mapping[str, tuple[float, float]], *, inclusive: bool
) -> Floats:
    """(..., n_channels, n_bands): the mean density in each band, its upper end inclusive or not."""
    # As one product with a matrix: several times as fast as a mean for every band.
    averages = _averages(tuple(freqs.tolist()), tuple(bands.items()), inclusive)
    return cast(Floats, np.swapaxes(averages.astype(power.dtype) @ power, -1, -2))


@lru_cache
def _averages(
    freqs: tuple[float, ...], bands: tuple[tuple[str, tuple[float, float]], ...], inclusive: bool
) -> NDArray[np.float64]:
    """(n_bands, n_freqs): 1 / n at the n frequencies of each band, 0 elsewhere."""
    rows = []
    for band, (low, high) in bands:
        inside = np.array([low <= freq < high or (inclusive and freq == high) for freq in freqs])
        if not inside.any():
            raise ModelError(f"the band {band}, {low:g}–{high:g} Hz, holds no frequency of the spectrum")
        rows.append(inside / np.count_nonzero(inside))
    return np.array(rows)


def _picks(recipe: Recipe, ch_names: tuple[str, ...] | list[str]) -> list[int]:
    absent = [name for name in ch_names if name not in recipe.ch_names]
    if absent:
        raise ModelError(
            f"{recipe.features.name} needs the channels {', '.join(absent)}; "
            f"the recipe lists {', '.join(recipe.ch_names)}"
        )
    return [recipe.ch_names.index(name) for name in ch_names]


def _unknown(name: str) -> ModelError:
    return ModelError(f'the recipe asks for the features "{name}", expected "psd16" or "log_bandpower"')
