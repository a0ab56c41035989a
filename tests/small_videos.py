"""Small videos for tests, written with OpenCV."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from streaming.camera import opencv

Image = NDArray[np.uint8]

RATE = 25.0
SIZE = (64, 96)
"""Height and width."""


def numbered(n_frames: int) -> list[Image]:
    """Pictures that tell which they are, by one bright bar among eight."""
    pictures = []
    for n in range(n_frames):
        picture = np.zeros((*SIZE, 3), np.uint8)
        picture[:, 12 * (n % 8) : 12 * (n % 8) + 12] = 255
        pictures.append(picture)
    return pictures


def number(picture: Image) -> int:
    """Which one it is of every eight."""
    return int(picture.mean(axis=(0, 2)).reshape(8, 12).mean(axis=1).argmax())


def write(path: Path, pictures: Iterable[Image], rate: float = RATE) -> Path:
    """An MP4, or what else the name says, of RGB pictures of one size."""
    pictures = list(pictures)
    height, width = pictures[0].shape[:2]
    cv2 = opencv()
    codec = cv2.VideoWriter.fourcc(*("MJPG" if path.suffix == ".avi" else "mp4v"))
    writer = cv2.VideoWriter(str(path), codec, rate, (width, height))
    assert writer.isOpened()
    for picture in pictures:
        writer.write(np.ascontiguousarray(picture[..., ::-1]))
    writer.release()
    return path


def turn(path: Path) -> Path:
    """Mark an MP4 as filmed with the device turned: to be shown a quarter to the right."""
    content = bytearray(path.read_bytes())
    assert content.count(b"tkhd") == 1  # the track's header, with a matrix 40 bytes after its version
    at = content.find(b"tkhd") + 4 + 40
    content[at : at + 36] = struct.pack(">9i", 0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
    path.write_bytes(content)
    return path
