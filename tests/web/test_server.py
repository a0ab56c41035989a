from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time

import pytest
from starlette.responses import PlainTextResponse
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from insightsim.errors import ServerError
from web.limits import MAX_MESSAGE
from web.server import HOST, UNACKNOWLEDGED, bind, serve


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "example.org", "127.0.0.2", ""])
def test_any_other_host_is_refused_until_there_is_access_control(host):
    with pytest.raises(ServerError, match="access control has to come first"):
        bind(host, 0)


def test_a_taken_port_is_named_with_a_way_out():
    with bind(HOST, 0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ServerError, match=rf"Port {port} is in use.*--port 0"):
            bind(HOST, port)


@pytest.mark.parametrize("port", [-1, 65536, 10**9])
def test_what_is_no_port_is_refused(port):
    with pytest.raises(ServerError, match=f"{port} is not a port"):
        bind(HOST, port)


def test_port_0_takes_a_free_one_on_loopback_alone():
    with bind(HOST, 0) as one, bind(HOST, 0) as other:
        assert one.getsockname()[0] == "127.0.0.1"
        assert one.getsockname()[1] != other.getsockname()[1] != 0


@pytest.mark.skipif(not hasattr(socket, "TCP_USER_TIMEOUT"), reason="this platform has no TCP_USER_TIMEOUT")
def test_an_accepted_connection_inherits_the_limit_on_unacknowledged_data():
    with bind(HOST, 0) as sock, socket.create_connection(sock.getsockname()):
        accepted, _ = sock.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == UNACKNOWLEDGED


def test_a_silent_feed_does_not_hold_up_the_stop(server):
    with connect(f"ws://{server.host}/live/p1") as page:
        page.recv()
        start = time.monotonic()
        server.stop()
        assert time.monotonic() - start < 1
        with pytest.raises(ConnectionClosed) as closed:
            page.recv(timeout=1)
    assert closed.value.rcvd.code == 1012


def test_the_port_is_free_again_after_the_stop(start):
    first = start()
    first.stop()
    assert start(first.port).port == first.port


def test_a_page_that_says_too_much_is_cut_off(server):
    with connect(f"ws://{server.host}/live/p1") as page:
        page.recv()
        page.send("x" * MAX_MESSAGE)  # as much as is allowed: ignored
        page.send("x" * (MAX_MESSAGE + 1))
        with pytest.raises(ConnectionClosed) as closed:
            page.recv(timeout=2)
    assert closed.value.rcvd.code == 1009


def test_messages_are_not_deflated(server):
    with connect(f"ws://{server.host}/live/p1") as page:
        assert "Sec-WebSocket-Extensions" not in page.response.headers


@pytest.mark.skipif(sys.platform == "win32", reason="no os.kill with SIGINT on Windows")
def test_ctrl_c_stops_the_server_and_is_passed_on():
    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_soon(os.kill, os.getpid(), signal.SIGINT)
        await serve(PlainTextResponse("hello"), sock)

    sock = bind(HOST, 0)
    with pytest.raises(KeyboardInterrupt):
        asyncio.run(main())
    assert sock.fileno() == -1
