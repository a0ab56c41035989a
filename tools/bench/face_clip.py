"""A video as a camera would give it: 640 × 480 at 30 pictures a second.

Run as python -m tools.bench.face_clip VIDEO OUT SECONDS: repeats the video, on black where its shape differs.
"""

from __future__ import annotations

import sys

from streaming.camera import opencv
from tools.bench.face import FPS, HEIGHT, WIDTH
from tools.bench.face_frames import pictures


def main(video: str, out: str, seconds: float) -> None:
    """Write the clip, to and fro, so that the face never jumps."""
    cv2 = opencv()
    images = []
    for frame in pictures(video):
        height, width = frame.image.shape[:2]
        scale = min(WIDTH / width, HEIGHT / height)
        image = cv2.resize(frame.image, (round(width * scale), round(height * scale)))
        down, right = HEIGHT - image.shape[0], WIDTH - image.shape[1]
        edges = (down // 2, down - down // 2, right // 2, right - right // 2)
        images.append(cv2.cvtColor(cv2.copyMakeBorder(image, *edges, cv2.BORDER_CONSTANT), cv2.COLOR_RGB2BGR))
    images += images[-2:0:-1]
    writer = cv2.VideoWriter(out, cv2.VideoWriter.fourcc(*"MJPG"), FPS, (WIDTH, HEIGHT))
    for i in range(round(seconds * FPS)):
        writer.write(images[i % len(images)])
    writer.release()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]))
