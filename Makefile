# Everything runs in .venv, which `make install` builds from the committed lock files (pins and hashes, no addresses).
PY := .venv/bin/python
STAMP := .venv/.installed

# Test processes. More than cores do not pay: each reads the corpus and starts its own fixtures.
WORKERS ?= 2
TESTING := -n $(WORKERS) --dist loadscope --no-loadscope-reorder -m "not soak"

# What is compiled once is not compiled again in each of the processes that the tests start, whatever the shell says.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: install pilot test soak coverage lint sizes bench docs pictures clean

install: $(STAMP)

$(STAMP): requirements.lock bootstrap.lock pyproject.toml
	@echo "installing into .venv (about half a minute)"
	@test -x $(PY) || python3 -m venv .venv
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r bootstrap.lock
	@.venv/bin/uv pip sync --quiet --python $(PY) --require-hashes --compile-bytecode requirements.lock bootstrap.lock \
		|| $(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $(STAMP)

pilot: install
	@.venv/bin/codexctl pilot

test: install
	@$(PY) -m pytest $(TESTING)

soak: install
	@$(PY) -m pytest -m soak

# What `make test` runs of codex/, in the processes that tests start too; fails under 90 % (tests/house/covered.py).
coverage: install
	@mkdir -p build/coverage
	@$(PY) -m pytest $(TESTING) --cov --cov-report=json:build/coverage/report.json
	@$(PY) -m tests.house.covered build/coverage/report.json

lint: install
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

# Modules, lines and functions by package; tests/house holds the bounds.
sizes: install
	@$(PY) -m tests.house.sizes

bench: install
	@$(PY) -m bench $(BENCH)

docs: install
	@$(PY) -m codex.check.docs
	@$(PY) -m codex.agents.faultdocs
	@$(PY) -m codex.integration.adoption.docs
	@$(PY) -m codex.tracks.docs

# The pictures of README.md and docs/ (needs Chromium).
pictures: install
	@$(PY) docs/images/make_pictures.py

clean:
	rm -rf .venv build dist *.egg-info
