"""Print a running monitor's estimates: .venv/bin/python examples/read_feed.py [ws://127.0.0.1:8765/live/p1]."""

from __future__ import annotations

import json
import sys

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect


def told(message: dict) -> str | None:
    """One message of the feed as a line; None for what is not shown here."""
    if message["type"] == "status":
        return f"{message['stream']}: {message['status']}  {message['reason'] or ''}"
    if message["type"] != "estimate":
        return None
    if message["valence"] is None:
        return f"no estimate: {message['reason']}"
    return f"valence {message['valence']:.2f} ± {message['spread']['valence']:.2f}  {message['words']}"


address = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8765/live/p1"
try:
    with connect(address) as feed:
        while True:  # recv, unlike iteration, also says why the feed ended
            if line := told(json.loads(feed.recv())):
                print(line, flush=True)
except (OSError, WebSocketException) as end:
    sys.exit(f"{address}: {end}")
except KeyboardInterrupt:
    pass
