"""The face branch's stages: action units in, predictions out."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from insightsim.aus import FACE_ID, FACES, SKIPPED
from insightsim.cards import Card, FaceRecipe
from insightsim.errors import ModelError
from insightsim.face_judge import FaceJudge
from insightsim.face_windows import FaceWindows
from insightsim.models import Model, find, network_of
from insightsim.types import Prediction, Signal
from insightsim.unread import MOST_MISSING, listed
from streaming.sources import SourceInfo


class FaceChain:
    """window → quality → features → model."""

    left_out: tuple[str, ...] = ()
    """A face has no electrodes to leave out."""
    note: str | None = None
    """The prediction says it all."""
    trouble: str | None = None
    """The stamps tell it all."""

    def __init__(self, choose: Callable[[SourceInfo], Model], info: SourceInfo) -> None:
        """Raises ModelError where the model cannot read what the source gives."""
        self.judge = FaceJudge(choose(info))
        recipe, network = self.card.face, network_of(self.card.face)
        if network is None and recipe.unit != info.unit:
            raise ModelError(
                f"{self.card.name} was trained on action units of {recipe.unit}, but {info.name} gives "
                f"those of {info.unit}; the two do not agree, so no estimate would mean anything: use "
                f"{' or '.join(_of(info.unit)) or 'a model of those'}, or --face-model-vadl auto"
            )
        if lacking := [name for name in recipe.ch_names if name not in info.ch_names]:
            why = "" if network is None else "; it looks at the face itself, through a camera or in a video"
            reads = listed(lacking, MOST_MISSING)
            raise ModelError(f"{self.card.name} reads {reads}, which {info.name} does not give{why}")
        self.figures: dict[str, int] = {}
        """Faces and frames skipped, where the source counts them."""
        self._person = 0.0
        """Whose face the last row was of; 0 before there was one."""
        self.windows = FaceWindows(recipe.seconds, recipe.step)

    @property
    def card(self) -> Card:
        """Of the model in use."""
        return self.judge.model.card

    @property
    def due(self) -> float:
        """Stamp, s, that a row must reach to complete a window; inf at the start."""
        return self.windows.due

    @property
    def step(self) -> float:
        """Seconds between windows."""
        return self.windows.step

    @property
    def gaps(self) -> int:
        """Gaps between rows longer than a quarter second."""
        return self.windows.gaps

    @property
    def dropped(self) -> int:
        """Rows left out because of their stamps."""
        return self.windows.dropped

    @property
    def resets(self) -> int:
        """How often the source's clock was set back or ahead."""
        return self.windows.resets

    @property
    def filled(self) -> float:
        """How much of the first window is there, 0–1."""
        return self.windows.filled

    def __call__(self, chunk: Signal) -> list[Prediction]:
        """What comes of some rows."""
        for name in (FACES, SKIPPED):
            if name in chunk.ch_names and len(chunk):
                said = chunk.data[-1, chunk.ch_names.index(name)]
                if 0 <= said < 1e9:  # what is no count, of a stream that is not ours, says nothing
                    self.figures[name] = int(said)
        return self.judge([cut for part in self._by_person(chunk) for cut in self.windows.cut(part)])

    def _by_person(self, chunk: Signal) -> Iterator[Signal]:
        """The rows, parted where another person begins; the windows begin anew there."""
        first = 0
        if FACE_ID in chunk.ch_names:
            persons = chunk.data[:, chunk.ch_names.index(FACE_ID)]
            there = np.flatnonzero(persons > 0)
            for at in there[np.diff(persons[there], prepend=np.float32(self._person)) != 0].tolist():
                yield chunk[first:at]
                if self._person:
                    self.windows.begin()
                first, self._person = at, float(persons[at])
        yield chunk[first:]


def _of(unit: str) -> list[str]:
    """The shipped models of such action units."""
    cards = [card for _, card in find()]
    return [card.name for card in cards if isinstance(card.recipe, FaceRecipe) and card.recipe.unit == unit]
