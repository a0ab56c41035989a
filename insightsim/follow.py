"""Which of several faces is followed, and when a face counts: by position and time alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from insightsim.face_judge import GONE
from insightsim.types import Frame, Landmarks

REACH = 0.75
"""Widths of a face by which it may be away from where it was last, and be the same one."""
AWAY = 10.0
"""Seconds after which a face that is back may be anybody's."""
FIRM = 3
"""Frames in a row in which a new face must be seen before it counts: detectors err, but seldom twice."""


class Box(NamedTuple):
    """Where a face is, in pixels: x to the right, y down."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def side(self) -> float:
        """The longer one."""
        return max(self.right - self.left, self.bottom - self.top)

    def near(self, other: Box) -> bool:
        """Whether both may be of one face."""
        across = (self.left + self.right - other.left - other.right) / 2
        down = (self.top + self.bottom - other.top - other.bottom) / 2
        return math.hypot(across, down) <= REACH * min(self.side, other.side)


def box_of(face: Landmarks) -> Box:
    """The smallest that holds every landmark."""
    return Box(*face.points[:, :2].min(axis=0).tolist(), *face.points[:, :2].max(axis=0).tolist())


class Follow:
    """Follows one face by its position until it has been gone for GONE s; then the largest there is.

    One that was not seen FIRM times yet may be none at all: for that, no other has to wait.
    """

    def __init__(self) -> None:
        self.ident = 0
        """Of the face that is followed, from 1; another one after it was gone for good."""
        self._at: Box | None = None
        self._since = 0.0
        """When it was there last, s."""
        self._seen = 0
        """In how many frames, since it is followed."""
        self._there = False

    def place(self, time: float) -> Box | None:
        """Where the one who is followed was last, at `time`, s; None where nobody is."""
        if not self._there and (self._seen < FIRM or abs(time - self._since) > GONE):
            self._at = None
        return self._at

    def __call__(self, time: float, found: Box | None, faces: Sequence[Box] = ()) -> Box | None:
        """Which face is the one followed, if it is there: the one `found` for it, or else one of all `faces`.

        Where nobody is followed yet, the largest of all is from now on.
        """
        if self._at is None and faces:
            self._at = max(faces, key=lambda box: box.side)
            self._seen = 0
        at, seen = self._at, [*([found] if found else []), *faces]
        now = next((box for box in seen if at is not None and box.near(at)), None)
        self._there = now is not None
        if now is not None:
            self._at, self._since = now, time
            self._seen += 1
            self.ident += self._seen == FIRM
        return now


@dataclass(frozen=True, slots=True, eq=False)
class Sight:
    """A frame, and what was seen in it."""

    frame: Frame
    face: Landmarks | None
    """The one that is followed."""
    faces: int
    """How many there are."""
    ident: int = 0
    """Of the one that is followed: `Follow.ident`."""


class Firm:
    """Holds frames with a new face back until it was there for FIRM in a row; else there was none in them.

    So a single false detection never becomes a face, and a true one counts from its first frame. A face that
    was there within the last GONE s is not new.
    """

    def __init__(self) -> None:
        self._held: list[Sight] = []
        self._last = -math.inf
        """When a face was there that counts, s."""
        self._there = False
        """Whether one was in the frame before."""

    def __call__(self, sight: Sight) -> list[Sight]:
        """The frames that are settled by this one, in order."""
        time = sight.frame.time
        if sight.face is None:
            self._there = False
            return [*self.end(), sight]
        self._held.append(sight)
        if not self._there and abs(time - self._last) > GONE and len(self._held) < FIRM:
            return []
        self._last, self._there = time, True
        settled, self._held = self._held, []
        return [replace(held, ident=sight.ident) for held in settled]

    def end(self) -> list[Sight]:
        """The frames still held back: no face in them, for no more of them come."""
        refuted = [replace(sight, face=None, faces=sight.faces - 1) for sight in self._held]
        self._held = []
        return refuted


class Persons:
    """Numbers the persons whose face is followed, from 1. Nothing looks at who they are.

    A face that was lost and found, or taken up in place of the last, counts as the same person's unless it
    was gone for AWAY s, or there were several to choose from within these.
    """

    def __init__(self) -> None:
        self.number = 0
        """Of the newest one; 0 before there was a face."""
        self._ident: int | None = None
        self._seen = self._several = -math.inf
        """When a face was there last, and when several were, s."""

    def reopened(self) -> None:
        """From now on faces are followed anew."""
        self._ident = None

    def __call__(self, sight: Sight) -> int:
        """Whose face is followed in a frame that is settled, or was last."""
        time = sight.frame.time
        if sight.faces > 1:
            self._several = time
        if sight.face is None:
            return self.number
        if sight.ident != self._ident:
            doubtful = time - self._seen > AWAY or 0 <= time - self._several <= AWAY
            self.number += doubtful or not self.number
            self._ident = sight.ident
        self._seen = time
        return self.number
