"""How large a JPEG is once decoded, told by its header: a few bytes may ask for gigabytes of memory."""

from __future__ import annotations

from insightsim.errors import SignalError

_START, _SCAN = 0xD8, 0xDA
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xD8)}
_FRAMES = {*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC}
"""Markers whose segment begins with the picture's size (ITU-T T.81, table B.1)."""
_MOST = 256
"""Markers before that one, so that no bytes keep us busy; a camera's picture has a dozen."""


def size(jpeg: bytes) -> tuple[int, int]:
    """Width and height in pixels. Raises SignalError where no JPEG's header tells them."""
    if jpeg[:2] != bytes((0xFF, _START)):
        raise SignalError(
            f"these {len(jpeg)} bytes are no JPEG: it begins with FF D8, not {jpeg[:2].hex(' ')!r}"
        )
    at = 2
    for _ in range(_MOST):
        if at + 9 > len(jpeg) or jpeg[at] != 0xFF:
            break
        marker = jpeg[at + 1]
        if marker in _FRAMES:
            height, width = int.from_bytes(jpeg[at + 5 : at + 7]), int.from_bytes(jpeg[at + 7 : at + 9])
            if not (width and height):
                break
            return width, height
        if marker == _SCAN:
            break
        if marker == 0xFF or marker in _WITHOUT_LENGTH:  # fill bytes, and markers that stand alone
            at += 1 if marker == 0xFF else 2
        else:
            at += 2 + int.from_bytes(jpeg[at + 2 : at + 4])
    raise SignalError(f"a JPEG of {len(jpeg)} bytes does not say how large its picture is; it may be cut off")
