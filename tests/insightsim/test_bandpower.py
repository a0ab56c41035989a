from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from mne.time_frequency import psd_array_welch
from scipy import signal

from insightsim.bandpower import density_at, feature_names, features, psd
from insightsim.cards import Features, Filter, Recipe
from insightsim.errors import ModelError, SignalError

BANDS = {"theta": (4.0, 8.0), "alpha": (8.0, 13.0), "beta": (13.0, 30.0)}
PSD16 = Recipe(
    "eeg", ("F4", "Fp1", "Cz", "F3", "Fp2"), "average", "uV", 128.0, 512, 0.25, Filter(), Features("psd16")
)
LOG = replace(PSD16, features=Features("log_bandpower", BANDS, (("F3", "F4"), ("Fp1", "Fp2"))))


def noise(*lead: int, n_samples: int = 512, n_channels: int = 5) -> np.ndarray:
    rng = np.random.default_rng(7)
    return (rng.standard_normal((*lead, n_samples, n_channels)) * 10).astype(np.float32)


def welch(data, nperseg=256, sfreq=128.0):
    """The same by scipy, in double precision."""
    return signal.welch(
        data.astype(np.float64), sfreq, np.hanning(nperseg), nperseg, 0, detrend=False, axis=-2
    )


@pytest.mark.parametrize("nperseg", [256, 255, 128])
@pytest.mark.parametrize("lead", [(), (3,), (2, 3)])
def test_the_spectrum_is_that_of_scipy(nperseg, lead):
    data = noise(*lead, n_samples=600)
    freqs, power = psd(data, 128.0, nperseg)
    expected_freqs, expected = welch(data, nperseg)
    np.testing.assert_allclose(freqs, expected_freqs)
    assert power.dtype == np.float32
    # Next to nothing in one bin is rounding of the others: relative to the channel's mean density.
    np.testing.assert_allclose(power, expected, rtol=1e-6, atol=1e-6 * expected.mean())


def test_the_spectrum_is_that_of_mne():
    data = noise(32, n_channels=32)
    expected, freqs = psd_array_welch(
        np.moveaxis(data.astype(np.float64), -1, -2),
        128.0,
        n_fft=256,
        n_per_seg=256,
        window=np.hanning(256),
        remove_dc=False,
        verbose=False,
    )
    found_freqs, power = psd(data, 128.0)
    np.testing.assert_allclose(found_freqs, freqs)
    np.testing.assert_allclose(
        np.moveaxis(power, -1, -2), expected, rtol=1e-6, atol=1e-6 * float(expected.mean())
    )


def test_a_few_frequencies_are_those_of_the_whole_spectrum():
    data = noise(4)
    freqs, power = psd(data, 128.0)
    np.testing.assert_allclose(density_at(freqs[90:110], data, 128.0), power[:, 90:110], rtol=1e-3, atol=1e-5)


def test_a_window_shorter_than_a_segment_is_refused():
    with pytest.raises(SignalError, match="needs 256 samples, found 200"):
        psd(noise(n_samples=200), 128.0)


def test_psd16_is_the_original_feature_set():
    data = noise(70)
    freqs, power = welch(data)
    expected = [
        power[:, (freqs >= low) & (freqs <= high), PSD16.ch_names.index(name)].mean(axis=1)
        for name in ("Fp1", "F3", "Fp2", "F4")
        for low, high in ((4, 7), (8, 13), (13, 30), (30, 40))
    ]
    found = features(PSD16, data)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.stack(expected, axis=1), rtol=1e-6)


def test_psd16_is_as_exact_on_a_signal_with_the_spectrum_of_eeg():
    spectrum = np.fft.rfft(noise(50, n_samples=1024), axis=1)
    spectrum[:, 1:] /= np.sqrt(np.arange(1, 513))[:, None]
    pink = np.fft.irfft(spectrum, axis=1)
    alpha = 30 * np.sin(2 * np.pi * 10.3 * np.arange(1024) / 128)[:, None]
    band = signal.butter(4, (4, 45), "bandpass", fs=128, output="sos")
    data = signal.sosfilt(band, pink + alpha, axis=1)[:, 512:].astype(np.float32)
    freqs, power = welch(data)
    gamma = power[:, (freqs >= 30) & (freqs <= 40), 1].mean(axis=1)
    np.testing.assert_allclose(features(PSD16, data)[:, 3], gamma, rtol=1e-6)


def test_psd16_counts_as_many_bins_as_the_original_did():
    wave = np.zeros((512, 5), np.float32)
    wave[:, 1] = np.sin(2 * np.pi * 13 * np.arange(512) / 128)
    fp1 = features(PSD16, wave)[:4]
    assert fp1[1] > 1e-3  # 13 Hz counts in alpha
    assert fp1[2] > 1e-3  # and in beta


def test_log_bandpower_is_the_logarithm_of_half_open_bands_and_their_asymmetry():
    data = noise(3)
    freqs, power = welch(data)
    log = np.log10(
        np.stack([power[:, (freqs >= a) & (freqs < b)].mean(axis=1) for a, b in BANDS.values()], -1)
    )
    pairs = np.stack([log[:, 0] - log[:, 3], log[:, 4] - log[:, 1]], axis=1)
    expected = np.concatenate([log, pairs], axis=1).reshape(3, -1)
    np.testing.assert_allclose(features(LOG, data), expected, atol=1e-6)


def test_names_say_what_each_feature_is():
    assert feature_names(PSD16)[:5] == ("Fp1 theta", "Fp1 alpha", "Fp1 beta", "Fp1 gamma", "F3 theta")
    assert len(feature_names(PSD16)) == features(PSD16, noise()).shape[-1] == 16
    assert feature_names(LOG)[:2] == ("F4 theta", "F4 alpha")
    assert feature_names(LOG)[-4:] == ("F4-F3 beta", "Fp2-Fp1 theta", "Fp2-Fp1 alpha", "Fp2-Fp1 beta")
    assert len(feature_names(LOG)) == features(LOG, noise()).shape[-1]


def test_stacks_of_any_shape_give_the_features_of_each_window():
    data = noise(2, 40)
    found = features(LOG, data)
    assert found.shape == (2, 40, len(feature_names(LOG)))
    np.testing.assert_allclose(found[1, 39], features(LOG, data[1, 39]), atol=1e-6)
    assert features(LOG, data[0, :0]).shape == (0, len(feature_names(LOG)))


def test_at_another_rate_the_bands_stay_where_they_are():
    wave = 10 * np.sin(2 * np.pi * 10 * np.arange(1024) / 256)[:, None].repeat(5, 1).astype(np.float32)
    theta, alpha, beta = features(replace(LOG, sfreq=256.0, n_samples=1024), wave)[:3]
    assert alpha > theta + 3
    assert alpha > beta + 3


def test_unknown_features_and_absent_channels_are_refused():
    with pytest.raises(ModelError, match='asks for the features "wavelets"'):
        features(replace(PSD16, features=Features("wavelets")), noise())
    with pytest.raises(ModelError, match='asks for the features "wavelets"'):
        feature_names(replace(PSD16, features=Features("wavelets")))
    with pytest.raises(ModelError, match="psd16 needs the channels Fp1, F3, Fp2, F4"):
        features(replace(PSD16, ch_names=("O1", "O2", "Oz", "Pz", "P3")), noise())
    with pytest.raises(ModelError, match="the band theta, 4–4 Hz, holds no frequency"):
        features(replace(LOG, features=Features("log_bandpower", {"theta": (4.0, 4.0)})), noise())
