# Two commands on a machine with python3 (3.11 or newer, with venv), make and git:
#   make demo    a cafe to click through, on SQLite; prints addresses and sign-ins
#   make test    every check and every test
# Both make .venv themselves, and make it again when the pinned requirements change.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help demo test lint unit javascript tools compiled references lock clean

# The first Python that is new enough; `make PYTHON=... test` names another one.
PYTHON ?= $(shell for name in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& { echo $$name; break; }; done)

# Some containers set it: every process would compile everything anew, and a run has hundreds.
unexport PYTHONDONTWRITEBYTECODE

BIN := .venv/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes

help:
	@echo 'make demo        run a demo cafe (DEMO="--port 8123 --traffic calm" adds arguments)'
	@echo 'make test        every check and every test'
	@echo 'make lint        formatting, types, import contracts'
	@echo 'make unit        the unit tests alone'
	@echo 'make javascript  check the types of the JavaScript and run its tests'
	@echo 'make references  write .env.example and the settings table of the README again'
	@echo 'make lock        compile requirements*.in into hashed requirements*.txt'
	@echo 'make clean       remove what the other targets made'

demo: .venv/.runtime
	$(BIN)/python tabletap.py demo $(DEMO)

# What works side by side prints in one piece each, where make (4.0, of 2013) can do that.
APART := $(if $(filter output-sync,$(.FEATURES)),--output-sync=target)

# The checks use one CPU each, or wait for a download. Of the tests a third is waiting for real
# servers, so they have two processes more than there are CPUs.
test: .venv/.tests
	@$(MAKE) --no-print-directory --jobs=3 $(APART) lint javascript compiled
	$(BIN)/python -m pytest --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 2)) --dist worksteal $(TESTS)

lint: .venv/.tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

unit: .venv/.tests
	$(BIN)/python -m pytest tests/unit

javascript: tools
	$(BIN)/python -m tests.support.tools check-javascript

# Node, the npm packages of tests/package.json, Chromium, PostgreSQL, Valkey and nginx: from
# the system where it has them, else fetched; where none can be had this fails and says why.
tools: .venv/.tests
	$(BIN)/python -m tests.support.tools prepare

# pytest compiles the tests with its own asserts: once, and not in each of its processes. What
# is wrong with a test is said when they are run.
compiled: .venv/.tests
	@$(BIN)/python -m pytest --collect-only --quiet $(TESTS) >/dev/null 2>&1 || true

references: .venv/.tests
	$(BIN)/python -m tests.support.references

lock: .venv/.tests
	$(BIN)/uv pip compile requirements.in --output-file requirements.txt \
		--generate-hashes --universal --python-version 3.11 --quiet \
		--custom-compile-command 'make lock'
	$(BIN)/uv pip compile requirements-dev.in --output-file requirements-dev.txt \
		--generate-hashes --universal --python-version 3.11 --quiet \
		--constraints requirements.txt --custom-compile-command 'make lock'

clean:
	rm -rf .venv tests/node_modules tests/.output

# The stamps are files inside .venv, so that one `rm -rf .venv` starts over. A changed
# requirements.txt empties the environment: what it no longer lists must not linger.
.venv/.runtime: requirements.txt
	@test -n "$(PYTHON)" || { echo 'TableTap needs Python 3.11 or newer: install python3 and python3-venv.'; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo 'This Python lacks venv: apt-get install python3-venv.'; exit 1; }
	$(PYTHON) -m venv --clear .venv
	$(INSTALL) --requirement requirements.txt
	@touch $@

.venv/.tests: requirements-dev.txt .venv/.runtime
	$(INSTALL) --requirement requirements-dev.txt
	@touch $@
