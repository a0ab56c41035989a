"""A source of action units made of a source of pictures: a row of numbers for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from insightsim.affect import Glances
from insightsim.aus import COLUMNS, FACE_ID, FACES, LANDMARKS, SKIPPED
from insightsim.face import ActionUnits
from insightsim.follow import Firm, Persons, Sight
from insightsim.types import Frame, Signal
from streaming.camera import Frames
from streaming.landmarks import Landmarker
from streaming.sources import SourceInfo

AFFECT = len(COLUMNS) + 3
"""From here on a row holds what a network says that looks at the face itself."""


class FaceSource:
    """The action units in the pictures of a camera or a video."""

    def __init__(
        self,
        frames: Frames,
        bundle: Callable[[], Path],
        units: ActionUnits | None = None,
        glances: Callable[[], Glances | None] = lambda: None,
    ) -> None:
        """`bundle` gives the path of the landmark model, when it is first needed.

        `units` keep what they learnt of a neutral face when a lost camera is opened again, and forget it when
        another person is followed. `glances` gives what looks at the face itself, if anything does; its
        columns come last.
        """
        self.frames = frames
        self.query = frames.query
        self._bundle = bundle
        self._path: Path | None = None
        self._units = ActionUnits() if units is None else units
        self._persons = Persons()
        self._landmarker: Landmarker | None = None
        self._make_glances = glances
        self._glances: Glances | None = None

    def open(self, within: float = 1.0) -> SourceInfo:
        """Load the landmark model and open the camera or video; raises what they raise."""
        if self._path is None:
            self._path = self._bundle()
        self._glances = self._make_glances()
        columns = (*COLUMNS, FACES, SKIPPED, FACE_ID, *(self._glances.ch_names if self._glances else ()))
        found = self.frames.open(within)
        self._landmarker = Landmarker(self._path)
        self._firm = Firm()
        self._persons.reopened()
        self._over = False
        self._info = SourceInfo(found.name, columns, LANDMARKS, found.sfreq, notes=found.notes)
        return self._info

    def pull(self) -> Signal | None:
        """A row for each picture that was settled, see `Firm`; None after the last. Raises StreamLost."""
        assert self._landmarker is not None, "open() comes first"
        if self._over:
            return None
        frames = self.frames.grab()
        if frames is None:
            self._over = True
            return self._signal(self._firm.end())
        return self._signal([sight for frame in frames for sight in self._firm(self._sight(frame))])

    def _sight(self, frame: Frame) -> Sight:
        assert self._landmarker is not None
        face, faces = self._landmarker(frame)
        return Sight(frame, face, faces, self._landmarker.ident)

    def _signal(self, sights: Sequence[Sight]) -> Signal:
        info, data = self._info, np.empty((len(sights), len(self._info.ch_names)), np.float32)
        for row, sight in zip(data, sights, strict=True):
            before, person = self._persons.number, self._persons(sight)
            if before and person != before:
                self._units.forget()
            row[: len(COLUMNS)] = self._units(sight.frame.time, sight.face)
            row[len(COLUMNS) : AFFECT] = sight.faces, self.frames.skipped, person
            if self._glances is not None:
                row[AFFECT:] = self._glances(sight.frame, sight.face)
        times = np.array([sight.frame.time for sight in sights], float)
        return Signal("face", info.ch_names, info.unit, info.sfreq, data, times)

    def lag(self, time: float) -> float:
        """Seconds from the moment the picture with this stamp was due until now."""
        return self.frames.lag(time)

    def close(self) -> None:
        """Let go of the camera or video, and of the landmark model."""
        self.frames.close()
        if self._landmarker is not None:
            self._landmarker.close()
        self._landmarker = None
