"""A page's camera, over a WebSocket: pings that compare clocks, then pictures, at most two on the way.

    server → page   {"type": "ping", "id": 1}                  8 times at once, then every second
    page → server   {"type": "pong", "id": 1, "now": 1234.5}   performance.now(), ms, at once
    server → page   {"type": "clock", "error_ms": 1.2}         from the first on, pictures may come
    page → server   a picture: 16 bytes of header (see `HEADER`), then a JPEG
    server → page   {"type": "taken", "number": 7}             it and all before it are no longer on the way
    server → page   {"type": "refused", "number": 8, "reason": "3.1 s old"}

Whatever else comes ends the connection, with a code and a reason. Nothing is kept of a picture: it is
decoded, looked at and forgotten.
"""

from __future__ import annotations

import asyncio
import json
import math
import struct
from collections.abc import AsyncIterator
from contextlib import suppress
from functools import partial
from typing import Any, NamedTuple

from fastapi import WebSocket, WebSocketDisconnect

from insightsim.errors import SignalError
from insightsim.jpeg import size
from insightsim.types import Estimate, StreamState
from streaming.browser import BrowserFrames, Link
from streaming.feed import Feed
from web.limits import FAILED, MAX_PICTURE, OVER, TOO_LARGE, TOO_MUCH, UNKNOWN, short
from web.messages import dumps

HEADER = struct.Struct("<dII")
"""When the picture was taken, ms by the page's performance.now(); its number, counted from 1 and with those
that the page passed over; 1 where it is stamped as it was shown, for want of the moment it was taken, else 0.
"""
ON_THE_WAY = 2
"""Pictures a page may have sent of which it has not heard yet that they were taken."""
MAX_PIXELS = 4_000_000
"""Of one picture: what it takes in memory is told by its size, not by its bytes."""
BURST = 8
"""Pings before pictures may come."""
PING_EVERY = 1.0
"""Seconds between pings after those."""
PONG_WITHIN = 10.0
"""Seconds a page may take to answer one: it may be busy, or its computer asleep."""

WRONG, BUSY, SILENT = 4400, 4409, 4408
"""Why a camera's WebSocket was closed: what came is none of that; another page sends already; no pong."""
UNPLUGGED = 4001
"""With this a page closes it when its camera is gone; with 1000 when it was stopped."""


class Ending(NamedTuple):
    """Why a conversation is over."""

    why: str
    code: int | None = None
    """To close with; None where the page has left."""


async def camera(websocket: WebSocket, inbox: BrowserFrames | None, feed: Feed | None) -> None:
    """Let a page send the pictures of its camera into `inbox`, until either side has had enough."""
    await websocket.accept()  # even if only to say why not
    if inbox is None or feed is None:
        await websocket.close(
            UNKNOWN, "Nobody of that name is watched by a browser's camera (--face browser)."
        )
        return
    link = inbox.attach(websocket.query_params.get("camera", ""), _number(websocket.query_params.get("rate")))
    if link is None:
        await websocket.close(BUSY, "Another page already sends its camera for this participant.")
        return
    ending = Ending("the connection to the page failed")
    try:
        ending = await _Talk(websocket, link).until_over(feed)
    finally:
        link.close(ending.why)
    if ending.code is not None:
        await websocket.close(ending.code, short(ending.why))


