from __future__ import annotations

import http.client
from contextlib import contextmanager

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from web.guard import loopback_hosts

HOSTS = [
    "127.0.0.1.evil.com:{port}",
    "evil-127.0.0.1:{port}",
    "localhost.evil.com:{port}",
    "evil.com:{port}",
    "evil.com",
    "127.0.0.1",
    "127.0.0.1:1",
    "127.0.0.1:{port}0",
    "127.0.0.1.:{port}",
    "localhost.:{port}",
    "LOCALHOST:{port}",
    "127.0.0.2:{port}",
    "127.1:{port}",
    "2130706433:{port}",
    "0.0.0.0:{port}",
    "[::]:{port}",
    "[::ffff:127.0.0.1]:{port}",
    "::1:{port}",
    "user@127.0.0.1:{port}",
    "127.0.0.1:{port}@evil.com",
    "127.0.0.1:{port}, evil.com",
    "",
]

ORIGINS = [
    "null",
    "http://evil.com",
    "http://127.0.0.1.evil.com:{port}",
    "http://evil-127.0.0.1:{port}",
    "http://localhost.evil.com:{port}",
    "http://127.0.0.1:{port}.evil.com",
    "http://127.0.0.1:{port}@evil.com",
    "http://127.0.0.1",
    "http://127.0.0.1:9999",
    "http://127.0.0.1:{port}0",
    "http://127.0.0.1:{port}/",
    "http://127.0.0.1.:{port}",
    "http://localhost.:{port}",
    "HTTP://LOCALHOST:{port}",
    "http://LOCALHOST:{port}",
    "https://127.0.0.1:{port}",
    "ws://127.0.0.1:{port}",
    "127.0.0.1:{port}",
    "http://[::]:{port}",
    "http://[::1]",
    "http://127.0.0.1:{port} http://evil.com",
    "file://",
    "",
]


@pytest.fixture(scope="module")
def server(start):
    return start()


@contextmanager
def answer(server, path="/health", **headers):
    """The answer to one plain request, with exactly these headers."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    try:
        connection.putrequest("GET", path, skip_host=True)
        for name, value in {"Host": server.host, **headers}.items():
            for one in value if isinstance(value, list) else [value]:
                connection.putheader(name, one)
        connection.endheaders()
        with connection.getresponse() as response:
            yield response
    finally:
        connection.close()


def handshake(server, **headers):
    """The answer to a WebSocket handshake with these headers."""
    upgrade = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    return answer(server, "/live/p1", **upgrade, **headers)


@pytest.mark.parametrize("host", HOSTS)
def test_another_host_is_refused_on_http_and_on_websocket(server, host):
    host = host.format(port=server.port)
    for request in (answer, handshake):
        with request(server, Host=host) as response:
            assert response.status == 403
            assert "answers to" in response.read().decode()


@pytest.mark.parametrize("origin", ORIGINS)
def test_another_origin_is_refused_on_http_and_on_websocket(server, origin):
    origin = origin.format(port=server.port)
    for request in (answer, handshake):
        with request(server, Origin=origin) as response:
            assert response.status == 403
            assert "own pages" in response.read().decode()


def test_a_second_host_or_origin_beside_a_good_one_is_refused(server):
    good = f"http://{server.host}"
    for request in (answer, handshake):
        with request(server, Origin=[good, "http://evil.com"]) as response:
            assert response.status in (400, 403)  # 400: the WebSocket library refuses it before the guard
        with request(server, Host=[server.host, "evil.com"]) as response:
            assert response.status in (400, 403)


def test_a_websocket_client_sees_the_refusal(server):
    with pytest.raises(InvalidStatus, match="403"):
        connect(f"ws://{server.host}/live/p1", origin="http://evil.com")


@pytest.mark.parametrize("name", ["127.0.0.1", "localhost", "[::1]"])
def test_this_machines_names_are_let_in_with_their_own_origin_or_none(server, name):
    host = f"{name}:{server.port}"
    for headers in ({}, {"Origin": f"http://{host}"}):
        with answer(server, Host=host, **headers) as response:
            assert response.status == 200
        with handshake(server, Host=host, **headers) as response:
            assert response.status == 101


def test_every_answer_carries_the_security_headers_and_none_invites_other_origins(server):
    for path in ("/", "/health", "/static/js/main.js", "/nowhere"):
        with answer(server, path, Origin=f"http://{server.host}") as response:
            headers = response.headers
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert headers["Referrer-Policy"] == "no-referrer"
            assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
            assert "script-src 'self';" in headers["Content-Security-Policy"]
            assert "camera=(self)" in headers["Permissions-Policy"]
            assert "unsafe" not in headers["Content-Security-Policy"]
            assert headers["Cache-Control"] == ("no-cache" if path.startswith("/static") else "no-store")
            assert not [name for name in headers if name.lower().startswith("access-control")]


def test_port_80_is_left_out_as_browsers_do():
    assert loopback_hosts(80) == ("127.0.0.1", "localhost", "[::1]")
    assert loopback_hosts(8000) == ("127.0.0.1:8000", "localhost:8000", "[::1]:8000")
