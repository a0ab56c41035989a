"""From real clips to valence: video, landmarks, action units, features and model, all the real ones.

There is no neutral stretch of the woman: she is pained or worried until she smiles. In 230–246 she smiles
slightly, lips apart, and the model says so: 0.91 against what was learnt of her rest. Of the man there is a
neutral one.
"""

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
"""Frames, each looked at: eyes cast down, lips closed, brows drawn together a little."""
WORRIED = slice(148, 222)
"""Every eighth looked at: mouth a little open, inner brows up, a hand at cheek and mouth."""
BEAMING = slice(300, 472)
"""Every ninth looked at: she smiles broadly, teeth to be seen, until the end."""
AT_REST, GRINNING = slice(0, 17), slice(24, 69)
"""Of the man, some ten looked at: lips closed, nothing moves; a broad smile, teeth to be seen."""


@pytest.fixture(scope="module")
def clip(shared: Path, bundle: Path) -> Signal:
    return rows(shared / "data" / "face" / "WolfgangLanger_Pexels.mp4", bundle)


@pytest.fixture(scope="module")
def man(shared: Path, bundle: Path) -> Signal:
    return rows(shared / "data" / "face" / "face_noface.mov", bundle)


def rows(path: Path, bundle: Path) -> Signal:
    source = FaceSource(Video(path, None), lambda: bundle)
    source.open()
    parts = []
    while (part := source.pull()) is not None:
        parts.append(part)
    source.close()
    return join([part for part in parts if len(part)])


def test_valence_on_broadly_smiling_frames_is_above_valence_on_those_that_do_not_smile(clip: Signal) -> None:
    assert len(clip) == 472
    sad, worried, beaming = valences(clip, SAD, WORRIED, BEAMING)
    assert beaming > 0.7
    assert beaming > max(sad, worried) + 0.1


def test_valence_on_a_broad_smile_is_above_valence_on_the_neutral_face_of_the_same_man(man: Signal) -> None:
    neutral, smile = valences(man, AT_REST, GRINNING)
    assert smile > 0.9
    assert neutral == pytest.approx(0.5, abs=0.15)


def valences(clip: Signal, *stretches: slice) -> list[float]:
    """Of stretches of frames, each as one window."""
    model = models.load(models.named("face-landmarks-dynamics"))
    found = model(np.stack([features(model.card.face, clip[frames]) for frames in stretches]))[0]
    return [float(value) for value in found[:, 0]]


def test_it_is_highest_in_the_windows_that_hold_nothing_but_smiles(clip: Signal) -> None:
    """As live: the last windows lie wholly within the smile, the first wholly before it."""
    judge = FaceJudge(models.load(models.named("face-landmarks-dynamics")))
    predictions = judge(list(FaceWindows(8.0, 0.25)(clip)))
    assert all(prediction.quality.reason is None for prediction in predictions)
    valence = [prediction.vadl.valence for prediction in predictions if prediction.vadl is not None]
    assert np.mean(valence[-8:]) > np.mean(valence[:8])
    smiling = [p.time for p, v in zip(predictions, valence, strict=True) if v > 0.75]
    assert min(smiling) > clip.times[240]
