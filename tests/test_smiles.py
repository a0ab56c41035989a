"""From a real clip to valence: video, landmarks, action units, features and model, all the real ones."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from insightsim import models
from insightsim.face_features import features
from insightsim.face_judge import FaceJudge
from insightsim.face_windows import FaceWindows
from insightsim.types import Signal, join
from streaming.face_source import FaceSource
from streaming.video import Video

SAD = slice(0, 14)
"""Frames, looked at one by one: eyes cast down, mouth closed; the nearest to neutral that there is."""
WORRIED = slice(148, 222)
"""Mouth a little open, brows drawn together, a hand at the cheek."""
BEAMING = slice(300, 472)
"""She smiles broadly, teeth to be seen, eyes narrowed, until the end."""


@pytest.fixture(scope="module")
def clip(shared: Path, bundle: Path) -> Signal:
    source = FaceSource(Video(shared / "data" / "face" / "WolfgangLanger_Pexels.mp4", None), lambda: bundle)
    source.open()
    parts = []
    while (part := source.pull()) is not None:
        parts.append(part)
    source.close()
    return join([part for part in parts if len(part)])


def test_valence_on_broadly_smiling_frames_is_above_valence_on_those_that_do_not_smile(clip: Signal) -> None:
    model = models.load(models.named("face-landmarks-dynamics"))
    assert len(clip) == 472
    rows = np.stack([features(model.card.face, clip[frames]) for frames in (SAD, WORRIED, BEAMING)])
    sad, worried, beaming = model(rows)[0][:, 0]
    assert beaming > 0.7
    assert beaming > max(sad, worried) + 0.1


def test_it_is_highest_in_the_windows_that_hold_nothing_but_smiles(clip: Signal) -> None:
    """As live: the last windows lie wholly within the smile, the first wholly before it."""
    judge = FaceJudge(models.load(models.named("face-landmarks-dynamics")))
    predictions = judge(list(FaceWindows(8.0, 0.25)(clip)))
    assert all(prediction.quality.reason is None for prediction in predictions)
    valence = [prediction.vadl.valence for prediction in predictions if prediction.vadl is not None]
    assert np.mean(valence[-8:]) > np.mean(valence[:8])
    smiling = [p.time for p, v in zip(predictions, valence, strict=True) if v > 0.75]
    assert min(smiling) > clip.times[240]
