"""Fetching what does not come along, from a real server on this computer."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from insightsim.errors import ModelError, StreamAwaited
from insightsim.folders import FOLDER, cache
from insightsim.types import Frame
from streaming import bundle
from streaming.branch import Branch, Event
from streaming.bundle import BUNDLE, Obtaining, Remote, check, fetch, locate, obtain
from streaming.camera import FrameInfo
from streaming.face_chain import FaceChain
from streaming.face_source import FaceSource
from streaming.pipeline import choose_face_model
from streaming.pump import pump

CONTENT = bytes(range(256)) * 1000
PATIENCE = 30.0


class Server(ThreadingHTTPServer):
    """Serves CONTENT well at /good, and badly elsewhere."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked: list[str] = []
        self.hang = threading.Event()
        self.cut_off = threading.Event()
        """Set when a reader had enough of what has no end."""

    def remote(self, path: str, **changes: object) -> Remote:
        address = f"http://127.0.0.1:{self.server_port}/{path}"
        made = Remote("thing.task", address, hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), "none")
        return replace(made, **changes)  # type: ignore[arg-type]


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(self.path)
        body = {"/good": CONTENT, "/cut": CONTENT[:100_000], "/wrong": CONTENT[::-1]}
        body |= {"/long": CONTENT + b"!", "/endless": CONTENT, "/drip": b""}
        if self.path == "/hang":
            self.server.hang.wait(PATIENCE)
        if (content := body.get(self.path)) is None:
            self.send_error(404)
            return
        self.send_response(200)
        if self.path not in ("/long", "/endless"):
            self.send_header("Content-Length", str(len(CONTENT)))
        self.end_headers()
        self.wfile.write(content)
        if self.path == "/drip":
            try:
                for byte in CONTENT:
                    self.wfile.write(bytes([byte]))
                    if self.server.hang.wait(0.005):
                        return
            except OSError:
                self.server.cut_off.set()
        if self.path == "/endless":
            try:
                for _ in range(1000):
                    self.wfile.write(content)
            except OSError:
                self.server.cut_off.set()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.hang.set()
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A user's cache with nothing in it, and no other folder to look in."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("LOCALAPPDATA", str(tmp_path / "cache"))
    monkeypatch.delenv(FOLDER, raising=False)
    return tmp_path


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_fetched_is_checked_kept_and_not_fetched_again(
    server: Server, capfd: pytest.CaptureFixture[str]
) -> None:
    remote = server.remote("good")
    path = obtain(remote=remote)
    assert path == cache() / "thing.task"
    assert path.read_bytes() == CONTENT
    assert "thing.task" in capfd.readouterr().err  # the progress bar
    assert obtain(remote=remote) == path
    assert server.asked == ["/good"]
    assert left(path.parent) == ["thing.task"]


def test_progress_is_told(server: Server, tmp_path: Path) -> None:
    told = list[tuple[int, int]]()
    fetch(server.remote("good"), tmp_path / "thing", lambda *now: told.append(now))
    assert len(told) >= 2
    assert told == sorted(told)
    assert told[-1] == (len(CONTENT), len(CONTENT))


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("cut", "100,000 bytes came, expected 256,000"),
        ("long", "more than 256,000 bytes came"),
        ("wrong", f"its sha256 is {hashlib.sha256(CONTENT[::-1]).hexdigest()}"),
        ("missing", "the server says 404"),
    ],
)
def test_a_download_that_fails_leaves_nothing_and_says_what_to_do(
    server: Server, home: Path, path: str, said: str
) -> None:
    remote = server.remote(path)
    with pytest.raises(ModelError, match=said) as refused:
        obtain(remote=remote)
    for needed in (remote.address, remote.sha256, str(cache() / "thing.task"), FOLDER):
        assert needed in str(refused.value)
    assert left(cache()) == []


def test_what_has_no_end_is_cut_off(server: Server) -> None:
    with pytest.raises(ModelError, match="more than 256,000 bytes came"):
        obtain(remote=server.remote("endless"))
    assert server.cut_off.wait(PATIENCE)
    assert left(cache()) == []


def test_a_server_that_is_silent_is_given_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundle, "WITHIN", 0.05)
    with pytest.raises(ModelError, match="timed out"):
        obtain(remote=server.remote("hang"))
    assert left(cache()) == []


def test_a_server_that_hardly_sends_anything_is_given_up(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle, "GRACE", 0.05)
    with pytest.raises(ModelError, match=r"too slow: \d+ of 256,000 bytes came"):
        obtain(remote=server.remote("drip"))
    assert server.cut_off.wait(PATIENCE)
    assert left(cache()) == []


def test_what_is_fetched_piece_by_piece_says_so_until_it_is_there(server: Server) -> None:
    obtaining, said = Obtaining(remote=server.remote("good")), list[str]()
    while True:
        try:
            path = obtaining()
            break
        except StreamAwaited as awaited:
            said.append(str(awaited))
    assert said[0] == "fetching thing.task, once for all: 0 %"
    assert path.read_bytes() == CONTENT
    assert obtaining() == path
    assert server.asked == ["/good"]


