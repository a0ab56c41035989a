"""Cameras, of this computer or of the network, as sources of pictures."""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from insightsim.errors import InsightSimError, SettingsError, StreamLost, StreamNotFound
from insightsim.types import Frame
from streaming.address import without_password
from streaming.camera import FrameInfo, Slot, opencv
from streaming.lsl import clock
from streaming.sources import LOST_AFTER, PULL_WITHIN

LINGER = 2.0
"""Seconds that a camera which was slow to open waits for the next try to take it."""
PATIENCE = 5000
"""Milliseconds that a network camera may take to answer."""
OLDEST = 0.5
"""Seconds that no picture waits in a driver."""
MOST_RATE = 1000.0
"""Pictures a second that no camera states in earnest."""


class Camera:
    """A camera of this computer ("camera:0") or of the network ("rtsp://…").

    A thread takes every picture as soon as it is there, so that the newest is never an old one that waited in
    the driver.
    """

    def __init__(self, query: str, make: Callable[[], Any] | None = None) -> None:
        """`make` opens the device and gives what OpenCV's VideoCapture gives; OpenCV does, unless given."""
        self.query = without_password(query)
        self.skipped = 0
        self._make = partial(_capture, query) if make is None else make
        self._grabber: _Grabber | None = None

    def open(self, within: float = 1.0) -> FrameInfo:
        """Wait for its first picture. A camera that is slow to open goes on opening until the next try.

        Raises StreamNotFound, saying what to check, and what its thread raised.
        """
        opencv()
        if self._grabber is None or self._grabber.over.is_set():
            self._grabber = _Grabber(self._make)
            self._grabber.start()
        grabber = self._grabber
        grabber.wanted.set()
        grabber.news.wait(within)
        if grabber.over.is_set():
            raise grabber.failure or StreamNotFound(f"{self.query}: {_to_check(self.query)}")
        if not grabber.news.is_set():
            raise StreamNotFound(f"{self.query} has not given a picture within {within:g} s")
        self._last = clock()
        self._before: int | None = None
        return FrameInfo(self.query, grabber.sfreq)

    def grab(self) -> Sequence[Frame]:
        """The newest picture, within PULL_WITHIN s; a camera has no end.

        Raises StreamLost after silence, and what its thread raised.
        """
        grabber = self._grabber
        if grabber is None:
            raise StreamLost(f"{self.query} is not open")
        frame = grabber.slot.take(PULL_WITHIN)
        if frame is not None:
            self._last = clock()
            if self._before is None:  # nobody was there yet to take them
                self._before = grabber.slot.skipped
            self.skipped = grabber.slot.skipped - self._before
            return [frame]
        if grabber.over.is_set():
            lost = StreamLost(f"{self.query} gives no more pictures; is it still plugged in?")
            raise grabber.failure or lost
        if clock() - self._last > LOST_AFTER:
            raise StreamLost(f"{self.query} has given no picture for {LOST_AFTER:g} s")
        return []

    def lag(self, time: float) -> float:
        """Seconds since the picture with this stamp was taken."""
        return clock() - time

    def close(self) -> None:
        """Let its thread let go of it, as soon as the driver answers; that is not waited for."""
        if self._grabber is not None:
            self._grabber.wanted.clear()
            if self._grabber.news.is_set():
                self._grabber = None


class _Grabber(threading.Thread):
    """Takes pictures until it is not wanted any more; a daemon, for drivers may hang."""

    def __init__(self, make: Callable[[], Any]) -> None:
        super().__init__(name="camera", daemon=True)
        self._make = make
        self.slot: Slot[Frame] = Slot()
        self.sfreq = 0.0
        self.wanted = threading.Event()
        self.news = threading.Event()
        """Once there was a first picture, or there will be none."""
        self.over = threading.Event()
        self.failure: InsightSimError | None = None
        """What ended it, to be raised where pictures are asked for; None where it just ends."""

    def run(self) -> None:
        """Open the device, take pictures, let go of it."""
        try:
            capture = self._make()
            try:
                # Opened at last, though perhaps between two tries.
                if capture.isOpened() and self.wanted.wait(LINGER):
                    self._take(capture)
            finally:
                capture.release()
        except InsightSimError as error:
            self.failure = error
        except opencv().error as error:
            why = " ".join((error.err or str(error)).split())
            self.failure = StreamLost(f"OpenCV cannot read what the camera gives: {why}")
        finally:
            self.over.set()
            self.news.set()

    def _take(self, capture: Any) -> None:
        cv2 = opencv()
        rate = capture.get(cv2.CAP_PROP_FPS)
        self.sfreq = rate if 0 < rate <= MOST_RATE else 0.0
        while self.wanted.is_set() and capture.grab():
            time = _taken(capture.get(cv2.CAP_PROP_POS_MSEC) / 1000, clock())
            there, image = capture.retrieve()
            if there:
                self.slot.put(Frame(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), time))
                self.news.set()


def _taken(said: float, now: float) -> float:
    """When a picture was taken that just came, s on the LSL clock: as the driver says, if that can be.

    Linux's drivers stamp pictures by the clock that is LSL's there; other systems' say something else.
    """
    return said if 0 <= now - said <= OLDEST else now


def index_of(query: str) -> int | None:
    """The number in "camera:0"; None for the address of a network camera. Raises SettingsError."""
    if found := re.fullmatch(r"camera:(\d{1,3})", query, re.ASCII):
        return int(found[1])
    if re.match(r"rtsps?://[^/]", query):
        return None
    raise SettingsError(
        f"unknown camera {without_password(query)!r}; expected camera:0, camera:1, … or rtsp://…"
    )


def _capture(query: str) -> Any:
    """OpenCV's way into a camera; it may block, and may not be open."""
    cv2 = opencv()
    if (index := index_of(query)) is not None:
        return cv2.VideoCapture(index, cv2.CAP_V4L2 if sys.platform == "linux" else cv2.CAP_ANY)
    patience = [cv2.CAP_PROP_OPEN_TIMEOUT_MSEC, PATIENCE, cv2.CAP_PROP_READ_TIMEOUT_MSEC, PATIENCE]
    return cv2.VideoCapture(query, cv2.CAP_FFMPEG, patience)


def _to_check(query: str, folder: Path = Path("/dev")) -> str:
    """Why a camera may not have opened, as far as that can be told from outside."""
    index = index_of(query)
    if index is None:
        return "no video from there; check address, name and password, and that the camera is switched on"
    if sys.platform != "linux":
        return "no picture from it; is it plugged in, free, and allowed to programs in the system's settings?"
    device, there = folder / f"video{index}", sorted(path.name[5:] for path in folder.glob("video*"))
    if not device.exists():
        others = f"there are {', '.join(f'camera:{n}' for n in there)}" if there else "is one plugged in?"
        return f"there is no {device}; {others}"
    if not os.access(device, os.R_OK | os.W_OK):
        return f"no permission for {device}: add this user to its group (usually video), and log in again"
    return (
        f"{device} gives no picture; does another program use it? Some cameras have two numbers: try the next"
    )
