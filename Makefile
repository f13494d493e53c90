# Everything there is to type. `make run` and `make test` install what they need.
SHELL := /bin/bash
PY := .venv/bin/python
PORT ?= 8000
export PORT
# Compiled modules are kept, whatever the machine's setting: each process that starts (a press, a worker) saves seconds.
export PYTHONDONTWRITEBYTECODE :=

# What is run a second time on PostgreSQL: all that speaks to the database in its own way.
ON_POSTGRES := tests/concurrency tests/migrations tests/sales/test_totals.py tests/insights/test_figures.py \
	$(addprefix tests/pages/test_,register.py exchange.py) \
	$(addprefix tests/models/test_,gift_delivery.py newest_first.py approval_inbox.py approval_signatures.py audit.py backup.py binder_list.py customer.py dossier.py \
	duplicate.py grading_figures.py hand_over.py hand_over_record.py import.py in_charge.py merge.py register.py report_due.py review.py search.py \
	sheet.py tidying.py)

.PHONY: help run test test-sqlite check check-types check-rest bench lock translations setup setup-dev clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

run: setup ## install what is missing, prepare the database with demonstration data, serve on http://127.0.0.1:8000
	@$(PY) tools/translate.py compile
	@$(PY) tools/serve.py --port $(PORT)

setup: .cache/system .cache/requirements

setup-dev: .cache/system-dev .cache/requirements .cache/requirements-dev

.cache/system: tools/system.sh tools/packages.txt
	@mkdir -p .cache && bash tools/system.sh run && touch $@

.cache/system-dev: tools/system.sh tools/packages.txt
	@mkdir -p .cache && bash tools/system.sh run test && touch $@

.venv/bin/python: | .cache/system
	@$${PYTHON:-$$(command -v /usr/bin/python3.11 || command -v python3)} -m venv .venv

.cache/requirements: requirements.txt | .venv/bin/python
	@mkdir -p .cache
	@echo "Installing what the portal needs …"
	@$(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements.txt && touch $@

.cache/requirements-dev: requirements-dev.txt .cache/requirements
	@echo "Installing what checks and tests need …"
	@$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -r requirements-dev.txt && touch $@

check: setup-dev ## linters, types, translations, templates: the fast part of the tests
	@$(PY) tools/translate.py compile
	@$(MAKE) --no-print-directory -j 2 -O check-types check-rest

check-types:
	$(PY) -m mypy

check-rest:
	$(PY) -m ruff check bench portal tests tools wsgi.py
	$(PY) -m ruff format --check --quiet bench portal tests tools wsgi.py
	$(PY) -m djlint --lint --quiet portal/templates
	$(PY) tools/translate.py check

# Types are checked beside the tests: alone they would leave one core with nothing to do for half a minute.
test: setup-dev ## every check and test, on SQLite and on PostgreSQL
	@$(PY) tools/translate.py compile
	@$(MAKE) --no-print-directory check-rest
	@$(MAKE) --no-print-directory -j 2 -k check-types test-sqlite
	$(PY) tools/postgres.py run $(PY) -m pytest -n 2 $(ON_POSTGRES)

test-sqlite:
	$(PY) -m pytest -n 3

bench: setup-dev ## speed at a million customers, each figure beside its floor and target (DATABASE=postgresql for PostgreSQL)
	@$(PY) tools/translate.py compile
	$(PY) -m bench

lock: setup-dev ## lock requirements.in and requirements-dev.in
	$(PY) -m uv pip compile -q --no-header --no-emit-index-url --generate-hashes --no-emit-package django --no-emit-package asgiref --no-emit-package sqlparse --python-version 3.11 requirements.in -o requirements.txt
	$(PY) -m uv pip compile -q --no-header --no-emit-index-url --generate-hashes --python-version 3.11 requirements-dev.in -o requirements-dev.txt

translations: setup-dev ## bring messages.po up to the sources
	$(PY) tools/translate.py update

clean: ## remove what was built; the database stays
	rm -rf .cache .venv build
