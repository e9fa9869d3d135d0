# Everything runs in .venv, which `make install` builds from the committed lock files (pins and hashes, no addresses).
PY := .venv/bin/python
STAMP := .venv/.installed

# Test processes. More than cores do not pay: each reads the corpus and starts its own fixtures.
WORKERS ?= 2

.PHONY: install pilot test soak lint bench docs clean

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
	@$(PY) -m pytest -n $(WORKERS) --dist loadgroup --no-loadscope-reorder -m "not soak"

soak: install
	@$(PY) -m pytest -m soak

lint: install
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

bench: install
	@for each in bench/*.py; do $(PY) $$each || exit 1; done

docs: install
	@$(PY) -m codex.check.docs
	@$(PY) -m codex.agents.faultdocs
	@$(PY) -m codex.integration.adoption.docs

clean:
	rm -rf .venv build dist *.egg-info
