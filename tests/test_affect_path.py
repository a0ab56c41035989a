"""The network that looks at the face itself, from a real video to an estimate, as a monitor runs it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest

from insightsim import affectnet, folders, models
from insightsim.affect import Glances
from insightsim.aus import COLUMNS
from insightsim.crop import crop
from insightsim.errors import ModelError
from insightsim.types import Estimate, Signal, StreamState, join
from streaming import settings
from streaming.face_source import AFFECT, FaceSource
from streaming.landmarks import Landmarker
from streaming.pipeline import build
from streaming.video import Video
from tests import networks

SUCCESS = COLUMNS.index("success")


@pytest.fixture
def fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, bundle: Path) -> Path:
    """A small network of that name where fetched files are kept; the landmark model beside."""
    monkeypatch.setenv(folders.FOLDER, str(tmp_path))
    (tmp_path / "face_landmarker.task").symlink_to(bundle)
    return networks.saved(tmp_path)


def rows(source: FaceSource) -> Signal:
    """All that a source gives."""
    source.open()
    chunks = []
    while (chunk := source.pull()) is not None:
        chunks.append(chunk)
    source.close()
    return join(chunks)


def watched(video: Path, **wanted: object) -> list[StreamState | Estimate]:
    """What the feed of a monitor says that watches a video with the network, from start to end, flat out."""
    table = settings.Wanted(
        eeg=settings.NONE, face=f"video:{video}", face_model_vadl=affectnet.NAME, speed=0.0, **wanted
    )  # type: ignore[arg-type]

    async def scenario() -> list[StreamState | Estimate]:
        session = build(settings.Settings(table))
        running = asyncio.create_task(session.run())
        said = [item async for item in session.participants["p1"].subscribe(every=True)]
        await asyncio.wait({running})
        return said

    return asyncio.run(asyncio.wait_for(scenario(), 240))


def test_each_row_of_a_real_video_has_what_the_network_said_of_the_face_last(
    shared: Path, fetched: Path, bundle: Path
) -> None:
    clip = shared / "data" / "face" / "face_noface.mov"
    network = models.load(fetched)
    assert isinstance(network, models.Network)
    signal = rows(FaceSource(Video(clip, None), lambda: bundle, glances=lambda: Glances(network)))
    assert signal.ch_names[AFFECT:] == ("affect_valence", "affect_arousal")
    said, there = signal.data[:, AFFECT:], signal.data[:, SUCCESS] == 1
    assert 60 < there.sum() < len(signal) - 60, "the clip has a face in the first of its frames alone"
    assert np.isfinite(said[there]).all()
    assert np.isnan(said[~there]).all()
    steps = np.floor(signal.times / 0.25)[there]
    news = np.abs(np.diff(said[there], axis=0)).max(axis=1) > 0
    assert news.sum() > 3
    assert (np.diff(steps)[news] > 0).all(), "it looked more often than once a step"
    video, landmarker = Video(clip, None), Landmarker(bundle)
    video.open()
    (frame,) = video.grab() or ()
    face, _ = landmarker(frame)
    landmarker.close()
    video.close()
    assert face is not None
    np.testing.assert_allclose(said[0], networks.expected(crop(frame.image, face, 224)), atol=1e-4)


def test_a_monitor_shows_what_it_says_beside_but_gives_it_no_say_unasked(shared: Path, fetched: Path) -> None:
    said = watched(shared / "data" / "face" / "WolfgangLanger_Pexels.mp4")
    assert any(isinstance(item, StreamState) and item.model == affectnet.NAME for item in said)
    estimates = [item for item in said if isinstance(item, Estimate)]
    shares = [share for item in estimates for share in item.shares if share.vadl is not None]
    assert shares, "nothing is shown beside"
    for share in shares:
        assert share.vadl is not None
        assert np.isfinite(share.vadl[:2]).all()
        assert np.isnan(share.vadl[2:]).all()
        assert share.model == affectnet.NAME
        assert not any(share.weight)
    assert not any(item.vadl for item in estimates)
    assert any("--weight" in (item.reason or "") for item in estimates)


def test_with_a_weight_it_speaks_of_valence_and_arousal_alone(shared: Path, fetched: Path) -> None:
    said = watched(shared / "data" / "face" / "WolfgangLanger_Pexels.mp4", weight=("face-affectnet=1",))
    judged = [item for item in said if isinstance(item, Estimate) and item.vadl]
    assert len(judged) > 3
    for estimate in judged:
        assert estimate.vadl is not None
        assert all(0 < value < 1 for value in estimate.vadl[:2])
        assert np.isnan(estimate.vadl[2:]).all()


def test_without_the_network_that_is_asked_for_the_face_fails_with_how_to_get_it(
    shared: Path, fetched: Path
) -> None:
    fetched.unlink()
    said = watched(shared / "data" / "face" / "WolfgangLanger_Pexels.mp4")
    failed = [item for item in said if isinstance(item, StreamState) and item.status == "failed"]
    assert "insightsim models fetch face-affectnet" in (failed[0].reason or "")


def test_what_has_no_pictures_is_refused_with_what_would_have(shared: Path, fetched: Path) -> None:
    path = next((shared / "data" / "openface").glob("demo_full*.csv"))
    table = settings.Wanted(eeg=settings.NONE, face=f"openface:{path}", face_model_vadl=affectnet.NAME)
    (someone,) = build(settings.Settings(table)).people
    with pytest.raises(ModelError, match="does not give; it looks at the face itself, through a camera"):
        someone.branches[0].open()
    someone.branches[0].close()
