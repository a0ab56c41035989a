"""A monitor's start and stop."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from insightsim.types import Signal, StreamState
from streaming.feed import Feed
from streaming.pipeline import Session
from streaming.sources import SourceInfo
from tests.made_up import Noise, person
from tools import session as sessions
from web.app import OVER, create_app
from web.guard import loopback_hosts
from web.server import HOST, bind, serve

ROOT = Path(__file__).parents[2]


class Named(Noise):
    """A source that tells which stream it is."""

    def open(self, within: float = 0.0) -> SourceInfo:
        return replace(super().open(within), ident="one")


def failing() -> Session:
    """Live for a while, then a bug."""

    def bug(at: int) -> Signal | None:
        if at == 40:
            raise ZeroDivisionError("a bug")
        return None

    return Session([person(Noise(1000, bug, delay=0.005))])


@pytest.mark.parametrize("as_json", [True, False])
def test_what_ends_a_session_is_raised_in_the_end_even_when_the_page_stays_up(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(sessions._run(failing(), asyncio.sleep(60), 3.0, as_json))
    assert raised.group_contains(ZeroDivisionError, match="a bug")
    if not as_json:
        assert "insightsim: a bug; the page stays" in capsys.readouterr().err


def test_one_who_is_over_and_one_who_fails_leave_the_others_running_and_are_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    session = Session(
        [person(Noise(3), "anna"), *failing().people, person(Noise(20, delay=0.01), "zoe")],
    )
    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(sessions._run(session, asyncio.sleep(60), 5.0, as_json=False))
    assert raised.group_contains(ZeroDivisionError, match="a bug")
    said = capsys.readouterr()
    order = ["anna eeg: ended", "p1 eeg: failed", "zoe eeg: ended"]
    lines = [line for line in said.out.splitlines() if line.startswith(tuple(order))]
    assert [line.startswith(begun) for line, begun in zip(lines, order, strict=True)] == [True] * 3
    assert "a bug" in lines[1]


class Unplugged(Noise):
    """A source whose electrodes hang in the air from 10 s to 25 s."""

    def pull(self) -> Signal | None:
        chunk = super().pull()
        return replace(chunk, data=0 * chunk.data) if chunk and 40 <= self.at < 100 else chunk


def test_a_terminal_says_when_estimates_stay_away_and_when_they_are_back(
    capsys: pytest.CaptureFixture[str],
) -> None:
    source = Unplugged(40, delay=0.01)
    asyncio.run(sessions._run(Session([person(source)]), asyncio.sleep(60), 3.0, as_json=False))
    said = [line for line in capsys.readouterr().out.splitlines() if line.startswith("p1: ")]
    assert said == ["p1: no estimate: 4 of 4 channels flat (Fp1, F3, Fp2, …)", "p1: estimates again"]


def test_the_very_same_stream_of_two_is_said(capsys: pytest.CaptureFixture[str]) -> None:
    session = Session([person(Noise(4, delay=0.01), name) for name in ("anna", "ben")])
    for someone in session.people:
        someone.branches[0].source = Named(4, delay=0.01)
    asyncio.run(sessions._run(session, asyncio.sleep(60), 1.0, as_json=False))
    lines = capsys.readouterr().out.splitlines()
    assert any(line.startswith("anna eeg: live") and "very same stream as ben" in line for line in lines)


def test_at_ctrl_c_every_page_hears_that_the_session_is_over_before_the_server_goes() -> None:
    async def closing_code(page: ClientConnection) -> int | None:
        with suppress(ConnectionClosed):
            while True:
                await page.recv()
        return page.close_code

    async def scenario() -> list[int | None]:
        # One is just being pulled for long, the other is not.
        session = Session([person(Noise(1000, delay=0.6), "anna"), person(Noise(1000, delay=0.01), "ben")])
        with bind(HOST, 0) as sock:
            port = sock.getsockname()[1]
            serving = serve(create_app(session, loopback_hosts(port)), sock)
            running = asyncio.create_task(sessions._run(session, serving, None, as_json=False))
            pages = [await connect(f"ws://{HOST}:{port}/live/{name}") for name in ("anna", "ben") * 3]
            for page in pages:
                await page.recv()
            running.cancel()  # as asyncio.run does at Ctrl-C
            codes = await asyncio.gather(*map(closing_code, pages))
            with suppress(asyncio.CancelledError):
                await running
        return codes

    assert asyncio.run(scenario()) == [OVER] * 6


def test_a_server_that_fails_ends_the_session() -> None:
    async def broken() -> None:
        raise OSError("no socket")

    with pytest.raises(OSError, match="no socket"):
        asyncio.run(sessions._run(Session([person(Noise(1000, delay=0.01))]), broken(), 10.0, True))


@pytest.mark.skipif(sys.platform != "linux", reason="the size of a pipe can be set on Linux alone")
def test_a_reader_of_stdout_that_stalls_holds_nothing_up() -> None:
    import fcntl

    command = [sys.executable, "-m", "tools.cli", "monitor", "--eeg", "synthetic", "--json", "--no-browser"]
    command += ["--port", "0", "--seconds", "15"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as monitor:
        assert monitor.stdout is not None
        fcntl.fcntl(monitor.stdout, fcntl.F_SETPIPE_SZ, 4096)  # a few lines fill it
        code = monitor.wait(60)  # it stops by itself although nobody reads a line
        assert monitor.stderr is not None
        assert code == 0, monitor.stderr.read().decode()
        lines = monitor.stdout.read().splitlines()
    assert 1 <= len(lines) < 20


def test_a_reader_of_stdout_that_leaves_ends_the_session_in_peace() -> None:
    command = [sys.executable, "-m", "tools.cli", "monitor", "--eeg", "synthetic", "--json", "--no-browser"]
    with subprocess.Popen([*command, "--port", "0"], cwd=ROOT, stdout=-1, stderr=-1) as monitor:
        assert monitor.stdout is not None
        monitor.stdout.readline()
        monitor.stdout.close()
        assert monitor.wait(60) == 0
        assert monitor.stderr is not None
        assert b"Traceback" not in monitor.stderr.read()


@pytest.mark.parametrize(
    ("source", "name", "opens"),
    [("browser", "", True), ("lsl:type=EEG", "Muse", True), ("lsl:type=EEG", "", False)],
)
def test_the_page_opens_once_a_source_is_found_or_waits_for_the_page_itself(
    monkeypatch: pytest.MonkeyPatch, source: str, name: str, opens: bool
) -> None:
    started: list[list[str]] = []
    monkeypatch.setattr(sessions.subprocess, "Popen", lambda command, **_: started.append(command))

    async def scenario() -> None:
        feed = Feed()
        feed.announce(StreamState("face", "connecting", 0.0, source, name))
        feed.close()
        await sessions._open_page([feed], "http://127.0.0.1:8765/")

    asyncio.run(scenario())
    assert [command[-1] for command in started] == ["http://127.0.0.1:8765/"] * opens
