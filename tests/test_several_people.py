"""Three people in one monitor, over real LSL: one whose stream is not there does not touch the others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]


def start(*command: str) -> subprocess.Popen[str]:
    pipe = subprocess.PIPE
    return subprocess.Popen([sys.executable, "-m", *command], cwd=ROOT, stdout=pipe, stderr=pipe, text=True)


def states(monitor: subprocess.Popen[str]) -> Iterator[tuple[str, str]]:
    """Who is how, as the monitor prints it."""
    assert monitor.stdout is not None
    for line in map(json.loads, monitor.stdout):
        if line["type"] == "status":
            yield line["participant"], line["status"]


def health(address: str) -> Any:
    with urllib.request.urlopen(f"{address}health", timeout=10) as answer:
        assert answer.status == 200
        return json.load(answer)


def test_one_whose_stream_is_missing_fails_alone_and_the_others_go_on() -> None:
    ident = f"insightsim-test-{uuid.uuid4().hex[:8]}"
    # Ben's is looked for under a name that nobody has; Cleo's is Anna's, asked for in another way.
    people = {"anna": f"lsl:source_id={ident}", "ben": f"lsl:{ident}-none", "cleo": f"lsl:{ident}"}
    options = [f"--participant={name}={source}" for name, source in people.items()]
    with start("tests.publisher", ident, ident) as publisher:
        assert publisher.stdout is not None
        assert publisher.stdout.readline() == "here\n"
        with start("tools.cli", "monitor", *options, "--json", "--no-browser", "--port", "0") as monitor:
            try:
                said = states(monitor)
                seen: set[tuple[str, str]] = set()
                while not {("ben", "failed"), ("anna", "live"), ("cleo", "live")} <= seen:
                    seen.add(next(said))
                assert monitor.stderr is not None
                found = re.search(r"http://\S+/", monitor.stderr.readline())
                assert found
                report = health(found[0])
                publisher.kill()
                seen.clear()
                while not {("anna", "lost"), ("cleo", "lost")} <= seen:
                    seen.add(next(said))
            finally:
                monitor.terminate()
                publisher.kill()
            errors = monitor.communicate(timeout=30)[1]
    assert report["status"] == "degraded"
    told = report["participants"]
    assert [told[name]["error"] is None for name in people] == [True, False, True]
    assert [told[name]["same_stream_as"] for name in people] == [["cleo"], [], ["anna"]]
    if os.name == "posix":  # elsewhere there is no asking a process to end
        assert monitor.returncode == 1
        assert f"no stream answers lsl:{ident}-none" in errors
        assert "Traceback" not in errors
