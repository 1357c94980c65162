# Two commands: `make run` and `make test`. Both set up what they need and may be run again.
PYTHON ?= python3
# The runner ends when make does, however that ends.
RUNNER = setpriv --pdeathsig TERM $(PYTHON) -B -m runner

.PHONY: help run test setup check format

help: ## Say what there is
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## Start the product with demo users and demo patients, and say its address
	@$(RUNNER) run

test: ## Install what tests need, then run every check and test on SQLite and PostgreSQL
	@$(RUNNER) test

setup: ## Make the virtual environment and the viewer's bundle for development
	@$(RUNNER) setup

check: ## Lint, types and import contracts only
	@.venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy && .venv/bin/lint-imports

format: ## Put the code into the house's form
	@.venv/bin/ruff check --fix . ; .venv/bin/ruff format .
