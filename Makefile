# Everything a newcomer or CI runs. Needs GNU make, bash and a Python ≥ 3.11 with venv; the rest goes into .venv.

SHELL := bash
PYTHON ?= python3
WORKERS ?= 2
UV ?= uv
ARGS ?=

BIN := .venv/bin
# The lock is complete, so pip resolves nothing; wheels only, so nothing is compiled for an hour by surprise.
PIP_INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --require-virtualenv --only-binary :all: \
	--require-hashes --no-deps

.DEFAULT_GOAL := help
.PHONY: help demo test check models bench lock chromium clean

help: ## show this text
	@echo "make demo    watch a simulated person's emotions in the browser (make demo ARGS=--no-browser)"
	@echo "make test    run every test, the browser test included (make test ARGS='-k feed')"
	@echo "make check   ruff and mypy --strict"
	@echo "make models  train the shipped demo models again, on simulated data"
	@echo "make bench   measure latency, throughput, memory and load (make bench ARGS=latency, or soak)"
	@echo "make lock    pin the newest versions that pyproject.toml allows (needs uv; ARGS=--upgrade renews all)"
	@echo "make clean   remove .venv and caches"
	@echo
	@echo "PYTHON=python3.12 chooses the Python that .venv is made with; ARGS=… is passed on."

demo: .venv/.runtime
	@$(BIN)/insightsim demo $(ARGS)

test: .venv/.tests chromium
	@$(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: .venv/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

models: .venv/.runtime
	@$(BIN)/python -m tools.train_demo $(ARGS)

bench: .venv/.tests
	@$(BIN)/insightsim bench $(or $(ARGS),all)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One line a package instead of pip's several; pipefail, or sed's success would hide pip's failure.
define INSTALL
	@echo "Installing the packages of $(1) into .venv (a minute or two the first time) …"
	@set -o pipefail; $(PIP_INSTALL) -r $(1) | sed -nE \
		-e 's/^ *(Downloading|Using cached) ([^ ]+)-([0-9][^-]*)-[^ ]* \((.*)\)$$/  \2 \3  \4/p' \
		-e 's/^Installing collected packages.*/  unpacking …/p'
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-build-isolation --editable .
	@touch $@
endef

.venv/.runtime: requirements.lock pyproject.toml | $(BIN)/python
	$(call INSTALL,requirements.lock)

.venv/.tests: tests/requirements.lock pyproject.toml | $(BIN)/python
	$(call INSTALL,tests/requirements.lock)

# Old enough Pythons must be able to read this, to say that they are too old.
define CHECK_PYTHON
import sys
if sys.version_info < (3, 11):
    sys.exit("InsightSim needs Python 3.11 or newer; $(PYTHON) is %d.%d. Name a newer one: make PYTHON=python3.12 …"
             % sys.version_info[:2])
try:
    import venv, ensurepip
except ImportError:
    sys.exit("$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python%d.%d-venv"
             % sys.version_info[:2])
endef
export CHECK_PYTHON

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is not there: install Python 3.11 or newer (Debian: apt \
	install python3 python3-venv), or name one: make PYTHON=python3.12 …" >&2; exit 1; }
	@$(PYTHON) -c "$$CHECK_PYTHON"
	@$(PYTHON) -m venv .venv || { rm -rf .venv; exit 1; }

# The browser test takes any Chromium or Chrome that the doctor finds; only on Debian as root is installing one for it
# a matter of course.
chromium: .venv/.tests
	@if $(BIN)/python -c 'import sys; from tools.doctor import chromium; sys.exit(not chromium().ok)'; then :; \
	elif grep -qs '^ID=debian' /etc/os-release && [ "$$(id -u)" = 0 ]; then \
		echo "Installing Debian's chromium for the browser test …"; \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium >/dev/null; \
	else \
		echo "*** No Chromium or Chrome found: the browser test will be skipped. Install one to run it. ***"; \
	fi

lock:
	@command -v $(UV) >/dev/null || { echo "make lock needs uv (https://docs.astral.sh/uv): install it outside .venv, \
	or name it: make lock UV=/path/to/uv" >&2; exit 1; }
	$(UV) pip compile pyproject.toml $(LOCK) -o requirements.lock
	$(UV) pip compile pyproject.toml $(LOCK) --group test -c requirements.lock -o tests/requirements.lock

# Universal: one lock for every platform and Python; no header or annotations, since they name paths.
LOCK := --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --no-emit-index-url \
	--no-emit-find-links --quiet $(ARGS)
