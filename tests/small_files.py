"""Small valid files of every format, written by hand from the formats' own descriptions."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

Array = np.ndarray


def edf(
    path: Path,
    data: Array | Sequence[Array],
    sfreq: int | Sequence[int] = 128,
    labels: Sequence[str] = ("Fp1", "Fp2"),
    unit: str | Sequence[str] = "uV",
    annotations: Sequence[tuple[float, str]] = (),
) -> None:
    """An EDF+ or, by its suffix, a BDF+ file of whole seconds.

    `data` (n_channels, n_samples) are the digital numbers, which are whole `unit`s; rate and unit may
    be those of each channel. Kemp and Olivan, "European data format 'plus' (EDF+)", Clinical Neurophysiology
    114, 2003.
    """
    bdf = path.suffix == ".bdf"
    bits, kind = (24, "BDF") if bdf else (16, "EDF")
    rates = [sfreq] * len(labels) if isinstance(sfreq, int) else sfreq
    units = [unit] * len(labels) if isinstance(unit, str) else unit
    n_records = len(data[0]) // rates[0]
    low, high = -(2 ** (bits - 1)), 2 ** (bits - 1) - 1
    n = len(labels) + 1
    rows = {
        16: [*labels, f"{kind} Annotations"],
        80: [""] * n,
        8: [*units, ""],
        -8: [*[str(low)] * len(labels), "-1"],
        -9: [*[str(high)] * len(labels), "1"],
        -10: [str(low)] * n,
        -11: [str(high)] * n,
        -80: [""] * n,
        -12: [*map(str, rates), "60"],
        32: [""] * n,
    }
    first = b"\xffBIOSEMI" if bdf else f"{'0':8}".encode()
    head = (
        first
        + (
            f"{'X X X X':80}{'Startdate 01-JAN-2020 X X X':80}01.01.2000.00.00{256 * (n + 1):<8}"
            f"{kind + '+C':44}{n_records:<8}{1:<8}{n:<4}"
        ).encode()
    )
    widths = {-8: 8, -9: 8, -10: 8, -11: 8, -80: 80, -12: 8}
    head += "".join(
        f"{cell:{widths.get(width, width)}}" for width, cells in rows.items() for cell in cells
    ).encode()
    with path.open("wb") as file:
        file.write(head)
        for record in range(n_records):
            for channel, rate in zip(data, rates, strict=True):
                values = channel[record * rate : (record + 1) * rate]
                file.write(
                    values.astype("<i4").view("u1").reshape(-1, 4)[:, :3].tobytes()
                    if bdf
                    else values.astype("<i2").tobytes()
                )
            told = f"+{record}\x14\x14\0" + "".join(
                f"+{time:g}\x14{text}\x14\0" for time, text in annotations if int(time) == record
            )
            file.write(told.encode().ljust(60 * bits // 8, b"\0"))


def brainvision(
    path: Path,
    data: Array,
    sfreq: int = 128,
    labels: Sequence[str] = ("Fp1", "Fp2"),
    unit: str = "µV",
    markers: Sequence[tuple[int, str]] = (),
) -> None:
    """A .vhdr with its .eeg and .vmrk beside it. `data` (n_channels, n_samples), int16 steps of 0.1 `unit`.

    Brain Products, "BrainVision Core Data Format 1.0".
    """
    channels = "".join(f"Ch{i}={label},,0.1,{unit}\n" for i, label in enumerate(labels, 1))
    path.write_text(
        "Brain Vision Data Exchange Header File Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\nMarkerFile={path.stem}.vmrk\nDataFormat=BINARY\n"
        f"DataOrientation=MULTIPLEXED\nNumberOfChannels={len(labels)}\nSamplingInterval={1e6 / sfreq:g}\n"
        f"[Binary Infos]\nBinaryFormat=INT_16\n[Channel Infos]\n{channels}",
        encoding="utf-8",
    )
    path.with_suffix(".eeg").write_bytes(np.ascontiguousarray(data.T, "<i2").tobytes())
    told = "".join(f"Mk{i}=Stimulus,{text},{at + 1},1,0\n" for i, (at, text) in enumerate(markers, 2))
    path.with_suffix(".vmrk").write_text(
        "Brain Vision Data Exchange Marker File, Version 1.0\n[Common Infos]\nCodepage=UTF-8\n"
        f"DataFile={path.stem}.eeg\n[Marker Infos]\nMk1=New Segment,,1,1,0,20200101000000000000\n{told}",
        encoding="utf-8",
    )


def persyst(path: Path, data: Array, patient: str) -> None:
    """A .lay with its .dat beside it: `data` (n_samples, 2) in µV at 256 Hz; `patient` is a line on them."""
    path.with_suffix(".dat").write_bytes(np.ascontiguousarray(data, "<i2").tobytes())
    path.write_text(
        f"[FileInfo]\nFile={path.stem}.dat\nFileType=Interleaved\nSamplingRate=256\nHeaderLength=0\n"
        "Calibration=1.0\nWaveformCount=2\nDataType=0\n[ChannelMap]\nFp1-REF=1\nFp2-REF=2\n"
        f"[SampleTimes]\n0=1000.0\n[Patient]\nFirst=A\nMiddleInitial=\nLast=B\nSex=\nHand=\n{patient}\n"
        "ID=1\nTestDate=01/02/2020\nTestTime=10:00:00\n[Comments]\n"
    )


class Xdf:
    """An XDF file in the making; see https://github.com/sccn/xdf/wiki/Specifications."""

    def __init__(self) -> None:
        self.content = b"XDF:" + chunk(1, b"<?xml version='1.0'?><info><version>1.0</version></info>")

    def stream(
        self,
        ident: int,
        name: str,
        kind: str,
        samples: Array | Sequence[str],
        stamps: Array,
        sfreq: float = 128.0,
        desc: str = "",
        offsets: Sequence[tuple[float, float]] = (),
    ) -> Xdf:
        """Add a stream of floats (n_samples, n_channels), or of texts; clock `offsets` are (time, value)."""
        texts = not isinstance(samples, np.ndarray)
        n_channels = 1 if texts else samples.shape[1]
        header = (
            f"<?xml version='1.0'?><info><name>{name}</name><type>{kind}</type><channel_count>{n_channels}"
            f"</channel_count><nominal_srate>{sfreq}</nominal_srate><channel_format>"
            f"{'string' if texts else 'float32'}</channel_format><desc>{desc}</desc></info>"
        )
        number = struct.pack("<I", ident)
        self.content += chunk(2, number + header.encode())
        for start in range(0, len(stamps), 64):
            part = range(start, min(start + 64, len(stamps)))
            body = b"\x04" + struct.pack("<I", len(part))
            for i in part:
                body += b"\x08" + struct.pack("<d", stamps[i])
                text = samples[i].encode() if texts else b""
                body += (
                    b"\x04" + struct.pack("<I", len(text)) + text
                    if texts
                    else samples[i].astype("<f4").tobytes()
                )
            self.content += chunk(3, number + body)
        for time, value in offsets:
            self.content += chunk(4, number + struct.pack("<dd", time, value))
        self.content += chunk(6, number + b"<?xml version='1.0'?><info></info>")
        return self


