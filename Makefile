PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test lint types docs regression dist checks check storm bench mutation format clean

demo: $(STAMP) ## An invoice, paid and delivered, on the embedded simulator
	$(BIN)/qpaykit demo

test: $(STAMP) ## The whole test-suite, on every core
	$(BIN)/pytest -n auto --dist worksteal

lint: $(STAMP) ## Form and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(STAMP) ## Every type, strictly
	$(BIN)/mypy

docs: $(STAMP) ## The site, into site/
	$(BIN)/python tools/site.py

regression: $(STAMP) ## The short benchmarks, against the recorded ratios
	$(BIN)/python -m benchmarks --short

dist: $(STAMP) ## Build the distributions and prove them
	$(BIN)/python tools/dist_check.py

checks: lint types docs demo dist ## Everything but the tests

check: test checks ## Everything that must hold

storm: $(STAMP) ## Everything goes wrong, on SQLite and on Redis; then the books
	$(BIN)/python tests/storm.py --orders $(or $(ORDERS),2000) --seeds $(or $(SEEDS),1)

bench: $(STAMP) ## What a call costs beside hand-written httpx; some four minutes
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python -m benchmarks --json bench.json

mutation: $(STAMP) ## Change money, retries, tokens and callbacks: does a test notice? Some twenty minutes
	$(BIN)/python -m pip install --quiet --group mutation
	$(BIN)/python tools/mutation.py $(if $(KEEP),--keep)

format: $(STAMP) ## Bring the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what the other targets made
	rm -rf $(VENV) dist build site mutants .mypy_cache .ruff_cache .hypothesis .nox

# `pip install --group` needs a newer pip than some systems ship.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[cli,qr,redis]" \
		--group test --group lint --group examples --group docs --group dist
	touch $(STAMP)
