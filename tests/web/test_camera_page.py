"""The page's camera in a real browser that plays a real face to it, on the real server."""

from __future__ import annotations

import asyncio
import queue
import re
import threading
import time

import cv2
import numpy as np
import pytest
from playwright.sync_api import expect, sync_playwright

from insightsim.aus import COLUMNS, FACES, LANDMARKS
from insightsim.errors import StreamError
from streaming.browser import WHAT_TO_DO, BrowserFrames
from streaming.lsl import clock
from streaming.pipeline import build
from streaming.settings import Settings, Wanted
from tests.conftest import CHROMIUM_FLAGS
from tools import doctor

ALLOWED = {"permissions": ["camera"]}
REFUSE = """name => {
    navigator.mediaDevices.getUserMedia = async () => { throw new DOMException("", name); };
}"""
UNPLUG = (
    """() => document.querySelector("#mirror").srcObject.getTracks()[0].dispatchEvent(new Event("ended"))"""
)
LIGHTS = """() => window.tracks.map(({ readyState }) => readyState)"""
KEEP_TRACKS = """() => {
    window.tracks = [];
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
        const stream = await ask(wanted);
        window.tracks.push(...stream.getTracks());
        return stream;
    };
}"""
"""Every track the page ever had: one that is "ended" has its camera's light off."""


@pytest.fixture(scope="module")
def clip(shared, tmp_path_factory):
    """Ten seconds of a real face as Chromium's made-up camera reads them: JPEGs, one behind the other."""
    path = tmp_path_factory.mktemp("camera") / "face.mjpeg"
    video = cv2.VideoCapture(str(shared / "data" / "face" / "WolfgangLanger_Pexels.mp4"))
    with path.open("wb") as file:
        for _ in range(300):
            file.write(cv2.imencode(".jpg", video.read()[1])[1].tobytes())
    video.release()
    return path


@pytest.fixture(scope="module")
def browser(clip):
    check = doctor.chromium()
    if not check.ok:
        pytest.skip(f"the browser's camera is NOT tested: no Chromium; {check.advice}")
    fake = ["--use-fake-device-for-media-stream", f"--use-file-for-fake-video-capture={clip}"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=check.found, args=[*CHROMIUM_FLAGS, *fake])
        yield browser
        browser.close()


@pytest.fixture
def frames(server, state):
    """Of a participant whose face is to come from a browser."""
    made = server.session.cameras["p1"] = BrowserFrames()
    server.announce(state("connecting", stream="face", source="browser", name="", reason=WHAT_TO_DO))
    return made


@pytest.fixture
def looked_at(frames):
    """The frames, as a thread takes them that stands in for the branch."""
    taken: queue.Queue = queue.Queue()
    stop = threading.Event()

    def look():
        while not stop.is_set():
            try:
                taken.put(frames.open(0.1))
                while not stop.is_set():
                    for frame in frames.grab():
                        taken.put(frame)
            except StreamError as error:
                taken.put(error)

    thread = threading.Thread(target=look)
    thread.start()
    yield taken
    stop.set()
    thread.join()


def next_of(items, is_it):
    """The next item of which that is so; those before it are dropped."""
    while not is_it(item := items.get(timeout=20)):
        pass
    return item


def camera(page, name):
    expect(page.locator("#camera")).to_have_attribute("data-camera", name)


def use(page):
    page.get_by_role("button", name="Use this camera").click()
    camera(page, "sending")


def test_the_camera_is_offered_only_where_a_browser_is_to_watch_the_face(server, opened, state):
    page = opened(server)
    server.announce(state("live", stream="face", source="camera:0"))
    expect(page.locator('[data-stream="face"]')).to_have_attribute("data-status", "live")
    expect(page.locator("#camera")).to_be_hidden()
    server.announce(state("connecting", stream="face", source="browser", reason=WHAT_TO_DO))
    expect(page.get_by_role("button", name="Use this camera")).to_be_visible()
    expect(page.locator("#camera")).to_contain_text("none is stored, none is sent anywhere else")


def test_pictures_arrive_in_order_with_the_time_they_were_taken(server, opened, looked_at):
    page = opened(server, **ALLOWED)
    use(page)
    expect(page.locator("#mirror")).to_be_visible()
    info = next_of(looked_at, lambda item: hasattr(item, "notes"))
    assert re.fullmatch(r"browser clock ± \d+ ms", info.notes[0])
    assert len(info.notes) == 1  # Chromium tells when a picture was taken
    taken = [next_of(looked_at, lambda item: hasattr(item, "image")) for _ in range(40)]
    times = [frame.time for frame in taken]
    assert times == sorted(set(times))
    assert all(frame.image.shape == (360, 640, 3) for frame in taken)
    assert len({frame.image.tobytes() for frame in taken}) > 20
    assert min(frame.image.mean() for frame in taken) > 10


