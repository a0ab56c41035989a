from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from insightsim.errors import SignalError
from streaming.camera import Slot, decode, opencv

ROOT = Path(__file__).parents[2]


def test_the_newest_item_wins_and_the_others_are_counted() -> None:
    slot = Slot[int]()
    assert slot.take(0.0) is None
    for item in range(5):
        slot.put(item)
    assert slot.take(0.0) == 4
    assert slot.take(0.0) is None
    assert slot.skipped == 4


def test_whoever_waits_gets_an_item_from_another_thread() -> None:
    slot, began = Slot[str](), threading.Event()

    def put() -> None:
        began.wait()
        slot.put("picture")

    thread = threading.Thread(target=put)
    thread.start()
    began.set()
    assert slot.take(30.0) == "picture"
    thread.join()
    assert slot.skipped == 0


def test_every_item_is_taken_or_counted_whatever_the_threads_do() -> None:
    slot, taken, over = Slot[int](), list[int](), threading.Event()

    def put() -> None:
        for item in range(20_000):
            slot.put(item)
        over.set()

    thread = threading.Thread(target=put)
    thread.start()
    while not over.is_set():
        if (item := slot.take(0.001)) is not None:
            taken.append(item)
    thread.join()
    taken += [item for item in [slot.take(0.0)] if item is not None]
    assert taken == sorted(set(taken))
    assert taken[-1] == 19_999
    assert len(taken) + slot.skipped == 20_000


def test_a_jpeg_becomes_an_rgb_picture() -> None:
    picture = np.zeros((8, 16, 3), np.uint8)
    picture[..., 0] = 255
    written, jpeg = opencv().imencode(".jpg", picture[..., ::-1])
    assert written
    image = decode(jpeg.tobytes())
    assert (image.shape, image.dtype) == ((8, 16, 3), np.uint8)
    np.testing.assert_allclose(image.mean(axis=(0, 1)), (255, 0, 0), atol=4)


@pytest.mark.parametrize("jpeg", [b"", b"no picture", b"\xff\xd8\xff\xe0" + bytes(100)])
def test_what_is_no_jpeg_is_refused(jpeg: bytes) -> None:
    with pytest.raises(SignalError, match=f"{len(jpeg)} bytes cannot be decoded; expected a JPEG"):
        decode(jpeg)


def test_where_a_library_of_opencv_is_missing_what_to_install_is_told(tmp_path: Path) -> None:
    """As on a slim server with the other build of OpenCV: a made-up module that fails as that does."""
    (tmp_path / "cv2.py").write_text("raise ImportError('libGL.so.1: cannot open shared object file')")
    script = (
        "from streaming.camera import opencv\n"
        "try: opencv()\n"
        "except Exception as error: print(type(error).__name__, error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {str(ROOT)!r}]\n{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.startswith("StreamError OpenCV cannot be loaded (libGL.so.1")
    assert "apt install libgl1 libglib2.0-0" in done.stdout
    assert "opencv-contrib-python-headless" in done.stdout
