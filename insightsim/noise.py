"""Gaussian noise of any spectrum, in one piece or endless."""

from __future__ import annotations

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Spectra = NDArray[np.float64]
"""(n_signals, n_freqs): one-sided power spectral density at numpy.fft.rfftfreq's frequencies, µV²/Hz."""


def pink(freqs: NDArray[np.floating], exponent: float, rms: float) -> NDArray[np.float64]:
    """The density of 1/f noise with an RMS of `rms` µV between 1 and 45 Hz; flat below 1 Hz."""
    shape = np.maximum(freqs, 1.0) ** -exponent
    return _scaled(shape, freqs, rms, (freqs >= 1) & (freqs <= 45))


def rhythm(freqs: NDArray[np.floating], centre: float, width: float, rms: float) -> NDArray[np.float64]:
    """The density of a rhythm of `rms` µV: a Gaussian around `centre`, standard deviation `width`, Hz."""
    return _scaled(np.exp(-0.5 * ((freqs - centre) / width) ** 2), freqs, rms, freqs >= 0)


def _scaled(
    shape: NDArray[np.floating], freqs: NDArray[np.floating], rms: float, where: NDArray[np.bool_]
) -> NDArray[np.float64]:
    return np.asarray(shape * rms**2 / (shape[where].sum() * freqs[1]), float)


def draw(spectra: Spectra, sfreq: float, rng: np.random.Generator) -> NDArray[np.float32]:
    """Independent noise with these spectra: (n_signals, n_samples), n_samples = 2 (n_freqs − 1), µV."""
    n_signals, n_freqs = spectra.shape
    n_samples = 2 * (n_freqs - 1)
    amplitude = np.sqrt(spectra * sfreq * n_samples / 4).astype(np.float32)
    parts = rng.standard_normal((n_signals, n_freqs, 2), dtype=np.float32)
    coefficients = parts.view(np.complex64)[..., 0] * amplitude
    return np.asarray(scipy.fft.irfft(coefficients, n_samples, axis=-1), np.float32)


def linear(decibels: NDArray[np.float64]) -> NDArray[np.float64]:
    """The factor on an amplitude that changes its power by so many dB."""
    return np.asarray(10 ** (decibels / 20))
