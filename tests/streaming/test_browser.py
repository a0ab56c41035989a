"""What a page puts in and a branch takes out; the page's own side is in tests/web/test_camera.py."""

from __future__ import annotations

import asyncio

import cv2
import numpy as np
import pytest

from insightsim.errors import StreamAwaited, StreamLost
from insightsim.types import StreamState
from streaming import browser, pump
from streaming.browser import STALE, BrowserFrames, Link
from streaming.sources import LOST_AFTER
from tests.made_up import Noise, person

GREY = np.full((48, 64, 3), 128, np.uint8)
JPEG = cv2.imencode(".jpg", GREY)[1].tobytes()


class Clock:
    """The LSL clock, at a standstill unless told."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(browser, "clock", made)
    return made


@pytest.fixture
def frames() -> BrowserFrames:
    return BrowserFrames()


@pytest.fixture
def link(frames: BrowserFrames, clock: Clock) -> Link:
    """Of a page whose clock is 900 s behind; the ping took 4 ms."""
    link = frames.attach("Webcam", 30.0)
    assert link is not None
    link.ping()
    clock.now += 0.004
    link.pong(clock.now - 0.002 - 900)
    return link


def put(link: Link, clock: Clock, number: int, age: float = 0.0, jpeg: bytes = JPEG, shown: bool = False):
    """Send a picture taken so many seconds ago; why it was refused, and whether it was taken yet."""
    taken: list[int] = []
    why = link.put(jpeg, number, clock.now - 900 - age, shown, lambda: taken.append(number))
    return why, taken


def test_before_a_page_sends_its_camera_the_error_says_what_to_do(frames):
    with pytest.raises(StreamAwaited, match="open the page and press “Use this camera”"):
        frames.open(0.0)


def test_a_page_that_is_connected_and_sends_nothing_is_told_apart(frames, link, clock):
    with pytest.raises(StreamAwaited, match="waiting for the first picture of Webcam"):
        frames.open(0.0)
    clock.now += LOST_AFTER
    with pytest.raises(StreamAwaited, match="nothing comes from Webcam: keep its page in view"):
        frames.open(0.0)


def test_a_picture_comes_out_decoded_with_the_time_it_was_taken_on_the_lsl_clock(frames, link, clock):
    why, taken = put(link, clock, 1, age=0.04)
    assert (why, taken) == (None, [])
    info = frames.open()
    assert taken == [1]  # so that the page may send the next one while this one is looked at
    assert (info.name, info.sfreq, info.notes) == ("Webcam", 30.0, ("browser clock ± 4 ms",))
    (frame,) = frames.grab()
    assert frame.time == pytest.approx(clock.now - 0.04, abs=0.003)
    assert frame.image == pytest.approx(GREY, abs=3)
    assert frames.lag(frame.time) == pytest.approx(0.04, abs=0.003)
    assert frames.grab() == []


def test_that_pictures_are_stamped_when_shown_is_noted(frames, link, clock):
    put(link, clock, 1, shown=True)
    assert "pictures stamped when shown, not when taken" in frames.open().notes


def test_the_newest_picture_wins_and_those_passed_over_are_counted_here_and_in_the_page(frames, link, clock):
    put(link, clock, 1)
    frames.open()
    frames.grab()
    _, first = put(link, clock, 4, age=-0.001)  # two were passed over in the page
    _, second = put(link, clock, 5, age=-0.002)
    (frame,) = frames.grab()
    assert frame.time == pytest.approx(clock.now + 0.002, abs=0.003)
    assert (first, second) == ([], [5])
    assert frames.skipped == 3


def test_skipped_pictures_are_counted_anew_when_it_is_opened_anew(frames, link, clock):
    put(link, clock, 9)
    frames.open()
    frames.grab()
    assert frames.skipped == 0
    put(link, clock, 12, age=-0.001)
    frames.grab()
    assert frames.skipped == 2
    frames.close()
    put(link, clock, 13, age=-0.002)
    frames.open()
    frames.grab()
    assert frames.skipped == 0


@pytest.mark.parametrize(
    ("age", "why"),
    [
        (STALE + 0.1, "2.1 s old"),
        (-0.1, "ahead of time"),
        (0.0, "no later"),
        (0.001, "no later"),
        (1e9, "old"),
    ],
)
def test_a_picture_from_another_time_is_refused_in_words(frames, link, clock, age, why):
    put(link, clock, 1)
    refused, taken = put(link, clock, 2, age=age)
    assert why in refused
    assert taken == []
    frames.open()
    assert len(frames.grab()) == 1
    assert frames.grab() == []


def test_a_picture_that_waited_too_long_for_the_branch_is_passed_by_and_the_page_hears_it(
    frames, link, clock
):
    _, old = put(link, clock, 1)
    clock.now += STALE + 0.1
    with pytest.raises(StreamAwaited):
        frames.open(0.0)
    assert old == [1]


def test_a_second_page_is_kept_out_until_the_first_has_left(frames, link):
    assert frames.attach("Other", 30.0) is None
    link.close("the camera was stopped")
    assert frames.attach("Other", 30.0) is not None


def test_a_page_that_leaves_is_a_loss_at_once_with_the_reason_and_another_one_is_taken_up(
    frames, link, clock
):
    put(link, clock, 1)
    frames.open()
    frames.grab()
    link.close("the camera was stopped in the browser")
    with pytest.raises(StreamLost, match="stopped in the browser; to go on, open the page"):
        frames.grab()
    frames.close()
    clock.now += 5
    again = frames.attach("Other", 0.0)
    again.ping()
    again.pong(clock.now - 900)
    put(again, clock, 1)
    assert frames.open().name == "Other"
    assert len(frames.grab()) == 1


def test_a_page_that_falls_silent_is_a_loss_within_the_promised_time(frames, link, clock):
    put(link, clock, 1)
    frames.open()
    frames.grab()
    clock.now += LOST_AFTER - 0.01
    assert frames.grab() == []
    clock.now += 0.02
    with pytest.raises(StreamLost, match="nothing comes from Webcam: keep its page in view"):
        frames.grab()


def test_pictures_that_are_all_refused_are_a_loss_that_says_why(frames, link, clock):
    clock.now += LOST_AFTER + 0.1
    put(link, clock, 1, age=3.1)
    with pytest.raises(StreamAwaited, match=r"no picture of Webcam can be used: the last was 3\.1 s old"):
        frames.open(0.0)
    put(link, clock, 2)
    frames.open()
    frames.grab()
    for number in range(3, 6):
        clock.now += LOST_AFTER / 2
        put(link, clock, number, age=-5.0)
    with pytest.raises(StreamLost, match=r"the last was stamped 5\.000 s ahead of time"):
        frames.grab()
    link.close("the camera was stopped")
    other = frames.attach("Other", 30.0)
    clock.now += LOST_AFTER + 0.1
    assert other is not None
    with pytest.raises(StreamAwaited, match="nothing comes from Other"):
        frames.open(0.0)


def test_one_damaged_picture_is_no_harm_but_nothing_else_for_long_is_a_loss(frames, link, clock):
    put(link, clock, 1)
    frames.open()
    frames.grab()
    put(link, clock, 2, age=-0.001, jpeg=JPEG[:200])
    assert frames.grab() == []
    put(link, clock, 3, age=-0.002)
    assert len(frames.grab()) == 1
    clock.now += LOST_AFTER + 0.1
    put(link, clock, 4, jpeg=JPEG[:200])
    with pytest.raises(StreamLost, match="a picture of 200 bytes cannot be decoded"):
        frames.grab()


def test_what_a_page_says_of_its_camera_is_kept_short_and_printable(frames):
    link = frames.attach("Cam\n\x1b[31m" + "x" * 500, float("nan"))
    assert link.camera.startswith("Cam[31mxxx")
    assert len(link.camera) == 80
    assert link.rate == 0.0
    link.close("")
    assert frames.attach("", -1).camera == "a camera without a name"


def test_a_stream_that_awaits_somebody_is_connecting_with_what_to_do_until_they_have_done_it(monkeypatch):
    """However long that takes, also where anything else would have been given up."""
    monkeypatch.setattr(pump, "OPEN_WITHIN", 0.0)

    class Awaited(Noise):
        left = 3

        def open(self, within=0.0):
            self.left -= 1
            if self.left >= 0:
                raise StreamAwaited("press the button")
            return super().open(within)

    someone = person(Awaited(6))
    said: list[tuple[str, str | None]] = []

    async def scenario() -> None:
        async def read() -> None:
            async for item in someone.feed.subscribe():
                if isinstance(item, StreamState):
                    said.append((item.status, item.reason))

        reading = asyncio.create_task(read())
        await asyncio.sleep(0)
        await asyncio.wait_for(someone.run(), 20)
        await reading

    asyncio.run(scenario())
    assert said[:3] == [("connecting", None), ("connecting", "press the button"), ("connecting", None)]
    assert said[-1][0] == "ended"
