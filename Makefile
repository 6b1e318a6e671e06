# The commands of this repository. `make` alone lists them.
# A Python that fits is looked for by name; PYTHON=... names another.
PYTHON ?= $(shell for p in python3.12 python3.11 python3 python; do \
	$$p -c 'import sys, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null && { echo $$p; exit; }; \
	done; echo python3)
RUN := .venv/bin/python run_pipeline.py
TEST := .venv/bin/python -m pytest

.DEFAULT_GOAL := help
.PHONY: help run run-labeling run-guardrails test soak check format docs clean platform dev environments

help:            ## what can be made
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 16

run: platform    ## run the sample training and inference pipelines on this machine
	@$(RUN) run facts-training facts-inference

run-labeling: platform  ## turn the sample labels into fine-tuning data and train on them
	@$(RUN) run calls-labeling calls-training

run-guardrails: platform  ## run the sample guardrails pipeline on this machine
	@$(RUN) run calls-guardrails

test: dev environments  ## all tests but the long ones
	$(TEST) -n 2 --dist loadfile $(PYTEST)

soak: dev environments  ## the long tests: kills, large data
	$(TEST) -m soak --timeout 2400 $(PYTEST)

check: dev       ## lint and types, what CI runs first
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy .

format: dev      ## mend formatting and imports
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

docs: platform   ## write the generated parts of the documentation
	.venv/bin/python docs/tables.py
	.venv/bin/python docs/command_reference.py

platform:        ## .venv with what the command line needs
	@$(PYTHON) requirements/install.py platform

environments: platform  ## the Python environments of the steps
	@$(RUN) local install

dev:             ## .venv with what check and test need, too
	@$(PYTHON) requirements/install.py dev

clean:           ## stop the stand-in and remove what it keeps in .local
	@if [ -x .venv/bin/python ]; then $(RUN) local down; fi
	rm -rf .local
