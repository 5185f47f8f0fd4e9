# `make app` opens Strata; `make test` runs every test. Each sets up what it needs on a machine that has only
# Python 3.11+ with pip: the first start installs into .venv, later ones take seconds.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8501
# what to listen on: other than this machine alone only with STRATA_TOKEN set (docs/shared-machine.md)
ADDRESS ?= 127.0.0.1
CACHE := $(CURDIR)/.cache
# the suite's own weights and its knowledge of where they are; a person's STRATA_HOME is left alone
TEST_ENV := STRATA_TEST_CACHE=$(CACHE) HF_HUB_OFFLINE=1 STREAMLIT_BROWSER_GATHER_USAGE_STATS=false
PYTEST := $(TEST_ENV) $(BIN)/python -m pytest
# the whole suite runs two tests at a time, each on one core; WORKERS=0 for one after the other
WORKERS ?= 2

.PHONY: help app test quick check models bench shots weights browser clean
.DEFAULT_GOAL := help

help:
	@echo "make app     open Strata at http://127.0.0.1:$(PORT); for other machines: STRATA_TOKEN=... make app ADDRESS=0.0.0.0"
	@echo "make test    the whole suite; fetches its own weights and browser"
	@echo "make quick   the tests for while you work: no weights, no browser, nothing slow"
	@echo "make check   lint, format and types"
	@echo "make models  fetch every model of the catalogue"
	@echo "make bench   the benchmarks"
	@echo "make shots   the documentation's pictures, made again by the browser tests"

app: $(VENV)/.installed
	@$(BIN)/python -m probes models fetch minilm || echo "The default model could not be fetched: Strata opens without it, and says how to get it."
	$(BIN)/python -m probes app --port=$(PORT) --address=$(ADDRESS)

test: $(VENV)/.installed-dev weights browser
	OMP_NUM_THREADS=1 $(PYTEST) -n $(WORKERS)

quick: $(VENV)/.installed-dev
	$(PYTEST) -q -m "not weights and not browser and not slow"

check: $(VENV)/.installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

models: $(VENV)/.installed
	$(BIN)/python -m probes models fetch minilm smollm2 e5-small

bench: $(VENV)/.installed-dev weights browser
	@for script in benchmarks/*.py; do echo "== $$script"; STRATA_HOME=$(CACHE) $(BIN)/python "$$script" || exit 1; done

shots: $(VENV)/.installed-dev weights browser
	STRATA_SHOTS=1 $(PYTEST) -q tests/browser -k pictures

weights: $(VENV)/.installed-dev
	@for model in minilm smollm2 e5-small; do \
	  STRATA_HOME=$(CACHE) $(BIN)/python -m probes models fetch $$model || \
	  echo "make test: '$$model' cannot be had; the tests that need it are skipped."; \
	done
	@STRATA_HOME=$(CACHE) $(BIN)/python -m probes corpora preview gettext:django > /dev/null || \
	  echo "make test: 'gettext:django' cannot be had; the tests that need it are skipped."

browser: $(VENV)/.installed-dev
	@$(BIN)/python tests/browser/chromium.py

clean:
	rm -rf $(VENV) .cache .pytest_cache .mypy_cache .ruff_cache .hypothesis

# Debian ships python3 without ensurepip: there the environment is made bare, and the system's pip puts pip into it.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
	  echo "Strata needs Python 3.11 or newer; '$(PYTHON)' is $$($(PYTHON) --version 2>&1)." ; \
	  echo "Name another one: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@rm -f $(VENV)/.installed $(VENV)/.installed-dev
	$(PYTHON) -m venv $(VENV) >/dev/null 2>&1 || { rm -rf $(VENV); $(PYTHON) -m venv --without-pip $(VENV) && \
	  $(PYTHON) -m pip --python $(BIN)/python install --quiet pip; }

$(VENV)/.installed: requirements.txt | $(BIN)/python
	@echo "Installing into $(VENV): a few minutes the first time, most of it torch."
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements.txt
	@touch $@

$(VENV)/.installed-dev: requirements-dev.txt requirements.txt $(VENV)/.installed
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet -r requirements-dev.txt
	@touch $@
