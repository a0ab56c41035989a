"""Who may talk to the server: nobody but this machine's own pages and programs. HTTP and WebSocket alike.

A browser lets any web page open a WebSocket to 127.0.0.1, and a page whose name was pointed at 127.0.0.1
(DNS rebinding) is even taken for the same origin. So Host and, where there is one, Origin must equal one of a
short list, compared as whole strings: patterns let look-alikes such as 127.0.0.1.evil.com in.

A missing Origin is accepted, on WebSocket too. Browsers always send it there, so its absence means a program
on this machine (the server listens on loopback alone), and such a program could send any Origin it liked.
`null`, which sandboxed frames send, is refused.

Where pictures go in, a missing Origin is refused as well: only a page has a camera to ask for, and what goes
in there becomes somebody's estimate. That stops mistakes, not a program that means to pose as the page.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    )
)

PAGES_ONLY = "/camera/"
"""Beginning of the addresses that no program has a reason to use."""

HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


def loopback_hosts(port: int) -> tuple[str, ...]:
    """The Host headers that mean this server. Browsers leave out port 80."""
    return tuple(name if port == 80 else f"{name}:{port}" for name in LOOPBACK)


class Guard:
    """ASGI middleware: refuses with 403 whoever is not on the list, and adds the security headers."""

    def __init__(self, app: ASGIApp, hosts: Collection[str]) -> None:
        self.app = app
        self.hosts = frozenset(hosts)
        self.origins = frozenset(f"http://{host}" for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, or refuse, one request or handshake."""
        if scope["type"] not in ("http", "websocket"):
            await self.app(scope, receive, send)
            return
        send = _with_headers(send, scope["path"])
        refusal = self._refusal(scope["path"], Headers(scope=scope))
        if refusal is None:
            await self.app(scope, receive, send)
        else:
            # On a WebSocket, Starlette turns a response sent before accepting into a refused handshake.
            await PlainTextResponse(refusal + "\n", status_code=403)(scope, receive, send)

    def _refusal(self, path: str, headers: Headers) -> str | None:
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or hosts[0] not in self.hosts:
            return f"This server answers to {_listed(self.hosts)} only; open one of these addresses."
        if len(origins) > 1 or not self.origins.issuperset(origins):
            return "Only this server's own pages, and programs on this machine, may read it."
        if path.startswith(PAGES_ONLY) and not origins:
            return "Only this server's own pages may send a camera's pictures; programs have --face camera:0."
        return None


def _with_headers(send: Send, path: str) -> Send:
    # Results must not linger in a cache; scripts and styles may, if the server is asked each time.
    headers = {**HEADERS, "Cache-Control": "no-cache" if path.startswith("/static/") else "no-store"}

    async def send_with_headers(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            extra = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
            message = {**message, "headers": [*message.get("headers", ()), *extra]}
        await send(message)

    return send_with_headers


def _listed(hosts: Iterable[str]) -> str:
    return ", ".join(sorted(hosts))
