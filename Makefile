# Everything the course can do. Each target first looks whether the set-up is complete.

PORT ?= 8000

# The first Python that runs, to start the set-up with; tools/setup_env.py takes one that fits.
PYTHON = $(or $(shell for python in python3.12 python3.11 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null \
	&& echo $$python && break; done),$(error No Python found. Install Python 3.12, then try again))

SETUP = @$(PYTHON) tools/setup_env.py
RUN = @.venv/bin/python

# A banner about another program, at every build.
export NO_MKDOCS_2_WARNING = 1

.PHONY: help serve site test notebooks figures models links lock clean \
	publish-check student-notebooks colab-replica bundle bundle-check slides
.DEFAULT_GOAL := help

help: ## list the targets
	@awk -F ': ## ' '/^[a-z-]+: ##/ {printf "  make %-17s %s\n", $$1, $$2}' Makefile

serve: ## show the course at http://127.0.0.1:8000, rebuilt as you edit (PORT=8001: elsewhere)
	$(SETUP) --port $(PORT)
	$(RUN) -m mkdocs serve --dev-addr 127.0.0.1:$(PORT)

site: ## build the site into site/, and stop at any dead link
	$(SETUP)
	$(RUN) -m mkdocs build --strict

test: ## run every test: code, notebooks, and the site in a browser (ARGS=… for pytest)
	$(SETUP) --test
	$(RUN) -m pytest -n 2 $(ARGS)

notebooks: ## run the notebooks of which something changed (ONLY="05 06": these)
	$(SETUP)
	$(RUN) tools/run_notebooks.py $(ONLY)

figures: ## draw the figures of the pages again
	$(SETUP)
	@for figure in figures/[a-z]*.py; do echo $$figure; .venv/bin/python $$figure || exit 1; done

slides: ## make the workshops' slides and worksheets, as HTML and PDF
	$(SETUP) --test
	$(RUN) tools/slides.py
	$(RUN) tools/worksheets.py

models: ## train, score and describe the course's models (hours; a GPU helps)
	$(SETUP)
	@echo "About three hours on two processor cores that know bfloat16, twice that on others; a GPU"
	@echo "is faster. Ctrl-C is safe: training goes on from its last checkpoint."
	$(RUN) training/train_stardist.py
	$(RUN) training/train_cellpose.py
	$(RUN) training/evaluate.py
	$(RUN) training/write_cards.py
	$(RUN) figures/model_scores.py

student-notebooks: ## write the notebooks without solutions and outputs into build/
	$(SETUP)
	$(RUN) tools/student_notebooks.py

publish-check: ## build and check what is published (SITE_URL=https://… REPO_URL=https://github.com/…)
	$(SETUP)
	$(RUN) tools/publish.py --site-url "$(SITE_URL)" --repo-url "$(REPO_URL)"

colab-replica: ## run set-up cells and three notebooks in a copy of Colab (Python 3.13; 8 GB)
	$(SETUP)
	$(RUN) tools/colab_replica.py

bundle: ## make one folder and a zip for a room without internet, in build/bundle/
	$(SETUP) --test
	$(RUN) tools/bundle.py

bundle-check: ## make that bundle, install and try it without a network, note what was measured
	$(SETUP) --test
	$(RUN) tools/bundle.py
	$(RUN) tools/bundle_check.py

links: ## ask other sites whether our links to them still lead somewhere
	$(SETUP)
	$(RUN) -m mkdocs build --strict
	$(RUN) tools/check_links.py --online

lock: ## pin the newest packages that fit pyproject.toml and package.json
	$(SETUP)
	$(RUN) -m pip install --quiet uv==0.13.9
	$(RUN) tools/lock.py
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm update --package-lock-only --loglevel=error

clean: ## remove what builds made; .venv and node_modules stay
	rm -rf site build dist .pytest_cache .ruff_cache
	find . -name __pycache__ -not -path './.venv/*' -not -path './node_modules/*' -prune \
		-exec rm -rf {} +
