"""The floor of `bench face`: MediaPipe's FaceLandmarker and nothing else.

Run as python -m tools.bench.bare_face VIDEO BUNDLE: detects in every picture of the file and prints how many
there were.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from insightsim.types import Frame


class Bare:
    """One FaceLandmarker as its documentation makes one, with what we ask of it and no conversion."""

    def __init__(self, bundle: Path) -> None:
        import mediapipe
        from mediapipe.tasks.python.core.base_options import BaseOptions
        from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions, RunningMode

        options = FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(bundle)),
            running_mode=RunningMode.VIDEO,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        self._landmarker = FaceLandmarker.create_from_options(options)
        self._image, self._format = mediapipe.Image, mediapipe.ImageFormat.SRGB

    def __call__(self, frame: Frame) -> Any:
        """What it finds in a picture."""
        image = self._image(image_format=self._format, data=frame.image)
        return self._landmarker.detect_for_video(image, round(1000 * frame.time))

    def close(self) -> None:
        """Let go of the model."""
        self._landmarker.close()


def main(video: str, bundle: str) -> None:
    """Decode and detect, one picture after another."""
    import cv2
    import numpy as np

    bare, capture, n_frames = Bare(Path(bundle)), cv2.VideoCapture(video), 0
    while True:
        there, image = capture.read()
        if not there:
            break
        bare(Frame(np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8), n_frames / 25))
        n_frames += 1
    bare.close()
    sys.stdout.write(str(n_frames))


if __name__ == "__main__":
    main(*sys.argv[1:])
