"""Cameras: the device is made up, for tests run where there is none; thread and slot are the real ones."""

from __future__ import annotations

import asyncio
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from insightsim.errors import SettingsError, StreamError, StreamLost, StreamNotFound
from streaming import lsl, webcam
from streaming.branch import Branch, Event
from streaming.face_chain import FaceChain
from streaming.face_source import FaceSource
from streaming.pipeline import choose_face_model
from streaming.pump import pump
from streaming.sources import LOST_AFTER
from streaming.webcam import Camera, index_of

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0
"""Seconds for what comes at once, unless it is broken."""


class Device:
    """A stand-in for a camera's driver: takes a picture whenever the test says so, blocks until then."""

    def __init__(self, opens: bool = True, stamp: float = 0.0) -> None:
        self.opens = opens
        self.stamp = stamp
        """What the driver says of when a picture was taken, s."""
        self.orders: queue.Queue[int | None] = queue.Queue()
        self.taken = threading.Semaphore(0)
        """Released when the camera's thread is back for another picture."""
        self.asked = 0
        self.released = threading.Event()
        self._shade = 0

    def shoot(self, *shades: int) -> None:
        """Take pictures, and wait until the thread has put them all where the newest is taken from."""
        for shade in shades:
            self.orders.put(shade)
        for _ in shades:
            assert self.taken.acquire(timeout=PATIENCE)

    def unplug(self) -> None:
        self.orders.put(None)

    def isOpened(self) -> bool:
        return self.opens

    def get(self, what: int) -> float:
        return {cv2.CAP_PROP_FPS: 30.0, cv2.CAP_PROP_POS_MSEC: 1000 * self.stamp}[what]

    def grab(self) -> bool:
        if self.asked:
            self.taken.release()
        self.asked += 1
        shade = self.orders.get()
        self._shade = shade or 0
        return shade is not None

    def retrieve(self) -> tuple[bool, Any]:
        image = np.zeros((4, 6, 3), np.uint8)
        image[..., 0] = self._shade  # blue, as OpenCV orders them
        return True, image

    def release(self) -> None:
        self.released.set()


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    device.unplug()


def opened(device: Device, first: int = 1) -> Camera:
    camera = Camera("camera:0", lambda: device)
    device.orders.put(first)
    assert camera.open(PATIENCE).sfreq == 30.0
    assert device.taken.acquire(timeout=PATIENCE)
    return camera


def shades(camera: Camera) -> list[int]:
    return [int(frame.image[0, 0, 2]) for frame in camera.grab()]


def test_the_newest_picture_is_given_and_the_older_ones_are_counted(device: Device) -> None:
    camera = opened(device)
    device.shoot(2, 3)
    assert shades(camera) == [3]
    assert camera.skipped == 0  # nobody was there yet to take the first two
    device.shoot(4, 5, 6, 7)
    assert shades(camera) == [7]
    assert shades(camera) == []
    assert camera.skipped == 3
    camera.close()


def test_a_picture_is_stamped_when_it_comes(device: Device) -> None:
    before = lsl.clock()
    camera = opened(device)
    (frame,) = camera.grab()
    assert before <= frame.time <= lsl.clock()
    assert 0 <= camera.lag(frame.time) <= lsl.clock() - before
    camera.close()


@pytest.mark.parametrize(("ago", "believed"), [(0.03, True), (3.0, False), (-0.5, False)])
def test_a_driver_that_says_when_a_picture_was_taken_is_believed_if_that_can_be(
    device: Device, monkeypatch: pytest.MonkeyPatch, ago: float, believed: bool
) -> None:
    monkeypatch.setattr(webcam, "clock", lambda: 500.0)
    device.stamp = 500.0 - ago
    camera = opened(device)
    (frame,) = camera.grab()
    assert frame.time == pytest.approx(device.stamp if believed else 500.0)
    camera.close()


def test_an_unplugged_camera_is_lost_at_once_and_found_again(device: Device) -> None:
    devices = [device, second := Device()]
    camera = Camera("camera:0", lambda: devices.pop(0))
    device.orders.put(1)
    camera.open(PATIENCE)
    assert shades(camera) == [1]
    device.unplug()
    assert device.released.wait(PATIENCE)
    with pytest.raises(StreamLost, match="still plugged in"):
        camera.grab()
    camera.close()
    second.orders.put(2)
    camera.open(PATIENCE)
    assert shades(camera) == [2]
    camera.close()
    second.unplug()


