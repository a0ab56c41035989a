"""Times `insightsim predict` once everything is imported.

Run as python -m tools.bench.predicting FILE MODEL STEP.
"""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout
from importlib import import_module
from pathlib import Path
from time import perf_counter

from tools.predict import predict

IMPORTED = (
    "onnxruntime",
    "insightsim.datasets.deap",
    "insightsim.eeg",
    "insightsim.fusion",
    "insightsim.models",
    "streaming.settings",
    "web.messages",
)
"""What `predict` imports when it runs."""


def main(file: Path, model: str, step: float) -> None:
    """Print how long it took, and how many windows there were and were judged."""
    for name in IMPORTED:
        import_module(name)
    printed = io.StringIO()
    start = perf_counter()
    with redirect_stdout(printed):
        predict(str(file), None, model, step, as_json=True)
    seconds = perf_counter() - start
    estimates = [json.loads(line) for line in printed.getvalue().splitlines()]
    judged = sum(estimate["reason"] is None for estimate in estimates)
    sys.stdout.write(json.dumps({"seconds": seconds, "windows": len(estimates), "judged": judged}))


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], float(sys.argv[3]))
