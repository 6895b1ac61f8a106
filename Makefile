# Everything a person runs. Each target makes .venv first; it needs python3 >= 3.11 and make.
PYTHON ?= python3
BIN := .venv/bin
ARGS ?=
export PACKBENCH_TEST_DATA ?= ../shared

.PHONY: demo test quick check bench torture clean

demo: .venv/user
	@$(BIN)/packbench demo $(ARGS)

test: .venv/dev
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

quick: .venv/dev
	@$(BIN)/python -m pytest -n 2 -m "not slow" $(ARGS)

check: .venv/dev
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: .venv/dev
	@$(BIN)/python -m tests.bench $(ARGS)

torture: .venv/dev
	@$(BIN)/python -m tests.torture $(ARGS)

clean:
	rm -rf .venv build bench-results.json

.venv/made:
	@$(PYTHON) -c 'import sys; sys.exit("Packbench needs Python 3.11 or newer; this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@$(PYTHON) -m venv .venv || { echo "python3 cannot make a virtual environment here; on Debian: apt install python3-venv"; exit 1; }
	@touch $@

.venv/user: .venv/made pyproject.toml constraints.txt
	@echo "Installing Packbench into .venv (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e .
	@touch $@

.venv/dev: .venv/user
	@echo "Installing the test tools into .venv (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt --group dev
	@touch $@
