"""What the first line and the last of an OpenFace CSV tell: its columns, and whether its end was cut off."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from insightsim import files
from insightsim.aus import INTENSITIES, PRESENCES
from insightsim.errors import DatasetError

MAX_LINE = 1 << 20
"""Bytes; a full row has 5,000."""
MAX_COLUMNS = 10_000
NEEDED = {*INTENSITIES, *PRESENCES} - {"AU28_c"}
"""Without these a file is no OpenFace output that a model could read; older versions lack AU28."""
PACKED = (b"\x1f\x8b", b"PK\x03\x04", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"Rar!")
"""How compressed files begin, spreadsheets among them."""
_AU = re.compile(r"AU_?\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns and the rows of a file are."""

    names: tuple[str, ...]
    start: int
    """Byte at which the first row begins."""
    stop: int
    """Byte at which the last whole row ends."""
    last: bytes
    """The last whole row, if it is near the end; else empty."""
    cut: int
    """Fields of a last row that was cut off and is left out; 0 where none was."""


def looks_like(path: Path) -> bool:
    """Whether a file that can be read is, by its first line, OpenFace's or akin: it names action units."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        names = _names(file.readline(MAX_LINE))
    return any(_AU.match(name) for name in names) or {"confidence", "success"} <= {*names}


def read_layout(path: Path) -> Layout:
    """The layout of a file. Raises DatasetError where it is no CSV of action units, and says what it is."""
    files.check(path)
    try:
        with path.open("rb") as file:
            line = file.readline(MAX_LINE + 1)
            size = file.seek(0, os.SEEK_END)
            tail_at = max(len(line), size - 2 * MAX_LINE)
            file.seek(tail_at)
            tail = file.read(size - tail_at)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    _check_text(path, line)
    names = _names(line)
    _check_names(path, names)
    return _with_rows(path, names, len(line), tail_at, tail)


def _names(line: bytes) -> tuple[str, ...]:
    text = line.decode("utf-8-sig", errors="replace")
    return tuple(name.strip().strip('"') for name in text.rstrip("\r\n").split(","))


def _check_text(path: Path, line: bytes) -> None:
    if not line.strip():
        raise DatasetError(f"{path}: its first line is empty, expected the names of OpenFace's columns")
    if line.startswith(PACKED):
        raise DatasetError(f"{path}: a compressed file or a spreadsheet, expected text; unpack it first")
    if b"\0" in line:
        raise DatasetError(f"{path}: not text in UTF-8; expected a CSV as OpenFace writes it")
    if len(line) > MAX_LINE:
        raise DatasetError(f"{path}: its first line is longer than {MAX_LINE:,} bytes; not an OpenFace CSV")


def _check_names(path: Path, names: Sequence[str]) -> None:
    """Raise DatasetError unless the action units are there, each once; say what the file looks like."""
    if len(names) > MAX_COLUMNS:
        raise DatasetError(f"{path}: {len(names):,} columns; OpenFace writes at most 714")
    lacking = sorted(NEEDED - {*names})
    if lacking:
        raise DatasetError(f"{path}: {_lookalike(names, lacking)}")
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise DatasetError(f"{path}: {', '.join(twice[:3])} is there twice; which one is right?")
    if "timestamp" not in names and "frame" not in names and "face" in names:
        raise DatasetError(
            f"{path}: OpenFace's output for single pictures (FaceLandmarkImg), which has no times; expected "
            "that for a video: FeatureExtraction -f VIDEO -aus"
        )


def _lookalike(names: Sequence[str], lacking: Sequence[str]) -> str:
    """What a file without OpenFace's action units may be instead."""
    aus = [name for name in names if _AU.match(name)]
    shown = ", ".join(lacking[:3]) + (f" and {len(lacking) - 3} more" if len(lacking) > 3 else "")
    found = f"{shown} not found among its {len(names)} columns"
    if not aus:
        if len(names) == 1 and re.search(r"[;\t]", names[0]):
            return f"{found}: they are not separated by commas; was it saved by a spreadsheet? Export it anew"
        return f"{found}: it has no action units at all; run OpenFace with -aus"
    if not any(name.endswith(("_r", "_c")) for name in aus):
        if len(aus) <= 8:
            return (
                f"{found}, but {', '.join(aus)}: an output of OpenFace 3, whose few units mean something "
                "else? Run OpenFace 2.2"
            )
        return f"{found}, but {aus[0]} and the like: py-feat's output, on another scale? Run OpenFace 2.2"
    if all(name.endswith("_c") for name in lacking):
        return (
            f"{found}: it has intensities alone. Is this an AU-only derivative? Use the file it was made from"
        )
    return f"{found}: columns were taken out; use the file as OpenFace wrote it, with -aus"


def _with_rows(path: Path, names: tuple[str, ...], start: int, tail_at: int, tail: bytes) -> Layout:
    """Where the rows end; a last one with fewer fields than names was cut off, as of a killed process."""
    content = tail.rstrip(b"\r\n \t")
    at = content.rfind(b"\n") + 1
    if not at and tail_at > start:
        raise DatasetError(f"{path}: a row is longer than {MAX_LINE:,} bytes: no OpenFace CSV")
    last, cut = content[at:], 0
    fields = last.count(b",") + (not names[-1] or not last.endswith(b","))
    if fields < len(names):
        content, cut = content[:at].rstrip(b"\r\n \t"), fields
        last = content[content.rfind(b"\n") + 1 :]
    if not content.strip():
        raise DatasetError(f"{path}: no whole row under its first line; was OpenFace still at work?")
    return Layout(names, start, tail_at + len(content), last, cut)
