from __future__ import annotations

import numpy as np
import pytest
import scipy.signal

from insightsim.noise import draw, pink, rhythm

SFREQ = 128.0
FREQS = np.fft.rfftfreq(65536, 1 / SFREQ)


def drawn(density: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    noise = draw(density[None], SFREQ, np.random.default_rng(0))[0]
    return scipy.signal.welch(noise, SFREQ, nperseg=512)


def test_a_rhythm_has_its_power_at_its_frequency() -> None:
    freqs, power = drawn(rhythm(FREQS, 10.0, 1.0, rms=3.0))
    assert power.sum() * freqs[1] == pytest.approx(9.0, rel=0.05)
    assert freqs[power.argmax()] == pytest.approx(10.0, abs=0.5)
    assert power[(freqs > 7) & (freqs < 13)].sum() > 0.99 * power.sum()


def test_pink_noise_falls_with_its_exponent() -> None:
    freqs, power = drawn(pink(FREQS, 1.3, rms=5.0))
    band = (freqs >= 2) & (freqs <= 45)
    slope = np.polyfit(np.log(freqs[band]), np.log(power[band]), 1)[0]
    assert slope == pytest.approx(-1.3, abs=0.1)
    assert power[(freqs >= 1) & (freqs <= 45)].sum() * freqs[1] == pytest.approx(25.0, rel=0.1)
