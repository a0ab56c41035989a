"""One way from an OpenFace CSV to features. Run as python -m tools.bench.openface_read ours|pandas FILE.

"ours" reads block by block and goes on to predictions. "pandas" reads the whole file with default settings
and cuts the same windows and features of it, but asks no model.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
import pandas as pd

from insightsim import models
from insightsim.aus import COLUMNS, OPENFACE
from insightsim.face_features import features
from insightsim.face_judge import FaceJudge
from insightsim.face_windows import FaceWindows
from insightsim.models import Model
from insightsim.openface import open_csv
from insightsim.types import Signal
from tools.bench.looks import look


def ours(path: Path, model: Model) -> int:
    """The way `insightsim predict` goes; how many predictions there were."""
    recipe, judge = model.card.face, FaceJudge(model)
    windows, n_windows = FaceWindows(recipe.seconds, recipe.step), 0
    for block in open_csv(path, recipe.ch_names).blocks():
        n_windows += len(judge(list(windows.cut(block))))
    return n_windows


def by_pandas(path: Path, model: Model) -> int:
    """What one writes who has pandas and the features; how many windows there were."""
    recipe = model.card.face
    table = pd.read_csv(path)
    table.columns = table.columns.str.strip()
    table = table[table["success"] == 1]
    rows = table[list(recipe.ch_names)].to_numpy(np.float32)
    times = table["timestamp"].to_numpy(float)
    signal = Signal("face", recipe.ch_names, OPENFACE, 25.0, rows, times)
    found = [features(recipe, window) for window in FaceWindows(recipe.seconds, recipe.step)(signal)]
    return len(found)


def main(how: str, path: Path) -> None:
    """Print seconds without imports, windows, and the most memory resident, MB (None: nothing tells)."""
    model = models.load(models.choose_face(COLUMNS, OPENFACE))
    start = perf_counter()
    n_windows = ours(path, model) if how == "ours" else by_pandas(path, model)
    seconds = perf_counter() - start
    seen = look(os.getpid())  # not getrusage: its peak may be that of the process that began this one
    peak = None if seen is None else seen.peak
    found = {"seconds": seconds, "windows": n_windows, "peak": peak, "model": model.card.name}
    sys.stdout.write(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