def chunk(tag: int, content: bytes) -> bytes:
    """One chunk of an XDF file."""
    return b"\x04" + struct.pack("<IH", len(content) + 2, tag) + content


def channels(labels: Sequence[str], unit: str = "microvolts", kinds: Sequence[str] = ()) -> str:
    """The description of channels in a stream's header, as LSL's conventions have it."""
    kinds = kinds or ["EEG"] * len(labels)
    return (
        "<channels>"
        + "".join(
            f"<channel><label>{label}</label><unit>{unit}</unit><type>{kind}</type></channel>"
            for label, kind in zip(labels, kinds, strict=True)
        )
        + "</channels>"
    )


def muse(path: Path, data: Array, stamps: Array, signs: Array | None = None) -> None:
    """As muse-lsl records it; `data` (n_samples, 5) in µV."""
    signs = np.zeros(len(data), int) if signs is None else signs
    rows = (
        ",".join([f"{stamp:.3f}", *(f"{value:.3f}" for value in row), f"{sign}"])
        for stamp, row, sign in zip(stamps, data, signs, strict=True)
    )
    path.write_text("timestamps,TP9,AF7,AF8,TP10,Right AUX,Marker\n" + "".join(row + "\n" for row in rows))


def openbci(path: Path, data: Array, stamps: Array, signs: Array | None = None) -> None:
    """As the OpenBCI GUI 5 records it; `data` (n_samples, n_channels) in µV, `stamps` Unix time in s."""
    signs = np.zeros(len(data)) if signs is None else signs
    names = ", ".join(f"EXG Channel {i}" for i in range(data.shape[1]))
    head = (
        f"%OpenBCI Raw EXG Data\n%Number of channels = {data.shape[1]}\n%Sample Rate = 250 Hz\n"
        f"%Board = OpenBCI_GUI$BoardCytonSerial\nSample Index, {names}, Accel Channel 0, Timestamp, "
        "Marker Channel, Timestamp (Formatted)\n"
    )
    rows = (
        ", ".join(
            [f"{i % 256}", *(f"{value:.4f}" for value in row), "0.1", f"{stamp:.6f}", f"{sign:.1f}", "12:00"]
        )
        for i, (row, stamp, sign) in enumerate(zip(data, stamps, signs, strict=True))
    )
    path.write_text(head + "".join(row + "\n" for row in rows))
