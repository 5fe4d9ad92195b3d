# trueline: everything a person or a machine runs, from a fresh clone. `make` alone lists it.
# Needs Python 3.11 or later, git and make; the first demo or test builds .venv from the lock.

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check
UV ?= uv

# The first tested Python found, else any later one; choose yourself with: make PYTHON=/path/to/python3
PYTHON ?= $(shell \
  for bound in 3.14 4.0; do for python in python3 python3.13 python3.12 python3.11 python; do \
    $$python -c "import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < tuple(map(int, '$$bound'.split('.'))))" \
      2>/dev/null && command -v $$python && exit; \
  done; done)

.DEFAULT_GOAL := help
.PHONY: help demo setup test test-faults lint format lock bench clean

help:  ## list what make can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/runtime-ready  ## the story of one line in one file, then an audit that finds a planted broker
	$(PY) demo.py
	@mkdir -p build/demo
	@$(PY) -c "from trueline.rows.datasets import make_credit_limits as make; from pyarrow import csv; \
	  csv.write_csv(make().table, 'build/demo/credit.csv')"
	@printf '\n6. Audit: credit limits, where one broker has poisoned 60 of 2000 rows\n\n'
	@cd build/demo && ../../$(VENV)/bin/trueline audit credit.csv --target limit --one-hot region --source broker \
	  --effort quick --html audit.html || test $$? -eq 1
	@echo "The report: build/demo/audit.html"

setup: $(VENV)/dev-ready  ## everything into .venv: trueline with all it can do, and the tools to change it

test: lint  ## everything that must hold: lint, types, floors, then the tests
	$(PY) -m pytest -n auto --dist worksteal

test-faults: $(VENV)/dev-ready  ## the long faults: every bit flipped, kill -9, idle sockets, fuzzing
	$(PY) -m pytest -n auto --dist worksteal -m faults

lint: $(VENV)/dev-ready  ## style, types and the floors of the house
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	$(PY) tests/architecture.py src/trueline

format: $(VENV)/dev-ready  ## put the sources into shape
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

lock:  ## recompile both locks; newest versions with: make lock UPGRADE=--upgrade
	@command -v $(UV) >/dev/null || { echo "make lock needs uv: pip install uv, or make lock UV=/path/to/uv"; exit 1; }
	$(COMPILE) --extra plot --extra report --group setup --output-file requirements.lock
	$(COMPILE) --all-extras --group dev --constraint requirements.lock --output-file requirements-dev.lock
	@! grep -nE '[a-z]+://' requirements.lock requirements-dev.lock || { echo "a lock names an address"; exit 1; }

COMPILE = $(UV) pip compile pyproject.toml --quiet --universal --python-version 3.11 \
  --fork-strategy fewest --generate-hashes --no-emit-index-url --no-annotate --custom-compile-command "make lock" $(UPGRADE)

# The peers live apart from the development environment, under a lock of their own.
BENCH := .venv-bench

bench: $(BENCH)/ready  ## compare with the peers: benchmarks/results.md; under two minutes with ARGS=--quick
	$(BENCH)/bin/python -m benchmarks $(ARGS)

$(BENCH)/ready: benchmarks/requirements.lock pyproject.toml
	@test -x $(BENCH)/bin/pip || $(PYTHON) -m venv $(BENCH)
	@echo "== installing the peers into $(BENCH): once, some minutes on a slow line"
	@$(BENCH)/bin/python benchmarks/install.py
	@touch $@

clean:  ## remove the environment, builds and caches
	rm -rf $(VENV) $(BENCH) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A stamp says: this lock and this package are installed. The development lock holds all of the runtime lock.
$(VENV)/runtime-ready: requirements.lock pyproject.toml | $(VENV)/bin/pip
	@$(call install,requirements.lock)
	@touch $@

$(VENV)/dev-ready: requirements-dev.lock pyproject.toml | $(VENV)/bin/pip
	@$(call install,requirements-dev.lock)
	@touch $@ $(VENV)/runtime-ready

define install
echo "== installing $(1) into $(VENV): once, some minutes on a slow line" && \
$(PIP) install --require-hashes -r $(1) && \
$(PIP) install --no-deps --no-build-isolation --editable .
endef

$(VENV)/bin/pip:
	@if [ -z "$(PYTHON)" ]; then \
	  echo "trueline needs Python 3.11 or later, and found none on the PATH."; \
	  echo "Install one (python.org, your package manager), or name it: make PYTHON=/path/to/python3"; exit 1; fi
	@$(PYTHON) -c "import sys; sys.exit(sys.version_info < (3, 11))" || { \
	  echo "trueline needs Python 3.11 or later; $(PYTHON) is `$(PYTHON) -V 2>&1`."; \
	  echo "Name another: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c "import venv, ensurepip" || { \
	  echo "$(PYTHON) cannot make virtual environments. On Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "== making $(VENV) with `$(PYTHON) -V` ($(PYTHON))"
	@$(PYTHON) -m venv $(VENV)
