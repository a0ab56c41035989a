from __future__ import annotations

from contextlib import suppress

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from insightsim.errors import SignalError
from insightsim.jpeg import size


def jpeg(width: int, height: int, *params: int) -> bytes:
    return cv2.imencode(".jpg", np.zeros((height, width, 3), np.uint8), params)[1].tobytes()


@given(st.integers(1, 300), st.integers(1, 300), st.booleans())
def test_the_size_is_the_one_it_was_made_with(width, height, progressive):
    assert size(jpeg(width, height, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive))) == (width, height)


def test_real_pictures_with_all_their_segments_are_read(shared):
    folder = shared / "data" / "face"
    assert size((folder / "multi_face.jpg").read_bytes()) == (1000, 667)
    assert size((folder / "single_face.jpg").read_bytes()) == (572, 562)


def test_the_size_is_found_behind_fill_bytes():
    made = jpeg(40, 30)
    assert size(made[:2] + b"\xff\xff" + made[2:]) == (40, 30)


@pytest.mark.parametrize(
    "wrong", [b"", b"\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a" * 4, b"\xff\xd8", b"\xff\xd8\xff\xda" * 9]
)
def test_what_is_no_jpeg_or_only_the_beginning_of_one_is_refused(wrong):
    with pytest.raises(SignalError):
        size(wrong)


def test_a_jpeg_that_says_its_picture_has_no_lines_is_refused():
    """The format allows that, their number then comes later; no camera does so."""
    made = jpeg(300, 30)
    at = made.index(b"\xff\xc0") + 5
    with pytest.raises(SignalError, match="does not say how large"):
        size(made[:at] + bytes(2) + made[at + 2 :])


def test_a_jpeg_cut_within_its_header_is_refused():
    made = jpeg(300, 30)
    at = made.index(b"\xff\xc0")
    with pytest.raises(SignalError, match="cut off"):
        size(made[: at + 8])
    assert size(made[: at + 9]) == (300, 30)


@given(st.binary(max_size=400).map(lambda rest: b"\xff\xd8" + rest))
def test_any_bytes_end_in_a_size_or_a_refusal(data):
    with suppress(SignalError):
        width, height = size(data)
        assert 0 < width < 65536
        assert 0 < height < 65536
