"""A camera's WebSocket on the real server, with a client that misbehaves; test_camera_page.py has pages."""

from __future__ import annotations

import asyncio
import json
import re
import struct
import time
from collections import deque
from contextlib import ExitStack
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from insightsim.errors import StreamError, StreamLost
from streaming.browser import BrowserFrames
from web import camera
from web.camera import BURST, BUSY, HEADER, SILENT, WRONG, _Talk
from web.limits import FAILED, MAX_MESSAGE, MAX_PICTURE, OVER, TOO_LARGE, TOO_MUCH, UNKNOWN, Allowance

JPEG = cv2.imencode(".jpg", np.full((48, 64, 3), 128, np.uint8))[1].tobytes()


def padded(n_bytes: int) -> bytes:
    """A JPEG of so many bytes: what is behind its end does not count."""
    return JPEG + bytes(n_bytes - len(JPEG))


def sized(width: int, height: int) -> bytes:
    """A JPEG whose header says that it is as large."""
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack(">HH", height, width) + JPEG[at + 4 :]


class Client:
    """Speaks as the page does, but only what it is told."""

    def __init__(self, socket):
        self.socket = socket

    def now(self):
        return time.monotonic() * 1000

    def hear(self, type_):
        """The next message of that type; pings are answered."""
        while True:
            message = json.loads(self.socket.recv(timeout=5))
            if message["type"] == "ping" and type_ != "ping":
                self.pong(message["id"])
            if message["type"] == type_:
                return message

    def pong(self, number):
        self.socket.send(json.dumps({"type": "pong", "id": number, "now": self.now()}))

    def send(self, number, jpeg=JPEG, taken=None, shown=0):
        self.socket.send(HEADER.pack(self.now() if taken is None else taken, number, shown) + jpeg)

    def closed(self):
        """With which code and reason the server closes, pings answered until then."""
        with pytest.raises(ConnectionClosed) as closed:
            self.hear("closed")  # which no message is
        return closed.value.rcvd.code, closed.value.rcvd.reason


@pytest.fixture
def frames(server):
    made = server.session.cameras["p1"] = BrowserFrames()
    return made


@pytest.fixture
def join(server, frames):
    """Connect; as `ready`, after the clocks were compared."""
    with ExitStack() as stack:

        def join(query="", ready=True):
            client = Client(stack.enter_context(camera_socket(server, query)))
            if ready:
                client.hear("clock")
            return client

        yield join


def camera_socket(server, query="", origin="http://{host}"):
    return connect(f"ws://{server.host}/camera/p1{query}", origin=origin.format(host=server.host))


def lost(frames):
    """Why, once it is."""
    with pytest.raises(StreamLost) as why:
        deque(iter(frames.grab, None))
    return str(why.value)


def opened(frames, within=5.0):
    """The source, once a picture is there."""
    deadline = time.monotonic() + within
    while True:
        try:
            return frames.open(0.1)
        except StreamError:
            assert time.monotonic() < deadline


def test_clocks_are_compared_before_pictures_come_and_the_error_is_said(join):
    client = join(ready=False)
    for number in range(1, BURST + 1):
        ping = json.loads(client.socket.recv(timeout=5))
        assert ping == {"type": "ping", "id": number}
        client.pong(number)
    error = client.hear("clock")["error_ms"]
    assert 1.0 <= error < 1000  # no less than browsers round their clock


def test_a_picture_is_taken_with_its_time_on_the_lsl_clock_and_the_page_hears_it(frames, join):
    client = join("?camera=Webcam&rate=30")
    client.send(1)
    info = opened(frames)
    assert client.hear("taken")["number"] == 1
    assert (info.name, info.sfreq) == ("Webcam", 30.0)
    assert info.notes[0].startswith("browser clock ± ")
    (frame,) = frames.grab()
    assert frame.image.shape == (48, 64, 3)
    assert 0 <= frames.lag(frame.time) + 0.005 < 5


def test_two_pictures_may_be_on_the_way_and_the_third_ends_it(frames, join):
    client = join()
    for number in (1, 2, 3):
        client.send(number)
    assert client.closed() == (TOO_MUCH, "more than 2 pictures are on the way: wait until one is taken")


def test_whoever_waits_until_one_is_taken_may_go_on(frames, join):
    client = join()
    client.send(1)
    opened(frames)
    frames.grab()
    assert client.hear("taken")["number"] == 1
    for number in range(2, 12):
        client.send(number)
        while not frames.grab():
            pass
        assert client.hear("taken")["number"] == number


