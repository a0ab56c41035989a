"""A neutral face: learnt from steady frames alone, kept in a small file, read back or refused in words."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from insightsim import neutral
from insightsim.errors import DatasetError, InsightSimError, SignalError
from insightsim.types import Landmarks
from tests.faces import face, moved, with_points, with_shapes

patiently = settings(deadline=None)  # a busy machine takes its time

STILL = [face()] * 100


def turned(pitch: float, yaw: float) -> Landmarks:
    return moved(face(), Rotation.from_euler("XYZ", [pitch, yaw, 0], degrees=True))


def test_blinks_and_a_few_frames_without_a_face_do_no_harm() -> None:
    blink = with_shapes(face(), 1.0, 9, 10)
    found = neutral.learn([*STILL[:86], *[blink] * 6, *[None] * 8], "2026-01-02", "camera:0")
    steady = neutral.learn(STILL)
    assert found.rest == pytest.approx(steady.rest)
    assert found.shape == pytest.approx(steady.shape, abs=1e-4)
    assert (found.frames, found.captured, found.source) == (92, "2026-01-02", "camera:0")


@pytest.mark.parametrize(
    ("faces", "words"),
    [
        ([], "a face in only 0 of 0 frames"),
        ([None] * 100, "a face in only 0 of 100 frames"),
        ([*STILL[:70], *[None] * 30], "a face in only 70 of 100 frames, expected 80%"),
        (STILL[:20], "at least 30"),
        ([turned(0, 30)] * 100, "turned to the side by 30°, expected at most 20°"),
        ([turned(-25, 0)] * 100, "turned up or down by 25°"),
        ([turned(0, 10 * (-1) ** i) for i in range(100)], "the head moved by ±10°"),
        ([with_shapes(face(), 0.9 * (i % 2), 44, 45) for i in range(100)], "the face moved: AU06 wavered"),
    ],
)
def test_what_is_no_steady_face_is_refused_with_what_to_do(faces: list[Landmarks | None], words: str) -> None:
    with pytest.raises(SignalError, match="try again") as refusal:
        neutral.learn(faces)
    assert words in str(refusal.value)


def test_it_is_read_back_as_it_was_written_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "anna.neutral.json"
    path.write_text("an older one")
    path.chmod(0o644)
    written = neutral.learn(
        [with_points(face(), (0, 0.01 * i / 100, 0), 55) for i in range(100)], "now", "video:a"
    )
    neutral.write(written, path)
    found = neutral.read(path)
    assert found.shape == pytest.approx(written.shape, abs=1e-5)
    assert found.rest == pytest.approx(written.rest, abs=1e-5)
    assert (found.captured, found.source, found.frames) == ("now", "video:a", 100)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert len(path.read_bytes()) < 10_000
    assert list(tmp_path.iterdir()) == [path]
    assert "biometric" in path.read_text()


def test_where_nothing_can_be_written_that_is_said(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"cannot be written.*name another place"):
        neutral.write(neutral.learn(STILL), tmp_path / "nowhere" / "a.json")


def damaged(change: Callable[[dict[str, Any]], object], path: Path) -> str:
    neutral.write(neutral.learn(STILL), path)
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))
    with pytest.raises(DatasetError, match="insightsim neutral") as refusal:
        neutral.read(path)
    return str(refusal.value)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda it: it.pop("format"), "expected a neutral face"),
        (lambda it: it.update(format="insightsim.neutral/2"), "insightsim.neutral/1"),
        (lambda it: it.pop("shape"), "expected numbers for 33 to 454"),
        (lambda it: it["rest"].pop("AU28"), "expected numbers for AU01 to AU45"),
        (lambda it: it["rest"].update(AU12=[0.1]), "AU12 is [0.1], expected 2 numbers"),
        (lambda it: it["rest"].update(AU12="none"), "AU12 is 'none'"),
        (lambda it: it["rest"].update(AU12=[True, 0.0]), "AU12 is [True, 0.0]"),
        (lambda it: it["rest"].update(AU12=[float("nan"), 0.0]), "AU12 is [nan, 0.0]"),
        (lambda it: it["shape"].update({"33": [1e300, 0, 0]}), "33 is [1e+300"),
    ],
)
def test_a_damaged_file_is_refused_with_what_is_wrong(
    change: Callable[[dict[str, Any]], object], words: str, tmp_path: Path
) -> None:
    assert words in damaged(change, tmp_path / "a.json")


@pytest.mark.parametrize("text", [b"", b"\xff\xfe", b"[1]", b"frame,timestamp\n1,0.0\n", b"[" * 50_000])
def test_what_is_no_neutral_face_at_all_is_refused(text: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.json").write_bytes(text)
    with pytest.raises(DatasetError, match="expected a neutral face"):
        neutral.read(tmp_path / "a.json")


def test_a_folder_or_nothing_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.json"):
        with pytest.raises(DatasetError, match="check the path"):
            neutral.read(path)


@patiently
@given(cut=st.integers(0, 4000), at=st.integers(0, 4000), byte=st.integers(0, 255))
def test_any_damage_is_read_or_refused_in_words(
    cut: int, at: int, byte: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.getbasetemp() / "fuzzed.json"
    neutral.write(neutral.learn(STILL[:30]), path)
    data = bytearray(path.read_bytes())
    data[at % len(data)] = byte
    path.write_bytes(data if cut % 2 else data[:cut])
    try:
        found = neutral.read(path)
    except InsightSimError:
        return
    assert np.isfinite(found.shape).all()
    assert np.isfinite(found.rest).all()
