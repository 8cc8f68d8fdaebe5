# Every task of the repository. Nothing is written outside this directory, except pip's download cache.
PYTHON ?= python3
.DEFAULT_GOAL := help

BIN := .venv/bin/python -m
SAM := .venv-sam/bin/python -m samcli
CODE := $(wildcard functions local tests scripts operate examples)

# One worker a core, four at most: each flow worker has a stack of its own. 0 runs in one process, as a debugger needs it.
PYTEST_WORKERS ?= auto
PYTEST := $(BIN) pytest --numprocesses $(PYTEST_WORKERS) --maxprocesses 4
# A worker that has nothing left takes over tests of another. Flow tests stay together by file: a file shares its fixtures.
UNIT := $(PYTEST) --dist worksteal
FLOW := $(PYTEST) --dist loadfile --no-loadscope-reorder -m flow

# SAM keeps an identity and settings in HOME by default; two clones must not share them.
export SAM_CLI_TELEMETRY := 0
export __SAM_CLI_APP_DIR := $(CURDIR)/.local/sam
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# A venv is rebuilt when its requirements, its interpreter or its directory changes.
made_from = made-from-$(shell { echo "$(CURDIR)"; $(PYTHON) --version; sed 's/ *\#.*//; /^$$/d' $(1) | sort; } 2>&1 | cksum | cut -d' ' -f1)
DEV := .venv/$(call made_from,requirements.txt requirements-dev.txt)
TOOLS := .venv-sam/$(call made_from,requirements-sam.txt)

# Amazon's DynamoDB Local is part of this npm package. The version is pinned, and npm runs no script of it.
DYNAMODB_LOCAL_PACKAGE := amplify-dynamodb-simulator@2.9.30
DYNAMODB_LOCAL := .cache/dynamodb-local/package/emulator

.PHONY: help setup setup-browser run demo up dashboard consumer republish decide reconciliation sample test test-unit test-flow test-dynamodb-local prove model setup-spin mutants mutants-all mutants-changed \
        check fix build clean \
        need-python need-node need-java check-format check-lint check-types check-layers check-template

help: ## list these targets
	@echo "make setup && make run"; echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1|\2/p' $(MAKEFILE_LIST) | awk -F'|' '{printf "%-22s %s\n", $$1, $$2}'

setup: $(DEV) $(TOOLS) ## make .venv and .venv-sam (only what changed)
	@command -v node >/dev/null || echo "note: node is not installed; 'make test' needs it (Node's crypto decrypts one of our payloads)"

setup-browser: ## install Chromium for the browser test, where apt-get and root allow
	@sh scripts/setup_browser.sh

run: setup ## the stack with the documented payment, then ready for yours
	@$(BIN) local.demo --stay

demo: setup ## the documented payment once; fails if a step is missing
	@$(BIN) local.demo

up: setup ## the stack alone, until Ctrl-C (GATEWAY_URL=… for another gateway)
	@$(BIN) local.stack up

consumer: setup ## the example consumer on the stack that runs, and what it prints (STACK_FILE=… for another)
	@$(BIN) local.consumer

republish: $(DEV) ## publish events again: ARGS="--payment pay_…" or ARGS="--day 2027-01-31"
	@PYTHONPATH=functions $(BIN) operate.republish $(ARGS)

dashboard: setup ## draw docs/dashboard.svg from a run of mixed scenarios (six minutes)
	@$(BIN) local.dashboard

sample: setup ## the sample report of docs/reconciliation.md, from a run (seconds)
	@$(BIN) local.reconciliation
	@$(BIN) scripts.sample_report

decide: $(DEV) ## decide a payment in review or a refund without a clear answer: ARGS='--payment pay_… --to failed --because "…"'
	@PYTHONPATH=functions $(BIN) operate.decide $(ARGS)

reconciliation: $(DEV) ## reconcile any days by hand: ARGS="--from 2026-11-01 --to 2026-11-15 --save reports"
	@PYTHONPATH=functions $(BIN) operate.reconciliation $(ARGS)

test: setup need-node setup-browser setup-spin ## everything: unit, contract, house and flow tests
	@$(UNIT) -m "not flow"
	@$(FLOW)

