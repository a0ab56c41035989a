"""How much a page may say, and what a WebSocket is told when it is closed."""

from __future__ import annotations

MAX_MESSAGE = 64 * 1024
"""Bytes a page may send at once; only a camera's pictures may be larger."""

MAX_PICTURE = 1024 * 1024
"""Bytes of one picture of a camera."""

MAX_ANY = MAX_PICTURE + 4096
"""Bytes that the server reads of a message at all; what is too large for its socket hears why."""

UNKNOWN, OVER, FAILED = 4404, 4000, 4500
"""Why a WebSocket was closed: no such participant; the end of their session; it ended in an error."""

TOO_LARGE, TOO_MUCH = 1009, 4429
"""It sent a message that is too large; too many."""


class Allowance:
    """So many messages at once, and so many a second in the long run (a token bucket)."""

    def __init__(self, at_once: float = 60.0, per_second: float = 10.0) -> None:
        self._most = self._left = at_once
        self._rate = per_second
        self._then: float | None = None

    def __call__(self, now: float) -> bool:
        """Whether one more message at this time, s, is within it."""
        if self._then is not None:
            self._left = min(self._most, self._left + (now - self._then) * self._rate)
        self._then = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


def short(reason: str) -> str:
    """Cut to what a close frame holds: 123 bytes."""
    return reason.encode()[:123].decode(errors="ignore")
