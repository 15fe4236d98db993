# Needs only python3 (3.11 or later), python3-venv, make and git. Another Python: PYTHON=python3.12 make test

PYTHON ?= python3
VENV := .venv
OLDEST := .venv-oldest
BIN := $(VENV)/bin
# The tests of a file share what they have built, so one process runs them all; tests/conftest.py says which come first.
# Three processes keep two processors busy: tests wait for disks, browsers and other programs.
PYTEST := -m pytest -n 3 --dist loadfile --no-loadscope-reorder
PYTEST_ARGS ?=
OLDEST_WITHOUT := test_tables.py test_tables_big.py test_tables_cell.py test_tables_html.py test_tables_options.py \
    test_doi.py test_grid.py test_curves.py test_runs.py test_logs_corpus.py test_figures_told.py test_figures_pages.py \
    test_figures_index.py test_figures_dates.py
BENCH_ARGS ?= --sizes 300 --repeat 3

# A virtual environment made with another PYTHON has another stamp, and so is made anew.
MADE := .made-with-$(subst /,_,$(PYTHON))

# What is compiled is kept, whatever the shell says: tests start many interpreters. Then pip need not compile all there is.
unexport PYTHONDONTWRITEBYTECODE
PIP := -m pip install --quiet --disable-pip-version-check --no-compile

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
ifndef AT_ONCE
.NOTPARALLEL:
endif
.PHONY: help picture site test lint record browser pytest test-oldest oldest-part fuzz bench clean environments static

help:  ## show this list
	@sed -n 's/^\([a-z-]*\):.*  ## /\1	/p' $(firstword $(MAKEFILE_LIST)) | while IFS='	' read -r name text; \
	    do printf '  make %-12s %s\n' "$$name" "$$text"; done

site: $(VENV)/.stamp-site  ## build the record into _build/html
	$(BIN)/python -m sphinx -b html . _build/html
	@$(BIN)/python -c 'import pathlib; print("The record:", pathlib.Path("_build/html/index.html").resolve().as_uri())'

picture: $(VENV)/.stamp-dev browser  ## take the picture in the README anew
	$(BIN)/python docs/picture.py

# The tests of the record's pages look at those that `static` has built.
test: export EXPTDIR_TESTS_RECORD := $(CURDIR)/_build/check
test: environments static oldest-part pytest  ## everything: linters, the record, pytest with the newest and oldest Sphinx

lint: $(VENV)/.stamp-dev  ## ruff, and mypy --strict on src/
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy

# Sphinx gives most warnings only for pages that it reads: with what it remembers, a second run would pass.
record: $(VENV)/.stamp-dev  ## build the record with every warning an error
	@rm -rf _build/check
	$(BIN)/python -m sphinx -b html -E -nW --keep-going -q . _build/check

browser: $(VENV)/.stamp-dev  ## see that there is a Chromium for the browser tests, install one otherwise
	$(BIN)/python tests/browser/ensure_chromium.py

pytest: $(VENV)/.stamp-dev browser  ## pytest with the newest Sphinx, browser tests included
	$(BIN)/python $(PYTEST) $(PYTEST_ARGS)

test-oldest: $(OLDEST)/.stamp-test browser  ## pytest with the oldest Sphinx that we support
	$(OLDEST)/bin/python $(PYTEST) $(PYTEST_ARGS)

# The part of the tests that a Sphinx can break, without the slow ones, and without what plain nodes of docutils say of
# cells, runs and plot scripts: the builds, the assets and the builders that carry them are in test_tables_builds.py,
# test_figures.py and test_logs_builds.py; `make test-oldest` runs all there are.
oldest-part: $(OLDEST)/.stamp-test
	$(OLDEST)/bin/python $(PYTEST) -m 'not slow' $(OLDEST_WITHOUT:%=--ignore=tests/sphinxext/%) $(PYTEST_ARGS) tests/sphinxext

# Random kills, edits and files, many more than tests have time for; each program says how to run one case again.
fuzz: $(VENV)/.stamp-dev  ## what the tests do at random, for as long as it takes
	EXPTDIR_FUZZ=28 $(BIN)/python $(PYTEST) tests/record/edits/test_kills.py
	EXPTDIR_FUZZ=32 $(BIN)/python $(PYTEST) tests/sphinxext/test_random_records.py
	EXPTDIR_FUZZ=20 $(BIN)/python $(PYTEST) tests/tables/test_fuzz_readers.py tests/logs/test_corpus.py
	EXPTDIR_FUZZ=1 $(BIN)/python $(PYTEST) tests/tables tests/record tests/figures/test_ledger.py \
	    tests/figures/test_kinds_libraries.py tests/cli/test_any_commands.py

bench: $(VENV)/.stamp-dev  ## what navigation costs, measured (BENCH_ARGS='--sizes 300 1000 3000' for all of it)
	$(BIN)/python -m benchmarks.navigation $(BENCH_ARGS)

clean:  ## take away the virtual environments, the output and the caches
	rm -rf $(VENV) $(OLDEST) _build .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find src tests benchmarks docs expts -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

# Both at once, as each keeps one processor busy.
environments:
	@$(MAKE) -s -j2 AT_ONCE=yes $(OLDEST)/.stamp-test $(VENV)/.stamp-dev

static:
	@$(MAKE) -j2 --output-sync AT_ONCE=yes lint record

# The stamps also say how far an installation that was interrupted had come.

$(VENV)/$(MADE) $(OLDEST)/$(MADE):
	@$(PYTHON) -c 'import sys; sys.exit("exptdir needs Python 3.11 or later" if sys.version_info < (3, 11) else 0)'
	@echo "Making $(@D)"
	@$(PYTHON) -m venv --clear $(@D)
	@touch $@

$(VENV)/.stamp-site: pyproject.toml $(VENV)/$(MADE)
	@echo "Installing exptdir into $(@D) (takes a minute the first time)"
	@$(BIN)/python $(PIP) --editable .
	@touch $@

$(VENV)/.stamp-dev: pyproject.toml $(VENV)/$(MADE)
	@echo "Installing exptdir and its development tools into $(@D) (takes a minute the first time)"
	@$(BIN)/python $(PIP) --editable '.[all,dev]'
	@touch $(VENV)/.stamp-site $@

$(OLDEST)/.stamp-test: pyproject.toml $(OLDEST)/$(MADE)
	@echo "Installing exptdir with Sphinx 8.2 into $(@D) (takes a minute the first time)"
	@$(OLDEST)/bin/python $(PIP) --editable '.[all,test]' 'sphinx==8.2.*'
	@touch $@