def test_a_camera_that_hangs_is_lost_and_closed_without_waiting_for_it(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 500.0
    monkeypatch.setattr(webcam, "clock", lambda: now)
    camera = opened(device)
    assert shades(camera) == [1]
    now += LOST_AFTER
    assert shades(camera) == []
    now += 0.01
    with pytest.raises(StreamLost, match="no picture for"):
        camera.grab()
    camera.close()
    assert not device.released.is_set()
    device.orders.put(9)  # the driver answers at last
    assert device.released.wait(PATIENCE)
    with pytest.raises(StreamLost, match="not open"):
        camera.grab()


def test_a_camera_that_is_slow_to_open_is_taken_by_a_later_try(device: Device) -> None:
    ready, made = threading.Event(), []

    def make() -> Device:
        made.append(device)
        assert ready.wait(PATIENCE)
        return device

    camera = Camera("camera:0", make)
    for _ in range(3):  # as the pump tries
        with pytest.raises(StreamNotFound, match="not given a picture within"):
            camera.open(0.01)
        camera.close()
    device.orders.put(1)
    ready.set()
    camera.open(PATIENCE)
    assert shades(camera) == [1]
    assert len(made) == 1
    camera.close()


def test_a_camera_that_opens_when_nobody_wants_it_any_more_is_let_go(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webcam, "LINGER", 0.0)
    ready = threading.Event()

    def make() -> Device:
        assert ready.wait(PATIENCE)
        return device

    camera = Camera("camera:0", make)
    with pytest.raises(StreamNotFound):
        camera.open(0.01)
    camera.close()
    ready.set()
    assert device.released.wait(PATIENCE)
    assert device.asked == 0


def test_a_camera_that_does_not_open_is_not_found_and_tried_anew() -> None:
    tries = [Device(opens=False), Device()]
    last = tries[-1]
    camera = Camera("camera:250", lambda: tries.pop(0))
    with pytest.raises(StreamNotFound, match="camera:250: "):
        camera.open(PATIENCE)
    camera.close()
    last.orders.put(5)
    camera.open(PATIENCE)
    assert shades(camera) == [5]
    camera.close()
    last.unplug()


class Broken(Device):
    """One whose second picture has two colours."""

    def retrieve(self) -> tuple[bool, Any]:
        if self._shade == 2:
            return True, np.zeros((4, 6, 2), np.uint8)
        return super().retrieve()


def test_what_the_cameras_thread_raises_is_raised_where_pictures_are_asked_for(
    capfd: pytest.CaptureFixture[str],
) -> None:
    def unloadable() -> Device:
        raise StreamError("OpenCV cannot be loaded")

    with pytest.raises(StreamError, match="OpenCV cannot be loaded"):
        Camera("camera:0", unloadable).open(PATIENCE)
    device = Broken()
    camera = opened(device)
    assert shades(camera) == [1]
    device.orders.put(2)
    assert camera._grabber is not None
    assert camera._grabber.over.wait(PATIENCE)
    with pytest.raises(StreamLost, match="OpenCV cannot read what the camera gives"):
        camera.grab()
    camera.close()
    assert capfd.readouterr().err == ""


def test_a_program_whose_camera_hangs_can_end() -> None:
    script = (
        "import threading\n"
        "from streaming.webcam import Camera\n"
        "camera = Camera('camera:0', threading.Event().wait)\n"
        "try: camera.open(0.01)\n"
        "except Exception as error: print(type(error).__name__)\n"
        "camera.close()\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=100, check=True
    )
    assert (done.stdout, done.stderr) == ("StreamNotFound\n", "")


class Rolling(Device):
    """One that takes black pictures until it is unplugged."""

    def __init__(self) -> None:
        super().__init__()
        self.unplugged = threading.Event()

    def grab(self) -> bool:
        return not self.unplugged.wait(1 / 30)


def test_the_pump_says_that_an_unplugged_camera_is_lost_and_takes_it_up_again(bundle: Path) -> None:
    now, plugged_in = Rolling(), [Device(opens=False), Device(opens=False), Rolling()]
    devices = [now, *plugged_in]
    source = FaceSource(Camera("camera:0", lambda: devices.pop(0)), lambda: bundle)
    branch = Branch(source, "face", partial(FaceChain, partial(choose_face_model, "auto")))
    said, back = [], asyncio.Event()

    def take(event: Event) -> None:
        if not said or said[-1] != event.state.status:
            said.append(event.state.status)
        if said == ["connecting", "warming up"]:
            now.unplugged.set()
        if said[-2:] == ["lost", "warming up"]:
            back.set()

    async def watched() -> None:
        pumping = asyncio.create_task(pump(branch, take))
        await asyncio.wait_for(back.wait(), PATIENCE)
        pumping.cancel()
        await asyncio.wait([pumping])

    asyncio.run(watched())
    assert said == ["connecting", "warming up", "lost", "warming up"]
    assert now.released.is_set()
    assert plugged_in[-1].released.wait(PATIENCE)


def why(query: str, folder: Path) -> str:
    return webcam._to_check(query, folder)


@pytest.mark.skipif(sys.platform != "linux", reason="cameras are files on Linux only")
def test_what_to_check_is_told_of_a_camera_that_does_not_open(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "is one plugged in?" in why("camera:0", tmp_path)
    (tmp_path / "video2").touch()
    assert "there are camera:2" in why("camera:0", tmp_path)
    assert "another program" in why("camera:2", tmp_path)
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "no permission" in why("camera:2", tmp_path)


@pytest.mark.parametrize("query", ["camera:0", "rtsp://127.0.0.1:1/live"])
def test_what_is_not_there_is_not_found_without_chatter(
    query: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if query == "camera:0" and Path("/dev/video0").exists():
        pytest.skip("there is a camera here")
    camera = Camera(query)
    with pytest.raises(StreamNotFound, match=query):
        camera.open(PATIENCE)
    camera.close()
    assert capfd.readouterr().err == ""


def test_a_password_is_kept_from_what_is_shown() -> None:
    assert Camera("rtsp://anna:secret@host:554/live").query == "rtsp://…@host:554/live"
    with pytest.raises(SettingsError, match="unknown camera 'rtsp:…@host'"):
        index_of("rtsp:anna:secret@host")


@pytest.mark.parametrize(
    "query", ["camera:", "camera:x", "camera:-1", "camera:٣", "rtsp:", "rtsp:///live", "rtsp:host"]
)
def test_what_names_no_camera_is_refused(query: str) -> None:
    with pytest.raises(SettingsError, match="expected camera:0"):
        index_of(query)