def test_what_a_newer_picture_took_the_place_of_is_no_longer_on_the_way_either(frames, join):
    client = join()
    client.send(1)
    client.send(2)
    client.pong(client.hear("ping")["id"])
    client.hear("clock")  # now the server has both
    opened(frames)
    frames.grab()
    assert client.hear("taken")["number"] == 2
    client.send(3)
    client.send(4)
    client.pong(client.hear("ping")["id"])  # neither was one too many
    client.hear("clock")


def test_a_picture_from_another_time_is_refused_and_no_longer_on_the_way(frames, join):
    client = join()
    client.send(1)
    for number in range(2, 7):
        client.send(number, taken=client.now() - 60_000)
        refused = client.hear("refused")
        assert (refused["number"], refused["reason"]) == (number, "60.0 s old")


@pytest.mark.parametrize(
    ("jpeg", "code", "why"),
    [
        (padded(MAX_PICTURE + 1), TOO_LARGE, f"a picture has more than {MAX_PICTURE} bytes"),
        (sized(65535, 65535), TOO_LARGE, "a picture of 65535 × 65535 is too large"),
        (b"\x89PNG\r\n\x1a\n", WRONG, "no JPEG"),
        (b"", WRONG, "no JPEG"),
        (JPEG[:4], WRONG, "does not say how large"),
    ],
)
def test_what_is_no_picture_of_allowed_size_ends_it_with_a_reason(join, jpeg, code, why):
    client = join()
    client.send(1, jpeg)
    closed, reason = client.closed()
    assert closed == code
    assert why in reason


def test_a_picture_as_large_as_allowed_is_taken(frames, join):
    client = join()
    client.send(1, padded(MAX_PICTURE))
    opened(frames)
    assert client.hear("taken")["number"] == 1


def test_a_message_larger_than_anything_the_server_reads_is_cut_off(join):
    client = join()
    client.send(1, padded(2 * MAX_PICTURE))
    code, reason = client.closed()
    assert code == TOO_LARGE
    assert "a picture has" not in reason  # nobody took it in to look at it


@pytest.mark.parametrize(
    "headers", [[(5.0, 2, 0), (9.0, 2, 0)], [(5.0, 0, 0)], [(float("nan"), 1, 0)], [(5.0, 1, 2)]]
)
def test_numbers_that_do_not_rise_and_times_that_are_none_end_it(join, headers):
    client = join()
    for header in headers:
        client.socket.send(HEADER.pack(*header) + JPEG)
    code, reason = client.closed()
    assert code == WRONG
    assert "cannot follow" in reason


@pytest.mark.parametrize(
    "message",
    [
        "",
        "hello",
        "[]",
        "[" * 900,
        '{"type": "pong"}',
        '{"type": "pong", "id": 99, "now": 1}',
        '{"type": "pong", "id": 1, "now": "soon"}',
        '{"type": "pong", "id": 1, "now": NaN}',
        '{"type": "pong", "id": 1, "now": [1]}',
        b"",
        b"short",
    ],
)
def test_anything_but_the_answer_to_the_last_ping_ends_it(join, message):
    client = join(ready=False)
    client.hear("ping")
    client.socket.send(message)
    assert client.closed()[0] == WRONG


def test_a_ping_is_answered_once(join):
    client = join(ready=False)
    for number in range(1, BURST + 1):
        assert client.hear("ping")["id"] == number
        client.pong(number)
    client.pong(BURST)  # the next one is a second away
    assert client.closed()[0] == WRONG


def test_a_long_text_ends_it(join):
    client = join(ready=False)
    client.socket.send('"' + "x" * 1000)
    assert client.closed()[0] == TOO_LARGE


def test_a_picture_before_the_clocks_were_compared_ends_it(join):
    client = join(ready=False)
    client.send(1)
    assert client.closed() == (WRONG, "a picture came before the clocks were compared")


def test_a_page_that_answers_no_ping_makes_room(monkeypatch, join):
    monkeypatch.setattr(camera, "PONG_WITHIN", 0.05)
    client = join(ready=False)
    with pytest.raises(ConnectionClosed) as closed:
        deque(client.socket)  # and no pong
    assert closed.value.rcvd.code == SILENT
    monkeypatch.undo()
    join()


def test_a_second_page_is_told_that_another_sends_and_gets_its_turn_when_that_has_left(frames, join):
    first = join()
    assert join(ready=False).closed() == (BUSY, "Another page already sends its camera for this participant.")
    first.send(1)
    opened(frames)
    assert first.hear("taken")["number"] == 1
    first.socket.close()
    assert "the camera was stopped in the browser" in lost(frames)
    join().send(1)
    opened(frames)


