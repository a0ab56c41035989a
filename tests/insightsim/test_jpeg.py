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


def parts(made: bytes) -> tuple[bytes, bytes, bytes]:
    """What is before the picture's size, the segment that tells it, and the rest."""
    at = made.index(b"\xff\xc0")
    end = at + 2 + int.from_bytes(made[at + 2 : at + 4])
    return made[:at], made[at:end], made[end:]


def enlarged(segment: bytes) -> bytes:
    return segment[:5] + (6000).to_bytes(2) * 2 + segment[9:]


def test_a_huge_picture_cannot_hide_behind_what_decoders_skip():
    """OpenCV decodes this as 6000 × 6000: to it FF 00 is nothing, and what looks like a size is text."""
    before, small, after = parts(jpeg(64, 64))
    text = b"\xff\xe1" + (2 + len(small)).to_bytes(2)
    hidden = enlarged(small) + text
    data = before[:2] + b"\xff\x00" + (2 + len(hidden)).to_bytes(2) + hidden + small + before[2:] + after
    with pytest.raises(SignalError, match="has FF 00 where a marker should be"):
        size(data)


@pytest.mark.parametrize("order", [1, -1])
def test_a_jpeg_of_two_sizes_is_refused(order):
    before, small, after = parts(jpeg(64, 64))
    both = [small, enlarged(small)][::order]
    with pytest.raises(SignalError, match="two pictures"):
        size(before + b"".join(both) + after)


def test_a_second_size_is_found_behind_a_scan_too():
    before, small, after = parts(jpeg(64, 64))
    with pytest.raises(SignalError, match="two pictures"):
        size(before + small + after[:-2] + enlarged(small) + after[-2:])


@pytest.mark.parametrize("marker", [b"\x01", b"\x02", b"\xbf", b"\xd8"])
def test_what_no_camera_writes_where_a_marker_should_be_is_refused(marker):
    made = jpeg(40, 30)
    with pytest.raises(SignalError, match="where a marker should be"):
        size(made[:2] + b"\xff" + marker + bytes((0, 2)) + made[2:])


def test_a_picture_that_would_be_gone_over_again_and_again_is_refused():
    made = jpeg(200, 200, cv2.IMWRITE_JPEG_PROGRESSIVE, 1)
    last = made[made.rindex(b"\xff\xda") : -2]
    assert size(made[:-2] + 10 * last + made[-2:]) == (200, 200)
    with pytest.raises(SignalError, match="more than 20 scans"):
        size(made[:-2] + 11 * last + made[-2:])


def test_endless_fill_bytes_and_markers_end_in_a_refusal():
    for rest in (b"\xff" * 10**6, b"\xff\xd0" * 10**6, b"\xff\xfe\0\2" * 10**6):
        with pytest.raises(SignalError):
            size(b"\xff\xd8" + rest)


EDITS = st.lists(
    st.tuples(
        st.integers(2, 400), st.binary(max_size=6) | st.sampled_from([b"\xff\x00", b"\xff\xff", b"\xff"])
    ),
    max_size=3,
)


@given(EDITS, st.booleans(), st.booleans())
def test_what_is_decoded_has_the_size_that_was_told(edits, progressive, inserted):
    data = jpeg(40, 30, cv2.IMWRITE_JPEG_PROGRESSIVE, int(progressive))
    for at, new in edits:
        data = data[:at] + new + data[at if inserted else at + len(new) :]
    try:
        told = size(data)
    except SignalError:
        return
    if told[0] * told[1] <= 10**6:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
        assert image is None or image.shape[1::-1] == told


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
