# Everything the course can do. Each target first looks whether the set-up is complete.

PORT ?= 8000

# The first Python that runs, to start the set-up with; setup_env.py takes one that fits.
PYTHON = $(or $(shell for python in python3.12 python3.11 python3 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 8))' 2>/dev/null \
	&& echo $$python && break; done),$(error No Python found. Install Python 3.12, then try again))

# YES=1: if none does, it fetches Python 3.12 without asking.
SETUP = @$(PYTHON) setup_env.py $(if $(YES),--yes)
RUN = @.venv/bin/python
# As many processes as there are cores; who runs out of tests takes some from the others.
PYTEST = $(RUN) -m pytest -n auto --dist worksteal

# Threads that wait sleep: spinning, those of one process keep the others from the cores.
test check test-long mutate newest: export OMP_WAIT_POLICY = PASSIVE

# A banner about another program, at every build.
export NO_MKDOCS_2_WARNING = 1

.PHONY: help serve site test check test-long mutate notebooks seeds figures figures-check \
	screenshots contact-sheet slides models evaluate lab-weights lab-bench student-notebooks \
	publish-check colab-replica bundle bundle-check links newest lock clean
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
	$(PYTEST) $(ARGS)

check: ## a minute while you write: style, unit tests, rules for pages; no browser, no notebook
	$(SETUP) --test
	$(PYTEST) -m "not long and not slow" --durations=0 --durations-min=3 $(ARGS)

test-long: ## the long rest: both other looks of every page, Lighthouse, figures computed anew
	$(SETUP) --test
	$(PYTEST) -m long $(ARGS)

mutate: ## plant faults in copies, one at a time: each must turn a test red (half an hour)
	$(SETUP) --test
	$(RUN) -m tests.mutate $(ARGS)

notebooks: ## run the notebooks of which something changed (ONLY="05 06": these)
	$(SETUP)
	$(RUN) -m course_build.notebooks.run $(ONLY)

seeds: ## train the notebooks' networks with ten seeds, where not yet done (ARGS="03 --threads 2")
	$(SETUP)
	$(RUN) -m course_build.notebooks.seeds $(ARGS)

figures: ## make the figures of which something changed (ONLY="seam touching": these)
	$(SETUP) --test
	$(RUN) -m course_build.figures $(ONLY)

figures-check: ## compute every figure anew, elsewhere, and compare it with what is stored
	$(SETUP) --test
	$(RUN) -m course_build.figures --check $(ONLY)

screenshots: ## photograph napari and Cellpose's window for their pages (first time 4 GB; 6 minutes)
	$(SETUP)
	$(RUN) -m course_build.screenshots $(ARGS)

contact-sheet: ## photograph every page at three widths, light and dark (8 minutes; ARGS=tools/stardist/)
	$(SETUP) --test
	$(RUN) -m mkdocs build --strict
	$(RUN) -m tests.site.contact_sheet $(ARGS)

slides: ## make slides, run sheets and worksheets: HTML, PDF, PowerPoint, in build/print
	$(SETUP) --test
	$(RUN) -m course_build.print

models: ## train, score and describe the course's models (hours; a GPU helps)
	$(SETUP)
	@echo "About four hours on two processor cores that know bfloat16, twice that on others; a GPU"
	@echo "is faster. Ctrl-C is safe: training goes on from its last checkpoint."
	$(RUN) -m training.train_stardist
	$(RUN) -m training.train_cellpose
	$(RUN) -m training.train_cellpose_cells
	@$(MAKE) --no-print-directory evaluate

evaluate: ## score the course's models without training them, and describe them (an hour)
	$(SETUP)
	$(RUN) -m training.evaluate
	$(RUN) -m training.evaluate_diameters
	$(RUN) -m training.measure_image_faults
	$(RUN) -m training.write_cards
	$(RUN) -m course_build.figures

lab-weights: ## write the models for the page that segments a reader's image (ONLY=…; a minute)
	$(SETUP)
	@cmp -s requirements-lab.txt build/lab-tools/installed.txt || { rm -rf build/lab-tools; \
		.venv/bin/python -m pip install --quiet --no-deps --target build/lab-tools \
		-r requirements-lab.txt && cp requirements-lab.txt build/lab-tools/installed.txt; }
	@PYTHONPATH="build/lab-tools:$$PYTHONPATH" .venv/bin/python -m training.export_lab $(ONLY)

lab-bench: ## compare that page's engine with the Python libraries: time, memory, sizes (10 minutes)
	$(SETUP) --test
	$(RUN) -m mkdocs build --strict
	$(RUN) -m tests.lab.bench

student-notebooks: ## write the notebooks without solutions and outputs into build/
	$(SETUP)
	$(RUN) -m course_build.notebooks.students

publish-check: ## build and check what is published (SITE_URL=https://… REPO_URL=https://github.com/…)
	$(SETUP) --test
	$(RUN) -m course_build.publish --site-url "$(SITE_URL)" --repo-url "$(REPO_URL)"

colab-replica: ## run set-up cells and three notebooks in a copy of Colab (Python 3.13; 8 GB)
	$(SETUP)
	$(RUN) -m course_build.colab.replica

bundle: ## make one folder and a zip for a room without internet, in build/bundle/
	$(SETUP) --test
	$(RUN) -m course_build.bundle.make

bundle-check: ## make that bundle, install and try it without a network, note what was measured
	$(SETUP) --test
	$(RUN) -m course_build.bundle.make
	$(RUN) -m course_build.bundle.check

links: ## ask other sites whether our links to them still lead somewhere
	$(SETUP)
	$(RUN) -m mkdocs build --strict
	$(RUN) -m course_build.external_links --online

newest: ## try the course with the newest StarDist, Cellpose and the rest (8 GB; half an hour)
	$(SETUP)
	$(RUN) -m course_build.shelf_life.run $(ARGS)

lock: ## pin the newest packages that fit pyproject.toml and package.json
	$(SETUP)
	$(RUN) -m course_build.lock
	@PATH="$(CURDIR)/.venv/bin:$$PATH" npm update --package-lock-only --loglevel=error

clean: ## remove what builds made; .venv, .python and node_modules stay
	rm -rf site build dist .pytest_cache .ruff_cache
	find . \( -name .venv -o -name .python -o -name node_modules \) -prune -o \
		-name __pycache__ -prune -exec rm -rf {} +
