PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test check storm bench format clean

demo: $(STAMP) ## An invoice, paid and delivered, on the embedded simulator
	$(BIN)/qpaykit demo

test: $(STAMP) ## The whole test-suite
	$(BIN)/pytest

check: $(STAMP) ## Everything that must hold
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest

storm: $(STAMP) ## Everything goes wrong, on SQLite and on Redis; then the books
	$(BIN)/python tests/storm.py --orders $(or $(ORDERS),2000) --seeds $(or $(SEEDS),1)

bench: $(STAMP) ## What a call costs beside hand-written httpx; some five minutes
	$(BIN)/python -m pip install --quiet --group bench
	$(BIN)/python -m benchmarks --json bench.json

format: $(STAMP) ## Bring the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean: ## Remove what the other targets made
	rm -rf $(VENV) dist build .mypy_cache .ruff_cache .hypothesis

# `pip install --group` needs a newer pip than some systems ship.
$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[cli,qr,redis]" --group test --group lint --group examples --group docs
	touch $(STAMP)
