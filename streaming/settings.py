"""What a session is told, from defaults, insightsim.toml and options, in that order."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from insightsim.conform import MICROVOLTS
from insightsim.errors import SettingsError
from insightsim.quality import Limits

T = TypeVar("T")

FILE = Path("insightsim.toml")
"""Read from the folder a command is run in, when it is there."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to watch, and how."""

    participant: str = "p1"
    eeg: str = "lsl:type=EEG"
    """lsl:NAME, lsl:type=EEG, lsl:source_id=…, file:PATH.dat, or synthetic."""
    trial: int = 0
    """Which trial of a file, from 1; 0 for all."""
    speed: float = 1.0
    """Of a file: times as fast as recorded."""
    ch_names: tuple[str, ...] = ()
    """Names for the channels of a stream or file, in its order; empty: its own. "-" is not EEG."""
    unit: str = ""
    """Of a stream or file: V, mV, uV or nV; empty: its own."""
    model: str = "auto"
    """A model's name, the path of its card, or "auto": the richest whose channels are all there."""
    mains: float = 50.0
    """Mains frequency, Hz: 50 or 60."""
    smoothing: float = 10.0
    """Time constant of what is shown, s; 0 for none."""

    def __post_init__(self) -> None:
        if self.mains not in (50.0, 60.0):
            raise SettingsError(f"mains is {self.mains:g}; expected 50 or 60 (Hz)")
        if not 0 <= self.smoothing <= 600:
            raise SettingsError(f"smoothing is {self.smoothing:g}; expected 0 to 600 (s)")
        if self.trial < 0:
            raise SettingsError(f"trial is {self.trial}; expected 1 or more, or 0 for all")
        if not 0.1 <= self.speed <= 1000:
            raise SettingsError(f"speed is {self.speed:g}; expected 0.1 to 1000")
        if self.unit.strip().replace("µ", "u").replace("μ", "u").lower() not in MICROVOLTS:
            raise SettingsError(f"unit is {self.unit!r}; expected V, mV, uV or nV")


@dataclass(frozen=True, slots=True)
class Server:
    """Where the page is."""

    host: str = "127.0.0.1"
    port: int = 8765
    """0 picks a free one."""
    browser: bool = True
    """Open the page in the default browser."""

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65535:
            raise SettingsError(f"port is {self.port}; expected 0 to 65535")


@dataclass(frozen=True, slots=True)
class Settings:
    """The tables of insightsim.toml."""

    session: Wanted = field(default_factory=Wanted)
    limits: Limits = field(default_factory=Limits)
    server: Server = field(default_factory=Server)


def load(path: Path | None = None) -> Settings:
    """The file named, else insightsim.toml here, else the defaults. Raises SettingsError."""
    if path is None and not FILE.exists():
        return Settings()
    path = path or FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not valid TOML ({error})") from error
    return _fill(Settings(), table, str(path))


def override(settings: Settings, table: str, **options: Any) -> Settings:
    """The settings with the options that were given (not None) laid over one table."""
    given = {name: value for name, value in options.items() if value is not None}
    return _fill(settings, {table: given}, "options")


def _fill(settings: T, table: Mapping[str, Any], where: str) -> T:
    assert is_dataclass(settings)
    assert not isinstance(settings, type)
    known = [item.name for item in fields(settings)]
    hints = get_type_hints(type(settings))
    changes: dict[str, Any] = {}
    for key, value in table.items():
        if key not in known:
            near = difflib.get_close_matches(key, known, 1)
            hint = f"; did you mean {near[0]}?" if near else f"; known are {', '.join(known)}"
            raise SettingsError(f"{where}: unknown setting {key!r}{hint}")
        current = getattr(settings, key)
        changes[key] = (
            _fill(current, value, f"{where} [{key}]")
            if is_dataclass(current) and isinstance(value, Mapping)
            else _cast(value, hints[key], current, f"{where}: {key}")
        )
    return replace(settings, **changes)


def _cast(value: Any, hint: Any, current: Any, where: str) -> Any:
    if isinstance(current, float) and type(value) in (int, float):
        return float(value)
    if hint == tuple[str, ...] and isinstance(value, list | tuple):
        return tuple(_cast(item, str, "", where) for item in value)
    if isinstance(current, tuple) and isinstance(value, list | tuple) and len(value) == len(current):
        return tuple(_cast(item, None, now, where) for item, now in zip(value, current, strict=True))
    if type(value) is type(current):
        return value
    raise SettingsError(f"{where} is {value!r}; expected {getattr(hint, '__name__', hint)}, like {current!r}")
