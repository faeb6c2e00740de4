# Two commands: `make demo` and `make test`. Both create the environment in .venv when it is missing.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DEMO ?= demo
PATIENTS ?= 120

.PHONY: demo test lint clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[offline]'
	touch $@

$(VENV)/installed-dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev,offline]'
	touch $@ $(VENV)/installed

demo: $(VENV)/installed
	$(BIN)/sonoher2 demo --out $(DEMO) --patients $(PATIENTS) --deep
	$(BIN)/sonoher2 run $(DEMO)/study.yaml --out $(DEMO)/run

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

test: lint
	$(BIN)/pytest -n auto --dist loadfile

clean:
	rm -rf $(VENV) $(DEMO)
