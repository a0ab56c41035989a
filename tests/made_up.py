"""Made-up parts that several tests share: a recipe, a model of one opinion, a source with faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from insightsim.aus import OPENFACE
from insightsim.cards import (
    Card,
    FaceFeatures,
    FaceRecipe,
    Features,
    Filter,
    Recipe,
    Score,
    Threshold,
    Trained,
)
from insightsim.eeg import Judge
from insightsim.errors import InsightSimError
from insightsim.fusion import LateFusion, Smooth
from insightsim.models import Model
from insightsim.quality import Limits
from insightsim.types import Signal
from insightsim.vadl import DIMENSIONS
from streaming.branch import Branch
from streaming.eeg_chain import EegChain
from streaming.face_chain import FaceChain
from streaming.pipeline import Participant
from streaming.sources import Source, SourceInfo

CHANNELS = ("Fp1", "F3", "Fp2", "F4")


def recipe(features: Features, **changes: Any) -> Recipe:
    """Of the original's four channels, as the shipped models have them but for what is given."""
    common: dict[str, Any] = {"reference": "average", "n_samples": 512, "step": 0.25, "filter": Filter()}
    return Recipe("eeg", CHANNELS, unit="uV", sfreq=128.0, features=features, **common | changes)


RECIPE = recipe(Features("log_bandpower", {"alpha": (8, 13)}), reference="as recorded", n_samples=256)
SCORES = {name: Score(0.75, 0.7, 0.8, 0.8, 0.55, 0.75) for name in DIMENSIONS}
"""Of a model that is well better than chance: it has a say."""
TRAINED = Trained("", True, 0, 0, 0, 5, 0, "")
CARD = Card("made-up", "1", "Apache-2.0", "", RECIPE, Threshold(), TRAINED, "", SCORES, 1.0)
FACE_RECIPE = FaceRecipe("face", ("AU06_r", "AU12_r"), OPENFACE, 2.0, 0.25, FaceFeatures("au35"))
FACE_CARD = replace(CARD, name="made-up-face", recipe=FACE_RECIPE)


class Agreeing:
    """Stands in for an ONNX session: five members that all say 0.8."""

    def run(self, _: list[str], ports: dict[str, np.ndarray]) -> list[np.ndarray]:
        n = len(ports["features"])
        return [np.full((n, 5, 4), 0.8, np.float32), np.zeros(n, np.float32)]


class Unsure(Agreeing):
    """Its members say 0.75 to 0.85: the spread is 0.045."""

    def run(self, names: list[str], ports: dict[str, np.ndarray]) -> list[np.ndarray]:
        members, distance = super().run(names, ports)
        return [members + np.linspace(-0.05, 0.05, 5, dtype=np.float32)[:, None], distance]


class Noise:
    """A made-up source: `seconds` of noise as fast as it is pulled, with faults on demand."""

    query = "made-up"

    def __init__(
        self, seconds: float, fault: Callable[[int], Signal | None] | None = None, delay: float = 0.0
    ) -> None:
        self.n_chunks = int(seconds * 4)
        self.fault = fault
        self.delay = delay
        self.calls: list[tuple[str, int]] = []
        self.opens = 0
        self.at = 0
        self.refusals: list[InsightSimError] = []
        self.rng = np.random.default_rng(0)
        self.origin = 100.0

    def open(self, within: float = 0.0) -> SourceInfo:
        self.calls.append(("open", threading.get_ident()))
        if self.opens and self.refusals:
            raise self.refusals.pop(0)
        self.opens += 1
        return SourceInfo("noise", CHANNELS, "uV", 128.0)

    def pull(self) -> Signal | None:
        self.calls.append(("pull", threading.get_ident()))
        time.sleep(self.delay)
        at, self.at = self.at, self.at + 1
        if self.fault is not None:
            self.fault(at)
        if at >= self.n_chunks:
            return None
        times = self.origin + at / 4 + np.arange(32) / 128
        return Signal("eeg", CHANNELS, "uV", 128.0, self.rng.normal(0, 10, (32, 4)).astype(np.float32), times)

    def lag(self, time: float) -> float:
        return 0.25

    def close(self) -> None:
        self.calls.append(("close", threading.get_ident()))


def judge(model: Model) -> Judge:
    return Judge(model, Limits(), 50.0)


def person(source: Source, name: str = "p1") -> Participant:
    """Somebody watched by this source and the model that always says 0.8."""
    branch = Branch(source, "eeg", partial(EegChain, lambda _: [Model(CARD, Agreeing())], judge))
    return Participant(name, [branch], LateFusion(), Smooth(10.0))


def two_senses(eeg: Source, face: Source, name: str = "p1") -> Participant:
    """Somebody watched by two sources, and by models that agree on 0.8 but for their members."""
    branches = [
        Branch(eeg, "eeg", partial(EegChain, lambda _: [Model(CARD, Unsure())], judge)),
        Branch(face, "face", partial(FaceChain, lambda _: Model(FACE_CARD, Unsure()))),
    ]
    return Participant(name, branches, LateFusion(), Smooth(0.0), patient=True)
