"""What a user asks for, as a source of a face."""

from __future__ import annotations

from pathlib import Path

import pytest

from insightsim.errors import DatasetError, SettingsError
from streaming.face_queries import face_source
from streaming.settings import Wanted


@pytest.mark.parametrize("face", ["camera:abc", "camera:", "rtsp:foo", "rtsp:///live"])
def test_what_names_no_camera_is_refused_before_anything_is_fetched(face: str) -> None:
    with pytest.raises(SettingsError, match="unknown camera"):
        face_source(Wanted(face=face))


def test_a_video_that_is_not_there_is_refused_before_anything_is_fetched(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"missing\.mp4: no such file"):
        face_source(Wanted(face=f"video:{tmp_path}/missing.mp4"))
