from __future__ import annotations

from typing import Any

import pytest

from insightsim.errors import SettingsError
from streaming.options import check_options
from streaming.pipeline import build
from streaming.settings import Settings, Wanted, override


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"face": "camera:0", "speed": 4.0}, "speed 4: camera:0 is live"),
        ({"face": "rtsp://anna:secret@host", "speed": 0.5}, "speed 0.5: rtsp://…@host is live"),
        ({"face": "browser", "speed": 4.0, "eeg": "synthetic"}, "speed 4: browser is live"),
        ({"face": "lsl:type=AU", "speed": 4.0}, "speed 4: lsl:type=AU is live"),
        ({"face": "openface:a.csv", "neutral": "me.json"}, "neutral me.json: a camera or a video"),
        ({"face": "lsl:type=AU", "neutral": "me.json"}, "the face is lsl:type=AU"),
        ({"face": "synthetic", "neutral": "me.json"}, "the face is synthetic"),
        ({"eeg": "synthetic", "neutral": "me.json"}, "the face is none"),
        ({"face": "camera:0", "fps": 10.0}, "fps 10: .*OpenFace CSV alone, the face is camera:0"),
        ({"face": "video:a.mp4", "fps": 10.0}, "the face is video:a.mp4"),
        ({"eeg": "lsl:x", "fps": 10.0}, "the face is none"),
        ({"face": "openface:a.csv", "trial": 7}, "trial 7: openface:a.csv has no trials"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(wanted: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=f"{said}.*; leave it out"):
        build(override(Settings(), "session", **wanted))


@pytest.mark.parametrize(
    "wanted",
    [
        {"face": "camera:0", "neutral": "me.json"},
        {"face": "browser", "neutral": "me.json"},
        {"face": "video:a.mp4", "neutral": "me.json", "speed": 4.0},
        {"face": "openface:a.csv", "fps": 30.0, "speed": 4.0},
        {"face": "synthetic", "speed": 4.0},
        {"face": "camera:0", "eeg": "file:s01.dat", "trial": 7},
        {"eeg": "synthetic", "speed": 4.0},
    ],
)
def test_an_option_that_does_something_is_taken(wanted: dict[str, Any]) -> None:
    check_options(Wanted(**wanted).settled)
