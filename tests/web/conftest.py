from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import expect

from insightsim.cards import Card, Features, Score, Threshold, Trained
from insightsim.types import VADL, Estimate, StreamState
from streaming.browser import BrowserFrames
from streaming.feed import Feed
from tests.made_up import recipe
from web.app import create_app
from web.guard import loopback_hosts
from web.server import HOST, bind, serve

CARD = Card(
    name="eeg-deap32",
    version="1",
    licence="Apache-2.0",
    sha256="0" * 64,
    recipe=recipe(Features("psd16")),
    threshold=Threshold(),
    trained=Trained(
        data="simulated DEAP",
        simulated=True,
        subjects=32,
        trials=1280,
        windows=19200,
        members=8,
        seed=0,
        note="Demo model, trained on simulated data.",
    ),
    protocol="leave one subject out, trials pooled",
    scores={
        name: Score(balanced, balanced - 0.03, balanced + 0.03, balanced + 0.05, 0.57, balanced)
        for name, balanced in (("valence", 0.71), ("arousal", 0.69), ("dominance", 0.67), ("liking", 0.7))
    },
    familiar=1.9,
)


@dataclass
class Session:
    participants: dict[str, Feed] = field(default_factory=lambda: {"p1": Feed()})
    cards: dict[str, Sequence[Card]] = field(default_factory=lambda: {"p1": [CARD]})
    utc_offset: float | None = 1.8e9
    errors: dict[str, str] = field(default_factory=dict)
    same_stream: dict[str, list[str]] = field(default_factory=dict)
    cameras: dict[str, BrowserFrames] = field(default_factory=dict)

    @property
    def feed(self) -> Feed:
        return self.participants["p1"]


@dataclass
class Server:
    """The real server on a real port, in a thread of its own; the feed is used on its loop, as live."""

    session: Session
    port: int
    loop: asyncio.AbstractEventLoop
    stop: Callable[[], None]
    _make: Callable[[float], Estimate] | None = None

    @property
    def host(self) -> str:
        return f"{HOST}:{self.port}"

    def feed(self, name: str) -> Feed:
        return self.session.participants[name]

    def publish(self, estimate: Estimate, name: str = "p1") -> None:
        self.loop.call_soon_threadsafe(self.feed(name).publish, estimate)

    def keep(self, make: Callable[[float], Estimate] | None, name: str = "p1") -> None:
        """Publish what `make` makes of the time, five times a second from now on; None stops."""
        self._make = make
        self.loop.call_soon_threadsafe(self._again, make, 100.0, name)

    def _again(self, make: Callable[[float], Estimate] | None, time: float, name: str) -> None:
        if make is not None and make is self._make:
            self.feed(name).publish(make(time))
            self.loop.call_later(0.2, self._again, make, time + 0.2, name)

    def announce(self, state: StreamState, name: str = "p1") -> None:
        self.loop.call_soon_threadsafe(self.feed(name).announce, state)

    def close(self, error: str | None = None, name: str = "p1") -> None:
        if error is not None:
            self.session.errors[name] = error
        self.loop.call_soon_threadsafe(self.feed(name).close)


@pytest.fixture(scope="module")
def start() -> Iterator[Callable[..., Server]]:
    """Start a server; whatever is still running at the end of the file is stopped."""
    stops: list[Callable[[], None]] = []

    def start(port: int = 0, names: Sequence[str] = ("p1",), session: Any = None) -> Server:
        session = session or Session({name: Feed() for name in names}, {name: [CARD] for name in names})
        sock = bind(HOST, port)
        port = sock.getsockname()[1]
        loop = asyncio.new_event_loop()
        task = loop.create_task(serve(create_app(session, loopback_hosts(port)), sock))
        thread = threading.Thread(target=lambda: _run(loop, task), name="server")
        thread.start()

        def stop() -> None:
            if thread.is_alive():
                loop.call_soon_threadsafe(task.cancel)
                thread.join()

        stops.append(stop)
        return Server(session, port, loop, stop)

    yield start
    for stop in stops:
        stop()


def _run(loop: asyncio.AbstractEventLoop, task: asyncio.Task[None]) -> None:
    try:
        loop.run_until_complete(task)
    except asyncio.CancelledError:
        pass
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()


@pytest.fixture
def server(start: Callable[..., Server]) -> Iterator[Server]:
    server = start()
    yield server
    server.stop()


@pytest.fixture
def opened(browser):
    """Open a server's page; at the end, nothing may have gone wrong in it but a server that was not there."""
    contexts, complaints, requests = [], [], []

    def opened(server, path="/", clock=False, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(10_000)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console", lambda message: complaints.append(message.text) if message.type == "error" else None
        )
        page.on("request", lambda request: requests.append((request.url, server.host)))
        if clock:
            page.clock.install()
        page.goto(f"http://{server.host}{path}")
        if path == "/" and [*server.session.participants] == ["p1"]:
            expect(page.locator("#participant")).to_have_text("p1")
        return page

    yield opened
    for context in contexts:
        context.close()
    assert [text for text in complaints if "ERR_CONNECTION_REFUSED" not in text] == []
    assert all(url.startswith(f"http://{host}/") for url, host in requests)


@pytest.fixture
def session() -> Session:
    return Session()


@pytest.fixture
def card() -> Card:
    return CARD


@pytest.fixture
def state() -> Callable[..., StreamState]:
    def state(status: str = "live", **changes: object) -> StreamState:
        fields = {
            "stream": "eeg",
            "time": 100.0,
            "source": "lsl:type=EEG",
            "name": "Muse-1A2B",
            "sfreq": 128.0,
            "rate": 127.9,
            "n_channels": 4,
            "lag": 0.0213,
            "model": "eeg-deap32",
        }
        return StreamState(status=status, **{**fields, **changes})  # type: ignore[arg-type]

    return state


@pytest.fixture
def estimate(state: Callable[..., StreamState]) -> Callable[..., Estimate]:
    def estimate(time: float = 100.0, **changes: object) -> Estimate:
        fields = {
            "vadl": VADL(0.8125, 0.25, 0.5625, 0.4375),
            "raw": VADL(0.875, 0.1875, 0.625, 0.375),
            "spread": VADL(0.0625, 0.125, 0.1875, 0.25),
            "quality": 0.75,
            "reason": None,
            "streams": (state(time=time + 0.0213),),  # processed with that lag
        }
        return Estimate(time=time, **{**fields, **changes})  # type: ignore[arg-type]

    return estimate
