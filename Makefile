# Everything a developer or a new user types. `make` alone lists the targets.
# Variables: CORES (default: all), GPUS (default: those nvidia-smi lists), PYTHON, VENV, PIP_OPTIONS, CONFIG, TEST_WORKERS.

VENV ?= .venv
STAMP := $(VENV)/.installed
BIN := $(VENV)/bin
CORES ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
GPUS ?= $(shell nvidia-smi -L 2>/dev/null | grep -c '^GPU')
CONFIG ?= config/config.yaml
PYTEST_OPTIONS ?=
TEST_WORKERS ?= 2
SNAKEFILES := Snakefile workflow/Snakefile $(wildcard rules/*.smk)

export PATH := $(abspath $(BIN)):$(PATH)
export PYTHON PIP_OPTIONS

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help env demo report summary test test-slow lint format typecheck unit docs picture dag bench clean

help: ## list these targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

env: $(STAMP) ## make .venv with the pinned packages (done by the other targets when needed)

$(STAMP): constraints.txt pyproject.toml tools/make_env.sh tools/system_packages.sh
	@sh tools/make_env.sh $(VENV) $(STAMP)

demo: env ## run the study of config/config.yaml (as shipped: simulated) to figures, videos, models and report
	snakemake --cores $(CORES) --resources gpu=$(GPUS) --configfile $(CONFIG)
	@$(MAKE) --no-print-directory report summary

report: env ## write the HTML report of a finished study
	python tools/make_report.py $(CONFIG)

summary: env ## print what a finished study found and where it lies
	affectflow summary --config $(CONFIG)

test: lint typecheck unit ## set up, then lint, type check and all tests but the slow ones

unit: env
	@sh tools/test_packages.sh
	pytest -m "not slow" -n $(TEST_WORKERS) --dist loadfile $(PYTEST_OPTIONS)

test-slow: env ## the tests that take minutes
	pytest -m slow $(PYTEST_OPTIONS)

lint: env ## check style, format and spelling
	ruff check .
	ruff format --check .
	snakefmt --check $(SNAKEFILES)
	codespell

format: env ## put code and rules into the common format
	ruff check --fix .
	ruff format .
	snakefmt $(SNAKEFILES)

typecheck: env ## check the types
	mypy

docs: env ## regenerate config/config.yaml (keeps your values), docs/config.md, docs/columns.md
	python -m affectflow.config.write

picture: env ## make the README's picture from a finished `make demo`
	python tools/make_picture.py results/simulated/videos/overlay/S01_stressor.mp4 60 docs/img/overlay.png

dag: env ## draw which rule needs which into docs/rulegraph.mmd (Mermaid)
	snakemake --rulegraph mermaid-js > docs/rulegraph.mmd

bench: env ## measure speed and accuracy; prints figures
	@for file in bench/bench_*.py; do echo "== $$file"; python $$file || exit 1; done

clean: ## remove caches and the simulated study (never other results, nor .venv)
	rm -rf .pytest_cache .mypy_cache .ruff_cache build src/*.egg-info results/simulated resources/simulated
	find src tests workflow bench -name __pycache__ -type d -prune -exec rm -rf {} +