test-unit: $(DEV) need-node ## the tests without stack and build (ARGS=tests/payments/charging/test_charge.py: one file, in seconds)
	@$(UNIT) -m "not flow and not slow" $(ARGS)

test-flow: setup setup-browser ## through the local stack (ARGS=tests/flow/test_charge.py: one file)
	@$(FLOW) $(ARGS)

test-dynamodb-local: $(DEV) $(DYNAMODB_LOCAL)/DynamoDBLocal.jar need-java ## the ledger's contract on Amazon's DynamoDB Local (minutes)
	@DYNAMODB_LOCAL="$(CURDIR)/$(DYNAMODB_LOCAL)" $(BIN) pytest tests/payments/ledger -m dynamodb_local

$(DYNAMODB_LOCAL)/DynamoDBLocal.jar:
	@mkdir -p .cache/dynamodb-local
	@cd .cache/dynamodb-local && npm pack --silent $(DYNAMODB_LOCAL_PACKAGE) >/dev/null && tar -xzf amplify-dynamodb-simulator-*.tgz && rm amplify-dynamodb-simulator-*.tgz
	@touch $@

prove: $(DEV) ## the state machine, thoroughly: PROOF_EXAMPLES=20000 runs by default (half an hour or so)
	@PROOF=thorough $(BIN) pytest tests/proof/test_proof.py

model: $(DEV) setup-spin ## every interleaving of a small payment in a model checker, and the same with guards broken (minutes)
	@PYTHONPATH=functions $(BIN) tests.model

setup-spin: ## install spin for the model, where apt-get and root allow
	@sh scripts/setup_spin.sh

mutants: $(DEV) ## break the code on purpose: each mutant must fail a test (minutes)
	@PYTHONPATH=functions $(BIN) tests.proof.hunt

mutants-all: $(DEV) ## break every function of the money path in every way (ROOMS="model charging": only those)
	@$(BIN) tests.mutation.run $(ROOMS)

SINCE ?= HEAD~1
MINUTES ?= 10
mutants-changed: $(DEV) ## the same for the files that differ from a commit (SINCE=main MINUTES=10)
	@$(BIN) tests.mutation.run --changed --since $(SINCE) --minutes $(MINUTES)

check: check-format check-lint check-types check-layers check-template ## every check; changes nothing

check-format: $(DEV)
	@$(BIN) ruff format --check .

check-lint: $(DEV)
	@$(BIN) ruff check .

check-types: $(DEV)
	@$(BIN) mypy $(CODE)

check-layers: $(DEV)
	@PYTHONPATH=functions .venv/bin/lint-imports --no-logo

check-template: $(TOOLS)
	@.venv-sam/bin/cfn-lint template.yaml examples/consumer/template.yaml
	@$(SAM) validate --lint --template template.yaml --region eu-west-1

fix: $(DEV) ## format, apply ruff's fixes, write the generated files (schemas, samples, tables, diagrams)
	@PYTHONPATH=functions $(BIN) scripts.write_event_schemas
	@PYTHONPATH=functions $(BIN) scripts.metrics_table
	@PYTHONPATH=functions $(BIN) scripts.draw_statuses
	@$(BIN) scripts.sample_report
	@$(BIN) ruff check --fix .
	@$(BIN) ruff format .

build: $(TOOLS) ## the artifact, for the template's runtime and architecture
	@PYTHON="$(CURDIR)/.venv-sam/bin/python" $(SAM) build

clean: ## remove everything that make created
	rm -rf .venv .venv-sam .aws-sam .cache .local .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

need-python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Python 3.11 or newer is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)."; \
	  echo "Name another one:  make setup PYTHON=python3.12"; exit 1; }

need-java:
	@command -v java >/dev/null || { echo "java is needed: DynamoDB Local runs on it (Debian: apt-get install openjdk-17-jre-headless)."; exit 1; }

need-node:
	@command -v node >/dev/null || { echo "node is needed: Node's crypto decrypts one of our payloads in a test (Debian: apt-get install nodejs)."; exit 1; }

$(DEV): | need-python
	@PYTHON="$(PYTHON)" sh scripts/make_venv.sh .venv requirements-dev.txt
	@touch $@

$(TOOLS): | need-python
	@PYTHON="$(PYTHON)" sh scripts/make_venv.sh .venv-sam requirements-sam.txt
	@touch $@