@pytest.mark.parametrize(
    ("code", "why"), [(4001, "unplugged"), (1001, "the page was closed"), (1000, "stopped")]
)
def test_how_the_page_left_is_the_reason_of_the_loss(frames, join, code, why):
    client = join()
    client.send(1)
    opened(frames)
    client.socket.close(code)
    assert why in lost(frames)


def test_who_is_not_watched_by_a_browser_is_said(server):
    with camera_socket(server) as socket:
        code, reason = Client(socket).closed()
    assert code == UNKNOWN
    assert "--face browser" in reason


def test_an_analysis_that_fails_is_said_so_that_the_camera_goes_off(server, join, state):
    client = join()
    server.announce(state("failed", stream="face", source="browser", reason="the model file is gone"))
    assert client.closed() == (FAILED, "the model file is gone")


def test_the_end_of_the_session_reaches_the_page(server, join):
    client = join()
    server.close()
    assert client.closed() == (OVER, "The session is over.")


def test_a_server_that_stops_is_not_held_up_by_a_camera(server, join):
    client = join()
    server.stop()
    assert client.closed()[0] == 1012


@pytest.mark.parametrize(
    "origin", ["http://evil.com", "null", "http://127.0.0.1", "https://{host}", "http://{host}/"]
)
def test_a_page_from_elsewhere_cannot_send_its_camera(server, frames, origin):
    with pytest.raises(InvalidStatus, match="403"):
        camera_socket(server, origin=origin).__enter__()
    assert frames.link is None


def test_a_program_without_an_origin_cannot_send_a_camera_but_may_read(server, frames):
    with pytest.raises(InvalidStatus, match="403") as refused:
        connect(f"ws://{server.host}/camera/p1").__enter__()
    assert "own pages may send" in refused.value.response.body.decode()
    with connect(f"ws://{server.host}/live/p1") as page:
        assert page.recv(timeout=5)


def test_the_feeds_limit_is_not_raised_by_that_of_pictures(server):
    for message in ("x" * (MAX_MESSAGE + 1), b"x" * (MAX_MESSAGE + 1), "é" * (MAX_MESSAGE // 2 + 1)):
        with connect(f"ws://{server.host}/live/p1") as page:
            page.recv(timeout=5)
            page.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                page.recv(timeout=5)
        assert closed.value.rcvd.code == TOO_LARGE
        assert "65536 are allowed" in closed.value.rcvd.reason


def test_a_page_that_keeps_talking_to_the_feed_is_cut_off(server):
    with connect(f"ws://{server.host}/live/p1") as page:
        page.recv(timeout=5)
        for _ in range(100):
            page.send("x")
        with pytest.raises(ConnectionClosed) as closed:
            page.recv(timeout=5)
    assert closed.value.rcvd.code == TOO_MUCH


@given(st.lists(st.floats(0, 30), max_size=200), st.integers(1, 20), st.floats(0.1, 20))
def test_an_allowance_is_never_exceeded_in_any_stretch(pauses, at_once, per_second):
    allow, now, passed = Allowance(at_once, per_second), 100.0, []
    for pause in pauses:
        now += pause
        if allow(now):
            passed.append(now)
    for i, first in enumerate(passed):
        for j in range(i, len(passed)):
            assert j - i + 1 <= at_once + (passed[j] - first) * per_second + 1e-6


HEADERS = st.builds(HEADER.pack, st.floats(), st.integers(0, 9), st.integers(0, 9))


@given(st.binary(max_size=64), HEADERS, st.binary(max_size=64).map(lambda rest: b"\xff\xd8\xff" + rest))
def test_any_bytes_are_a_picture_or_end_it_with_a_reason(data, header, jpeg):
    async def unfit(data):
        talk = _Talk(None, None)
        talk.ready = True
        return talk.unfit(data)

    for message in (data, header + data, header + jpeg):
        ending = asyncio.run(unfit(message))
        assert ending is None or (ending.code in (WRONG, TOO_LARGE) and ending.why)


def test_every_code_is_in_the_documentation():
    page = (Path(__file__).parents[2] / "docs" / "browser-camera.md").read_text(encoding="utf-8")
    codes = {int(code) for code in re.findall(r"^\| (\d{4}) \|", page, re.MULTILINE)}
    assert codes == {TOO_LARGE, OVER, WRONG, UNKNOWN, SILENT, BUSY, TOO_MUCH, FAILED}
