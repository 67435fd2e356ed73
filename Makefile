# The one door: `make help` lists what is behind it.

PYTHON ?= python3
WORKERS ?= auto

VENV := .venv
BIN := $(VENV)/bin
UV_COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-emit-find-links --custom-compile-command 'make lock'

.DEFAULT_GOAL := help
.PHONY: help setup spark run test check infra configure vendor deploy destroy wheels lint format types layers coverage dead audit mutate bench simulate kill-loop screenshot screenshots vendor-web lock clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.project  ## Install everything into .venv, and nothing else (PYTHON=python3.12 picks another Python)

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null 2>&1 || { \
		echo "crypto-bot needs Python 3.11 or newer, and there is no '$(PYTHON)': install it, or name one: make setup PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "crypto-bot needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1): name a newer one: make setup PYTHON=python3.12" >&2; exit 2; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) cannot make virtual environments: install its venv module (Debian and Ubuntu: apt install python3-venv)" >&2; exit 2; }
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.requirements: requirements.txt $(BIN)/python
	@$(BIN)/python -m pip --version >/dev/null 2>&1 || $(PYTHON) -m venv --clear $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements.txt
	@touch $@

$(VENV)/.project: pyproject.toml $(VENV)/.requirements
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# What the tests pack for Lambda: with it here, no test asks the package index.
$(VENV)/.wheels: crypto_bot/requirements.txt crypto_bot/requirements-candles.txt $(VENV)/.project
	@if $(BIN)/python -m tests.aws.vendoring; then touch $@; else \
		echo "The libraries for Lambda could not be fetched: the tests that need them will be skipped." >&2; fi

wheels: $(VENV)/.wheels  ## Fetch the libraries that the tests pack for Lambda

spark: setup  ## Fetch Spark (and have a Java 17), for the test of its job
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile -r requirements-spark.txt

run: setup  ## Run the bot here, with a demonstration where nothing is configured (ARGS="--port 9000")
	@$(BIN)/crypto-bot run $(ARGS)

test: setup wheels  ## Run the tests (ARGS="-k webhook", WORKERS=0 for one process)
	@$(BIN)/pytest -n $(WORKERS) --dist worksteal $(ARGS)

check: lint types layers test  ## Everything that has to pass before a commit

infra: setup  ## Let Terraform make what a stage needs (STAGE=dev)
	@$(if $(STAGE),,$(error say which stage: make infra STAGE=dev))terraform -chdir=infra init -input=false
	@terraform -chdir=infra workspace select -or-create $(STAGE)
	@terraform -chdir=infra apply -var-file=$(STAGE).tfvars $(ARGS)

configure: setup  ## Write what Terraform made of a stage into crypto_bot/.chalice (STAGE=dev)
	@$(if $(STAGE),,$(error say which stage: make configure STAGE=dev))$(BIN)/crypto-bot configure $(STAGE) $(ARGS)

vendor: setup  ## Make crypto_bot/vendor, slim and compiled, for Lambda (STAGE=dev, EXCHANGES="gemini kraken")
	@$(BIN)/crypto-bot vendor $(if $(STAGE),--stage $(STAGE)) $(if $(EXCHANGES),--exchanges "$(EXCHANGES)") $(ARGS)

deploy: setup  ## Bring a stage to your AWS account, or up to date there (STAGE=dev)
	@$(if $(STAGE),,$(error say which stage: make deploy STAGE=dev))$(BIN)/crypto-bot deploy $(STAGE) $(ARGS)

destroy: setup  ## Take a stage from your AWS account, with all that it knows (STAGE=dev)
	@$(if $(STAGE),,$(error say which stage: make destroy STAGE=dev))$(BIN)/crypto-bot destroy $(STAGE) $(ARGS)

lint: setup  ## Look for mistakes and unformatted files
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: setup  ## Format the files and mend what can be mended
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: setup  ## Check the types
	@$(BIN)/mypy

layers: setup  ## Check who imports whom
	@PYTHONPATH=crypto_bot $(BIN)/lint-imports --no-logo

coverage: setup wheels  ## Run the tests and list the lines and branches that none reached
	@$(BIN)/pytest -n $(WORKERS) --cov --cov-report=term-missing $(ARGS)

dead: setup  ## List code that nothing outside the tests calls
	@$(BIN)/vulture

audit: setup  ## Check hashes, licences, and known vulnerabilities where somebody can be asked
	@$(BIN)/python -m tests.audit

mutate: setup  ## Break the domain in thousands of places and see its tests notice (MODULE=netting does one file)
	@$(BIN)/python -m tests.mutation --processes $(or $(PROCESSES),2) $(if $(MODULE),--module $(MODULE))

bench: setup wheels  ## Measure: one JSON line per figure (ONLY=name measures one)
	@$(BIN)/python -m tests.bench $(ONLY)

screenshot: setup  ## Draw the README's picture of the terminal view
	@$(BIN)/python -m chalicelib.cli.screenshot docs/terminal.svg

screenshots: setup  ## Take the pictures of the dashboard in docs/screens (needs Chromium)
	@$(BIN)/python -m tests.web.screenshots docs/screens

vendor-web: setup  ## Make the modules of others in the dashboard anew, from the pinned packages (needs Node)
	@$(BIN)/python -m tests.web.vendoring

simulate: setup  ## Kill, stall and break everything in virtual time (SEEDS=1000, or SEED=7 replays one)
	@$(BIN)/python -m tests.simulation $(if $(SEED),replay $(SEED),run --seeds $(or $(SEEDS),1000)) $(ARGS)

kill-loop: setup  ## Kill the running bot over and over while alerts arrive (KILLS=200, SEED=1, VENUE=binance)
	@$(BIN)/python -m tests.kill_loop --kills $(or $(KILLS),200) --seed $(or $(SEED),1) --venue $(or $(VENUE),binance)

lock: setup  ## Write all requirements.txt anew (UPGRADE=1 takes newer versions)
	$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --extra dev pyproject.toml --output-file requirements.txt
	$(UV_COMPILE) --group lambda --constraints requirements.txt --output-file crypto_bot/requirements.txt
	$(UV_COMPILE) --group candles --constraints requirements.txt --output-file crypto_bot/requirements-candles.txt
	$(UV_COMPILE) --group spark --constraints requirements.txt --output-file requirements-spark.txt

clean:  ## Remove what these targets made, .venv included
	rm -rf $(VENV) .coverage .coverage.* htmlcov .hypothesis .import_linter_cache .mutation .mypy_cache \
		.pytest_cache .ruff_cache build dist crypto_bot/*.egg-info crypto_bot/vendor \
		crypto_bot/.chalice/deployments
	find crypto_bot tests -name __pycache__ -type d -prune -exec rm -rf {} +
