# Three commands: `make demo`, `make serve` and `make test`. All create the environment in .venv when it is missing.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
ORACLES := .venv-oracles
DEMO ?= demo
PATIENTS ?= 120
SECONDS ?= 120
NUMBER ?= 300
SEED ?= 1

.PHONY: demo serve test lint oracles examples core fuzz mutants clean

$(VENV)/installed: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[offline,serve]'
	touch $@

$(VENV)/installed-test: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[test,offline]'
	touch $@ $(VENV)/installed

$(VENV)/installed-dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --editable '.[dev,offline]'
	touch $@ $(VENV)/installed $(VENV)/installed-test

# reference implementations hold other libraries back; the tests run on what a user's install brings
$(ORACLES)/installed: tests/oracles/requirements.txt
	$(PYTHON) -m venv $(ORACLES)
	$(ORACLES)/bin/python -m pip install --quiet --requirement $<
	touch $@

demo: $(VENV)/installed
	$(BIN)/sonoher2 demo --out $(DEMO) --patients $(PATIENTS) --deep
	$(BIN)/sonoher2 run $(DEMO)/study.yaml --out $(DEMO)/run

# the page with the model of the demo; a run that is there already resumes
serve: demo
	$(BIN)/sonoher2 serve $(DEMO)/run/bundle --home $(DEMO)/server

lint: $(VENV)/installed-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/mypy --config-file benchmarks/mypy.ini benchmarks
	$(BIN)/lint-imports

oracles: $(ORACLES)/installed
	PYTHONPATH=src $(ORACLES)/bin/python -m pytest -n auto --confcutdir=tests/oracles tests/oracles

test: lint oracles
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder -m "not examples"

# every file in examples, on a part of its own data
examples: $(VENV)/installed-test
	$(BIN)/pytest -n auto --dist load -m examples tests/test_examples.py

# the suite without what takes long, for another Python: make core PYTHON=python3.13 VENV=.venv-3.13
core: $(VENV)/installed-test
	$(BIN)/pytest -n auto --dist loadfile --no-loadscope-reorder -m "not slow and not examples"

fuzz: $(VENV)/installed-test
	$(BIN)/python benchmarks/fuzz.py --seconds $(SECONDS)

# small faults, planted one at a time in a copy: make mutants NUMBER=25 MUTANTS='--package evaluation --tests tests/evaluation'
mutants: $(VENV)/installed-dev
	$(BIN)/python benchmarks/mutants --number $(NUMBER) --seed $(SEED) $(MUTANTS)

clean:
	rm -rf $(VENV) $(ORACLES) $(DEMO)
