# Every target sets up what it needs, in .venv. `make` alone lists them.
.DEFAULT_GOAL := help
.PHONY: help demo serve test test-fast faults soak bench bench-quick lint format types openapi asyncapi docs wheel requirements audit clean

# The service is many processes, and each would compile all of it anew where bytecode may not be kept.
unexport PYTHONDONTWRITEBYTECODE

VENV := .venv
BIN := $(VENV)/bin
RUN := $(VENV)/.ready-to-run
DEV := $(VENV)/.ready-to-test
PIP := $(BIN)/python -m pip install -qq --disable-pip-version-check
# Exact versions with the hashes of their files: anything else is refused.
LOCKED := $(PIP) --require-hashes -r requirements
OURS := $(PIP) --no-deps --no-build-isolation -e .
LOCK_GROUP := build/uv/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate \
  --custom-compile-command 'make requirements' $(ARGS)
LOCK := $(LOCK_GROUP) pyproject.toml
PYTEST := $(BIN)/python -m pytest
# How many tests run at once, each with a PostgreSQL of its own: JOBS=0 runs them one after the other.
JOBS ?= 2
# Where the tests are that need no database; the others need not even be loaded.
FAST := tests/unit tests/contract tests/cli tests/test_docs.py

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/\1|\2/' | \
	  while IFS='|' read -r name text; do printf '  make %-12s %s\n' "$$name" "$$text"; done

demo: $(RUN) ## start the service with the sample of five articles (Ctrl-C ends it)
	@$(BIN)/frenemies demo

serve: $(RUN) ## start the service on DATABASE_URL, or on its own PostgreSQL
	@$(BIN)/frenemies serve

test: $(DEV) ## run all tests but the long ones (faults, soak)
	@FRENEMIES_EXAMPLES=$${FRENEMIES_EXAMPLES:-200} $(PYTEST) -q -n $(JOBS) --dist loadgroup -m "not soak and not faults" $(ARGS)

test-fast: $(DEV) ## run the quick tests that need no database
	@FRENEMIES_EXAMPLES=$${FRENEMIES_EXAMPLES:-10} $(PYTEST) -q -n $(JOBS) --dist worksteal -p no:schemathesis -m "not database and not slow and not soak and not faults" $(FAST) $(ARGS)

faults: $(DEV) ## kill, freeze and fill everything under load, and judge what was told (5 minutes; build/faults.md)
	@$(PYTEST) -q -m faults tests/faults $(ARGS)

soak: $(DEV) ## run the long tests: 5,000 generated histories, 20,000 generated requests, a million appends, a thousand kills; docs/faults.md
	@FRENEMIES_EXAMPLES=$${FRENEMIES_EXAMPLES:-5000} $(PYTEST) -q tests/unit/test_fold.py tests/unit/test_oracle.py tests/unit/events/test_ledger.py $(ARGS)
	@FRENEMIES_EXAMPLES=$${FRENEMIES_EXAMPLES:-25000} $(PYTEST) -q tests/unit/test_hostile_texts.py tests/http/test_hostile_requests.py $(ARGS)
	@FRENEMIES_REQUESTS=$${FRENEMIES_REQUESTS:-20000} $(PYTEST) -q tests/http/test_contract.py tests/integration/live/test_generated.py $(ARGS)
	@$(PYTEST) -q -m soak tests/integration tests/http tests/faults $(ARGS)

bench: $(RUN) ## measure ours and the peers side by side, and write docs/benchmarks.md (up to 25 minutes)
	@$(BIN)/python -m benchmarks $(ARGS)

bench-quick: $(RUN) ## the same in short, written below build/ (3 minutes)
	@$(BIN)/python -m benchmarks --quick $(ARGS)

lint: $(DEV) ## check style and layout of the code
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check .; exit 1; }

format: $(DEV) ## lay the code out
	@$(BIN)/ruff check --fix-only --quiet .
	@$(BIN)/ruff format .

types: $(DEV) ## check the types
	@$(BIN)/mypy

openapi: $(DEV) ## write openapi.yaml from the code
	@$(BIN)/python -m service.http.openapi > openapi.yaml.new && mv openapi.yaml.new openapi.yaml

asyncapi: $(DEV) ## write asyncapi.yaml from the code
	@$(BIN)/python -m service.http.asyncapi > asyncapi.yaml.new && mv asyncapi.yaml.new asyncapi.yaml

docs: $(DEV) ## write the pages of docs/ that come from the code, and the dashboard
	@$(BIN)/python docs/generate.py
	@$(BIN)/python ops/grafana/generate.py

wheel: $(DEV) ## build the wheel in dist/
	@$(BIN)/python -m pip wheel -qq --no-deps --no-build-isolation --wheel-dir dist .

requirements: ## write requirements/*.txt from pyproject.toml; ARGS=--upgrade takes the newest versions
	@[ -x build/uv/bin/uv ] || { $(call find_python) && "$$python" -m venv build/uv && build/uv/bin/pip install -qq uv; }
	@$(LOCK) --all-extras --group build -o requirements/dev.txt
	@$(LOCK) -c requirements/dev.txt --extra embedded --group build -o requirements/run.txt
	@$(LOCK) -c requirements/dev.txt --extra nats --extra otel -o requirements/image.txt
	@$(LOCK_GROUP) -c requirements/dev.txt --group build -o requirements/build.txt
	@$(LOCK_GROUP) --group audit -o requirements/audit.txt

audit: ## look up what is installed in the public lists of vulnerabilities
	@[ -x build/audit/bin/pip-audit ] || { $(call find_python) && "$$python" -m venv build/audit && \
	  build/audit/bin/pip install -qq --disable-pip-version-check --require-hashes -r requirements/audit.txt; }
	@build/audit/bin/python .ci/audit.py requirements/dev.txt requirements/image.txt

clean: ## remove what the other targets made
	@rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage htmlcov

# The first Python on the way that is new enough, in the shell variable `python`. PYTHON=... chooses another.
find_python = python=; for found in $(PYTHON) python3 python3.13 python3.12 python3.11 python3.14; do \
	  if "$$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$found; break; fi; \
	done; \
	[ -n "$$python" ] || { echo 'Python 3.11 or newer is needed, and was not found. Name one: make PYTHON=/path/to/python3' >&2; false; }

# Editable, so that a change of the code needs no new set-up. Without a home to write to there is no cache to complain of.
quietly = { [ -w "$${HOME:-/nonexistent}" ] || export PIP_NO_CACHE_DIR=1; }

# Some systems ship Python without what `venv` needs to install pip; an installed pip can then put one there.
$(VENV)/pyvenv.cfg:
	@$(call find_python) && echo "Setting up $(VENV) with $$("$$python" --version) ..." && \
	  { "$$python" -m venv --clear $(VENV) >/dev/null 2>&1 || \
	    { "$$python" -m venv --clear --without-pip $(VENV) && \
	      "$$python" -m pip --python $(BIN)/python install -qq pip; } || \
	    { rm -rf $(VENV); echo 'Python can neither make a virtual environment with pip nor has it pip itself: install one' \
	      'of them (on Debian and Ubuntu: python3-venv).' >&2; false; }; }

$(RUN): pyproject.toml requirements/run.txt | $(VENV)/pyvenv.cfg
	@echo "Installing what the service needs (the first time takes up to a minute) ..."
	@$(quietly); $(LOCKED)/run.txt && $(OURS)
	@touch $@

$(DEV): pyproject.toml requirements/dev.txt $(RUN)
	@echo "Installing what the tests need ..."
	@$(quietly); $(LOCKED)/dev.txt && $(OURS)
	@touch $@
