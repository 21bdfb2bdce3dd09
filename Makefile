# Everything a newcomer and a release need; each target says what it does after its ##.
.DEFAULT_GOAL := help
.PHONY: help up test check fix types imports locks lock faults lives secrets clean bench fuzz audit
MAKEFLAGS += --no-print-directory

PY := .venv/bin/python
# the environment's own Python while it runs, else the best one of the machine
SETUP = python=$$([ -x $(PY) ] && $(PY) -c 'import pip' 2>/dev/null && echo $(PY) || scripts/find-python) && "$$python" scripts/environment.py
SOURCES := app workers tests sandbox alembic scripts benchmarks

help: ## list the targets
	@sed -n 's/^\([a-z]*\):.*## /\1|/p' Makefile | while IFS='|' read -r name text; do printf '  make %-8s %s\n' "$$name" "$$text"; done

up: ## start everything on this machine and show the main job; Ctrl-C stops it
	@$(SETUP) local
	@exec .venv/bin/bridge up

test: check ## all checks, then the whole test suite against real servers it starts itself
	@$(PY) -m pytest -n 3 --dist worksteal

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

faults: ## real processes under load while everything breaks, then the planted defects (SEEDS=5 FIRST=1)
	@$(SETUP) dev
	@PYTHONPATH=. $(PY) -P -m tests.faults --first $(or $(FIRST),1) --seeds $(or $(SEEDS),5)
	@PYTHONPATH=. $(PY) -P -m tests.faults --defects

lives: ## random lives in one process with faults and kills, more than in `make test` (SEEDS=500 FIRST=1)
	@$(SETUP) dev
	@BRIDGE_TEST_SEED=$(or $(FIRST),1) BRIDGE_TEST_SEEDS=$(or $(SEEDS),500) $(PY) -m pytest -n 2 tests/sync/test_simulation.py

bench: ## every figure beside its own baseline, about five minutes (ROWS=accept,import)
	@$(SETUP) dev
	@$(PY) -m benchmarks $(ROWS)

fuzz: ## every property with many made-up cases, counted (CASES=5000)
	@$(SETUP) dev
	@BRIDGE_FUZZ_EXAMPLES=$(or $(CASES),5000) $(PY) -m pytest -n 2 --dist worksteal -p tests.security.tally $(wildcard tests/security/test_*_fuzz.py tests/stores/*/test_shapes.py tests/stores/*/test_wire.py)

audit: ## look the locked dependencies up among known weaknesses; needs the network and pip-audit
	@for lock in locks/*.txt; do echo "$$lock"; pip-audit --require-hashes --disable-pip -r $$lock || exit 1; done

secrets: ## make the files that compose.yaml mounts as secrets
	@python=$$(scripts/find-python) && "$$python" scripts/secrets.py

clean: ## remove the environment and the caches, keep the data
	@rm -rf .venv .venv.lock .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
