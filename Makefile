# SPDX-License-Identifier: Apache-2.0
# The same commands for people and for CI; `make help` lists them.
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory
SHELL := bash
# Compiled modules are kept, whatever the surroundings say: without them each start of a command takes twice as long.
export PYTHONDONTWRITEBYTECODE :=
PYTHON ?= python3
WORKERS ?= 2
UV_VERSION := 0.13.9
BIN := .venv/bin
UV := $(BIN)/uv pip
PYTEST := $(BIN)/python -m pytest -q

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 28

# --- set-up: all output of installers goes to the error stream, so that `make bench` prints figures alone ---

.venv/bin/uv:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "OpenECP needs Python 3.11 or newer, this is " \
	  + sys.version.split()[0] + ". Name another one: make setup PYTHON=python3.12")'
	@$(PYTHON) -m venv .venv || { echo "Python cannot make environments here; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(BIN)/python -m pip install -q --disable-pip-version-check --no-warn-script-location --root-user-action=ignore \
	  --no-deps uv==$(UV_VERSION) >&2

.venv/.product: requirements.lock pyproject.toml .venv/bin/uv
	@echo "Installing OpenECP into .venv …" >&2
	@$(UV) install -q --python $(BIN)/python --no-deps -r requirements.lock >&2
	@$(UV) install -q --python $(BIN)/python --no-deps -e . >&2
	@touch $@

.venv/.dev: requirements-dev.lock .venv/.product
	@echo "Installing what tests and checks need …" >&2
	@grep -vE '^(pyspark|py4j)==' requirements-dev.lock | $(UV) install -q --python $(BIN)/python --no-deps -r - >&2
	@touch $@

.venv/.spark: requirements-dev.lock .venv/.dev
	@echo "Installing Spark …" >&2
	@grep -E '^(pyspark|py4j)==' requirements-dev.lock | $(UV) install -q --python $(BIN)/python --no-deps -r - >&2
	@touch $@

setup: .venv/.product ## the environment alone: .venv with the openecp command
	@$(BIN)/python tools/frontend.py --optional >&2

dev: setup .venv/.dev ## the environment with the tools for tests and checks

lock: .venv/bin/uv ## renew both lock files from pyproject.toml
	@$(UV) compile -q --universal --python-version 3.11 --no-header --upgrade pyproject.toml -o requirements.lock
	@$(UV) compile -q --universal --python-version 3.11 --no-header --upgrade --all-extras -c requirements.lock \
	  pyproject.toml -o requirements-dev.lock

# --- the main job ---

demo: setup ## play a day of traffic, then serve the console (ONCE=1 ends after the table)
	@$(BIN)/openecp demo

demo-ecommerce: setup ## group 10,000 orders of an online shop by importer and day (ARGS="--file ORDERS.csv")
	@$(BIN)/openecp demo-ecommerce --out build/ecommerce $(ARGS)

# --- tests and checks ---

test: dev ## the fast suite, at most 3 minutes
	@$(PYTEST) -n $(WORKERS) --dist loadfile -m "not slow"

test-all: dev .venv/.spark ## everything: the fast suite, then browser, crash and parity tests
	@bash .ci/system-parts >&2
	@status=0; \
	$(PYTEST) -n $(WORKERS) --dist loadfile -m "not slow" || status=$$?; \
	$(PYTEST) -n $(WORKERS) --dist loadfile -m slow || status=$$?; \
	exit $$status

oracles: .oracles/.made ## peers that tests compare with (lifelines, pm4py …), in an environment of their own

.oracles/.made: requirements-oracles.lock .venv/bin/uv
	@echo "Installing the oracles into .oracles …" >&2
	@$(BIN)/python -m venv --clear .oracles >&2
	@$(UV) install -q --python .oracles/bin/python --no-deps -r requirements-oracles.lock >&2
	@touch $@

lint: dev ## ruff, mypy, import-linter, types of the SQL steps
	@status=0; \
	$(BIN)/ruff check -q --output-format concise . || status=1; \
	$(BIN)/ruff format -q --check --output-format concise . || status=1; \
	$(BIN)/mypy --no-error-summary || status=1; \
	told=$$($(BIN)/lint-imports --no-cache --no-logo 2>&1) || { echo "$$told"; status=1; }; \
	$(BIN)/python tools/check_sql.py || status=1; \
	exit $$status

format: dev ## let ruff mend what it can
	@$(BIN)/ruff check -q --fix .
	@$(BIN)/ruff format -q .

# --- figures: one JSON line each, nothing else on the standard output ---

bench: setup ## all figures, within 8 minutes
	@$(BIN)/python -m bench

bench-online: setup ## lodging over HTTP: rate, p99, XML
	@$(BIN)/python -m bench online

bench-batch: setup ## assessment from Parquet
	@$(BIN)/python -m bench batch

bench-journal: setup ## verifying the journal
	@$(BIN)/python -m bench journal_verify

bench-programme: setup ## roll-ups over 10,000 actions and 1 million events
	@$(BIN)/python bench/bench_programme.py

bench-tariff: setup ## loading tariffs, looking codes up
	@$(BIN)/python -m bench tariff_load

bench-low-value: dev .venv/.spark ## parcels: clearing, assessment, intake, quotes, Spark
	@$(BIN)/python bench/bench_low_value.py

bench-trs: setup ## release times: the cube of 5 million events, directly-follows, XES, report, Spark
	@$(MAKE) -s .venv/.spark oracles || echo "Spark or the oracles are not there: their figures are left out" >&2
	@$(BIN)/python bench/bench_trs.py

RISK_FIGURES = risk_models risk_text risk_watch risk_profiles risk_pipeline risk_lanes risk_typologies risk_sight
bench-risk: setup ## risk: models, planted world (ARGS="--seed N"), lists, split orders, texts, profiles, pipeline, lanes
	@$(BIN)/python -m bench $(RISK_FIGURES) $(ARGS)

clean: ## remove the environment and everything that was built
	@rm -rf .venv .oracles node_modules build dist bench/out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@rm -rf src/openecp/platform/console/static/vendor

.PHONY: help setup dev oracles lock demo demo-ecommerce test test-all lint format bench bench-online bench-batch bench-journal bench-programme bench-trs bench-tariff bench-low-value bench-risk clean
