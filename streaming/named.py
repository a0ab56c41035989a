"""Names and unit that a stream or file does not state, or states wrongly, laid over it."""

from __future__ import annotations

from dataclasses import replace

from insightsim.errors import SettingsError
from insightsim.types import Signal
from streaming.sources import Source, SourceInfo

NOT_EEG = "-"
"""In place of a name: this channel is left out."""


class Named:
    """A source with other names for its channels, in their order, and another unit; empty: its own."""

    def __init__(self, source: Source, ch_names: tuple[str, ...] = (), unit: str = "") -> None:
        self.source = source
        self.query = source.query
        self._names = ch_names
        self._unit = unit

    def open(self, within: float = 1.0) -> SourceInfo:
        """Open the source. Raises SettingsError if it has another number of channels, and what it raises."""
        info = self.source.open(within)
        names = self._names or info.ch_names
        if len(names) != len(info.ch_names):
            raise SettingsError(
                f"{len(names)} names are given for {info.name}; expected {len(info.ch_names)}, one for "
                f'each of its channels: {", ".join(info.ch_names)} ("-" leaves one out)'
            )
        self._picks = [i for i, name in enumerate(names) if name != NOT_EEG or not self._names]
        if not self._picks:
            raise SettingsError(f"all channels of {info.name} are left out; expected at least one name")
        self._info = replace(
            info, ch_names=tuple(names[i] for i in self._picks), unit=self._unit or info.unit
        )
        return self._info

    def pull(self) -> Signal | None:
        """What the source gives, under the given names; raises what it raises."""
        chunk = self.source.pull()
        if chunk is None:
            return None
        data = chunk.data
        if len(self._picks) != data.shape[1]:
            data = data[:, self._picks]
        return replace(chunk, ch_names=self._info.ch_names, unit=self._info.unit, data=data)

    def lag(self, time: float) -> float:
        """Of the source."""
        return self.source.lag(time)

    def close(self) -> None:
        """Let go of the source."""
        self.source.close()