def test_the_pages_clock_is_mapped_to_ours_within_the_error(server, opened, frames):
    """Both computers' calendars are the same one here, which tells the same in another way."""
    page = opened(server, **ALLOWED)
    use(page)
    theirs, calendar = page.evaluate("() => [performance.now(), performance.timeOrigin + performance.now()]")
    ours = calendar / 1000 - (time.time() - clock())
    assert frames.link is not None
    off = frames.link._sync(theirs / 1000) - ours
    assert abs(off) <= frames.link.error + 0.02  # the browser notes its calendar once, at its start


def test_the_page_says_how_far_its_clock_may_be_off(server, opened, looked_at):
    page = opened(server, **ALLOWED)
    use(page)
    expect(page.locator('[data-figure="Clock of this page"]')).to_have_text(re.compile(r"^± \d+\.\d ms$"))
    expect(page.locator('[data-figure="Pictures sent"]')).to_have_text(re.compile(r"^\d+ a second$"))


def test_stopping_switches_the_cameras_light_off_and_is_a_loss_that_can_be_mended(server, opened, looked_at):
    page = opened(server, **ALLOWED)
    page.evaluate(KEEP_TRACKS)
    for n in (1, 2):
        use(page)
        next_of(looked_at, lambda item: hasattr(item, "image"))
        page.get_by_role("button", name="Stop the camera").click()
        camera(page, "off")
        assert page.evaluate(LIGHTS) == ["ended"] * n
        expect(page.locator("#mirror")).to_be_hidden()
        lost = next_of(looked_at, lambda item: isinstance(item, StreamError))
        assert "the camera was stopped in the browser" in str(lost)


def test_a_page_that_is_closed_is_a_loss(server, opened, looked_at):
    page = opened(server, **ALLOWED)
    use(page)
    next_of(looked_at, lambda item: hasattr(item, "image"))
    page.close()
    lost = next_of(looked_at, lambda item: isinstance(item, StreamError))
    assert "the page was closed" in str(lost)


def test_a_camera_that_is_unplugged_is_said_here_and_there(server, opened, looked_at):
    page = opened(server, **ALLOWED)
    use(page)
    next_of(looked_at, lambda item: hasattr(item, "image"))
    page.evaluate(UNPLUG)
    camera(page, "unplugged")
    expect(page.locator("#camera-state")).to_contain_text("unplugged")
    lost = next_of(looked_at, lambda item: isinstance(item, StreamError))
    assert "unplugged" in str(lost)


def test_a_browser_that_does_not_let_the_page_have_the_camera_is_said_with_a_way_out(server, opened, frames):
    page = opened(server)
    page.get_by_role("button", name="Use this camera").click()
    camera(page, "denied")
    expect(page.locator("#camera-state")).to_contain_text("Allow it")
    expect(page.get_by_role("button", name="Use this camera")).to_be_enabled()
    assert frames.link is None


@pytest.mark.parametrize(
    ("name", "said", "words"),
    [
        ("NotFoundError", "none", "No camera is found"),
        ("OverconstrainedError", "none", "No camera is found"),
        ("NotReadableError", "in use", "Another program may be using it"),
        ("SomethingNew", "failed", "cannot be used"),
    ],
)
def test_why_there_is_no_camera_is_said(server, opened, frames, name, said, words):
    page = opened(server, **ALLOWED)
    page.evaluate(REFUSE, name)
    page.get_by_role("button", name="Use this camera").click()
    camera(page, said)
    expect(page.locator("#camera-state")).to_contain_text(words)
    expect(page.get_by_role("button", name="Use this camera")).to_be_enabled()


def test_pictures_that_are_all_refused_are_said_on_the_page_until_one_is_taken(
    server, opened, frames, looked_at, monkeypatch
):
    page = opened(server, **ALLOWED)
    use(page)
    next_of(looked_at, lambda item: hasattr(item, "image"))
    with monkeypatch.context() as refusing:
        refusing.setattr(frames, "put", lambda picture, passed: "3.1 s old")
        camera(page, "refused")
        expect(page.locator("#camera-state")).to_contain_text("none of its pictures")
        expect(page.locator("#camera-state")).to_contain_text("The last was 3.1 s old.")
    camera(page, "sending")


