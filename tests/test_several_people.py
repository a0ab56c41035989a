"""Four people in one monitor, over real LSL: one who is late or fails does not touch the others."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import urllib.request
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
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


def test_one_who_is_late_is_waited_for_one_who_fails_fails_alone_and_the_others_go_on(tmp_path: Path) -> None:
    ident = f"insightsim-test-{uuid.uuid4().hex[:8]}"
    # Ben's is switched on late; Cleo's is Anna's, asked for in another way; Dora's model does not exist.
    settings = tmp_path / "people.toml"
    settings.write_text(f"""
        [participants]
        anna = "lsl:source_id={ident}"
        ben = "lsl:{ident}-late"
        cleo = "lsl:{ident}"
        dora = {{eeg = "synthetic", model = "eeg-none"}}
    """)
    watch = ("tools.cli", "monitor", f"--settings={settings}", "--json", "--no-browser", "--port=0")
    with ExitStack() as opened:
        publishers = [publisher(opened, ident)]
        monitor = opened.enter_context(start(*watch))
        opened.callback(monitor.kill)
        assert monitor.stderr is not None
        found = re.search(r"http://\S+/", monitor.stderr.readline())
        assert found
        said = states(monitor)
        until(said, ("ben", "lost"), ("dora", "failed"), ("anna", "live"), ("cleo", "live"))
        report = health(found[0])
        publishers.append(publisher(opened, f"{ident}-late"))
        until(said, ("ben", "live"))
        for one in publishers:
            one.kill()
        until(said, ("anna", "lost"), ("ben", "lost"), ("cleo", "lost"))
        monitor.terminate()
        errors = monitor.communicate(timeout=30)[1]
    assert report["status"] == "degraded"
    told = report["participants"]
    assert [told[name]["error"] is None for name in ("anna", "ben", "cleo", "dora")] == [True] * 3 + [False]
    assert [told[name]["same_stream_as"] for name in ("anna", "ben", "cleo")] == [["cleo"], [], ["anna"]]
    assert f"Waiting for lsl:{ident}-late (ben) …" in errors
    if os.name == "posix":  # elsewhere there is no asking a process to end
        assert monitor.returncode == 1
        assert 'insightsim: dora: there is no model "eeg-none"' in errors
        assert "Traceback" not in errors


def publisher(opened: ExitStack, name: str) -> subprocess.Popen[str]:
    """A stream of this name and source_id in a process that ends with the test."""
    one = opened.enter_context(start("tests.publisher", name, name))
    opened.callback(one.kill)
    assert one.stdout is not None
    assert one.stdout.readline() == "here\n"
    return one


def until(said: Iterator[tuple[str, str]], *awaited: tuple[str, str]) -> None:
    """Read what is said until all of it was."""
    missing = set(awaited)
    while missing:
        missing.discard(next(said))
