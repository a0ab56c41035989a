"""The page, the feed behind it, and whether all is well."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI, WebSocket, WebSocketDisconnect
from fastapi.responses import FileResponse, Response
from fastapi.staticfiles import StaticFiles

from insightsim.cards import Card
from insightsim.types import Estimate
from streaming.browser import BrowserFrames
from streaming.feed import Feed
from web.camera import camera
from web.guard import Guard
from web.limits import FAILED, MAX_MESSAGE, OVER, TOO_LARGE, TOO_MUCH, UNKNOWN, Allowance, short
from web.messages import Message, dumps, estimate_message, hello_message, status_message, stream_fields

STATIC = Path(__file__).parent / "static"


class Session(Protocol):
    """What the server needs to know of a running session; every attribute is read anew each time."""

    @property
    def participants(self) -> Mapping[str, Feed]:
        """The feed of each participant, by name."""

    @property
    def cards(self) -> Mapping[str, Sequence[Card]]:
        """The models that speak about each participant."""

    @property
    def cameras(self) -> Mapping[str, BrowserFrames]:
        """Where a page puts its camera's pictures, for everyone whose face is watched so."""

    @property
    def utc_offset(self) -> float | None:
        """UTC (Unix seconds) at LSL time 0."""

    @property
    def errors(self) -> Mapping[str, str]:
        """What ended those participants that failed, in words."""

    @property
    def same_stream(self) -> Mapping[str, Sequence[str]]:
        """Who else is watched by the very same stream, for everyone of whom that is so."""


def create_app(session: Session, hosts: Collection[str]) -> FastAPI:
    """The app that shows `session` to whoever addresses it as one of `hosts` (see `guard.loopback_hosts`)."""
    # No API pages: they would load scripts from elsewhere.
    app = FastAPI(title="InsightSim", docs_url=None, redoc_url=None, openapi_url=None)
    app.add_middleware(Guard, hosts=hosts)
    app.mount("/static", StaticFiles(directory=STATIC))

    @app.get("/")
    async def page(participant: str | None = None) -> Response:
        several = not participant and len(session.participants) > 1
        return FileResponse(STATIC / ("grid.html" if several else "index.html"))

    @app.get("/health")
    async def health() -> Response:
        report = _report(session)
        status = 503 if report["status"] == "failing" else 200
        return Response(dumps(report), status, media_type="application/json")

    @app.websocket("/live/{participant}")
    async def live(websocket: WebSocket, participant: str) -> None:
        # Accepted even when nobody has that name: a browser shows a page no reason for a refused handshake.
        await websocket.accept()
        feed = session.participants.get(participant)
        if feed is None:
            there = ", ".join(session.participants)
            await websocket.close(UNKNOWN, short(f"No such participant. There are: {there}."))
            return
        # Sending alone would not notice, on a silent feed, that the page has left or that the server stops.
        async with asyncio.TaskGroup() as tasks:
            sending = tasks.create_task(_send(websocket, session, participant, feed))
            too_much = await _until_left(websocket)
            sending.cancel()
        if too_much is not None and sending.cancelled():
            await websocket.close(*too_much)

    @app.websocket("/camera/{participant}")
    async def send_camera(websocket: WebSocket, participant: str) -> None:
        await camera(websocket, session.cameras.get(participant), session.participants.get(participant))

    return app


def _report(session: Session) -> Message:
    """How everyone is doing. `degraded`: some, or some of their streams, have failed; `failing`: all have."""
    errors, feeds = session.errors, session.participants
    failed = {
        name: [
            f"{state.stream}: {state.reason}" for state in feed.states.values() if state.status == "failed"
        ]
        for name, feed in feeds.items()
    }
    said = {name: errors.get(name) or "; ".join(streams) for name, streams in failed.items()}
    everyone = bool(errors) and errors.keys() >= feeds.keys()
    return {
        "status": "failing" if everyone else "degraded" if any(said.values()) else "ok",
        "error": "; ".join(filter(None, said.values())) or None,
        "participants": {
            name: {
                "error": said[name] or None,
                "same_stream_as": session.same_stream.get(name, []),
                "streams": [stream_fields(state) for state in feed.states.values()],
            }
            for name, feed in feeds.items()
        },
    }


async def _send(websocket: WebSocket, session: Session, participant: str, feed: Feed) -> None:
    """Everything the feed says, at the pace this one page takes it; then why it ended."""
    try:
        hello = _hello(session, participant)
        await websocket.send_text(dumps(hello))
        async for item in feed.subscribe():
            # A model is chosen only once its stream is found, and others take over when channels die.
            if hello != (hello := _hello(session, participant)):
                await websocket.send_text(dumps(hello))
            if isinstance(item, Estimate):
                message = estimate_message(item, participant, session.utc_offset)
            else:
                message = status_message(item, participant, session.utc_offset)
            await websocket.send_text(dumps(message))
        error = session.errors.get(participant)
        if error is None:
            await websocket.close(OVER, "The session is over.")
        else:
            await websocket.close(FAILED, short(error))
    except WebSocketDisconnect:
        pass  # left while something was being sent; `_until_left` sees it too


def _hello(session: Session, participant: str) -> Message:
    return hello_message(
        participant, session.cards.get(participant, ()), session.same_stream.get(participant, ())
    )


async def _until_left(websocket: WebSocket) -> tuple[int, str] | None:
    """Return once the page is gone, or says too much: code and reason. What it says until then is ignored."""
    allowance = Allowance()
    clock = asyncio.get_running_loop().time
    while (message := await websocket.receive())["type"] != "websocket.disconnect":
        said = message.get("bytes") or (message.get("text") or "").encode()
        if len(said) > MAX_MESSAGE:
            return (
                TOO_LARGE,
                f"A message has {len(said)} bytes; {MAX_MESSAGE} are allowed, and none is needed.",
            )
        if not allowance(clock()):
            return TOO_MUCH, "Too many messages; none is needed."
    return None
