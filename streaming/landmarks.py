"""From a picture to the landmarks of the face that is followed, by MediaPipe's FaceLandmarker."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from insightsim.types import Frame, Landmarks

FACES_AT_MOST = 4


class Landmarker:
    """One face of each picture, the same person's from picture to picture."""

    def __init__(self, bundle: Path) -> None:
        from mediapipe.tasks.python.core.base_options import BaseOptions
        from mediapipe.tasks.python.vision import FaceLandmarker, FaceLandmarkerOptions, RunningMode

        options = FaceLandmarkerOptions(
            base_options=BaseOptions(model_asset_path=str(bundle)),
            running_mode=RunningMode.VIDEO,
            num_faces=FACES_AT_MOST,
            output_face_blendshapes=True,
            output_facial_transformation_matrixes=True,
        )
        self._landmarker = FaceLandmarker.create_from_options(options)
        self._stamp = 0

    def __call__(self, frame: Frame) -> tuple[Landmarks | None, int]:
        """The face that is followed, None where it is not there; and how many faces there are."""
        import mediapipe

        # Strictly increasing, or it raises.
        self._stamp = max(self._stamp + 1, round(1000 * frame.time))
        image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=frame.image)
        result = self._landmarker.detect_for_video(image, self._stamp)
        height, width = frame.image.shape[:2]
        faces = [
            Landmarks(
                np.array([(p.x * width, p.y * height, p.z * width) for p in points], np.float32),
                np.array([shape.score for shape in shapes], np.float32),
                np.asarray(matrix, float),
            )
            for points, shapes, matrix in zip(
                result.face_landmarks,
                result.face_blendshapes,
                result.facial_transformation_matrixes,
                strict=True,
            )
        ]
        return max(
            faces, key=lambda face: float(np.prod(np.ptp(face.points[:, :2], axis=0))), default=None
        ), len(faces)

    def close(self) -> None:
        """Let go of the model; may be called twice."""
        self._landmarker.close()
