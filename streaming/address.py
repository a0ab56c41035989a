"""The address of a network camera as everyone may see it: page, feed, terminal and errors show it so."""

from __future__ import annotations

import re

ADDRESS = re.compile(r"(\s*rtsps?:/*|.*?://+)(.*)", re.DOTALL | re.IGNORECASE)
"""What precedes the part that may hold a password, and that part."""
SAID = re.compile(r"([\w.-]+)(=|%3d)(.*?)(?=[/&;?][\w.-]+(?:=|%3d)|$)", re.DOTALL | re.IGNORECASE)
"""Something that an address says by name; a password may have any character in it."""
HARMLESS = re.compile(r"(channel|stream|subtype|profile)(=|%3d)\w{1,12}", re.ASCII | re.IGNORECASE)
"""What tells one camera of a recorder from another."""


def without_password(query: str) -> str:
    """The address without what may be secret, wherever makers put that; anything else as it is.

    Before the host: rtsp://name:password@host. Later, where all that is said by name but for what is known to
    be harmless: ?user=…&pwd=…, /user=…&password=….
    """
    if not (found := ADDRESS.fullmatch(query)):
        return query
    scheme, rest = found.groups()
    _, at, place = rest.rpartition("@")
    return f"{scheme}{'…@' * bool(at)}{SAID.sub(_hidden, place)}"


def _hidden(said: re.Match[str]) -> str:
    return said[0] if HARMLESS.fullmatch(said[0]) else f"{said[1]}{said[2]}…"
