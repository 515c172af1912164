# Needs make and a Python >= 3.11, nothing else: every target builds the environment that it uses, in .venv.
.DEFAULT_GOAL := help
.NOTPARALLEL:
.SECONDARY:
.PHONY: help solve test slow browser oldest lint format types docs serve wheel bench clean

VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist worksteal
PYTHON ?=
ARGS ?=
BENCH_ARGS ?=

#: What touches most of JAX, Equinox, Optax and Diffrax: every primitive, programs, training, time stepping.
OLDEST := .venv-oldest
OLDEST_TESTS := $(addprefix tests/test_,taylor_primitives.py taylor_structure.py jet.py operators.py estimators.py nn.py \
	natural_gradient.py training_loop.py training_checkpoint.py zoo_elliptic.py cli.py downstream.py)

# The first interpreter that is new enough, runs, and can make a virtual environment.
USABLE := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))
CANDIDATES := $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14 python

help: ## show this list
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

solve: $(VENV)/installed ## solve a 1 000-dimensional Sine-Gordon equation (about two minutes); ARGS="--dim 10000" changes it
	$(BIN)/stde-eqx solve sine-gordon --dim 1000 $(ARGS)

test: $(VENV)/installed-tests ## run the tests; ARGS="tests/test_cli.py -k evaluate" narrows them
	$(PYTEST) $(ARGS)

slow: $(VENV)/installed-tests ## run the slow tests, left out by `make test`
	$(PYTEST) -m slow $(ARGS)

browser: docs $(VENV)/installed-browser $(VENV)/installed-tests ## open every page of the documentation in Chromium, which has to be installed
	$(PYTEST) -m browser tests/browser $(ARGS)

oldest: $(BIN)/python ## run a part of the tests with the oldest versions of what the library needs
	$(BIN)/python -m venv $(OLDEST)
	$(BIN)/python .ci/oldest_versions.py > $(OLDEST)/oldest.txt
	$(OLDEST)/bin/python -m pip install --quiet --editable '.[tests]' --constraint $(OLDEST)/oldest.txt
	$(OLDEST)/bin/python -m pytest -q -W default -n auto --maxprocesses 8 $(OLDEST_TESTS)

lint: $(VENV)/installed-dev ## check formatting and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: $(VENV)/installed-dev ## put formatting and lint right where ruff can
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

types: $(VENV)/installed-dev ## check the types of the packages, the tests, a sample project, and that no public name lacks one
	$(BIN)/pyright --pythonpath $(BIN)/python
	$(BIN)/mypy --strict tests/downstream
	$(BIN)/python .ci/public_types.py

docs: $(VENV)/installed-docs ## build the documentation into site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

serve: $(VENV)/installed-docs ## serve the documentation on this machine, rebuilt at every change
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs serve

wheel: $(VENV)/installed ## build the wheel into dist/
	$(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir dist .

bench: $(VENV)/installed-benchmarks ## time a training step against the alternatives; BENCH_ARGS="--help" tells how
	$(BIN)/python benchmarks/step_time.py $(BENCH_ARGS)

clean: ## remove everything that these targets made, except the runs
	rm -rf $(VENV) $(OLDEST) artefacts site dist .cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@for python in $(CANDIDATES); do \
		if "$$python" -c '$(USABLE)' >/dev/null 2>&1; then \
			echo "making $(VENV) with $$("$$python" --version)"; \
			exec "$$python" -m venv --clear $(VENV); \
		fi; \
	done; \
	echo "No Python >= 3.11 with the venv and ensurepip modules among: $(CANDIDATES)." >&2; \
	echo "Install one (on Debian also its python3-venv package), or name it: make PYTHON=/path/to/python3" >&2; \
	exit 1

# The stamps are as old as the last install: a change of pyproject.toml makes the next target install again.
$(VENV)/installed: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable .
	@touch $@

$(VENV)/installed-%: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	@touch $@ $(VENV)/installed
