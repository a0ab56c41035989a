"""The processes a benchmark runs beside its own: started, listened to, ended by their handle."""

from __future__ import annotations

import asyncio
import os
import re
import sys
import tempfile
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from insightsim.errors import InsightSimError

START_WITHIN = 60.0
"""Seconds a process may take to say that it is ready."""
STOP_WITHIN = 10.0
"""Seconds a process has to end when asked to, before it is killed."""

LSL_SETTINGS = """\
[multicast]
ResolveScope = machine
[lab]
KnownPeers = {127.0.0.1}
[ports]
PortRange = 128
[log]
level = -1
"""
"""LSL that asks nobody outside this computer. Named as a peer too: mne-lsl's cannot multicast on loopback.

A peer is asked port by port, and every stream takes two or more: the usual 32 are too few for eight people.
"""


@asynccontextmanager
async def child(*arguments: str, env: dict[str, str] | None = None) -> AsyncIterator[Process]:
    """A Python process of these arguments, all it says on its `stdout`; ended when the block is left."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, *arguments, stdin=DEVNULL, stdout=PIPE, stderr=STDOUT, env=env
    )
    try:
        yield process
    finally:
        await _end(process)


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        await asyncio.wait_for(process.communicate(), STOP_WITHIN)
    except TimeoutError:
        process.kill()
        await process.communicate()


async def said(process: Process, pattern: str, who: str) -> str:
    """The first group of `pattern` in what the process says, once it is there.

    Raises InsightSimError when the process ends, or keeps silent, before.
    """
    heard = []
    try:
        async with asyncio.timeout(START_WITHIN):
            assert process.stdout is not None
            while line := (await process.stdout.readline()).decode(errors="replace"):
                if match := re.search(pattern, line):
                    return match[1]
                heard.append(line.strip())
    except TimeoutError:
        why = f"was not ready within {START_WITHIN:g} s"
    else:
        why = f"ended with exit code {await process.wait()}"
    told = " ".join(filter(None, heard[-3:])) or "it said nothing"
    raise InsightSimError(f"{who} {why}: {told}")


@asynccontextmanager
async def outlet(source_id: str) -> AsyncIterator[dict[str, str]]:
    """A made-up brain of 32 channels at 128 Hz as an LSL stream of this computer alone, in its own process.

    Yields the environment in which other processes find it.
    """
    options = ("--name", source_id, "--source-id", source_id, "--parent", str(os.getpid()))
    async with _sending("tools.cli", "replay", "synthetic", *options) as env:
        yield env


@asynccontextmanager
async def headsets(source_ids: Sequence[str], sfreq: float) -> AsyncIterator[dict[str, str]]:
    """Cheap headsets of 32 channels, sample by sample, all in one process; yields what `outlet` does."""
    async with _sending("tools.bench.publisher", str(os.getpid()), str(sfreq), *source_ids) as env:
        yield env


@asynccontextmanager
async def _sending(module: str, *arguments: str) -> AsyncIterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="insightsim-bench-") as folder:
        settings = Path(folder) / "lsl_api.cfg"
        settings.write_text(LSL_SETTINGS, encoding="utf-8")
        env = os.environ | {"LSLAPICFG": str(settings)}
        async with child("-m", module, *arguments, env=env) as process:
            await said(process, "(Publishing)", module)
            yield env


@asynccontextmanager
async def bare(source_ids: Sequence[str], env: dict[str, str]) -> AsyncIterator[Process]:
    """A process that fetches these streams and forgets them."""
    async with child("-m", "tools.bench.floor", "--drain", *source_ids, env=env) as process:
        await said(process, "(Draining)", "tools.bench.floor")
        yield process


def one(source: str) -> tuple[str, ...]:
    """The monitor's options for one person, p1."""
    return ("--eeg", source, "--participant", "p1")


@asynccontextmanager
async def monitor(
    options: Sequence[str], model: str, seconds: float, env: dict[str, str] | None = None
) -> AsyncIterator[tuple[Process, str]]:
    """The real monitor, and the address of its feeds, to which "/" and a name are added.

    It stops itself long after `seconds`.
    """
    page = ("--port", "0", "--no-browser", "--seconds", str(seconds + 2 * START_WITHIN))
    async with child("-m", "tools.cli", "monitor", *options, "--model", model, *page, env=env) as process:
        yield process, f"ws://{await said(process, ADDRESS, 'the monitor')}/live"


ADDRESS = r"(127\.0\.0\.1:\d+)"
"""Where a server says that it listens."""
