"""What a model needs and may claim: the recipe from samples to features, and the card that carries it.

Training and live read the same recipe, so they cannot drift apart.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from insightsim.errors import ModelError
from insightsim.types import VADL


@dataclass(frozen=True, slots=True)
class Filter:
    """A causal Butterworth band-pass, then a notch, both as second-order sections with state."""

    low: float = 4.0
    """Hz."""
    high: float = 45.0
    """Hz."""
    order: int = 4
    notch: float = 50.0
    """Mains frequency, Hz; 0 leaves the notch out."""
    notch_q: float = 30.0


@dataclass(frozen=True, slots=True)
class Features:
    """Which features a model reads."""

    name: str
    """"psd16" or "log_bandpower"."""
    bands: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Name → (low, high) in Hz."""
    asymmetry: tuple[tuple[str, str], ...] = ()
    """Pairs (left, right) of channels; a feature each and band: log power right − left."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """From samples to features."""

    stream: str
    ch_names: tuple[str, ...]
    reference: str
    """"average" (over ch_names) or "as recorded"."""
    unit: str
    sfreq: float
    """Hz."""
    n_samples: int
    """Length of a window."""
    step: float
    """Seconds between windows, live."""
    filter: Filter
    features: Features


@dataclass(frozen=True, slots=True)
class FaceRecipe:
    """From action units, frame by frame, to features."""

    stream: str
    """"face"."""
    ch_names: tuple[str, ...]
    """Columns, by OpenFace's names: AU12_r, AU12_c, …"""
    unit: str
    """Whose numbers they are: "OpenFace" or "landmarks". Models of the one are never run on the other."""
    seconds: float
    """Length of a window; how many frames it holds depends on the camera."""
    step: float
    """Seconds between windows, live."""
    features: FaceFeatures | FaceNetwork


@dataclass(frozen=True, slots=True)
class FaceFeatures:
    """Which features a face model reads."""

    name: str
    """"au35", "au_dynamics" or "openface709"."""


@dataclass(frozen=True, slots=True)
class FaceNetwork:
    """A network that looks at the face itself: its outputs are the recipe's columns, one in each frame."""

    name: str
    """"affect"."""
    size: int
    """Width and height of the picture that it takes, pixels."""
    mean: tuple[float, float, float]
    """Of red, green and blue (0–1); taken off."""
    std: tuple[float, float, float]
    """What is then divided by."""
    n_outputs: int
    outputs: dict[str, int]
    """Dimension → which output speaks of it, from 0; in the order of the recipe's columns."""
    low: float
    """The output that stands for the probability 0."""
    high: float
    """The one for 1; linear between the two, and cut off beyond them."""


@dataclass(frozen=True, slots=True)
class Threshold:
    """Which ratings count as high."""

    value: float = 5.0
    rule: str = ">="


@dataclass(frozen=True, slots=True)
class Score:
    """How well one dimension was told apart on subjects never trained on, trials pooled; chance beside it."""

    balanced_accuracy: float
    low: float
    """Lower end of the 95 % interval, bootstrap over subjects."""
    high: float
    auc: float
    majority: float
    """Plain accuracy of always naming the more frequent class (its balanced accuracy is `chance`)."""
    accuracy: float
    chance: float = 0.5

    @property
    def skill(self) -> float:
        """How far from chance (0) to never wrong (1) it is at least: at the lower end of the interval, so
        that a model at chance that had some luck has hardly any.
        """
        if not self.chance < self.low <= 1:
            return 0.0
        return (self.low - self.chance) / (1 - self.chance)


@dataclass(frozen=True, slots=True)
class Trained:
    """What a model learnt from."""

    data: str
    simulated: bool
    subjects: int
    trials: int
    windows: int
    members: int
    seed: int
    note: str


@dataclass(frozen=True, slots=True)
class Card:
    """Everything a model says about itself."""

    name: str
    version: str
    licence: str
    sha256: str
    """Of the ONNX file beside the card."""
    recipe: Recipe | FaceRecipe
    threshold: Threshold
    trained: Trained
    protocol: str
    """How the scores were measured."""
    scores: dict[str, Score]
    """By dimension: valence, arousal, dominance, liking. Empty where nobody measured it here."""
    familiar: float
    """99th percentile, over the training windows, of a window's distance from their mean (RMS z-score)."""

    @property
    def skill(self) -> VADL:
        """How much better than chance it was measured to be, per dimension; 0 where it was not measured."""
        scores = (self.scores.get(name) for name in VADL._fields)
        return VADL(*(score.skill if score else 0.0 for score in scores))

    @property
    def eeg(self) -> Recipe:
        """The recipe of an EEG model. Raises ModelError for any other."""
        if not isinstance(self.recipe, Recipe):
            raise ModelError(f"{self.name} reads a {self.recipe.stream}, not EEG")
        return self.recipe

    @property
    def face(self) -> FaceRecipe:
        """The recipe of a face model. Raises ModelError for any other."""
        if not isinstance(self.recipe, FaceRecipe):
            raise ModelError(f"{self.name} reads {self.recipe.stream.upper()}, not a face")
        return self.recipe
