PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# Two workers for each core, because tests also wait for processes and clocks.
WORKERS := $(shell expr 2 \* $$(getconf _NPROCESSORS_ONLN))
EXTRAS := cli,django,qr,redis,sqlalchemy
# With it set, every worker and every process that a test starts would compile each module again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test test-slow test-nightly resolve licences lint types docs regression dist checks check storm bench mutation format clean

demo: $(STAMP) ## An invoice, paid and delivered, on the embedded simulator
	$(BIN)/qpaykit demo

test: $(STAMP) ## The tests, two on each core
	$(BIN)/pytest -n $(WORKERS) --dist worksteal

test-slow: $(STAMP) ## The slow and rare tests: storms, browsers, type checkers, shops as processes
	$(BIN)/pytest -m "slow and not nightly" -n $(WORKERS) --dist worksteal

test-nightly: $(STAMP) ## Long runs and further variants of the slow tests; some five minutes
	$(BIN)/pytest -m nightly -n $(WORKERS) --dist worksteal

resolve: $(STAMP) ## What the tests of every Python install, with the lowest and the newest dependencies
	mkdir -p build
	$(BIN)/python -c 'import noxfile; print(*noxfile.lowest_bounds(), sep="\n")' > build/lowest.txt
	: > build/newest.txt
	printf '%s ' 3.10 3.11 3.12 3.13 3.14 | xargs -P 5 -n 1 sh -ec ' \
		for dependencies in lowest newest; do \
			$(BIN)/uv pip compile --quiet --no-header --python-version $$0 \
				--constraint build/$$dependencies.txt --all-extras --group test \
				--only-binary :all: pyproject.toml > /dev/null; \
		done'

licences: $(STAMP) ## Every dependency has a permissive licence
	$(BIN)/uv run --isolated --no-project --quiet --with ".[$(EXTRAS)]" --with "pip-licenses>=5" \
		pip-licenses --partial-match --allow-only "Apache;BSD;ISC;MIT;MPL;Mozilla;PSF" > /dev/null

lint: $(STAMP) ## Formatting, lint, import layers and workflows
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/zizmor --offline --quiet --persona auditor .github

types: $(STAMP) ## mypy, strict
	$(BIN)/mypy

docs: $(STAMP) ## The site, into site/
	$(BIN)/python tools/site.py

regression: $(STAMP) ## The short benchmarks, against the recorded ratios
	$(BIN)/python -m benchmarks --short

dist: $(STAMP) ## Build the distributions and check them
	$(BIN)/python tools/dist_check.py

checks: test-slow ## Everything but the quick tests
	$(MAKE) --jobs 3 --output-sync=target resolve licences lint types docs demo dist
	$(MAKE) regression

check: test checks ## All checks

storm: $(STAMP) ## Many orders under all faults, on SQLite, Redis and PostgreSQL; then deliveries and payments must match
	$(BIN)/python tests/storm.py --orders $(or $(ORDERS),2000) --seeds $(or $(SEEDS),1)

bench: $(STAMP) ## Compare every call with hand-written httpx; some four minutes
	$(BIN)/python -m benchmarks --json bench.json

mutation: $(STAMP) ## The mutation test; takes hours, MUTANTS=… selects a part
	$(BIN)/python -m pip install --quiet --group mutation
	$(BIN)/mutmut run $(MUTANTS)
	$(BIN)/mutmut results --all true | $(BIN)/python tools/mutation_score.py

format: $(STAMP) ## Format the code, and fix what ruff can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what the other targets made
	rm -rf $(VENV) dist build site mutants .mypy_cache .ruff_cache .hypothesis .nox

# `pip install --group` needs a newer pip than some systems ship.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[$(EXTRAS)]" \
		--group test --group bench --group lint --group examples --group docs --group dist
	touch $(STAMP)
