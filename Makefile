# Everything a newcomer and a release need; each target says what it does after its ##.
.DEFAULT_GOAL := help
.PHONY: help up test check fix types imports locks lock faults secrets clean
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
# the environment's own Python while it runs, else the best one of the machine
SETUP = python=$$([ -x $(PY) ] && $(PY) -c 'import pip' 2>/dev/null && echo $(PY) || scripts/find-python) && "$$python" scripts/environment.py
SOURCES := app workers tests sandbox alembic scripts

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

up: ## start everything on this machine and show the main job; Ctrl-C stops it
	@$(SETUP) local
	@exec .venv/bin/bridge up

test: check ## all checks, then the whole test suite against real servers it starts itself
	@$(PY) -m pytest -n 2 --dist worksteal

check: ## the fast half: format, lint, types, import contracts, locks
	@$(SETUP) dev
	@$(PY) -m ruff format --check --quiet $(SOURCES)
	@$(PY) -m ruff check --quiet $(SOURCES)
	@$(MAKE) locks types imports

types: ## mypy, strict
	@$(SETUP) dev
	@$(PY) -m mypy

imports: ## who may import whom
	@$(SETUP) dev
	@$(PY) -c 'from importlinter.cli import lint_imports_command as check; check()'

locks: ## the lock files name no host and carry no option
	@if grep -nE 'https?://|^--' locks/*.txt; then echo 'make: a lock file names a host or carries an option' >&2; exit 1; fi

lock: ## write the lock files anew from pyproject.toml
	@$(SETUP) dev
	@$(PY) scripts/lock.py

fix: ## format the code and repair what the linter can
	@$(SETUP) dev
	@$(PY) -m ruff check --fix --quiet $(SOURCES); $(PY) -m ruff format $(SOURCES)

faults: ## random lives with faults and kills, more than in `make test` (SEEDS=500 FIRST=1)
	@$(SETUP) dev
	@BRIDGE_TEST_SEED=$(or $(FIRST),1) BRIDGE_TEST_SEEDS=$(or $(SEEDS),500) $(PY) -m pytest -n 2 tests/sync/test_simulation.py

secrets: ## make the files that compose.yaml mounts as secrets
	@python=$$(scripts/find-python) && "$$python" scripts/secrets.py

clean: ## remove the environment and the caches, keep the data
	@rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
