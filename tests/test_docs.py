"""What the documentation says is what the program does."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

from insightsim.types import VADL, Estimate, StreamState
from streaming import settings
from tools import cli
from web.messages import estimate_message, hello_message, status_message

ROOT = Path(__file__).parents[1]
PAGES = sorted(ROOT.glob("*.md")) + sorted((ROOT / "docs").glob("*.md"))
TARGETS = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


def code(text: str) -> Iterator[str]:
    """Every line of a code block, and every piece of code within a sentence."""
    for block in re.findall(r"^```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        yield from block.splitlines()
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL))


def unknown(line: str) -> str | None:
    """The command or option in an `insightsim …` or `make …` line that does not exist."""
    words = shlex.split(line, comments=True, posix="\\" not in line)
    if words[:1] == ["make"]:
        return next((word for word in words[1:2] if word not in TARGETS and "=" not in word), None)
    if not words or not re.fullmatch(r"(\S*[/\\])?insightsim", words.pop(0)):
        return None
    command = typer.main.get_command(cli.app)
    while isinstance(command, TyperGroup) and words and not words[0].startswith("-"):
        name = words.pop(0)
        if name not in command.commands:
            return name
        command = command.commands[name]
    known = {
        "--help",
        *(option for param in command.params for option in (*param.opts, *param.secondary_opts)),
    }
    return next((word for word in words if word.startswith("-") and word not in known), None)


def anchors(text: str) -> set[str]:
    """The targets that a page's headings make."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@every_page
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text(encoding="utf-8")):
        if target.startswith("https://"):
            continue
        path, _, anchor = target.partition("#")
        there = page.parent / path if path else page
        assert there.exists(), target
        assert not anchor or anchor in anchors(there.read_text(encoding="utf-8")), target


@every_page
def test_every_command_exists(page: Path) -> None:
    for line in code(page.read_text(encoding="utf-8")):
        assert unknown(line) is None, line


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("insightsim watch", "watch"),
        ("insightsim train face DIR", "face"),
        ("insightsim monitor --egg lsl:x", "--egg"),
        (r".venv\Scripts\insightsim dmeo", "dmeo"),
        ("make coffee", "coffee"),
    ],
)
def test_a_planted_mistake_in_a_command_is_found(line: str, what: str) -> None:
    assert unknown(line) == what


def test_every_command_has_its_section() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    command = typer.main.get_command(cli.app)
    assert isinstance(command, TyperGroup)
    for name in command.commands:
        assert f"insightsim {name}" in page, name


def test_the_settings_page_shows_every_key_with_its_default() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    defaults = asdict(settings.Settings())
    for table in ("session", "limits"):
        defaults[table] = {
            key: list(value) if isinstance(value, tuple) else value for key, value in defaults[table].items()
        }
    assert tomllib.loads(block) == defaults


def test_the_feed_page_names_every_field_of_every_message() -> None:
    page = (ROOT / "docs" / "feed.md").read_text(encoding="utf-8")
    half = VADL(0.5, 0.5, 0.5, 0.5)
    state = StreamState("eeg", "live", 0.0, "synthetic")
    messages = (
        hello_message("p1", []),
        status_message(state, "p1", None),
        estimate_message(Estimate(0.0, half, half, half, 1.0, None, (state,)), "p1", None),
    )
    for message in messages:
        for field in message:
            assert f"`{field}`" in page, field
