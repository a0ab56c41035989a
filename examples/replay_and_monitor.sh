#!/usr/bin/env bash
# Simulate one subject, replay one of its trials as an LSL stream, and print the estimates made from it.
set -euo pipefail
cd "$(dirname "$0")/.."
export PATH="$PWD/.venv/bin:$PATH"

folder=$(mktemp -d)
trap 'kill "${player:-}" 2>/dev/null || true; rm -rf "$folder"' EXIT

insightsim simulate deap "$folder" --subjects 1 --effect 1
insightsim replay "$folder/s01.dat" --trial 5 --name "example-$$" --wait &
player=$!
insightsim monitor --eeg "lsl:example-$$" --seconds "${1:-30}" --json --no-browser --port 0
