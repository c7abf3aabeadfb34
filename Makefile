# POSIX sh, GNU make 3.81 or newer. `make help` lists the targets.

VENV ?= .venv
# Set BIN to the bin directory of an environment of your own (BIN=/path/to/env/bin): nothing is installed then.
ifdef BIN
RUN_READY :=
DEV_READY :=
else
BIN := $(VENV)/bin
RUN_READY := $(VENV)/.run-ready
DEV_READY := $(VENV)/.dev-ready
endif
PYTHON := $(BIN)/python
# Tests start processes of their own; many more workers than processors make their deadlines tight.
WORKERS ?= auto
TESTS ?= tests
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-header
test check docs drill bench bench-peers: export PYTHONPATH := $(CURDIR)/src
# Tests start many processes; where nothing compiled may be kept, each of them would compile all anew.
test: export PYTHONDONTWRITEBYTECODE :=

CONSOLE := src/crawdad/bundled/console/index.html
CONSOLE_SOURCES := scripts/build_ui.sh scripts/licences.py scripts/node.lock requirements.lock $(shell find ui -name node_modules -prune -o -name openapi.d.ts -o -type f -print)

.DEFAULT_GOAL := help
.PHONY: help run install ui test check drill bench bench-peers lock docs clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

run: $(RUN_READY) ## Install into .venv and build the console where needed, then start Crawdad
	@$(MAKE) --no-print-directory ui || echo "The gateway starts without its web console; everything else works."
	@exec $(PYTHON) -P -m crawdad.app up

install: $(RUN_READY) ## Install into .venv, and start nothing

ui: $(CONSOLE) ## Build the web console (needs Node.js, which is fetched where there is none)

test: $(DEV_READY) ## Run the tests (TESTS=tests/app for some, WORKERS=1 for one at a time)
	@$(MAKE) --no-print-directory ui || echo "The web console was not built: the tests that need it are left out."
	$(PYTHON) -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(TESTS)

check: $(DEV_READY) ## Format, lint, types, package arrows, locks, generated documents
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy
	$(BIN)/lint-imports
	$(PYTHON) scripts/check_locks.py
	$(PYTHON) scripts/check_texts.py
	$(PYTHON) scripts/generate_docs.py --check
	@$(MAKE) --no-print-directory build/.console-checked

drill: $(DEV_READY) ## Break a gateway of its own in every way that is known, and write down what became of it
	$(PYTHON) -m tests.drill $(DRILL)

bench: $(RUN_READY) ## Measure a server of its own on this machine (BENCH=--quick)
	$(PYTHON) -P -m crawdad.app bench $(BENCH)

bench-peers: $(RUN_READY) ## The same beside other gateways, installed in an environment of their own
	$(PYTHON) -P -m crawdad.app bench --install-peers
	$(PYTHON) -P -m crawdad.app bench --peers $(BENCH)

lock: $(DEV_READY) ## Resolve the dependencies anew (UPGRADE=1 for their newest versions)
	$(UV_COMPILE) $(if $(UPGRADE),--upgrade) -o requirements.lock
	$(UV_COMPILE) $(if $(UPGRADE),--upgrade) --group dev -c requirements.lock -o requirements-dev.lock

docs: $(DEV_READY) ## Write the generated documents anew
	$(PYTHON) scripts/generate_docs.py

clean: ## Remove everything that make has made
	rm -rf .venv build dist ui/node_modules src/crawdad/bundled/console .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find src tests scripts -name __pycache__ -type d -prune -exec rm -rf {} +

$(CONSOLE): $(CONSOLE_SOURCES) | $(RUN_READY)
	@sh scripts/build_ui.sh build $(PYTHON)
	@touch $@

build/.console-checked: $(CONSOLE_SOURCES) | $(DEV_READY)
	@sh scripts/build_ui.sh $(if $(CRAWDAD_REQUIRE_SERVICES),require,check) $(PYTHON) $@

$(VENV)/.run-ready: requirements.lock pyproject.toml scripts/environment.sh
	@sh scripts/environment.sh $(VENV) requirements.lock
	@touch $@

$(VENV)/.dev-ready: requirements-dev.lock $(VENV)/.run-ready
	@sh scripts/environment.sh $(VENV) requirements-dev.lock
	@touch $@
