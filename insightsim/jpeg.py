"""How large a JPEG is once decoded, told by its markers: a few bytes may ask for gigabytes of memory."""

from __future__ import annotations

import re
from collections.abc import Iterator

from insightsim.errors import SignalError

_START, _END, _SCAN = b"\xff\xd8", 0xD9, 0xDA
_WITHOUT_LENGTH = range(0xD0, 0xD8)
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers whose segment begins with the picture's size (ITU-T T.81, table B.1)."""
_MARKERS = {*range(0xC0, 0xFF)} - {0xD8}
"""That may follow the first. Whatever else seems one is skipped by some decoders and not by others, so that
they would see another picture than we do.
"""
_FILL = re.compile(rb"\xff+(?=\xff)")
_NEXT = re.compile(rb"\xff+[^\x00\xd0-\xd7\xff]", re.DOTALL)
"""What ends a scan: no byte of its own, nor the mark of a restart in it."""
_MOST = 256
"""Markers, so that no bytes keep us busy; a camera's picture has a dozen."""
_MOST_SCANS = 20
"""Each goes over the whole picture; progressive ones have ten."""


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises SignalError where no JPEG tells them.

    Its end may be missing. One that would take long to decode is refused, too.
    """
    if jpeg[:2] != _START:
        raise SignalError(
            f"these {len(jpeg)} bytes are no JPEG: it begins with FF D8, not {jpeg[:2].hex(' ')!r}"
        )
    found, scans = None, 0
    for marker, segment in _segments(jpeg):
        if marker in _FRAMES and len(segment) >= 5:
            if found is not None:
                raise _odd(jpeg, "has two pictures in it")
            found = int.from_bytes(segment[3:5]), int.from_bytes(segment[1:3])
        elif marker == _SCAN:
            if found is None:
                break
            scans += 1
            if scans > _MOST_SCANS:
                raise _odd(jpeg, f"has more than {_MOST_SCANS} scans")
    if found is None or not all(found):
        raise _odd(jpeg, "does not say how large its picture is; it may be cut off")
    return found


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Each marker after the first with the beginning of what belongs to it, as far as there is any."""
    at = 2
    for _ in range(_MOST):
        if (fill := _FILL.match(jpeg, at)) is not None:
            at = fill.end()
        if at + 4 > len(jpeg):
            return
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4])
        if jpeg[at] != 0xFF or marker not in _MARKERS:
            raise _odd(jpeg, f"has {jpeg[at : at + 2].hex(' ').upper()} where a marker should be")
        if marker == _END:
            return
        if marker in _WITHOUT_LENGTH:
            at += 2
            continue
        if length < 2:
            raise _odd(jpeg, f"has a segment of {length} bytes; the shortest has 2")
        yield marker, jpeg[at + 4 : at + 9]
        at += 2 + length
        if marker == _SCAN:
            if (following := _NEXT.search(jpeg, at)) is None:
                return
            at = following.end() - 2
    raise _odd(jpeg, f"has more than {_MOST} markers")


def _odd(jpeg: bytes, what: str) -> SignalError:
    return SignalError(f"a JPEG of {len(jpeg)} bytes {what}")
