"""Print a running monitor's estimates: python examples/read_feed.py [ws://127.0.0.1:8765/live/p1]."""

from __future__ import annotations

import json
import sys

from websockets.sync.client import connect

address = sys.argv[1] if len(sys.argv) > 1 else "ws://127.0.0.1:8765/live/p1"

with connect(address) as feed:
    for text in feed:
        message = json.loads(text)
        if message["type"] == "status":
            print(f"{message['stream']}: {message['status']}  {message['reason'] or ''}")
        elif message["type"] == "estimate" and message["valence"] is None:
            print(f"no estimate: {message['reason']}")
        elif message["type"] == "estimate":
            spread = message["spread"]["valence"]
            print(f"valence {message['valence']:.2f} ± {spread:.2f}  {message['words']}")