def test_a_second_page_is_told_that_another_one_sends(server, opened, looked_at):
    use(opened(server, **ALLOWED))
    second = opened(server, **ALLOWED)
    second.get_by_role("button", name="Use this camera").click()
    camera(second, "over")
    expect(second.locator("#camera-state")).to_have_text(
        "The camera is off. Another page already sends its camera for this participant."
    )


def test_a_server_that_restarts_gets_the_pictures_again(start, server, opened, looked_at, state):
    page = opened(server, **ALLOWED)
    use(page)
    next_of(looked_at, lambda item: hasattr(item, "image"))
    frames = server.session.cameras["p1"]
    server.stop()
    camera(page, "connecting")
    next_of(looked_at, lambda item: isinstance(item, StreamError))
    again = start(server.port)
    again.session.cameras["p1"] = frames
    camera(page, "sending")
    next_of(looked_at, lambda item: hasattr(item, "image"))
    again.stop()


def test_the_camera_goes_off_with_the_session(server, opened, looked_at):
    page = opened(server, **ALLOWED)
    page.evaluate(KEEP_TRACKS)
    use(page)
    server.close()
    camera(page, "over")
    expect(page.locator("#camera-state")).to_have_text("The camera is off. The session is over.")
    assert page.evaluate(LIGHTS) == ["ended"]


def test_a_camera_that_is_used_can_be_worked_without_a_mouse_and_is_announced(server, opened, looked_at):
    page = opened(server, **ALLOWED)
    page.locator("#use-camera").focus()
    page.keyboard.press("Enter")
    camera(page, "sending")
    expect(page.get_by_role("status").filter(has_text="The camera is on")).to_be_visible()
    expect(page.get_by_label("What your camera sees, as in a mirror")).to_be_visible()
    expect(page.locator("#use-camera")).to_have_accessible_description(re.compile("none is stored"))
    page.keyboard.press("Enter")
    camera(page, "off")


@pytest.fixture
def watched(start, bundle):
    """A monitor as `--face browser` builds it: its server, and the signals that its branch pulls."""
    session = build(Settings(session=Wanted(eeg="none", face="browser", face_model=str(bundle))))
    (person,) = session.people
    (branch,) = person.branches
    signals: queue.Queue = queue.Queue()
    pull = branch.source.pull

    def pulled():
        signal = pull()
        signals.put(signal)
        return signal

    branch.source.pull = pulled
    server = start(session=session)
    over = asyncio.Event()

    async def run():
        running = asyncio.create_task(session.run())
        await over.wait()
        running.cancel()
        await asyncio.wait([running])

    running = asyncio.run_coroutine_threadsafe(run(), server.loop)
    yield server, signals
    server.loop.call_soon_threadsafe(over.set)
    running.result(20)
    server.stop()
    assert person.failures == {}


def test_a_face_before_the_browsers_camera_becomes_action_units_and_an_estimate(watched, opened):
    server, signals = watched
    page = opened(server, **ALLOWED)
    expect(page.locator("body")).to_have_attribute("data-state", "connecting")
    expect(page.locator("#detail")).to_have_text(f"no browser sends its camera yet: {WHAT_TO_DO}")
    use(page)
    rows, seen = [], 0
    while seen < 90:
        signal = signals.get(timeout=60)
        assert (signal.unit, signal.ch_names[: len(COLUMNS)]) == (LANDMARKS, COLUMNS)
        rows.append(signal.data)
        seen += len(signal)
    data, names = np.concatenate(rows), signal.ch_names
    found = data[:, names.index("success")] == 1
    assert found.mean() > 0.9
    assert np.isfinite(data[found][:, : len(COLUMNS)]).all()
    assert set(data[found][:, names.index(FACES)]) == {1.0}
    expect(page.locator("body")).to_have_attribute("data-state", "live", timeout=60_000)
    expect(page.locator('[data-dimension="valence"] .value')).to_have_text(re.compile(r"^0\.\d\d$"))
    expect(page.locator('[data-stream="face"] [data-field="Source"]')).to_have_text("browser")
    page.get_by_role("button", name="Stop the camera").click()
    expect(page.locator("body")).to_have_attribute("data-state", "lost")
    expect(page.locator("#detail")).to_contain_text("the camera was stopped in the browser")
    (person,) = server.session.people
    assert person.feed.states["face"].time - person.branches[0].newest < 2
    use(page)
    expect(page.locator("body")).to_have_attribute("data-state", "live", timeout=60_000)