class _Talk:
    """One conversation, in four tasks: hearing, pinging, telling what was taken, watching for the end."""

    def __init__(self, websocket: WebSocket, link: Link) -> None:
        self.websocket = websocket
        self.link = link
        self.loop = asyncio.get_running_loop()
        self.pinged = 0
        self.answered = asyncio.Event()
        self.ready = False
        self.number = 0
        self.on_the_way: list[int] = []
        self.taken = 0
        self.news = asyncio.Event()

    async def until_over(self, feed: Feed) -> Ending:
        """Talk until one of the tasks says that it is over."""
        tasks = [
            asyncio.create_task(part) for part in (self.hear(), self.ping(), self.tell(), _session_over(feed))
        ]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return next(task for task in tasks if task in done).result()
        except WebSocketDisconnect:  # left while something was being sent
            return Ending("the page has left")
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def say(self, type_: str, **fields: Any) -> None:
        await self.websocket.send_text(dumps({"type": type_, **fields}))

    async def ping(self) -> Ending:
        """Compare clocks, closely at first."""
        while True:
            self.pinged += 1
            self.answered.clear()
            self.link.ping()
            await self.say("ping", id=self.pinged)
            try:
                async with asyncio.timeout(PONG_WITHIN):  # wait_for misses a cancel beside a pong
                    await self.answered.wait()
            except TimeoutError:
                return Ending(f"the page has not answered for {PONG_WITHIN:g} s", SILENT)
            if self.pinged >= BURST:
                self.ready = True
                await self.say("clock", error_ms=round(1000 * self.link.error, 1))
                await asyncio.sleep(PING_EVERY)

    async def hear(self) -> Ending:
        """Take what the page sends, one message after the other."""
        while (message := await self.websocket.receive())["type"] != "websocket.disconnect":
            text = message.get("text")
            ending = self.pong(text) if text is not None else await self.picture(message["bytes"])
            if ending is not None:
                return ending
        return Ending(_left(message.get("code")))

    def pong(self, text: str) -> Ending | None:
        """Take the answer to the ping that is under way: a page that says anything else is cut off."""
        if len(text) > 1000:
            return Ending("a text is longer than the answer to a ping can be", TOO_LARGE)
        try:
            message = json.loads(text)
            if message["type"] != "pong" or message["id"] != self.pinged or self.answered.is_set():
                raise ValueError
            self.link.pong(float(message["now"]) / 1000)
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError, SignalError):
            return Ending("a text is not the answer to the last ping", WRONG)
        self.answered.set()
        return None

    async def picture(self, data: bytes) -> Ending | None:
        """Pass on a picture."""
        if ending := self.unfit(data):
            return ending
        time, number, shown = HEADER.unpack_from(data)
        self.number = number
        self.on_the_way.append(number)
        taken = partial(self.on_another_thread, number)
        why = self.link.put(data[HEADER.size :], number, time / 1000, bool(shown), taken)
        if why is not None:
            self.on_the_way.remove(number)
            await self.say("refused", number=number, reason=why)
        return None

    def unfit(self, data: bytes) -> Ending | None:
        """Why these bytes are not what a page sends."""
        if len(data) > HEADER.size + MAX_PICTURE:
            return Ending(f"a picture has more than {MAX_PICTURE} bytes", TOO_LARGE)
        if not self.ready:
            return Ending("a picture came before the clocks were compared", WRONG)
        if len(self.on_the_way) >= ON_THE_WAY:
            return Ending(
                f"more than {ON_THE_WAY} pictures are on the way: wait until one is taken", TOO_MUCH
            )
        if len(data) < HEADER.size:
            return Ending(
                f"{len(data)} bytes are no picture: expected {HEADER.size} of header, then a JPEG", WRONG
            )
        time, number, shown = HEADER.unpack_from(data)
        if not math.isfinite(time) or number <= self.number or shown > 1:
            return Ending(
                f"picture {number}, {shown}, at {time:g} ms cannot follow number {self.number}", WRONG
            )
        try:
            width, height = size(data[HEADER.size :])
        except SignalError as error:
            return Ending(str(error), WRONG)
        if width * height > MAX_PIXELS:
            return Ending(f"a picture of {width} × {height} is too large: 640 × 480 is enough", TOO_LARGE)
        return None

    def on_another_thread(self, number: int) -> None:
        """The branch took a picture; called on its thread."""
        with suppress(RuntimeError):  # the loop is closed: nobody is left to be told
            self.loop.call_soon_threadsafe(self.was_taken, number)

    def was_taken(self, number: int) -> None:
        """It is no longer on the way, nor are those that it took the place of."""
        self.taken = max(self.taken, number)
        self.on_the_way = [later for later in self.on_the_way if later > number]
        self.news.set()

    async def tell(self) -> Ending:
        """Tell the page what was taken: then it may send more."""
        while True:
            await self.news.wait()
            self.news.clear()
            await self.say("taken", number=self.taken)


async def _session_over(feed: Feed) -> Ending:
    """Return when the face is no longer watched; the page must not leave its camera on for nobody."""
    items: AsyncIterator[StreamState | Estimate] = feed.subscribe()
    async for item in items:
        if isinstance(item, StreamState) and item.stream == "face" and item.status == "failed":
            return Ending(item.reason or "the analysis of the face has failed", FAILED)
    return Ending("The session is over.", OVER)


def _left(code: int | None) -> str:
    if code == UNPLUGGED:
        return "the camera was unplugged or taken away"
    if code == 1000:
        return "the camera was stopped in the browser"
    return "the page was closed, or its connection broke"


def _number(text: str | None) -> float:
    try:
        return float(text or 0)
    except ValueError:
        return 0.0
