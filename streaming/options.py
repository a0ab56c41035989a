"""Which options a source of a face does something with: any other is refused, not passed over in silence."""

from __future__ import annotations

from insightsim.errors import SettingsError
from streaming.settings import NONE, Wanted

CAMERAS = ("camera", "rtsp", "rtsps", "browser")
LIVE = (*CAMERAS, "lsl")
PICTURES = (*CAMERAS, "video")


def check_options(wanted: Wanted) -> None:
    """Raise SettingsError where an option would change nothing about the face, or about a face alone.

    Those of EEG are checked where its source is made.
    """
    kind, face = wanted.face.partition(":")[0], wanted.face_shown
    if wanted.trial and wanted.eeg == NONE:
        raise _idle(f"trial {wanted.trial}", f"{face} has no trials to choose from, only a DEAP file has")
    if wanted.speed != 1.0 and kind in LIVE:
        raise _idle(f"speed {wanted.speed:g}", f"{face} is live and has its own")
    if wanted.fps and kind != "openface":
        raise _idle(f"fps {wanted.fps:g}", f"it is told of an OpenFace CSV alone, the face is {face}")
    if wanted.neutral and kind not in PICTURES:
        raise _idle(
            f"neutral {wanted.neutral}", f"a camera or a video is seen against it, the face is {face}"
        )


def _idle(option: str, why: str) -> SettingsError:
    return SettingsError(f"{option}: {why}; leave it out")