def test_a_download_that_failed_is_tried_anew_when_it_is_asked_for_again(server: Server) -> None:
    obtaining = Obtaining(remote=server.remote("cut"))
    for _ in range(2):
        with pytest.raises(StreamAwaited):
            obtaining()
        with pytest.raises(ModelError, match="100,000 bytes came"):
            obtaining()
    assert server.asked == ["/cut"] * 2


class Dark:
    """Pictures that nobody ever gets to see."""

    query = "camera:0"
    skipped = 0

    def open(self, within: float = 0.0) -> FrameInfo:
        raise AssertionError("opened without a landmark model")

    def grab(self) -> Sequence[Frame]:
        return []

    def lag(self, time: float) -> float:
        return 0.0

    def close(self) -> None:
        pass


def test_who_stops_while_the_model_is_fetched_does_not_wait_for_the_server(server: Server) -> None:
    source = FaceSource(Dark(), Obtaining(remote=server.remote("drip")))
    branch = Branch(source, "face", partial(FaceChain, partial(choose_face_model, "auto")))

    async def scenario() -> None:
        fetching, said = asyncio.Event(), list[str | None]()

        def take(event: Event) -> None:
            said.append(event.state.reason)
            if len(said) > 3:  # pieces have come
                fetching.set()

        pumping = asyncio.create_task(pump(branch, take))
        await asyncio.wait_for(fetching.wait(), PATIENCE)
        assert said[-1] == "fetching thing.task, once for all: 0 %"
        pumping.cancel()
        await asyncio.wait_for(asyncio.wait([pumping]), PATIENCE)
        assert pumping.cancelled()

    asyncio.run(scenario())
    assert not server.cut_off.is_set()  # it would have gone on
    assert left(cache()) == []


def test_offline_the_address_the_checksum_and_the_place_are_told() -> None:
    offline = replace(BUNDLE, address="http://127.0.0.1:1/face_landmarker.task")
    with pytest.raises(ModelError, match="no connection") as refused:
        obtain(remote=offline)
    for needed in (offline.address, BUNDLE.sha256, str(cache() / BUNDLE.name)):
        assert needed in str(refused.value)


def test_what_was_there_stays_when_a_new_download_fails(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "thing.task"
    target.write_bytes(b"before")
    with pytest.raises(ModelError):
        fetch(server.remote("cut"), target)
    assert target.read_bytes() == b"before"
    fetch(server.remote("good"), target)
    assert target.read_bytes() == CONTENT


def test_a_cache_that_cannot_be_made_is_told(server: Server, tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("in the way")
    with pytest.raises(ModelError, match="nothing can be kept there"):
        obtain(remote=server.remote("good"))


def place(where: Callable[[], Path], content: bytes) -> Path:
    path = where()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def test_the_file_named_wins_over_the_folder_and_that_over_the_cache(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    remote = server.remote("good")
    cached = place(lambda: cache() / remote.name, CONTENT)
    assert locate(remote=remote) == cached
    monkeypatch.setenv(FOLDER, str(tmp_path / "models"))
    assert locate(remote=remote) == cached
    foldered = place(lambda: tmp_path / "models" / remote.name, CONTENT)
    assert locate(remote=remote) == foldered
    named = place(lambda: tmp_path / "mine.task", CONTENT)
    assert locate(str(named), remote) == named
    assert locate("~/mine.task", remote) == named
    assert server.asked == []


@pytest.mark.parametrize("where", ["named", "folder", "cache"])
def test_a_wrong_file_is_refused_wherever_it_is(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    remote = server.remote("good")
    monkeypatch.setenv(FOLDER, str(tmp_path / "models"))
    places = {"named": tmp_path / "mine.task", "folder": tmp_path / "models" / remote.name}
    wrong = place(lambda: places.get(where, cache() / remote.name), b"something else")
    with pytest.raises(ModelError) as refused:
        obtain(str(wrong) if where == "named" else "", remote)
    assert str(wrong) in str(refused.value)
    assert f"its sha256 is {hashlib.sha256(b'something else').hexdigest()}" in str(refused.value)
    assert f"expected {remote.sha256}" in str(refused.value)
    assert server.asked == []


def test_a_named_file_that_is_not_there_is_no_reason_to_fetch(server: Server, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="No such file"):
        obtain(str(tmp_path / "missing.task"), server.remote("good"))
    assert server.asked == []


def test_the_landmark_model_is_the_one_that_is_meant(bundle: Path, tmp_path: Path) -> None:
    assert bundle.stat().st_size == BUNDLE.size
    check(bundle, BUNDLE)
    damaged = tmp_path / BUNDLE.name
    shutil.copy(bundle, damaged)
    with damaged.open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\1")
    with pytest.raises(ModelError, match=r"not the face_landmarker\.task expected"):
        check(damaged, BUNDLE)
