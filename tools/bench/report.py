"""What a benchmark found, and how it is shown: table, JSON, rows for docs/performance.md."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

COLUMNS = ("what", "ours", "beside it", "compared", "target", "met")


@dataclass(frozen=True, slots=True)
class Row:
    """One figure, what it is compared with, and what it should be."""

    what: str
    ours: float
    unit: str
    beside: float | None = None
    """The same of the floor or the usual library, in the same unit."""
    named: str = ""
    """What `beside` was measured on."""
    compared: Literal["difference", "ratio"] | None = None
    """How the two are compared: ours − beside, or beside / ours."""
    bound: Literal["≤", "≥"] | None = None
    """Which side of `target` the comparison (or, without one, the figure itself) should be on."""
    target: float | None = None

    @property
    def value(self) -> float:
        """What the target speaks of."""
        if self.beside is None or self.compared is None:
            return self.ours
        return self.ours - self.beside if self.compared == "difference" else self.beside / self.ours

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None where there is none."""
        if self.target is None:
            return None
        return self.value <= self.target if self.bound == "≤" else self.value >= self.target

    def cells(self) -> tuple[str, ...]:
        """The row as text, in the order of COLUMNS."""
        return (
            self.what,
            f"{_number(self.ours)} {self.unit}",
            "" if self.beside is None else f"{_number(self.beside)} {self.unit} ({self.named})",
            self._comparison(self.value) if self.compared else "",
            "" if self.target is None else f"{self.bound} {self._comparison(self.target)}",
            {None: "", True: "yes", False: "NO"}[self.met],
        )

    def _comparison(self, value: float) -> str:
        if self.compared == "ratio":
            return f"{_number(value)} × faster"
        sign = "+" if self.compared and value > 0 else ""
        return f"{sign}{_number(value)} {self.unit}".strip()


def _number(value: float) -> str:
    """Three digits, as people write them: 0.0213, 1.43, 1 240."""
    return (
        f"{value:.0f}" if abs(value) >= 100 else f"{value:.1e}" if 0 < abs(value) < 1e-3 else f"{value:.3g}"
    )


@dataclass(frozen=True, slots=True)
class Report:
    """The rows of one or more benchmarks, and what a reader of them must know."""

    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()

    def __add__(self, other: Report) -> Report:
        return Report(self.rows + other.rows, self.notes + other.notes)


def machine() -> dict[str, str | int]:
    """What the figures were taken on, and when."""
    return {
        "cpu": _cpu(),
        "cores": os.cpu_count() or 1,
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "date": datetime.now(UTC).date().isoformat(),
    }


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:  # not Linux
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, "") or platform.processor() or "unknown"


def _taken() -> str:
    return "{cpu}, {cores} cores, {system}, Python {python}, {date}".format(**machine())


def as_json(report: Report) -> str:
    """Machine, rows (with `value` and `met`) and notes."""
    import orjson

    rows: list[dict[str, Any]] = [asdict(row) | {"value": row.value, "met": row.met} for row in report.rows]
    return orjson.dumps({"machine": machine(), "rows": rows, "notes": report.notes}).decode()


def as_markdown(report: Report) -> str:
    """A table and its notes, as they stand in docs/performance.md."""
    return "\n".join(_markdown(report))


def _markdown(report: Report) -> Iterator[str]:
    yield f"Taken on: {_taken()}.\n"
    yield f"| {' | '.join(COLUMNS)} |"
    yield "|---" * len(COLUMNS) + "|"
    for row in report.rows:
        yield f"| {' | '.join(row.cells())} |"
    yield ""
    for note in report.notes:
        yield f"- {note}"


def print_table(report: Report) -> None:
    """The report for people, on stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table(*COLUMNS, title=_taken())
    for row in report.rows:
        table.add_row(*row.cells(), style="bold red" if row.met is False else None)
    console = Console()
    console.print(table)
    for note in report.notes:
        console.print(f"- {note}", highlight=False, markup=False)
