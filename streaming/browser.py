"""A browser's camera as a source of pictures: a page puts JPEGs in, the branch takes them out.

Two sides meet here. `attach` and the Link it gives are used by the web, on the event loop; the rest, as of
any source, on the branch's thread. Between them are the slot, and values that one side sets and the other
reads.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from insightsim.clock_sync import ClockSync
from insightsim.errors import SignalError, StreamAwaited, StreamLost
from insightsim.types import Frame
from streaming.camera import FrameInfo, Slot, decode
from streaming.lsl import clock
from streaming.sources import LOST_AFTER, PULL_WITHIN

BROWSER = "browser"
"""What a user asks for."""
STALE = 2.0
"""Seconds after which a picture says nothing of now."""
WHAT_TO_DO = "open the page and press “Use this camera”"


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture on its way."""

    jpeg: bytes
    time: float
    """When it was taken, s on the LSL clock."""
    error: float
    """How far that may be off, s, for the browser's clock."""
    shown: bool
    """Whether the browser told only when it showed the picture, some time after it was taken."""
    taken: Callable[[], None]
    """To be called, on whichever thread, when the picture has left the slot."""


class BrowserFrames:
    """The pictures of one page at a time."""

    def __init__(self) -> None:
        self.query = BROWSER
        self.skipped = 0
        self.link: Link | None = None
        """Of the page that sends now; None while none does."""
        self._why = ""
        self._slot: Slot[Picture] = Slot()
        self._newest = -math.inf
        self._passed = 0
        self._before = 0
        self._first: Picture | None = None
        self._heard = 0.0
        self._trouble = ""
        self._refused = ""
        """Why the newest picture was refused; empty where it was not."""

    def attach(self, camera: str, rate: float) -> Link | None:
        """Let a page send the pictures of a camera, nominally so many a second; None while another does."""
        if self.link is not None:
            return None
        self._refused = ""
        self.link = Link(self, camera, rate)
        return self.link

    def detach(self, why: str) -> None:
        """The page sends no more, and why."""
        self._why = why
        self.link = None

    def put(self, picture: Picture, passed: int) -> str | None:
        """Leave a picture, after `passed` that the page passed over; why not, if its stamp is of no use."""
        self._passed += passed
        self._refused = self._unfit(picture)
        if not self._refused:
            self._newest = picture.time
            self._slot.put(picture)
        return self._refused or None

    def _unfit(self, picture: Picture) -> str:
        now = clock()
        if picture.time > now + picture.error:
            return f"stamped {picture.time - now:.3f} s ahead of time"
        if now - picture.time > STALE:
            return f"{now - picture.time:.1f} s old"
        return "stamped no later than the one before" if picture.time <= self._newest else ""

    def open(self, within: float = 1.0) -> FrameInfo:
        """Wait for the first picture. Raises StreamAwaited, saying what to do, where none comes."""
        self._first = first = self._take(within)
        link = self.link
        if link is None:
            raise StreamAwaited(f"no browser sends its camera yet: {WHAT_TO_DO}")
        if first is None:
            new = clock() - link.since < LOST_AFTER
            raise StreamAwaited(
                f"waiting for the first picture of {link.camera}" if new else self._silence(link)
            )
        self._before, self.skipped = self._count(), 0
        notes = [f"browser clock ± {math.ceil(first.error * 1000)} ms"]
        if first.shown:
            notes.append("pictures stamped when shown, not when taken")
        return FrameInfo(link.camera, link.rate, tuple(notes))

    def grab(self) -> Sequence[Frame]:
        """The newest picture, if one came within PULL_WITHIN s. Raises StreamLost."""
        if self._first is not None:
            self._heard = clock()
        picture, self._first = self._first or self._take(PULL_WITHIN), None
        self.skipped = self._count() - self._before
        link = self.link
        if picture is not None:
            try:
                image = decode(picture.jpeg)
            except SignalError as error:  # one is no harm; when all are so, that is a loss
                self._trouble = str(error)
            else:
                self._heard, self._trouble = clock(), ""
                return [Frame(image, picture.time)]
        elif link is None:
            raise StreamLost(f"{self._why}; to go on, {WHAT_TO_DO}")
        if clock() - self._heard > LOST_AFTER:
            raise StreamLost(self._trouble or (self._silence(link) if link else self._why))
        return []

    def lag(self, time: float) -> float:
        """Seconds since the picture with this stamp was taken."""
        return clock() - time

    def close(self) -> None:
        """Drop what was not looked at; the page may go on sending, for when it is opened again."""
        self._first = None

    def _take(self, within: float) -> Picture | None:
        """The newest picture that still tells of now; the page hears that it may send more."""
        deadline = clock() + within
        while (picture := self._slot.take(max(0.0, deadline - clock()))) is not None:
            picture.taken()
            if clock() - picture.time <= STALE:
                return picture
        return None

    def _silence(self, link: Link) -> str:
        """Why there has been no picture for long."""
        if self._refused:
            return f"no picture of {link.camera} can be used: the last was {self._refused}"
        return (
            f"nothing comes from {link.camera}: keep its page in view, browsers give a hidden one no pictures"
        )

    def _count(self) -> int:
        """Pictures passed over so far, here and by the page."""
        return self._slot.skipped + self._passed


class Link:
    """One page's connection: its clock, and what it sends."""

    def __init__(self, frames: BrowserFrames, camera: str, rate: float) -> None:
        self.camera = "".join(filter(str.isprintable, camera))[:80] or "a camera without a name"
        self.rate = rate if 0 <= rate <= 1000 else 0.0
        self.since = clock()
        self._frames = frames
        self._sync = ClockSync()
        self._sent = 0.0
        self._number = 0

    @property
    def error(self) -> float:
        """How far a stamp of now may be off, s; inf before the first ping was answered."""
        return self._sync.error(clock())

    def ping(self) -> None:
        """A ping leaves now."""
        self._sent = clock()

    def pong(self, theirs: float) -> None:
        """Its answer is there, with what the page's clock showed, s. Raises SignalError for no number."""
        self._sync.take(self._sent, theirs, clock())

    def put(
        self, jpeg: bytes, number: int, theirs: float, shown: bool, taken: Callable[[], None]
    ) -> str | None:
        """Pass on a picture that was taken, by the page's clock, at `theirs`, s; why not, if that cannot be.

        The page counts its pictures: a `number` left out is one that it passed over.
        """
        time = self._sync(theirs)
        passed, self._number = number - self._number - 1, number
        return self._frames.put(Picture(jpeg, time, self._sync.error(time), shown, taken), passed)

    def close(self, why: str) -> None:
        """The page sends no more."""
        self._frames.detach(why)
