# Everything happens in .venv, from pinned and hashed packages. The first use makes it; later ones take no time.
#
#   make demo      the whole product once: generate, validate, report
#   make test      the whole test suite                     make test ARGS='tests/laws -k split'
#   make check     what CI runs: format, lint, types, import contract, tests
#   make bench     speed, as ratios measured in one run
#   make format    write files the way the formatter wants them
#   make goldens   renew the golden digests, after a change of data that is meant
#   make docs      renew the computed pages of docs/reference
#   make lock      renew requirements.lock
#   make clean     remove what was made, .venv included

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

BIN := .venv/bin
STAMP := .venv/.installed
SOURCES := $(wildcard src tests scripts bench)
WORKERS ?= 2
ARGS ?=

# Set and dict orders must never reach the data: each run of the tests has its own hash seed, and says which.
ifndef HASH_SEED
HASH_SEED := $(shell od -An -N4 -tu4 /dev/urandom | tr -d ' ')
endif

.PHONY: help demo test check bench format formatted lint types contract house goldens docs lock clean

help:
	@sed -n '/^#   make/s/^#   //p' Makefile

$(STAMP): requirements.lock pyproject.toml scripts/venv.sh hatch_build.py $(wildcard src/ghostfleet/core/loops/*.[ch])
	@bash scripts/venv.sh .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP)
	@$(BIN)/python scripts/demo.py $(ARGS)

test: $(STAMP)
	@echo "PYTHONHASHSEED=$(HASH_SEED)"
	@PYTHONHASHSEED=$(HASH_SEED) $(BIN)/python -m pytest -n $(WORKERS) $(ARGS)

check: formatted lint types contract test

format: $(STAMP)
	@$(BIN)/ruff check --quiet --fix . || true
	@$(BIN)/ruff format .

formatted: $(STAMP)
	@$(BIN)/ruff format --check .

lint: $(STAMP)
	@$(BIN)/ruff check .

types: $(STAMP)
	@$(BIN)/python -m mypy $(SOURCES)

contract: $(STAMP)
	@$(BIN)/lint-imports

# A part of `make test`, for a quick look.
house: $(STAMP)
	@$(BIN)/python -m pytest tests/house $(ARGS)

bench: $(STAMP)
	@$(BIN)/python bench/run.py $(ARGS)

goldens: $(STAMP)
	@$(BIN)/python scripts/make_goldens.py $(ARGS)

docs: $(STAMP)
	@$(BIN)/python scripts/make_reference.py $(ARGS)

# Every supported Python on Linux and macOS in one file; no index address, so that any mirror serves.
lock: $(STAMP)
	@$(BIN)/uv pip compile --quiet pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --upgrade --output-file requirements.lock

clean:
	@rm -rf .venv src/ghostfleet/core/loops/loops.so out dist .hypothesis .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
