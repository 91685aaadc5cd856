# make demo · make test · make test-all · make help
PYTHON ?= python3
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export OMP_NUM_THREADS = 1
export OPENBLAS_NUM_THREADS = 1
export MYPY_NUM_WORKERS = 2

READY = .venv/.ready
DEMO = demo-out

.PHONY: help setup tools browser demo test test-all coverage lint build verify docs imports pictures bench clean

help: ## show these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1\t\2/' | expand -t 20

setup: $(READY) tools ## the virtual environment and the system's tools

$(READY): pyproject.toml constraints.txt
	@echo "setting up .venv (a few minutes the first time)"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; say: make PYTHON=python3.11 ...")'
	@test -x .venv/bin/python || $(PYTHON) -m venv .venv
	@.venv/bin/python -m pip install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@

tools: ## bubblewrap, through apt where that is allowed
	@command -v bwrap >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing bubblewrap"; apt-get update -qq && apt-get install -y -qq bubblewrap >/dev/null; \
	  else echo "bubblewrap is not installed; say: sudo apt-get install bubblewrap"; exit 1; fi; }

browser: ## Chromium for the tests in a browser, which are skipped without it
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "installing Chromium"; apt-get update -qq && apt-get install -y -qq chromium >/dev/null \
	      || echo "Chromium cannot be installed; tests in a browser are skipped"; \
	  else echo "Chromium is not installed; say: sudo apt-get install chromium (tests in a browser are skipped)"; fi; }

demo: setup ## grade a sample class; scores, gradebook and feedback land in demo-out/
	@rm -rf $(DEMO) && mkdir $(DEMO)
	@python -m autograder.sample_class $(DEMO)/submitted
	@python -m autograder grade lab01 $(DEMO)/submitted --out $(DEMO)/results \
	  --gradebook sqlite:///$(DEMO)/gradebook.db || [ $$? -eq 1 ]
	@python -m autograder report $(DEMO)/results
	@echo "scores:    $(DEMO)/results/scores.csv"
	@echo "results:   $(DEMO)/results/results.jsonl"
	@echo "feedback:  $(DEMO)/results/feedback/{student}/lab01_sgd_vs_batch.html"
	@echo "report:    $(DEMO)/results/report.html"
	@echo "gradebook: $(DEMO)/gradebook.db (nbgrader's)"

test: setup browser lint ## lint, types, doctests and the tests that take minutes, not hours
	@python -m pytest -n 3 --dist worksteal -m "not slow and not gpu" tests # two work while one waits
	@python -m pytest -q --doctest-modules dlcourse

test-all: setup browser lint ## everything
	@python -m pytest -n 2 --dist worksteal -m "not gpu" tests
	@python -m pytest -q --doctest-modules dlcourse

coverage: setup ## lines and branches that the tests of minutes reach; what runs in the box is not seen
	@rm -f .coverage .coverage.*
	@python -m coverage run -m pytest -q -n 2 --dist worksteal -m "not slow and not gpu" tests/unit tests/integration \
	  --deselect tests/unit/test_progress.py::test_module_is_light # coverage itself imports json
	@python -m coverage combine --quiet
	@python -m coverage html --quiet
	@python -m coverage report
	@echo "line by line: htmlcov/index.html"

lint: $(READY) ## ruff and mypy
	@ruff check . && ruff format --check . && mypy

build: $(READY) ## labs/ from solutions/
	@python -m autograder build

verify: setup ## references reach full marks, released notebooks zero
	@python -m autograder verify

bench: setup ## speed and memory, ours and the peers', side by side; into benchmarks/out/
	@test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	@.venv-peers/bin/python -m pip install --quiet --requirement benchmarks/peers.txt
	@python benchmarks/library.py --out benchmarks/out
	@python -m benchmarks.grading --lab lab08 --out benchmarks/out
	@python -m benchmarks.grading --lab lab01 --out benchmarks/out

docs: $(READY) ## the documentation and API reference, into docs/_build/
	@python -m sphinx -q -W docs docs/_build
	@echo "docs/_build/index.html"

imports: $(READY) ## the drawings of who imports whom, in docs/imports/
	@python docs/imports.py

pictures: setup browser ## the README's pictures, from a real JupyterLab and a graded class
	@python docs/pictures.py

clean: ## remove what was made here, but for .venv
	@rm -rf $(DEMO) .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage* htmlcov docs/_build docs/api/generated
