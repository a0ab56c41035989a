"""What a session is told, from defaults, insightsim.toml and options, in that order."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, is_dataclass, replace
from pathlib import Path
from typing import Any, TypeVar, get_type_hints

from insightsim.conform import MICROVOLTS
from insightsim.errors import SettingsError
from insightsim.quality import Limits

T = TypeVar("T")

NAME = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)
"""What a participant may be called: the name is part of the feed's address."""

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
        if not NAME.fullmatch(self.participant):
            raise SettingsError(
                f"participant is {self.participant!r}; expected 1 to 64 of a–z, A–Z, 0–9, - and _ "
                "(the name is part of an address)"
            )
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
    """The tables of insightsim.toml. Raises SettingsError when anybody's would not do."""

    session: Wanted = field(default_factory=Wanted)
    """Of everyone, but for what `participants` says of one."""
    participants: Mapping[str, Any] = field(default_factory=dict)
    """By name: a source, or a table of what is not as in `session`; empty: one person, as there."""
    limits: Limits = field(default_factory=Limits)
    server: Server = field(default_factory=Server)

    def __post_init__(self) -> None:
        _ = self.people  # what would not do for one is said before anybody is watched

    @property
    def people(self) -> tuple[Wanted, ...]:
        """What is wanted of each participant, in the order they were named."""
        return tuple(_person(self.session, *item) for item in self.participants.items()) or (self.session,)


def _person(session: Wanted, name: str, own: str | Mapping[str, Any]) -> Wanted:
    table = own_keys(own, name)
    if "participant" in table:
        raise SettingsError(f"[participants.{name}]: participant is {name!r} already; leave it out")
    return _fill(replace(session, participant=name), table, f"[participants.{name}]")


def own_keys(own: Any, name: str) -> Mapping[str, Any]:
    """What is said of one participant, as a table. Raises SettingsError."""
    if isinstance(own, Mapping):
        return own
    if isinstance(own, str):
        return {"eeg": own}
    raise SettingsError(
        f"[participants]: {name} is {own!r}; expected a source, like 'lsl:source_id=…', or a table"
    )


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
