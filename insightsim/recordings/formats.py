"""Which files can be read, by the end of their names."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from insightsim.errors import DatasetError


class Format(NamedTuple):
    """One format of file."""

    name: str
    """As in "not … or a broken one"."""
    module: str
    """The module of this folder whose `read` reads it."""
    folder: bool = False
    """Whether a recording is a folder of files."""
    needs: str = ""
    """A package that does not come with InsightSim, without which no such file is read."""


XDF = Format("an XDF file", "xdf")
FIF = Format("a FIF file", "by_mne")
BRAINVISION = Format("a BrainVision header", "by_mne")
FORMATS = {
    ".xdf": XDF,
    ".xdfz": XDF,
    ".xdf.gz": XDF,
    ".csv": Format("a Muse recording", "muse"),
    ".txt": Format("an OpenBCI recording", "openbci"),
    ".edf": Format("an EDF file", "by_mne"),
    ".bdf": Format("a BDF file", "by_mne"),
    ".gdf": Format("a GDF file", "by_mne"),
    ".vhdr": BRAINVISION,
    ".ahdr": BRAINVISION,
    ".fif": FIF,
    ".fif.gz": FIF,
    ".set": Format("an EEGLAB file", "by_mne"),
    ".cnt": Format("a Neuroscan file (those of ANT need the package antio)", "by_mne"),
    ".mff": Format("an EGI recording", "by_mne", folder=True, needs="mffpy"),
    ".nxe": Format("an eXimia file", "by_mne"),
    ".cdt": Format("a Curry file", "by_mne", needs="curryreader"),
    ".nedf": Format("a Neuroelectrics file", "by_mne"),
    ".lay": Format("a Persyst file", "by_mne"),
    ".data": Format("a Nicolet file", "by_mne"),
}
"""End of the name → format."""
HEADERS = {".eeg": ".vhdr", ".vmrk": ".vhdr", ".fdt": ".set", ".dap": ".cdt", ".dpa": ".cdt"}
"""Files that belong to another, which is the one to name."""


def format_of(path: Path) -> Format:
    """The format of a file by its name. Raises DatasetError for one that is not known."""
    name = path.name.lower()
    for suffix in sorted(FORMATS, key=len, reverse=True):
        if name.endswith(suffix):
            return FORMATS[suffix]
    if header := HEADERS.get(path.suffix.lower()):
        raise DatasetError(f"{path}: belongs to a {header} file; name that one")
    raise DatasetError(
        f"{path}: unknown kind of file {path.suffix!r}; expected a name that ends in {', '.join(FORMATS)}, "
        "or a DEAP file (.dat, .mat)"
    )
